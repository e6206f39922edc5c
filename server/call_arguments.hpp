// The arguments of a tool as people write them on a command line.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace headrace::server {

struct CallArguments {
  std::string json;   ///< An object, on one line.
  std::string error;  ///< Why there is none, as a sentence without its dot; else empty.
};

/// `text` is a JSON object, of any layout.
CallArguments arguments_from_json(std::string_view text);

/// No words: `{}`. One that begins with `{`: a JSON object. Else each is `name=value`, where a
/// value that is JSON counts as what it is and any other as a string; where the tool's schema (raw,
/// may be empty) wants nothing but a string of that name, only what is in quotes counts as JSON.
CallArguments arguments_from_words(std::span<const std::string> words,
                                   std::string_view input_schema);

}  // namespace headrace::server
