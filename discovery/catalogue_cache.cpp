// The tool lists of servers on disk.
//
// A list's file has two lines: `{"format":1,"at":seconds,"ttlMs":…}`, then `{"tools":[…]}` as
// a server sends it, so that one parser reads both. A failure's file is one such line.
#include <headrace/discovery/catalogue_cache.hpp>
#include <headrace/discovery/config_file.hpp>
#include <headrace/discovery/json_text.hpp>
#include <headrace/discovery/replace_file.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/utf8_prefix.hpp>

#include <charconv>
#include <string_view>

namespace headrace::discovery {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::string_view format = "1";
constexpr std::size_t longest_file = std::size_t{64} << 20;
constexpr std::size_t longest_error = 4096;
constexpr auto fresh = 24h;
constexpr auto recent = 10min;
constexpr auto unused = 24h * 90;
constexpr auto leftover = 1h;
constexpr auto touched_again = 24h;
constexpr std::string_view list_ending = ".tools.json";
constexpr std::string_view failure_ending = ".failure.json";

std::optional<std::int64_t> integer_of(std::string_view raw) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
  if (error != std::errc() || end != raw.data() + raw.size()) return std::nullopt;
  return value;
}

std::optional<WallTime> time_of(std::string_view raw) {
  // The year 2255, and less than what a clock that counts nanoseconds can hold.
  constexpr std::int64_t latest = 9'000'000'000;
  const auto seconds = integer_of(raw);
  if (!seconds || *seconds < 0 || *seconds > latest) return std::nullopt;
  return WallTime(std::chrono::seconds(*seconds));
}

std::int64_t seconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// A clock that was set back makes nothing younger than it is.
bool is_within(WallTime then, WallTime now, std::chrono::system_clock::duration limit) {
  return now - then <= limit && then - now <= limit;
}

struct Head {
  std::optional<WallTime> at;
  std::optional<std::chrono::milliseconds> time_to_live;
  std::string error;
};

// The first line. Nothing when it is damaged, or of another format.
std::optional<Head> read_head(std::string_view line) {
  line = json_trim(line);
  if (find_json_flaw(line) || json_type(line) != JsonType::object) return std::nullopt;
  Head head;
  bool known_format = false;
  std::string key;
  std::string_view value;
  for (JsonMembers members(line); members.next(key, value);) {
    if (key == "format") {
      known_format = value == format;
    } else if (key == "at") {
      head.at = time_of(value);
    } else if (key == "error" && json_type(value) == JsonType::string) {
      head.error = json_string(value);
    } else if (key == "ttlMs") {
      const auto time_to_live = integer_of(value);
      if (time_to_live && *time_to_live >= 0 && *time_to_live < 1'000'000'000'000)
        head.time_to_live = std::chrono::milliseconds(*time_to_live);
    }
  }
  if (!known_format || !head.at) return std::nullopt;
  return head;
}

// Opened once: by the next moment another process may have replaced it.
std::optional<std::string> read_whole(const fs::path& file) {
  std::string text;
  std::string error;
  bool transient = false;
  if (!read_config_file(file.string(), text, error, transient, longest_file)) return std::nullopt;
  return text;
}

void write_tool(std::string& out, framing::JsonWriter& writer, const ToolDoc& tool) {
  writer.begin_object().member("name", tool.name);
  if (!tool.title.empty()) writer.member("title", tool.title);
  if (!tool.description.empty()) writer.member("description", tool.description);
  const std::pair<std::string_view, const std::string&> raw[] = {
      {"inputSchema", tool.input_schema},
      {"outputSchema", tool.output_schema},
      {"annotations", tool.annotations},
      {"execution", tool.execution},
  };
  for (const auto& [key, text] : raw) {
    if (!text.empty()) writer.raw_member(key, text);
  }
  if (!tool.others.empty()) out.append(",").append(tool.others);
  writer.end_object();
}

fs::path file_of(const fs::path& folder, const ServerSpec& spec, std::string_view ending) {
  return folder / (start_key(spec) + std::string(ending));
}

