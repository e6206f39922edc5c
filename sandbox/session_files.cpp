// Asking an interpreter for the files of its workspace.
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/object_scanner.hpp>
#include <headrace/framing/utf8_prefix.hpp>
#include <headrace/sandbox/base64.hpp>
#include <headrace/sandbox/display_frame.hpp>
#include <headrace/sandbox/session.hpp>
#include <headrace/sandbox/session_frames.hpp>

#include <array>

namespace headrace::sandbox {
namespace {

constexpr auto answer_limit = std::chrono::seconds(2);
constexpr std::size_t most_files = 1000;
constexpr std::size_t longest_reason = 1000;

engine::CallOptions options_of_call() {
  engine::CallOptions options;
  options.deadline = engine::Deadline::after(answer_limit);
  options.announce_cancel = false;
  return options;
}

std::string why_not(std::error_code error, const engine::Answer& answer) {
  if (error == engine::Errc::timed_out) return "the interpreter did not answer in time";
  if (error != engine::Errc::remote_error) return "the session's interpreter has ended";
  const std::string reason = engine::read_remote_error(answer.body).message;
  return std::string(framing::utf8_prefix(reason, longest_reason));
}

Session::FileContent failed(std::string why) {
  Session::FileContent content;
  content.error = std::move(why);
  return content;
}

Session::FileContent read_content(std::string_view body, std::uint64_t limit) {
  framing::ObjectScanner scanner;
  std::array<framing::Member, 3> members{{{"mimeType"}, {"text"}, {"data"}}};
  if (scanner.scan_members(body, members) != framing::Fault::none) {
    return failed("the interpreter's answer can't be read");
  }
  const auto& [type, text, data] = members;
  Session::FileContent content;
  content.is_text = text.value.starts_with('"');
  if (!content.is_text && !data.value.starts_with('"')) {
    return failed("the interpreter's answer has no content");
  }
  content.content = read_string(content.is_text ? text.value : data.value);
  std::uint64_t size = content.content.size();
  if (!content.is_text) {
    const std::optional<std::string> bytes = decode_base64(content.content);
    if (!bytes) return failed("the interpreter's answer is not base64");
    size = bytes->size();
  }
  if (size > limit) return failed("the file is larger than " + std::to_string(limit) + " bytes");
  content.mime_type = checked_mime_type(read_string(type.value), content.is_text);
  return content;
}

}  // namespace

asio::awaitable<Session::Files> Session::async_list_files() {
  const std::shared_ptr<Session> self = shared_from_this();
  Files files;
  if (!interpreter_ || !interpreter_->alive()) co_return files;
  const engine::Payload nothing("{}");
  const engine::CallOptions options = options_of_call();
  const auto [error, answer] =
      co_await interpreter_->peer().async_call("list_files", nothing, options, engine::use_tuple);
  if (error) co_return files;
  framing::ObjectScanner scanner;
  std::array<framing::Member, 2> members{{{"files"}, {"truncated"}}};
  if (scanner.scan_members(answer.body, members) != framing::Fault::none) co_return files;
  files.files = read_file_list(members[0].value, most_files);
  files.truncated = members[1].value == "true";
  co_return files;
}

asio::awaitable<Session::FileContent> Session::async_read_file(std::string path,
                                                               std::uint64_t limit) {
  const std::shared_ptr<Session> self = shared_from_this();
  if (!is_inner_path(path)) co_return failed("no file under /workspace is called like this");
  if (!interpreter_ || !interpreter_->alive()) co_return failed("the session has no interpreter");
  std::string params;
  framing::JsonWriter(params)
      .begin_object()
      .member("path", path)
      .member("limit", limit)
      .end_object();
  const engine::Payload payload(params);
  const engine::CallOptions options = options_of_call();
  const auto [error, answer] =
      co_await interpreter_->peer().async_call("read_file", payload, options, engine::use_tuple);
  if (error) co_return failed(why_not(error, answer));
  co_return read_content(answer.body, limit);
}

}  // namespace headrace::sandbox
