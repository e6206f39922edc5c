// Looks up members of one JSON object by name, without parsing the rest.
#include <headrace/framing/json_text.hpp>
#include <headrace/framing/object_scanner.hpp>
#include <headrace/framing/object_walk.hpp>

#include <algorithm>

namespace headrace::framing {
namespace {

Fault scan(ObjectWalk walk, std::span<Member> wanted) noexcept {
  if (const Fault fault = walk.begin(); fault != Fault::none) return fault;

  Fault found = Fault::none;
  ObjectWalk::Item item;
  while (walk.next(item)) {
    const auto member =
        std::ranges::find_if(wanted, [&item](const Member& m) { return says(item.key, m.key); });
    if (member == wanted.end()) continue;
    if (item.key != member->key) {
      found = Fault::escaped_key;
    } else if (!member->value.empty()) {
      if (found == Fault::none) found = Fault::repeated_key;
    } else {
      member->value = item.value;
    }
  }
  return walk.fault() != Fault::none ? walk.fault() : found;
}

}  // namespace

Fault ObjectScanner::scan_members(std::string_view object_text, std::span<Member> wanted,
                                  const Tokens& tokens) noexcept {
  const auto forget = [wanted] {
    for (Member& member : wanted)
      member.value = {};
  };
  forget();
  if (object_text.empty()) return Fault::not_object;
  Fault fault = Fault::none;
  if (tokens.first != nullptr) {
    fault = scan(ObjectWalk(tokens), wanted);
  } else {
    fault = index_.build(object_text);
    if (fault == Fault::none) fault = scan(ObjectWalk(object_text, index_), wanted);
    index_.trim();
  }
  if (fault != Fault::none) forget();
  return fault;
}

}  // namespace headrace::framing
