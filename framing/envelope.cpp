// The outside of a JSON-RPC message: its kind, id and method, and where its body begins and ends.
#include <headrace/framing/envelope.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/object_walk.hpp>
#include <headrace/framing/request_id.hpp>

#include <cstddef>

namespace headrace::framing {
namespace {

// Unescaping is the one thing here that copies, so it has a bound.
constexpr std::size_t longest_escaped_method = 4096;

// The keys that make up a message; a set of them is the sum of their bits.
enum Field : unsigned {
  other = 0,
  version = 1,
  id = 2,
  method = 4,
  params = 8,
  result = 16,
  error = 32,
};

Field field_of(std::string_view key) noexcept {
  switch (key.size()) {
    case 2:
      return key == "id" ? id : other;
    case 5:
      return key == "error" ? error : other;
    case 6:
      if (key == "method") return method;
      if (key == "params") return params;
      return key == "result" ? result : other;
    case 7:
      return key == "jsonrpc" ? version : other;
    default:
      return other;
  }
}

// What was seen of a message's keys.
struct Keys {
  unsigned seen = 0;
  unsigned repeated = 0;
  bool escaped = false;

  bool has(unsigned fields) const noexcept { return (seen & fields) != 0; }
};

// Puts the values where they belong, the method still raw.
Fault read_members(std::string_view text, const StructuralIndex& index, Envelope& out,
                   Keys& keys) noexcept {
  ObjectWalk walk(text, index);
  if (const Fault fault = walk.begin(); fault != Fault::none) return fault;
  ObjectWalk::Item item;
  while (walk.next(item)) {
    const Field field = field_of(item.key);
    if (field == other) {
      if (item.key.find('\\') != std::string_view::npos) keys.escaped = true;
      continue;
    }
    keys.repeated |= keys.seen & field;
    switch (field) {
      case version:
        out.version_ok = item.value == "\"2.0\"";
        break;
      case id:
        out.id = item.value;
        break;
      case method:
        out.method = item.value;
        break;
      case params:
        // Beside an outcome they mean nothing.
        if (keys.has(result | error)) break;
        [[fallthrough]];
      default:
        out.body = item.value;
        out.body_tokens = item.tokens;
        break;
    }
    keys.seen |= field;
  }
  return walk.fault();
}

Kind kind_of(const Keys& keys) noexcept {
  if (keys.has(method)) return keys.has(id) ? Kind::request : Kind::notification;
  return keys.has(result) ? Kind::result : Kind::error;
}

bool id_fits(Kind kind, std::string_view raw) noexcept {
  switch (kind) {
    case Kind::notification:
      return true;
    case Kind::error:
      return raw.empty() || raw == "null" || is_valid_id(raw);
    default:
      return is_valid_id(raw);
  }
}

Fault judge(const Keys& keys, const Envelope& envelope, bool method_ok) noexcept {
  if (keys.escaped) return Fault::escaped_key;
  if (keys.repeated != 0) return Fault::repeated_key;
  const int kinds = int{keys.has(method)} + int{keys.has(result)} + int{keys.has(error)};
  if (kinds == 0) return Fault::no_kind;
  if (kinds > 1) return Fault::ambiguous;
  if (!id_fits(kind_of(keys), envelope.id)) return Fault::bad_id;
  return method_ok ? Fault::none : Fault::bad_method;
}

}  // namespace

Envelope EnvelopeParser::parse(std::string_view text) noexcept {
  // Nothing of it outlives a call. Seventy kilobytes for each stream would add up, and those of the
  // last stream are still in the processor's cache.
  thread_local StructuralIndex index;
  Envelope envelope;
  Keys keys;
  Fault fault = index.build(text);
  if (fault == Fault::none) fault = read_members(text, index, envelope, keys);
  index.trim();
  if (index.size() == 0) envelope.body_tokens = {};
  if (fault != Fault::none) return salvage(text, fault);

  const bool method_ok = !keys.has(method) || read_method(envelope.method);
  envelope.fault = judge(keys, envelope, method_ok);
  if (envelope.fault == Fault::none) {
    envelope.kind = kind_of(keys);
    return envelope;
  }
  envelope.body = {};
  envelope.body_tokens = {};
  if (!method_ok || (keys.repeated & method) != 0) envelope.method = {};
  if ((keys.repeated & id) != 0 || !is_valid_id(envelope.id)) envelope.id = {};
  return envelope;
}

bool EnvelopeParser::read_method(std::string_view& text) noexcept {
  if (text.front() != '"') return false;
  text = text.substr(1, text.size() - 2);
  if (text.find('\\') == std::string_view::npos) return true;
  method_.clear();
  if (text.size() > longest_escaped_method || !append_unescaped(method_, text)) return false;
  text = method_;
  return true;
}

Envelope EnvelopeParser::salvage(std::string_view text, Fault fault) noexcept {
  skimmer_.reset();
  skimmer_.feed(text);
  Envelope envelope;
  envelope.fault = fault;
  envelope.id = skimmer_.id();
  method_.clear();
  if (append_unescaped(method_, skimmer_.method())) envelope.method = method_;
  return envelope;
}

}  // namespace headrace::framing
