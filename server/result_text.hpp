// What a tool has answered, for people.
#pragma once

#include <string>
#include <string_view>

namespace headrace::server {

struct ResultText {
  std::string text;       ///< Ends with a newline, or is empty. Text of the tool is as it came.
  bool is_error = false;  ///< The tool says that it failed.
};

/// `result` is the raw result of `tools/call`. Text is text, whatever else there is becomes a line
/// such as `[image image/png, 1234 bytes]`; where there is no content, structured content is laid
/// out as JSON.
ResultText result_text(std::string_view result);

}  // namespace headrace::server
