// The rulings of `headrace proxy`.
#include <headrace/engine/mcp/protocol.hpp>
#include <headrace/server/proxy_rules.hpp>

#include <utility>

namespace headrace::server {

using framing::Envelope;
using framing::Fault;
using framing::Kind;

ProxyRules::Ruling ProxyRules::on_line(Side from, const Envelope& envelope) {
  switch (envelope.kind) {
    case Kind::request:
      open(from).add(envelope.id);
      return Ruling::pass;
    case Kind::result:
    case Kind::error:
      open(other(from)).remove(envelope.id);
      return Ruling::pass;
    case Kind::notification:
      if (envelope.method == "notifications/cancelled") on_cancelled(from, envelope.body);
      return Ruling::pass;
    case Kind::invalid:
      break;
  }
  return on_invalid(from, envelope);
}

// Its answer may still come, and goes through; but nobody waits for it.
void ProxyRules::on_cancelled(Side by, std::string_view params) {
  std::array<framing::Member, 1> members{{{"requestId"}}};
  if (scanner_.scan_members(params, members) != Fault::none) return;
  open(by).remove(members[0].value);
}

ProxyRules::Ruling ProxyRules::on_invalid(Side from, const Envelope& envelope) {
  switch (envelope.fault) {
    case Fault::not_json:
    case Fault::too_large: {
      const Unfit line{envelope.id, !envelope.method.empty(), envelope.method.empty(), false};
      return refuse(from, line, engine::mcp::parse_error,
                    std::string("the line can't be passed on: ") + describe(envelope.fault));
    }
    case Fault::not_object:
    case Fault::no_kind:
      // What servers write that log to stdout. From a client it is for the server to judge.
      return from == Side::server ? Ruling::skip : Ruling::pass;
    default:
      // Odd, and not ours to judge: a batch, a key that is written with escapes.
      if (envelope.method.empty()) open(other(from)).remove(envelope.id);
      return Ruling::pass;
  }
}

ProxyRules::Ruling ProxyRules::on_oversize(Side from, const framing::LineSplitter::Oversize& line) {
  const bool named = !line.method.empty();
  const Unfit unfit{line.id, named, line.is_response, named && line.id.empty()};
  return refuse(from, unfit, engine::mcp::invalid_request,
                "a message of " + std::to_string(line.size) + " bytes is over the frame limit");
}

ProxyRules::Ruling ProxyRules::refuse(Side from, const Unfit& line, std::int64_t code,
                                      std::string message) {
  const bool servers = from == Side::server;
  if (line.may_be_answer && !line.id.empty() && open(other(from)).remove(line.id)) {
    notice_ = {std::string(line.id), engine::mcp::internal_error,
               (servers ? "the server's answer is lost: " : "the client's answer is lost: ") +
                   std::move(message)};
    return Ruling::tell_other;
  }
  const bool request = line.has_method && !line.id.empty();
  // Servers write much to stdout that is no JSON, and would not know what they are told of it.
  if (!request && (servers || line.is_notification)) return Ruling::skip;
  notice_ = {std::string(request ? line.id : std::string_view()), code, std::move(message)};
  return Ruling::tell_sender;
}

}  // namespace headrace::server
