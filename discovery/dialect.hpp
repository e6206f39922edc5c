// In what the files of different programs differ although they look alike.
#pragma once

#include <chrono>

namespace headrace::discovery {

struct Dialect {
  /// The file was written for this program: that it holds no servers is a fault, its entries are
  /// taken at their word even where two start the same process, and one that is switched off also
  /// hides later ones of its name.
  bool own = true;
  /// What a `timeout` without a unit counts.
  std::chrono::milliseconds timeout_unit{1000};
  bool timeout_is_for_start = false;  ///< a `timeout` limits the start, not each call
  bool plain_variables = false;       ///< `$VAR` is a variable, where it is set
  bool brace_variables = false;       ///< `{env:VAR}` is a variable
  bool tools_are_allowed = false;     ///< `tools` names the only tools that there are to be
  bool projects = false;              ///< `projects` holds servers by the folder that they are for
};

}  // namespace headrace::discovery
