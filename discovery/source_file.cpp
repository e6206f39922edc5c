// Reads one file that servers may be configured in, and tells when it has to be read again.
#include <headrace/discovery/source_file.hpp>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace headrace::discovery {
namespace {

using Clock = std::chrono::system_clock;

constexpr std::size_t kMaxFaultsPerFile = 100;

std::int64_t nanoseconds(Clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

bool is_dangling(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_symlink(path, ignored);
}

class Reading {
 public:
  Reading(const SourceFile& file, const SourceContext& context) : file_(file), context_(context) {}

  FileRecord read() {
    record_.stamp = stamp_of(file_.path);
    record_.settled = !is_recent(record_.stamp, nanoseconds(context_.now));
    const int missing = record_.stamp.error;
    // Nothing is where most programs would have their file.
    if (missing != 0 && !file_.required && !is_dangling(file_.path) &&
        (missing == ENOENT || missing == ENOTDIR)) {
      return std::move(record_);
    }
    std::string text;
    std::string error;
    bool transient = false;
    if (!read_config_file(file_.path, text, error, transient)) {
      if (transient) {
        record_.broken = true;
        record_.settled = false;
      }
      record_.faults.push_back(
          {Severity::error, file_.path, 0, {}, "the file cannot be read: " + error});
      return std::move(record_);
    }
    parse(text);
    limit_faults(record_.faults, file_.path);
    return std::move(record_);
  }

 private:
  void parse(const std::string& text) {
    const Dialect dialect = file_.agent != nullptr ? file_.agent->dialect : Dialect{};
    const auto parser = file_.syntax == Syntax::toml ? read_toml_config : read_json_config;
    const ConfigDocument document =
        parser(text, file_.path, record_.faults, dialect, context_.workspace);
    record_.broken = !document.readable;
    EntryContext context{file_.path, document, context_.environment, context_.home,
                         context_.allow_self};
    context.dialect = dialect;
    if (file_.agent != nullptr) context.agent = file_.agent->name;
    context.read_file = [this](const std::string& path, std::string& content, std::string& error) {
      return read_other(path, content, error);
    };
    for (const ConfigProject& project : document.projects) {
      context.folder = project.folder;
      context.workspace = project.folder;
      read_entries(project.entries, context);
    }
    context.folder = file_.folder;
    context.workspace = file_.folder.empty() ? context_.workspace : file_.folder;
    read_entries(document.entries, context);
  }

  void read_entries(const std::vector<ConfigMember>& members, const EntryContext& context) {
    for (const ConfigMember& member : members) {
      if (auto entry = read_entry(member, context, record_.faults)) {
        record_.entries.push_back(std::move(*entry));
      }
    }
  }

  bool read_other(const std::string& path, std::string& content, std::string& error) {
    const FileStamp stamp = stamp_of(path);
    record_.others.emplace_back(path, stamp);
    if (is_recent(stamp, nanoseconds(context_.now))) record_.settled = false;
    bool transient = false;
    const bool read = read_config_file(path, content, error, transient);
    if (transient) record_.settled = false;
    return read;
  }

  const SourceFile& file_;
  const SourceContext& context_;
  FileRecord record_;
};

}  // namespace

FileRecord read_source_file(const SourceFile& file, const SourceContext& context,
                            const FileRecord* before) {
  FileRecord record = Reading(file, context).read();
  if (!record.broken || before == nullptr || before->entries.empty()) return record;
  if (before->broken && !before->held_since) return record;
  // A clock that was set back must not make this last.
  const Clock::time_point since = std::min(before->held_since.value_or(context.now), context.now);
  if (context.now - since >= kHalfWrittenLimit) return record;
  record.held_since = since;
  record.settled = false;
  record.entries = before->entries;
  record.others = before->others;
  record.faults.push_back({Severity::warning,
                           file.path,
                           0,
                           {},
                           "its servers stay as they were for some seconds, in case it is being "
                           "written"});
  return record;
}

bool is_unchanged(const SourceFile& file, const FileRecord& record) {
  return record.settled && record.stamp == stamp_of(file.path) &&
         std::all_of(record.others.begin(), record.others.end(),
                     [](const auto& other) { return other.second == stamp_of(other.first); });
}

void limit_faults(Faults& faults, const std::string& file) {
  if (faults.size() <= kMaxFaultsPerFile) return;
  const std::size_t more = faults.size() - kMaxFaultsPerFile;
  faults.resize(kMaxFaultsPerFile);
  faults.push_back({Severity::error, file, 0, {}, std::to_string(more) + " more like these"});
}

}  // namespace headrace::discovery
