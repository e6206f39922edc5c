// Turns one entry of a configuration file into a server to start, or into faults that say why not.
#include <headrace/discovery/config_entry.hpp>
#include <headrace/discovery/expand.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace headrace::discovery {
namespace {

// What Linux takes as one argument, and usually as all of them.
constexpr std::size_t kMaxString = 128 * 1024 - 1;
constexpr std::size_t kMaxStrings = 2 * 1024 * 1024;

constexpr std::array<std::string_view, 3> kOwnNames = {
    "mcp-server-code-execution-mode", "mcp_server_code_execution_mode", "headrace"};
constexpr std::string_view kOwnScript = "mcp_server_code_execution_mode.py";

using Kind = ConfigValue::Kind;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string_view base_name(std::string_view path) {
  while (path.ends_with('/'))
    path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);
}

bool is_own(std::string_view lowered) {
  return lowered.ends_with(kOwnScript) ||
         std::find(kOwnNames.begin(), kOwnNames.end(), lowered) != kOwnNames.end();
}

class EntryReader {
 public:
  EntryReader(const ConfigMember& entry, const EntryContext& context, Faults& faults)
      : entry_(entry), context_(context), faults_(faults) {}

  std::optional<ConfigEntry> read() {
    ConfigEntry result;
    result.line = entry_.value.line;
    ServerSpec& spec = result.spec;
    spec.name = entry_.name;
    spec.source = {context_.file, entry_.name};
    if (spec.name.empty()) return refuse("it has no name");
    if (entry_.value.kind != Kind::object) {
      return refuse("it is not an object with a `command`");
    }
    if (switched_off()) {
      report(Severity::info, entry_.value.line, "it is disabled here and left out");
      result.disabled = true;
      return result;
    }
    if (!context_.allow_self && refers_to_self()) return skip_self();
    if (!has_command()) return std::nullopt;

    read_command(spec);
    read_args(spec);
    read_env(spec);
    read_cwd(spec);
    read_description(spec);
    if (failed_) return std::nullopt;
    if (!context_.allow_self && looks_like_self(spec.name, spec.command, spec.args)) {
      return skip_self();
    }
    return result;
  }

 private:
  // A member that is there and not null: generators of such files write null for "not set".
  const ConfigValue* member(std::string_view name) const {
    const ConfigValue* value = find_member(entry_.value, name);
    return value != nullptr && value->kind != Kind::null ? value : nullptr;
  }

  bool switched_off() { return flag("disabled", "true") || flag("enabled", "false"); }

  bool flag(std::string_view name, std::string_view wanted) {
    const ConfigValue* value = member(name);
    if (value == nullptr) return false;
    if (value->kind == Kind::boolean) return value->text == wanted;
    report(Severity::warning, value->line,
           ticked(name) + " is neither true nor false, and ignored");
    return false;
  }

  // Before expansion, so that a variable that is not set hides no reference to ourselves.
  bool refers_to_self() const {
    const ConfigValue* command = member("command");
    std::vector<std::string> args;
    if (const ConfigValue* list = member("args")) {
      for (const ConfigValue& item : list->items)
        args.push_back(item.text);
    }
    return looks_like_self(entry_.name, command != nullptr ? command->text : "", args);
  }

  bool has_command() {
    if (member("command") != nullptr) return true;
    for (std::string_view key : {"url", "serverUrl", "httpUrl"}) {
      if (const ConfigValue* url = member(key)) {
        fail(url->line, "a remote server (" + ticked(key) +
                            ") is not supported yet: only servers started by a `command` are");
        return false;
      }
    }
    fail(entry_.value.line, "`command` is missing");
    return false;
  }

  void read_command(ServerSpec& spec) {
    const ConfigValue& value = *member("command");
    if (value.kind != Kind::string) return fail(value.line, "`command` is not a string");
    spec.command = expand_home(expanded(value, "command"), context_.home);
    if (spec.command.empty() && !failed_) fail(value.line, "`command` is empty");
  }

  void read_args(ServerSpec& spec) {
    const ConfigValue* value = member("args");
    if (value == nullptr) return;
    if (value->kind != Kind::array) return fail(value->line, "`args` is not an array of strings");
    for (std::size_t i = 0; i < value->items.size(); ++i) {
      std::string where = "args[";
      where += std::to_string(i) + ']';
      if (!is_scalar(value->items[i], where)) continue;
      spec.args.push_back(expanded(value->items[i], where));
    }
  }

