// What an entry says beside how its server is started: its tools, its time limits, where it is.
#include <headrace/discovery/entry_settings.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <span>

namespace headrace::discovery {
namespace {

using Kind = ConfigValue::Kind;
using std::chrono::milliseconds;

constexpr std::array<std::string_view, 3> kEnabledKeys = {"enabledTools", "enabled_tools",
                                                          "includeTools"};
constexpr std::array<std::string_view, 3> kDisabledKeys = {"disabledTools", "disabled_tools",
                                                           "excludeTools"};
constexpr std::array<std::string_view, 3> kUrlKeys = {"url", "serverUrl", "httpUrl"};
constexpr std::array<std::string_view, 7> kRemoteTypes = {
    "http", "sse", "ws", "remote", "streamable-http", "streamable_http", "streamableHttp"};

// Whoever writes more means "no limit", which the run's own sets anyway.
constexpr double kLongest = 24.0 * 60 * 60 * 1000;

// One name alone is a list of one: to ignore it would offer what is not to be.
bool is_list(const ConfigValue& value) {
  return value.kind == Kind::array || value.kind == Kind::string;
}

void read_list(const ConfigValue& value, std::string_view key, std::vector<std::string>& names,
               const SettingReport& report) {
  if (!is_list(value)) {
    report(value.line, ticked(key) + " is not an array of tools' names, and ignored");
    return;
  }
  const std::span<const ConfigValue> items =
      value.kind == Kind::string ? std::span(&value, 1) : std::span(value.items);
  for (const ConfigValue& item : items) {
    if (item.kind != Kind::string) {
      report(item.line, ticked(key) + " holds what is no tool's name, and is ignored there");
      continue;
    }
    // Gemini CLI lets one also name the arguments that a tool may have.
    names.push_back(item.text.substr(0, item.text.find('(')));
  }
}

std::optional<double> unit_of(std::string_view suffix, milliseconds otherwise) {
  if (suffix.empty()) return static_cast<double>(otherwise.count());
  if (suffix == "ms") return 1;
  if (suffix == "s") return 1000;
  if (suffix == "m") return 60 * 1000;
  if (suffix == "h") return 60 * 60 * 1000;
  return std::nullopt;
}

void read_time(const ConfigValue& value, std::string_view key, milliseconds unit,
               milliseconds& result, const SettingReport& report) {
  double factor = 0;
  double number = -1;
  if (value.kind == Kind::number || value.kind == Kind::string) {
    const std::string& text = value.text;
    char* end = nullptr;
    number = std::strtod(text.c_str(), &end);
    const std::string_view suffix =
        std::string_view(text).substr(static_cast<std::size_t>(end - text.c_str()));
    const std::optional<double> known = unit_of(suffix, unit);
    if (known && end != text.c_str()) factor = *known;
  }
  const double time = number * factor;
  if (factor == 0 || !std::isfinite(time) || time < 0) {
    report(value.line, ticked(key) + " is no time such as 30 or \"30s\", and ignored");
    return;
  }
  result = milliseconds(static_cast<milliseconds::rep>(std::ceil(std::min(time, kLongest))));
}

std::string host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  // A brace that was opened before closes a default, as in ${URL:-https://example.com}/mcp.
  if (url.find('{') == std::string_view::npos) url = url.substr(0, url.find('}'));
  // A name and password may stand before it.
  const std::size_t at = url.rfind('@');
  return std::string(at == std::string_view::npos ? url : url.substr(at + 1));
}

}  // namespace

const ConfigValue* setting(const ConfigValue& entry, std::string_view name) noexcept {
  const ConfigValue* value = find_member(entry, name);
  return value != nullptr && value->kind != Kind::null ? value : nullptr;
}

ToolRules read_tool_rules(const ConfigValue& entry, const Dialect& dialect,
                          const SettingReport& report) {
  ToolRules rules;
  const auto read_enabled = [&](std::string_view key) {
    const ConfigValue* value = setting(entry, key);
    if (value == nullptr) return;
    if (is_list(*value) && !rules.enabled) rules.enabled.emplace();
    std::vector<std::string> ignored;
    read_list(*value, key, rules.enabled ? *rules.enabled : ignored, report);
  };
  for (const std::string_view key : kEnabledKeys)
    read_enabled(key);
  if (dialect.tools_are_allowed) {
    const ConfigValue* tools = setting(entry, "tools");
    // That all are meant needs no brackets there.
    if (tools == nullptr || tools->text != "*") read_enabled("tools");
  }
  for (const std::string_view key : kDisabledKeys) {
    const ConfigValue* value = setting(entry, key);
    if (value != nullptr) read_list(*value, key, rules.disabled, report);
  }
  return rules;
}

void read_timeouts(const ConfigValue& entry, const std::optional<ConfigValue>& usual,
                   const Dialect& dialect, ServerSpec& spec, const SettingReport& report) {
  const auto read = [&](const ConfigValue* value, std::string_view key, milliseconds unit,
                        milliseconds& result) {
    if (value != nullptr) read_time(*value, key, unit, result, report);
  };
  const auto read_timeout = [&](const ConfigValue& timeout) {
    if (timeout.kind == Kind::object) {
      read(setting(timeout, "startup"), "timeout.startup", dialect.timeout_unit,
           spec.start_timeout);
      read(setting(timeout, "request"), "timeout.request", dialect.timeout_unit, spec.call_timeout);
    } else {
      read(&timeout, "timeout", dialect.timeout_unit,
           dialect.timeout_is_for_start ? spec.start_timeout : spec.call_timeout);
    }
  };
  if (usual && usual->kind != Kind::null) read_timeout(*usual);
  if (const ConfigValue* timeout = setting(entry, "timeout")) read_timeout(*timeout);
  constexpr milliseconds second(1000);
  for (const std::string_view key : {"startup_timeout_ms", "discoveryTimeoutMs"})
    read(setting(entry, key), key, milliseconds(1), spec.start_timeout);
  read(setting(entry, "startup_timeout_sec"), "startup_timeout_sec", second, spec.start_timeout);
  read(setting(entry, "tool_timeout_sec"), "tool_timeout_sec", second, spec.call_timeout);
}

Protocol read_protocol(const ConfigValue& entry, const SettingReport& report) {
  const ConfigValue* value = setting(entry, "protocol");
  if (value == nullptr) return Protocol::automatic;
  if (value->kind == Kind::string) {
    if (value->text == "auto") return Protocol::automatic;
    if (value->text == "legacy") return Protocol::legacy;
    if (value->text == "modern") return Protocol::modern;
  }
  report(value->line, "`protocol` is none of auto, legacy and modern, and ignored");
  return Protocol::automatic;
}

std::optional<std::string> remote_server(const ConfigValue& entry) {
  for (const std::string_view key : kUrlKeys) {
    const ConfigValue* url = setting(entry, key);
    if (url == nullptr) continue;
    std::string text = "a remote server (" + ticked(key);
    if (const std::string host = host_of(url->text); !host.empty()) text += ", " + host;
    return text + ')';
  }
  for (const std::string_view key : {"type", "transport"}) {
    const ConfigValue* type = setting(entry, key);
    if (type == nullptr) continue;
    if (std::find(kRemoteTypes.begin(), kRemoteTypes.end(), type->text) != kRemoteTypes.end()) {
      return "a remote server (" + ticked(key) + ' ' + type->text + ')';
    }
  }
  return std::nullopt;
}

}  // namespace headrace::discovery
