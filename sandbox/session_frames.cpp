// Reading `output`, `progress`, and the answer to `run`.
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/object_scanner.hpp>
#include <headrace/framing/request_id.hpp>
#include <headrace/framing/utf8_prefix.hpp>
#include <headrace/sandbox/session_frames.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace headrace::sandbox {
namespace {

using framing::Member;
using framing::ObjectScanner;

constexpr std::size_t most_files_of_run = 50;
constexpr std::size_t longest_path = 1024;
constexpr std::size_t longest_progress = 1024;

template <std::size_t N>
bool scan(std::string_view object, std::array<Member, N>& members) {
  ObjectScanner scanner;
  return scanner.scan_members(object, members) == framing::Fault::none;
}

std::optional<double> finite_number(std::string_view raw) {
  double value = 0;
  const char* const end = raw.data() + raw.size();
  const auto [stopped, error] = std::from_chars(raw.data(), end, value);
  if (error != std::errc() || stopped != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> natural_number(std::string_view raw) {
  const auto number = framing::integer_id(raw);
  if (!number || *number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

// Where the first element of an array's rest ends. The array is known to be well-formed.
std::size_t element_end(std::string_view rest) noexcept {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
      continue;
    }
    if (c == '"') in_string = true;
    if (depth == 0 && (c == ',' || c == ']')) return i;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
  }
  return rest.size();
}

}  // namespace

std::string read_hello(std::string_view params) {
  std::array<Member, 1> members{{{"bytecode"}}};
  if (!scan(params, members)) return {};
  return read_string(members[0].value);
}

std::optional<OutputFrame> read_output(std::string_view params) {
  std::array<Member, 3> members{{{"run"}, {"stream"}, {"text"}}};
  if (!scan(params, members)) return std::nullopt;
  OutputFrame frame;
  if (!members[0].value.empty()) frame.run = natural_number(members[0].value).value_or(0);
  frame.is_error = members[1].value == "\"stderr\"";
  frame.text = read_string(members[2].value);
  return frame;
}

std::uint64_t read_run_number(std::string_view params) {
  std::array<Member, 1> members{{{"run"}}};
  if (!scan(params, members)) return 0;
  return natural_number(members[0].value).value_or(0);
}

std::optional<RunProgress> read_progress(std::string_view params) {
  std::array<Member, 3> members{{{"done"}, {"total"}, {"message"}}};
  if (!scan(params, members)) return std::nullopt;
  const std::optional<double> done = finite_number(members[0].value);
  if (!done) return std::nullopt;
  RunProgress progress;
  progress.done = *done;
  progress.total = finite_number(members[1].value);
  progress.message = framing::utf8_prefix(read_string(members[2].value), longest_progress);
  return progress;
}

void read_run_answer(std::string_view body, RunResult& result) {
  std::array<Member, 6> members{
      {{"status"}, {"exitCode"}, {"error"}, {"interrupt"}, {"usage"}, {"files"}}};
  scan(body, members);
  const std::string status = read_string(members[0].value);
  const auto code = framing::integer_id(members[1].value);
  result.exit_code = code && *code >= INT32_MIN && *code <= INT32_MAX ? static_cast<int>(*code) : 1;
  result.error = read_string(members[2].value);
  if (status == "success") {
    result.status = result.exit_code == 0 ? RunStatus::success : RunStatus::error;
  } else if (status == "interrupted") {
    result.status = members[3].value == "\"timeout\"" ? RunStatus::timed_out : RunStatus::cancelled;
  } else {
    result.status = RunStatus::error;
  }
  result.files = read_file_list(members[5].value, most_files_of_run);

  std::array<Member, 2> usage{{{"cpu"}, {"memory"}}};
  if (members[4].value.empty() || !scan(members[4].value, usage)) return;
  result.usage.cpu_seconds = finite_number(usage[0].value);
  if (result.usage.cpu_seconds < 0.0) result.usage.cpu_seconds.reset();
  result.usage.peak_memory = natural_number(usage[1].value);
}

std::vector<WorkspaceFile> read_file_list(std::string_view array, std::size_t most) {
  std::vector<WorkspaceFile> files;
  if (!array.starts_with('[')) return files;
  std::string_view rest = array.substr(1);
  while (!rest.empty() && files.size() < most) {
    const std::size_t end = element_end(rest);
    const std::size_t begin = std::min(rest.find_first_not_of(" \t\r\n"), end);
    std::array<Member, 2> members{{{"path"}, {"size"}}};
    if (scan(rest.substr(begin, end - begin), members)) {
      WorkspaceFile file;
      file.path = read_string(members[0].value);
      file.size = natural_number(members[1].value).value_or(0);
      if (is_inner_path(file.path)) files.push_back(std::move(file));
    }
    rest.remove_prefix(std::min(rest.size(), end + 1));
  }
  return files;
}

std::string read_string(std::string_view raw) {
  std::string text;
  if (raw.starts_with('"')) framing::append_unescaped(text, raw);
  return text;
}

bool is_inner_path(std::string_view path) noexcept {
  if (path.empty() || path.size() > longest_path || path.front() == '/') return false;
  const bool printable = std::none_of(path.begin(), path.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  if (!printable) return false;
  std::string_view rest = path;
  for (;;) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    rest.remove_prefix(slash + 1);
  }
}

}  // namespace headrace::sandbox