  void read_env(ServerSpec& spec) {
    const ConfigValue* value = member("env");
    if (value == nullptr) return;
    if (value->kind != Kind::object) {
      return fail(value->line, "`env` is not an object of strings by name");
    }
    for (const ConfigMember& variable : value->members) {
      const std::string& name = variable.name;
      const ConfigValue& setting = variable.value;
      const std::string where = "env." + name;
      if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos) {
        fail(setting.line, "a name in `env` is empty or holds = or a NUL");
        continue;
      }
      if (!is_scalar(setting, where)) continue;
      std::string text = expanded(setting, where);
      const auto same = std::find_if(spec.env.begin(), spec.env.end(),
                                     [&](const auto& other) { return other.first == name; });
      if (same == spec.env.end()) {
        spec.env.emplace_back(name, std::move(text));
      } else {
        same->second = std::move(text);
      }
    }
  }

  void read_cwd(ServerSpec& spec) {
    const ConfigValue* value = member("cwd");
    if (value == nullptr) return;
    if (value->kind != Kind::string) return fail(value->line, "`cwd` is not a string");
    spec.cwd = expand_home(expanded(*value, "cwd"), context_.home);
  }

  void read_description(ServerSpec& spec) {
    spec.description = context_.file_description;
    const ConfigValue* value = member("description");
    if (value == nullptr) return;
    if (value->kind == Kind::string) {
      spec.description = value->text;
    } else {
      report(Severity::warning, value->line, "`description` is not a string, and ignored");
    }
  }

  // Ports and switches are often written without quotes; what they look like is what is meant.
  bool is_scalar(const ConfigValue& value, const std::string& where) {
    const bool scalar =
        value.kind == Kind::string || value.kind == Kind::number || value.kind == Kind::boolean;
    if (!scalar) fail(value.line, ticked(where) + " is not a string");
    return scalar;
  }

  std::string expanded(const ConfigValue& value, const std::string& where) {
    Expansion expansion = expand_variables(value.text, context_.environment, kMaxString);
    for (const std::string& name : expansion.missing) {
      fail(value.line, ticked(where) + " needs the variable " + name +
                           ", which is not set: set it, or write ${" + name + ":-default}, or $${" +
                           name + "} to pass it on as it is");
    }
    if (expansion.text.find('\0') != std::string::npos) {
      fail(value.line, ticked(where) + " holds a NUL, which no program can be given");
    }
    total_ += expansion.text.size();
    if (expansion.too_long || (total_ > kMaxStrings && !failed_)) {
      fail(value.line, ticked(where) + " is longer than a program can be given");
    }
    if (total_ > kMaxStrings) expansion.text.clear();
    return std::move(expansion.text);
  }

  std::optional<ConfigEntry> skip_self() {
    report(Severity::info, entry_.value.line,
           "it would start this program inside itself and is left out: "
           "MCP_BRIDGE_ALLOW_SELF_SERVER=1 keeps it");
    return std::nullopt;
  }

  std::optional<ConfigEntry> refuse(std::string message) {
    fail(entry_.value.line, std::move(message));
    return std::nullopt;
  }

  void fail(std::size_t line, std::string message) {
    report(Severity::error, line, std::move(message));
    failed_ = true;
  }

  void report(Severity severity, std::size_t line, std::string message) {
    faults_.push_back({severity, context_.file, line, entry_.name, std::move(message)});
  }

  const ConfigMember& entry_;
  const EntryContext& context_;
  Faults& faults_;
  std::size_t total_ = 0;
  bool failed_ = false;
};

}  // namespace

std::optional<ConfigEntry> read_entry(const ConfigMember& entry, const EntryContext& context,
                                      Faults& faults) {
  return EntryReader(entry, context, faults).read();
}

bool looks_like_self(std::string_view name, std::string_view command,
                     const std::vector<std::string>& args) {
  if (is_own(lower(name)) || is_own(lower(base_name(command)))) return true;
  return std::any_of(args.begin(), args.end(), [](const std::string& arg) {
    const std::string lowered = lower(arg);
    return is_own(lowered) || is_own(base_name(lowered));
  });
}

}  // namespace headrace::discovery
