// Looks up members of one JSON object by name, without parsing the rest.
#pragma once

#include <headrace/framing/fault.hpp>
#include <headrace/framing/structural_index.hpp>

#include <span>
#include <string_view>

namespace headrace::framing {

struct Member {
  std::string_view key;         ///< What to look for, as plain text.
  std::string_view value = {};  ///< Set by the scan: the raw JSON; empty when absent.
};

/// Not for use by two threads at once; keep one and reuse it.
class ObjectScanner {
 public:
  /// Fills in the values of `wanted`; only the object's own members count, not deeper ones.
  /// `object_text` has 64 readable bytes behind it, as any slice of a Frame has; values point into
  /// it and are as well-formed as an Envelope's body. With any fault all values are empty.
  ///
  /// Faults: not_json, not_object (also for empty text), batch (it is an array), too_deep,
  /// too_large; repeated_key and escaped_key when it concerns a wanted key.
  ///
  /// With the `tokens` that were found in it when its message was parsed, this reads no more than
  /// them.
  Fault scan_members(std::string_view object_text, std::span<Member> wanted,
                     const Tokens& tokens = {}) noexcept;

 private:
  StructuralIndex index_;
};

}  // namespace headrace::framing
