// The object scanner finds the members that the reference finds, whatever else is in the object.
#include <headrace/framing/object_scanner.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check.hpp"
#include "padded_copy.hpp"
#include "reference.hpp"

namespace {

using headrace::framing::Fault;
using headrace::framing::Member;
using headrace::framing::ObjectScanner;

constexpr std::size_t depth_limit = 1024;

// Values for `wanted` and the fault, by the reference.
Fault find(std::string_view text, std::array<Member, 6>& wanted) {
  bool escaped = false;
  bool repeated = false;
  for (const reference::Pair& pair : reference::members(text)) {
    const std::optional<std::string> key = reference::decode(pair.key);
    for (Member& member : wanted) {
      if (key != member.key) continue;
      if (pair.key.substr(1, pair.key.size() - 2) != member.key) {
        escaped = true;
      } else if (!member.value.empty()) {
        repeated = true;
      } else {
        member.value = pair.value;
      }
    }
  }
  if (escaped) return Fault::escaped_key;
  return repeated ? Fault::repeated_key : Fault::none;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ObjectScanner scanner;
  const PaddedCopy copy(data, size, size % 2 == 0 ? '}' : '"');
  const std::string_view text = copy.text();
  const std::array<Member, 6> keys{
      {{"tool"}, {"a"}, {"arguments"}, {""}, {"\xC3\xA9"}, {"\xEF\xBF\xBD"}}};
  std::array<Member, 6> found = keys;
  const Fault fault = scanner.scan_members(text, found);
  for (const Member& member : found) {
    if (fault != Fault::none) FUZZ_CHECK(member.value.empty());
  }

  if (text.empty()) {
    FUZZ_CHECK(fault == Fault::not_object);
    return 0;
  }
  if (!reference::is_json(text)) {
    FUZZ_CHECK(fault == Fault::not_json || fault == Fault::too_deep);
    return 0;
  }
  if (reference::depth_of(text) > depth_limit) {
    FUZZ_CHECK(fault == Fault::too_deep);
    return 0;
  }
  const char first = reference::trim(text).front();
  if (first != '{') {
    FUZZ_CHECK(fault == (first == '[' ? Fault::batch : Fault::not_object));
    return 0;
  }
  std::array<Member, 6> expected = keys;
  FUZZ_CHECK(fault == find(text, expected));
  if (fault != Fault::none) return 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    FUZZ_CHECK(found[i].value == expected[i].value);
  }
  return 0;
}
