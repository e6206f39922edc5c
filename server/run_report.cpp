// What is told of each way a run can end.
#include <headrace/server/plain_text.hpp>
#include <headrace/server/run_report.hpp>
#include <headrace/server/session_uri.hpp>
#include <headrace/server/terminal_line.hpp>

#include <algorithm>

namespace headrace::server {
namespace {

using sandbox::RunStatus;

constexpr std::size_t most_file_links = 20;
constexpr std::size_t longest_name = 200;

bool is_silent(const RunReport& report) {
  const auto is_shown = [](const sandbox::Display& display) { return !display.aside; };
  return report.out.empty() && report.err.empty() &&
         std::none_of(report.displays.begin(), report.displays.end(), is_shown);
}

void add_whole(RunReport& report, const std::string& path, std::string_view stream,
               const sandbox::Archive* archive) {
  const sandbox::Archive::Item* const item =
      path.empty() || archive == nullptr ? nullptr : archive->find(path);
  if (item == nullptr) return;
  Link link;
  link.uri = item_uri(report.session, path);
  link.name = stream;
  link.description =
      item->cut ? "the first " + readable_size(item->size) + " of " : std::string("the whole of ");
  link.description += stream;
  if (!item->cut) link.description += ", " + readable_size(item->size);
  link.mime_type = item->mime_type;
  link.size = item->size;
  report.links.push_back(std::move(link));
}

void add_links(RunReport& report, const sandbox::RunResult& run, const sandbox::Archive* archive) {
  add_whole(report, run.whole_out, "stdout", archive);
  add_whole(report, run.whole_err, "stderr", archive);
  for (const sandbox::WorkspaceFile& file : run.files) {
    if (&file - run.files.data() == most_file_links) break;
    Link link;
    link.uri = file_uri(report.session, file.path);
    link.name = one_line(file.path, longest_name);
    link.mime_type = mime_type_of(file.path);
    link.size = file.size;
    report.links.push_back(std::move(link));
  }
  report.files_unnamed = run.files.size() - std::min(run.files.size(), most_file_links);
}

// What is displayed in the middle of a line parts it: each part is folded by itself.
void fold_out(RunReport& report) {
  const std::string_view printed = report.out;
  if (printed.find('\r') == std::string_view::npos) return;
  std::string out;
  std::size_t begin = 0;
  const auto add_until = [&](std::size_t end) {
    end = std::clamp(end, begin, printed.size());
    out += without_returns(printed.substr(begin, end - begin));
    begin = end;
  };
  for (sandbox::Display& display : report.displays) {
    if (!display.aside) {
      add_until(display.position);
      const std::string_view rest = printed.substr(begin);
      const bool redrawn = (begin > 0 && printed[begin - 1] == '\r' && !rest.empty()) ||
                           is_redrawn(rest.substr(0, rest.find('\n')));
      // Or the parts would stand side by side where displays follow all of the output.
      if (redrawn && !out.empty() && !out.ends_with('\n')) out += '\n';
    }
    display.position = out.size();
  }
  add_until(printed.size());
  report.out = std::move(out);
}

void fold_returns(RunReport& report) {
  fold_out(report);
  if (report.err.find('\r') != std::string::npos) report.err = without_returns(report.err);
}

}  // namespace

RunReport rejected_report(std::string error) {
  RunReport report;
  report.status = "validation_error";
  report.summary = error;
  report.error = std::move(error);
  return report;
}

RunReport report_of(CodeResult result, const std::vector<std::string>& servers,
                    std::chrono::seconds timeout, std::string session,
                    const sandbox::Archive* archive) {
  if (!result.rejected.empty()) {
    RunReport report = rejected_report(std::move(result.rejected));
    report.status = "error";
    return report;
  }
  sandbox::RunResult& run = result.run;
  RunReport report;
  report.servers = servers;
  report.session = std::move(session);
  report.run = run.number;
  add_links(report, run, archive);
  report.out = std::move(run.out);
  report.err = std::move(run.err);
  report.error = std::move(run.error);
  report.note = std::move(run.note);
  report.displays = std::move(run.displays);
  fold_returns(report);
  if (run.number > 0) report.usage = run.usage;
  report.calls = result.calls;
  report.call_time = result.call_time;
  report.status = "error";
  const std::string seconds = std::to_string(timeout.count());
  switch (run.status) {
    case RunStatus::success:
      report.status = "success";
      report.summary = is_silent(report) ? "Success (no output)" : "Success";
      report.exit_code = 0;
      break;
    case RunStatus::error:
      report.summary = "Error: the code ended with exit code " + std::to_string(run.exit_code);
      report.exit_code = run.exit_code;
      break;
    case RunStatus::timed_out:
      report.status = "timeout";
      report.summary = "Timeout: execution exceeded " + seconds + "s";
      report.error = "Execution timed out after " + seconds + "s";
      report.timeout_seconds = timeout.count();
      break;
    case RunStatus::cancelled:
      report.summary = "Cancelled";
      if (report.error.empty()) report.error = "the run was cancelled";
      break;
    case RunStatus::lost:
      report.summary = "Error: the interpreter ended while the code ran";
      if (run.exit_code != 0) report.exit_code = run.exit_code;
      break;
    case RunStatus::unavailable:
      report.summary = "Error: there is no sandbox to run the code in";
      break;
  }
  return report;
}

}  // namespace headrace::server
