// The envelope parser accepts what the reference accepts, and finds the same slices.
#include <headrace/framing/envelope.hpp>
#include <headrace/framing/request_id.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "check.hpp"
#include "padded_copy.hpp"
#include "reference.hpp"

namespace {

using headrace::framing::Envelope;
using headrace::framing::EnvelopeParser;
using headrace::framing::Fault;
using headrace::framing::Kind;

constexpr std::size_t depth_limit = 1024;
constexpr std::size_t longest_escaped_method = 4096;

bool inside(std::string_view slice, std::string_view text) {
  const std::less_equal<const char*> le;
  return le(text.data(), slice.data()) &&
         le(slice.data() + slice.size(), text.data() + text.size());
}

// The members of a message by key, and what is odd about them.
struct Members {
  std::map<std::string_view, std::string_view> values;
  bool escaped = false;
  bool repeated = false;
  bool repeated_id = false;

  explicit Members(std::string_view text) {
    for (const reference::Pair& pair : reference::members(text)) {
      const std::string_view key = pair.key.substr(1, pair.key.size() - 2);
      if (key.find('\\') != std::string_view::npos) escaped = true;
      const bool ours = key == "jsonrpc" || key == "id" || key == "method" || key == "params" ||
                        key == "result" || key == "error";
      if (!ours) continue;
      if (values.emplace(key, pair.value).second) continue;
      repeated = true;
      if (key == "id") repeated_id = true;
    }
  }
  bool has(std::string_view key) const { return values.count(key) != 0; }
  std::string_view get(std::string_view key) const { return has(key) ? values.at(key) : ""; }
};

bool method_reads(std::string_view raw) {
  if (!reference::decode(raw)) return false;
  return raw.find('\\') == std::string_view::npos || raw.size() - 2 <= longest_escaped_method;
}

Kind kind_of(const Members& members) {
  if (members.has("method")) return members.has("id") ? Kind::request : Kind::notification;
  return members.has("result") ? Kind::result : Kind::error;
}

Fault expected_fault(const Members& members) {
  if (members.escaped) return Fault::escaped_key;
  if (members.repeated) return Fault::repeated_key;
  const int kinds = members.has("method") + members.has("result") + members.has("error");
  if (kinds == 0) return Fault::no_kind;
  if (kinds > 1) return Fault::ambiguous;
  const std::string_view id = members.get("id");
  const Kind kind = kind_of(members);
  const bool may_lack =
      kind == Kind::notification || (kind == Kind::error && (!members.has("id") || id == "null"));
  if (!may_lack && !reference::is_id(id)) return Fault::bad_id;
  if (members.has("method") && !method_reads(members.get("method"))) return Fault::bad_method;
  return Fault::none;
}

void check_slices(const Envelope& envelope, const Members& members, std::string_view text) {
  FUZZ_CHECK(envelope.kind == kind_of(members));
  FUZZ_CHECK(envelope.version_ok == (members.get("jsonrpc") == "\"2.0\""));
  FUZZ_CHECK(envelope.id == members.get("id"));
  FUZZ_CHECK(envelope.id.empty() || inside(envelope.id, text));
  FUZZ_CHECK(envelope.body.empty() || inside(envelope.body, text));
  if (members.has("method")) {
    FUZZ_CHECK(envelope.method == *reference::decode(members.get("method")));
    FUZZ_CHECK(envelope.body == members.get("params"));
  } else {
    FUZZ_CHECK(envelope.method.empty());
    FUZZ_CHECK(envelope.body == members.get(members.has("result") ? "result" : "error"));
  }
}

// What is forwarded does not break the message that it is put into.
void check_splice(std::string_view body) {
  EnvelopeParser parser;
  const std::string spliced = R"({"jsonrpc":"2.0","result":)" + std::string(body) + R"(,"id":1})";
  const PaddedCopy copy(spliced, '"');
  const Envelope again = parser.parse(copy.text());
  FUZZ_CHECK(again.kind == Kind::result);
  FUZZ_CHECK(again.body == body);
  FUZZ_CHECK(again.id == "1");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static EnvelopeParser parser;
  static const char paddings[] = {'}', '"', ' ', '\0', '0', ']', '\\', ','};
  const PaddedCopy copy(data, size, paddings[size % sizeof paddings]);
  const std::string_view text = copy.text();
  const Envelope envelope = parser.parse(text);

  FUZZ_CHECK((envelope.kind == Kind::invalid) == (envelope.fault != Fault::none));
  if (envelope.kind == Kind::invalid) {
    FUZZ_CHECK(envelope.body.empty());
    FUZZ_CHECK(envelope.id.empty() || reference::is_id(envelope.id));
    FUZZ_CHECK(text.find(envelope.id) != std::string_view::npos);
  }

  if (!reference::is_json(text)) {
    FUZZ_CHECK(envelope.fault == Fault::not_json || envelope.fault == Fault::too_deep);
    return 0;
  }
  if (reference::depth_of(text) > depth_limit) {
    FUZZ_CHECK(envelope.fault == Fault::too_deep);
    return 0;
  }
  const char first = reference::trim(text).front();
  if (first != '{') {
    FUZZ_CHECK(envelope.fault == (first == '[' ? Fault::batch : Fault::not_object));
    return 0;
  }
  const Members members(text);
  FUZZ_CHECK(envelope.fault == expected_fault(members));
  if (envelope.fault == Fault::none) {
    check_slices(envelope, members, text);
    if (!envelope.body.empty()) check_splice(envelope.body);
  } else {
    const std::string_view id = members.get("id");
    const bool readable = !members.repeated_id && reference::is_id(id);
    FUZZ_CHECK(envelope.id == (readable ? id : ""));
  }
  return 0;
}
