// Reads MCP_BRIDGE_* and MCP_SERVERS_CONFIG.
#include <headrace/sandbox/package_requirements.hpp>
#include <headrace/server/options.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>

namespace headrace::server {
namespace {

using namespace std::chrono_literals;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.remove_suffix(1);
  }
  return text;
}

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

std::optional<std::uint64_t> parse_quantity(std::string_view text, std::span<const Unit> units) {
  const std::string word = lower(trimmed(text));
  std::uint64_t number = 0;
  const char* const end = word.data() + word.size();
  const auto [rest, error] = std::from_chars(word.data(), end, number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view suffix = trimmed({rest, static_cast<std::size_t>(end - rest)});
  for (const Unit& unit : units) {
    if (unit.name != suffix) continue;
    if (number > std::numeric_limits<std::int64_t>::max() / unit.factor) return std::nullopt;
    return number * unit.factor;
  }
  return std::nullopt;
}

class Reader {
 public:
  explicit Reader(const discovery::EnvironmentLookup& environment) : environment_(environment) {}

  std::optional<std::string> text(const std::string& name) const {
    std::optional<std::string> value = environment_(name);
    if (value) value = std::string(trimmed(*value));
    return value && !value->empty() ? value : std::nullopt;
  }

  template <class Parse>
  auto parsed(const std::string& name, Parse parse, std::string_view takes) const
      -> decltype(parse(std::string_view())) {
    const std::optional<std::string> value = text(name);
    if (!value) return std::nullopt;
    auto result = parse(std::string_view(*value));
    if (!result) {
      throw OptionError(name + "='" + *value + "' can't be read: it takes " + std::string(takes));
    }
    return result;
  }

 private:
  const discovery::EnvironmentLookup& environment_;
};

std::optional<bool> parse_flag(std::string_view text) {
  const std::string word = lower(text);
  for (const char* yes : {"1", "true", "yes", "on"}) {
    if (word == yes) return true;
  }
  for (const char* no : {"0", "false", "no", "off"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

std::optional<OutputMode> parse_output_mode(std::string_view text) {
  const std::string word = lower(text);
  if (word == "compact") return OutputMode::compact;
  if (word == "toon") return OutputMode::toon;
  if (word == "json") return OutputMode::json;
  return std::nullopt;
}

std::optional<StructuredContent> parse_structured_content(std::string_view text) {
  const std::string word = lower(text);
  if (word == "auto") return StructuredContent::automatic;
  if (word == "always") return StructuredContent::always;
  if (word == "never") return StructuredContent::never;
  return std::nullopt;
}

std::optional<engine::LogLevel> parse_level(std::string_view text) {
  engine::LogLevel level{};
  return engine::parse_log_level(text, level) ? std::optional(level) : std::nullopt;
}

std::optional<std::string> parse_runtime(std::string_view text) {
  const std::string word = lower(text);
  return word == "auto" || sandbox::find_runtime(word) != nullptr ? std::optional(word)
                                                                  : std::nullopt;
}

std::optional<bool> parse_channel(std::string_view text) {
  const std::string word = lower(text);
  if (word == "auto") return true;
  if (word == "stdio") return false;
  return std::nullopt;
}

std::optional<std::string> parse_cpus(std::string_view text) {
  double number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool good =
      error == std::errc() && rest == text.data() + text.size() && number > 0 && number < 4096;
  return good ? std::optional<std::string>(text) : std::nullopt;
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  constexpr std::array<Unit, 1> units{{{"", 1}}};
  const auto count = parse_quantity(text, units);
  return count && *count > 0 ? count : std::nullopt;
}

// A number from least to most.
auto parse_between(std::uint64_t least, std::uint64_t most) {
  return [least, most](std::string_view text) -> std::optional<std::uint64_t> {
    constexpr std::array<Unit, 1> units{{{"", 1}}};
    const auto count = parse_quantity(text, units);
    return count && *count >= least && *count <= most ? count : std::nullopt;
  };
}

std::optional<std::string> parse_user(std::string_view text) {
  // It becomes one argument of the runtime's command; nothing else may slip in with it.
  const bool good = !text.starts_with('-') && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == ':' || c == '_' || c == '-' ||
           c == '.';
  });
  return good ? std::optional<std::string>(text) : std::nullopt;
}

std::optional<std::string> parse_image(std::string_view text) {
  const bool good = !text.starts_with('-') && text.find_first_of(" \t\n") == std::string_view::npos;
  return good ? std::optional<std::string>(text) : std::nullopt;
}

}  // namespace

std::optional<std::chrono::seconds> parse_seconds(std::string_view text) {
  constexpr std::array<Unit, 6> units{
      {{"", 1}, {"s", 1}, {"sec", 1}, {"m", 60}, {"min", 60}, {"h", 3600}}};
  const auto count = parse_quantity(text, units);
  // A year is more than anybody means; it keeps sums of times from overflowing.
  if (!count || *count > 366ULL * 24 * 3600) return std::nullopt;
  return std::chrono::seconds(*count);
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  constexpr std::uint64_t k = 1024;
  constexpr std::array<Unit, 14> units{{{"", 1},
                                        {"b", 1},
                                        {"k", k},
                                        {"kb", k},
                                        {"kib", k},
                                        {"m", k * k},
                                        {"mb", k * k},
                                        {"mib", k * k},
                                        {"g", k * k * k},
                                        {"gb", k * k * k},
                                        {"gib", k * k * k},
                                        {"t", k * k * k * k},
                                        {"tb", k * k * k * k},
                                        {"tib", k * k * k * k}}};
  return parse_quantity(text, units);
}

Options read_options(const discovery::EnvironmentLookup& environment) {
  const Reader reader(environment);
  Options options;
  const auto set = [](auto& target, auto value) {
    if (value) target = *value;
  };
  constexpr std::string_view time = "a time such as 30, 30s or 2m";
  constexpr std::string_view size = "a size such as 512m or 1g";
  constexpr std::string_view flag = "1, true or yes, or 0, false or no";

  set(options.runtime,
      reader.parsed("MCP_BRIDGE_RUNTIME", parse_runtime, "auto, podman, docker or bwrap"));
  set(options.image, reader.parsed("MCP_BRIDGE_IMAGE", parse_image, "the name of an image"));
  set(options.timeout, reader.parsed("MCP_BRIDGE_TIMEOUT", parse_seconds, time));
  set(options.max_timeout, reader.parsed("MCP_BRIDGE_MAX_TIMEOUT", parse_seconds, time));
  set(options.limits.memory, reader.parsed("MCP_BRIDGE_MEMORY", parse_bytes, size));
  set(options.limits.pids, reader.parsed("MCP_BRIDGE_PIDS", parse_count, "a number from 1"));
  if (auto cpus = reader.parsed("MCP_BRIDGE_CPUS", parse_cpus, "a number of CPUs such as 1.5")) {
    options.limits.cpus = std::move(cpus);
  }
  set(options.user,
      reader.parsed("MCP_BRIDGE_CONTAINER_USER", parse_user, "a user such as 65534:65534"));
  set(options.packages, reader.parsed("MCP_BRIDGE_PACKAGES", sandbox::split_packages,
                                      "names of packages such as numpy 'pandas>=2,<3'"));
  options.package_cache = reader.text("MCP_BRIDGE_PACKAGE_CACHE");
  set(options.fast_channel, reader.parsed("MCP_BRIDGE_CHANNEL", parse_channel, "auto or stdio"));
  set(options.idle_limit, reader.parsed("MCP_BRIDGE_RUNTIME_IDLE_TIMEOUT", parse_seconds, time));
  set(options.max_sessions,
      reader.parsed("MCP_BRIDGE_MAX_SESSIONS", parse_between(1, 1000), "a number from 1 to 1000"));
  set(options.warm,
      reader.parsed("MCP_BRIDGE_WARM", parse_between(0, 16), "a number from 0 to 16"));
  set(options.state_dir, reader.text("MCP_BRIDGE_STATE_DIR"));
  options.servers_config = reader.text("MCP_SERVERS_CONFIG");
  if (const auto sources = reader.text("MCP_BRIDGE_SOURCES")) {
    std::string error;
    auto selection = discovery::parse_sources(*sources, error);
    if (!selection) throw OptionError("MCP_BRIDGE_SOURCES: " + error);
    options.sources = std::move(*selection);
  }
  set(options.output_mode,
      reader.parsed("MCP_BRIDGE_OUTPUT_MODE", parse_output_mode, "compact, toon or json"));
  set(options.structured_content, reader.parsed("MCP_BRIDGE_STRUCTURED_CONTENT",
                                                parse_structured_content, "auto, always or never"));
  set(options.log_level, reader.parsed("MCP_BRIDGE_LOG_LEVEL", parse_level,
                                       "DEBUG, INFO, WARNING, ERROR or CRITICAL"));
  options.trace = reader.text("MCP_BRIDGE_TRACE");
  set(options.allow_self, reader.parsed("MCP_BRIDGE_ALLOW_SELF_SERVER", parse_flag, flag));
  set(options.strict_servers, reader.parsed("MCP_BRIDGE_STRICT_SERVERS", parse_flag, flag));
  set(options.background_lists, reader.parsed("MCP_BRIDGE_BACKGROUND_LISTS", parse_flag, flag));
  set(options.allow_add_servers, reader.parsed("MCP_BRIDGE_ALLOW_ADD_SERVERS", parse_flag, flag));
  set(options.max_output, reader.parsed("MCP_BRIDGE_MAX_OUTPUT", parse_bytes, size));
  set(options.start_timeout, reader.parsed("MCP_BRIDGE_START_TIMEOUT", parse_seconds, time));

  if (options.timeout < 1s || options.max_timeout < 1s) {
    throw OptionError("MCP_BRIDGE_TIMEOUT and MCP_BRIDGE_MAX_TIMEOUT must be at least 1 second");
  }
  // The default gives way to a smaller maximum; two values of the user's must agree.
  if (options.timeout > options.max_timeout) {
    if (reader.text("MCP_BRIDGE_TIMEOUT") && reader.text("MCP_BRIDGE_MAX_TIMEOUT")) {
      throw OptionError("MCP_BRIDGE_TIMEOUT is more than MCP_BRIDGE_MAX_TIMEOUT");
    }
    if (reader.text("MCP_BRIDGE_TIMEOUT")) {
      options.max_timeout = options.timeout;
    } else {
      options.timeout = options.max_timeout;
    }
  }
  constexpr std::uint64_t least_memory = 32ULL << 20;
  if (options.limits.memory < least_memory) {
    throw OptionError("MCP_BRIDGE_MEMORY must be at least 32m: Python does not start in less");
  }
  return options;
}

}  // namespace headrace::server
