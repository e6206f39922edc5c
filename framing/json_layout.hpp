// JSON for people: a line for each member and element, indented.
#pragma once

#include <string>
#include <string_view>

namespace headrace::framing {

/// `json` is sound JSON. Two blanks a level; empty objects and arrays stay on one line. Strings and
/// numbers are as they were. Without a newline at its end.
std::string laid_out(std::string_view json);

}  // namespace headrace::framing
