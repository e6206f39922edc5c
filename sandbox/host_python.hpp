// Which Python of the host bubblewrap is to run, and which folders it consists of.
#pragma once

#include <headrace/sandbox/host_view.hpp>

#include <string>
#include <vector>

namespace headrace::sandbox {

struct HostPython {
  std::string executable;          ///< Absolute; empty: none was found.
  std::vector<std::string> paths;  ///< Files and folders it needs that are not below /usr.
};

/// Looks along PATH for `python3` that is a program (version managers put scripts there, which need
/// the whole home) and that `others_only` can reach: then only what everybody may read counts,
/// since we are root and step down. For a virtual environment its packages are among the paths.
HostPython find_host_python(const std::string& search_path, bool others_only);

/// The same for one executable. Empty if it is no program, or out of reach.
HostPython describe_host_python(const std::string& executable, bool others_only);

}  // namespace headrace::sandbox
