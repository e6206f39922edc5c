// How a client names what a session holds: `headrace://sessions/…`, and the type of a file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headrace::server {

/// `headrace://sessions/NAME/files/PATH` or `headrace://sessions/NAME/runs/3/stdout`, with
/// `?offset=N&length=M` for a piece of the latter.
struct SessionUri {
  std::string session;
  bool is_file = false;
  std::string path;  ///< Of the file below /workspace, or of the item: `runs/3/stdout`.
  std::optional<std::uint64_t> offset;
  std::optional<std::uint64_t> length;
};

/// `path` as in SessionUri.
std::string file_uri(std::string_view session, std::string_view path);
std::string item_uri(std::string_view session, std::string_view path);

/// `file:///…` of an absolute path of this machine.
std::string host_file_uri(std::string_view path);

/// Nothing when it is none of these: no segment is empty, `.` or `..`, and what is decoded is UTF-8
/// without control characters.
std::optional<SessionUri> parse_session_uri(std::string_view uri);

/// By what the name ends in; `application/octet-stream` when that says nothing.
std::string_view mime_type_of(std::string_view path) noexcept;

}  // namespace headrace::server
