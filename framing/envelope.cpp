// The outside of a JSON-RPC message: its kind, id and method, and where its body begins and ends.
#include <headrace/framing/envelope.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/object_walk.hpp>
#include <headrace/framing/request_id.hpp>

#include <array>
#include <cstddef>

namespace headrace::framing {
namespace {

// Unescaping is the one thing here that copies, so it has a bound.
constexpr std::size_t longest_escaped_method = 4096;

enum Field : std::size_t { version, id, method, params, result, error, field_count, other };

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

// The members that make up a message, and what is odd about its keys.
struct Members {
  std::array<std::string_view, field_count> values;
  bool escaped = false;
  bool repeated = false;
  bool repeated_id = false;

  bool has(Field field) const noexcept { return !values[field].empty(); }
};

Fault read_members(std::string_view text, StructuralIndex& index, Members& members) noexcept {
  if (const Fault fault = index.build(text); fault != Fault::none) return fault;
  ObjectWalk walk(text, index);
  if (const Fault fault = walk.begin(); fault != Fault::none) return fault;
  ObjectWalk::Item item;
  while (walk.next(item)) {
    const Field field = field_of(item.key);
    if (field == other) {
      if (item.key.find('\\') != std::string_view::npos) members.escaped = true;
    } else if (members.has(field)) {
      members.repeated = true;
      if (field == id) members.repeated_id = true;
    } else {
      members.values[field] = item.value;
    }
  }
  return walk.fault();
}

Fault judge(const Members& members) noexcept {
  if (members.escaped) return Fault::escaped_key;
  if (members.repeated) return Fault::repeated_key;
  const int kinds = int{members.has(method)} + int{members.has(result)} + int{members.has(error)};
  if (kinds > 1) return Fault::ambiguous;
  if (kinds == 0) return Fault::no_kind;
  return Fault::none;
}

bool id_fits(Kind kind, std::string_view raw) noexcept {
  switch (kind) {
    case Kind::notification:
      return raw.empty();
    case Kind::error:
      return raw.empty() || raw == "null" || is_valid_id(raw);
    default:
      return is_valid_id(raw);
  }
}

}  // namespace

Envelope EnvelopeParser::parse(std::string_view text) noexcept {
  Members members;
  const Fault unreadable = read_members(text, index_, members);
  index_.trim();
  if (unreadable != Fault::none) return salvage(text, unreadable);

  Envelope envelope;
  envelope.fault = judge(members);
  envelope.version_ok = members.values[version] == "\"2.0\"";
  envelope.id = members.repeated_id ? std::string_view{} : members.values[id];
  bool method_ok = true;
  if (members.has(method)) method_ok = read_method(members.values[method], envelope.method);

  if (envelope.fault == Fault::none) {
    if (members.has(method)) {
      envelope.kind = members.has(id) ? Kind::request : Kind::notification;
      envelope.body = members.values[params];
    } else if (members.has(result)) {
      envelope.kind = Kind::result;
      envelope.body = members.values[result];
    } else {
      envelope.kind = Kind::error;
      envelope.body = members.values[error];
    }
    if (!id_fits(envelope.kind, envelope.id)) {
      envelope.fault = Fault::bad_id;
    } else if (!method_ok) {
      envelope.fault = Fault::bad_method;
    }
  }
  if (envelope.fault != Fault::none) {
    envelope.kind = Kind::invalid;
    envelope.body = {};
    if (!is_valid_id(envelope.id)) envelope.id = {};
  }
  return envelope;
}

bool EnvelopeParser::read_method(std::string_view raw, std::string_view& out) noexcept {
  if (raw.front() != '"') return false;
  const std::string_view inside = raw.substr(1, raw.size() - 2);
  if (inside.find('\\') == std::string_view::npos) {
    out = inside;
    return true;
  }
  method_.clear();
  if (inside.size() > longest_escaped_method || !append_unescaped(method_, inside)) return false;
  out = method_;
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