// Its time says when it was last of use, for sweep(); once a day is enough.
void touch(const fs::path& file) {
  std::error_code ignored;
  const auto now = fs::file_time_type::clock::now();
  if (now - fs::last_write_time(file, ignored) > touched_again)
    fs::last_write_time(file, now, ignored);
}

}  // namespace

bool CachedTools::is_stale(WallTime now) const noexcept {
  return !is_within(listed_at, now, fresh) || (time_to_live && now - listed_at > *time_to_live);
}

bool CachedFailure::is_recent(WallTime now) const noexcept {
  return is_within(at, now, recent);
}

std::optional<CachedTools> CatalogueCache::load(const ServerSpec& spec) const {
  if (folder_.empty()) return std::nullopt;
  const fs::path file = file_of(folder_, spec, list_ending);
  const std::optional<std::string> text = read_whole(file);
  if (!text) return std::nullopt;
  const std::size_t newline = text->find('\n');
  if (newline == std::string::npos) return std::nullopt;
  const std::string_view whole = *text;
  const std::optional<Head> head = read_head(whole.substr(0, newline));
  if (!head) return std::nullopt;
  ToolsPage page = parse_tools_page(whole.substr(newline + 1), spec.name);
  if (!page.error.empty()) return std::nullopt;
  touch(file);
  return CachedTools{std::move(page.tools), *head->at, head->time_to_live};
}

std::optional<CachedFailure> CatalogueCache::load_failure(const ServerSpec& spec) const {
  if (folder_.empty()) return std::nullopt;
  const std::optional<std::string> text = read_whole(file_of(folder_, spec, failure_ending));
  if (!text) return std::nullopt;
  std::optional<Head> head = read_head(*text);
  if (!head || head->error.empty()) return std::nullopt;
  return CachedFailure{std::move(head->error), *head->at};
}

bool CatalogueCache::store(const ServerSpec& spec, const CachedTools& list,
                           std::string& error) const {
  if (folder_.empty()) return true;
  std::string text;
  framing::JsonWriter head(text);
  head.begin_object().raw_member("format", format).member("at", seconds_of(list.listed_at));
  if (list.time_to_live) head.member("ttlMs", list.time_to_live->count());
  head.end_object();
  text += '\n';
  framing::JsonWriter body(text);
  body.begin_object().key("tools").begin_array();
  for (const ToolDoc& tool : list.tools)
    write_tool(text, body, tool);
  body.end_array().end_object();
  if (text.size() > longest_file) {
    error = "its list of tools is too long to be kept: " + std::to_string(text.size()) + " bytes";
    return false;
  }
  const fs::path file = file_of(folder_, spec, list_ending);
  if (!replace_file(file.string(), text, error, Durability::cache)) return false;
  std::error_code ignored;
  fs::remove(file_of(folder_, spec, failure_ending), ignored);
  return true;
}

bool CatalogueCache::store_failure(const ServerSpec& spec, const CachedFailure& failure,
                                   std::string& error) const {
  if (folder_.empty()) return true;
  std::string text;
  framing::JsonWriter writer(text);
  writer.begin_object().raw_member("format", format).member("at", seconds_of(failure.at));
  writer.member("error", framing::utf8_prefix(failure.error, longest_error)).end_object();
  const fs::path file = file_of(folder_, spec, failure_ending);
  return replace_file(file.string(), text, error, Durability::cache);
}

void CatalogueCache::sweep() const {
  if (folder_.empty()) return;
  const auto now = fs::file_time_type::clock::now();
  std::error_code failure;
  std::vector<fs::path> old;
  for (fs::directory_iterator entry(folder_, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    std::error_code ignored;
    const auto written = entry->last_write_time(ignored);
    if (ignored) continue;
    const std::string name = entry->path().filename().string();
    const bool is_ours = name.find(list_ending) != std::string::npos ||
                         name.find(failure_ending) != std::string::npos;
    const auto limit = name.ends_with(".json") ? unused : leftover;
    if (is_ours && now - written > limit) old.push_back(entry->path());
  }
  for (const fs::path& file : old)
    fs::remove(file, failure);
}

}  // namespace headrace::discovery
