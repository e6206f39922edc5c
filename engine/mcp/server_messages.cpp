// Writing pages and completing results.
#include <headrace/engine/mcp/raw_members.hpp>
#include <headrace/engine/mcp/server_messages.hpp>
#include <headrace/framing/block.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/utf8_prefix.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace headrace::engine::mcp {
namespace {

using framing::Fault;
using framing::JsonWriter;
using framing::Member;

constexpr std::size_t longest_log = 8 << 10;

}  // namespace

std::string page_of(std::string_view key, const std::vector<std::string>& definitions,
                    std::size_t offset) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().key(key).begin_array();
  const std::size_t end = std::min(definitions.size(), offset + page_size);
  for (std::size_t i = offset; i < end; ++i)
    writer.raw(definitions[i]);
  writer.end_array();
  if (end < definitions.size()) writer.member("nextCursor", std::to_string(end));
  writer.end_object();
  return json;
}

std::optional<std::size_t> read_cursor(std::string_view params, std::size_t size) {
  std::array<Member, 1> members{{{"cursor"}}};
  if (!scan(params, members)) return std::nullopt;
  std::string_view raw = members[0].value;
  if (raw.empty() || raw == "null") return 0;
  if (raw.size() < 3 || !is_string(raw)) return std::nullopt;
  raw = raw.substr(1, raw.size() - 2);
  std::size_t offset = 0;
  const auto [rest, error] = std::from_chars(raw.data(), raw.data() + raw.size(), offset);
  const bool good =
      error == std::errc() && rest == raw.data() + raw.size() && offset > 0 && offset % size == 0;
  return good ? std::optional(offset) : std::nullopt;
}

std::string complete_result(const Payload& result, std::string_view server_info,
                            const std::optional<CacheHint>& hint) {
  std::string body;
  body.reserve(result.size() + framing::block_padding);  // what the scanner reads past the end
  for (const RawJson& piece : result.pieces)
    body.append(piece.text);
  std::array<Member, 4> members{{{"resultType"}, {"_meta"}, {"ttlMs"}, {"cacheScope"}}};
  framing::ObjectScanner scanner;
  if (scanner.scan_members(body, members) != Fault::none) return body;
  const std::string_view meta = members[1].value;
  std::string json;
  json.reserve(body.size() + server_info.size() + 200);
  JsonWriter writer(json);
  writer.begin_object();
  if (members[0].value.empty()) writer.member("resultType", "complete");
  if (hint && members[2].value.empty()) writer.member("ttlMs", hint->ttl.count());
  if (hint && members[3].value.empty())
    writer.member("cacheScope", hint->is_public ? "public" : "private");
  std::array<Member, 1> known{{{meta_key::server_info}}};
  const bool has_meta = is_object(meta);
  if (has_meta) scanner.scan_members(meta, known);
  const bool identified = has_meta && !known[0].value.empty();
  if (!has_meta && meta.empty()) {
    writer.key("_meta").begin_object().raw_member(meta_key::server_info, server_info).end_object();
  }
  // The rest of the object as it came, but for what has to go into its `_meta`.
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  const auto first = std::find_if_not(
      body.begin() + static_cast<std::ptrdiff_t>(body.find('{')) + 1, body.end(), is_space);
  const auto rest = static_cast<std::size_t>(first - body.begin());
  const bool empty = body[rest] == '}';
  if (!empty && json.size() > 1) json += ',';
  if (has_meta && !identified) {
    const auto inside = static_cast<std::size_t>(meta.data() - body.data()) + 1;
    json.append(body, rest, inside - rest);
    framing::append_quoted(json, meta_key::server_info);
    json.append(":").append(server_info);
    const std::string_view members_of_meta = meta.substr(1);
    const bool meta_is_empty =
        *std::find_if_not(members_of_meta.begin(), members_of_meta.end(), is_space) == '}';
    if (!meta_is_empty) json += ',';
    json.append(body, inside, std::string::npos);
  } else {
    json.append(body, rest, std::string::npos);
  }
  return json;
}

std::optional<std::string_view> complete_in_place(std::string_view result,
                                                  std::string_view server_info,
                                                  const std::optional<CacheHint>& hint,
                                                  framing::ObjectScanner& scanner,
                                                  std::string& head) {
  std::array<Member, 4> members{{{"resultType"}, {"_meta"}, {"ttlMs"}, {"cacheScope"}}};
  if (scanner.scan_members(result, members) != Fault::none) return std::nullopt;
  const auto [type, meta, ttl, scope] =
      std::array{members[0].value, members[1].value, members[2].value, members[3].value};
  if (!meta.empty()) {
    std::array<Member, 1> known{{{meta_key::server_info}}};
    if (!is_object(meta) || scanner.scan_members(meta, known) != Fault::none ||
        known[0].value.empty()) {
      return std::nullopt;
    }
  }
  JsonWriter writer(head);
  writer.begin_object();
  if (type.empty()) writer.member("resultType", "complete");
  if (hint && ttl.empty()) writer.member("ttlMs", hint->ttl.count());
  if (hint && scope.empty()) writer.member("cacheScope", hint->is_public ? "public" : "private");
  if (meta.empty()) {
    writer.key("_meta").begin_object().raw_member(meta_key::server_info, server_info).end_object();
  }
  const std::size_t first = result.find_first_not_of(" \t\r\n", result.find('{') + 1);
  if (head.size() > 1 && result[first] != '}') head += ',';
  return result.substr(first);
}

QuestionReply read_reply(std::string_view method, std::error_code error, const Answer& answer) {
  QuestionReply reply;
  if (error == Errc::remote_error) {
    const RemoteError refused = read_remote_error(answer.body);
    reply.code = refused.code;
    reply.message = refused.message;
  } else if (error) {
    reply.code = internal_error;
    reply.message = error == Errc::timed_out ? "the client did not answer in time"
                                             : "the client could not be asked: " + error.message();
  } else if (!is_answer(method, answer.body)) {
    reply.code = invalid_params;
    reply.message = "the client's answer to '" + std::string(method) + "' has not the form of one";
  } else {
    reply.result = answer.body;
  }
  return reply;
}

std::string shortened(std::string_view text) {
  if (text.size() <= longest_log) return std::string(text);
  return std::string(framing::utf8_prefix(text, longest_log)) + "…";
}

}  // namespace headrace::engine::mcp
