// What can be wrong with a message.
#pragma once

#include <cstdint>

namespace headrace::framing {

enum class Fault : std::uint8_t {
  none,
  not_json,      ///< Not one well-formed JSON value, or not UTF-8.
  not_object,    ///< JSON, but neither an object nor an array.
  batch,         ///< An array: a JSON-RPC batch, which MCP does not have.
  escaped_key,   ///< A key that matters is written with escapes.
  repeated_key,  ///< A key that matters is there twice.
  bad_id,        ///< The id is neither a number nor a string.
  bad_method,    ///< The method is not a string.
  ambiguous,     ///< A method together with a result or an error, or both of these.
  no_kind,       ///< Neither a method, nor a result, nor an error.
  too_deep,      ///< Nested deeper than 1024.
  too_large,     ///< Larger than can be parsed, or memory is out.
};

/// Half a sentence for a log or an error message, such as "it is not valid JSON". Static storage.
const char* describe(Fault fault) noexcept;

}  // namespace headrace::framing
