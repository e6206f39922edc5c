// Turns one entry of a configuration file into a server to start, or into faults that say why not.
#include <headrace/discovery/ascii.hpp>
#include <headrace/discovery/config_entry.hpp>
#include <headrace/discovery/entry_settings.hpp>
#include <headrace/discovery/env_file.hpp>
#include <headrace/discovery/expand.hpp>
#include <headrace/discovery/glob.hpp>

#include <unordered_map>
#include <utility>

namespace headrace::discovery {
namespace {

// What Linux takes as one argument, and usually as all of them.
constexpr std::size_t kMaxString = 128 * 1024 - 1;
constexpr std::size_t kMaxStrings = 2 * 1024 * 1024;

// That one entry refers to.
constexpr std::size_t kMaxFiles = 20;

constexpr std::string_view kGivenNothing =
    ": nothing of this program's environment goes to a server that code adds. ";

using Kind = ConfigValue::Kind;

bool holds_nul(const std::string& text) {
  return text.find('\0') != std::string::npos;
}

std::string in_folder(std::string_view folder, std::string_view path) {
  if (folder.empty() || path.starts_with('/')) return std::string(path);
  std::string result(folder);
  if (!result.ends_with('/')) result += '/';
  return result += path;
}

class EntryReader {
 public:
  EntryReader(const ConfigMember& entry, const EntryContext& context, Faults& faults)
      : entry_(entry),
        context_(context),
        variables_{context.environment,
                   context.home,
                   context.workspace,
                   context.document.inputs,
                   context.dialect.plain_variables,
                   context.dialect.brace_variables,
                   {}},
        faults_(faults) {
    if (context.read_file) {
      variables_.file = [this](std::string_view path) { return text_of(path); };
    }
  }

  std::optional<ConfigEntry> read() {
    ConfigEntry result;
    result.line = entry_.value.line;
    ServerSpec& spec = result.spec;
    spec.name = entry_.name;
    spec.source = {context_.file, entry_.name, std::string(context_.agent)};
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
    find_command();
    if (command_ == nullptr) {
      if (!mark_unreachable(result)) return std::nullopt;
      return result;
    }
    read_command(spec);
    read_args(spec);
    read_inherited(spec);
    read_env_file(spec);
    for (const ConfigValue* env : env_)
      read_env(*env, spec);
    read_cwd(spec);
    read_roots(spec);
    read_description(spec);
    read_settings(spec);
    if (failed_) return std::nullopt;
    if (!context_.allow_self && looks_like_self(spec.name, spec.command, spec.args)) {
      return skip_self();
    }
    return result;
  }

 private:
  const ConfigValue* member(std::string_view name) const { return setting(entry_.value, name); }

  bool switched_off() {
    const ConfigDocument& document = context_.document;
    return flag("disabled", true) || flag("enabled", false) ||
           matches_any_glob(document.disabled, entry_.name) ||
           (document.allowed && !matches_any_glob(*document.allowed, entry_.name));
  }

  // Who writes `"true"` or 1 means it, and a server that is switched off is not to be started.
  bool flag(std::string_view name, bool wanted) {
    const ConfigValue* value = member(name);
    if (value == nullptr) return false;
    if (equal_any_case(value->text, "true") || value->text == "1") return wanted;
    if (equal_any_case(value->text, "false") || value->text == "0") return !wanted;
    report(Severity::warning, value->line,
           ticked(name) + " is neither true nor false, and ignored");
    return false;
  }

  // Before expansion, so that a variable that is not set hides no reference to ourselves.
  bool refers_to_self() const {
    std::string program;
    std::vector<std::string> args;
    if (const ConfigValue* command = member("command")) {
      program = command->text;
      for (const ConfigValue& item : command->items)
        args.push_back(item.text);
      if (const ConfigValue* path = setting(*command, "path")) args.push_back(path->text);
    }
    if (const ConfigValue* list = member("args")) {
      for (const ConfigValue& item : list->items)
        args.push_back(item.text);
    }
    return looks_like_self(entry_.name, program, args);
  }

  // A program, or all its words at once (OpenCode), or an object that holds all of it (Zed).
  void find_command() {
    command_ = member("command");
    args_ = member("args");
    for (const std::string_view key : {"env", "environment"}) {
      if (const ConfigValue* env = member(key)) env_.push_back(env);
    }
    if (command_ == nullptr || command_->kind != Kind::object) return;
    const ConfigValue& whole = *command_;
    command_ = setting(whole, "path");
    if (args_ == nullptr) args_ = setting(whole, "args");
    if (const ConfigValue* env = setting(whole, "env")) env_.push_back(env);
  }

  // False when there is nothing to reach either.
  bool mark_unreachable(ConfigEntry& entry) {
    if (const ConfigValue* source = member("source"); source && source->text == "extension") {
      entry.unreachable = "it is a part of an extension of " + std::string(context_.agent) +
                          ", which only that can start";
      report(Severity::info, entry.line, entry.unreachable);
      return true;
    }
    const std::optional<std::string> remote = remote_server(entry_.value);
    if (!remote) {
      fail(entry_.value.line, "`command` is missing");
      return false;
    }
    entry.unreachable = *remote + " is not reachable yet: only servers started by a `command` are";
    report(context_.dialect.own ? Severity::warning : Severity::info, entry.line,
           entry.unreachable);
    return true;
  }

  void read_command(ServerSpec& spec) {
    const ConfigValue* program = command_;
    if (command_->kind == Kind::array && !command_->items.empty()) program = &command_->items[0];
    if (program->kind != Kind::string) {
      return fail(program->line, "`command` is not a string");
    }
    spec.command = expand_home(expanded(*program, "command"), context_.home);
    if (spec.command.empty() && !failed_) fail(program->line, "`command` is empty");
    for (std::size_t i = 1; i < command_->items.size(); ++i)
      read_arg(command_->items[i], "command[" + std::to_string(i) + ']', spec);
  }

  void read_args(ServerSpec& spec) {
    if (args_ == nullptr) return;
    if (args_->kind != Kind::array) return fail(args_->line, "`args` is not an array of strings");
    for (std::size_t i = 0; i < args_->items.size(); ++i)
      read_arg(args_->items[i], "args[" + std::to_string(i) + ']', spec);
  }

  void read_arg(const ConfigValue& item, const std::string& where, ServerSpec& spec) {
    if (is_scalar(item, where)) spec.args.push_back(expanded(item, where));
  }

  // Codex names variables that are passed on.
  void read_inherited(ServerSpec& spec) {
    const ConfigValue* names = member("env_vars");
    if (names == nullptr) return;
    if (context_.by_code && !names->items.empty()) {
      return fail(names->line, "`env_vars` names variables" + std::string(kGivenNothing) +
                                   "Write their values into `env`");
    }
    for (const ConfigValue& item : names->items) {
      const ConfigValue* named = item.kind == Kind::object ? setting(item, "name") : &item;
      if (named == nullptr || named->kind != Kind::string || !is_name(*named)) continue;
      const auto value = context_.environment ? context_.environment(named->text) : std::nullopt;
      if (value) set(spec, named->text, *value);
    }
  }

  void read_env_file(ServerSpec& spec) {
    const ConfigValue* value = member("envFile");
    if (value == nullptr) value = member("env_file");
    if (value == nullptr) return;
    if (value->kind != Kind::string) return fail(value->line, "`envFile` is not a string");
    std::string path = expand_home(expanded(*value, "envFile"), context_.home);
    if (failed_ || path.empty()) return;
    path = in_folder(context_.folder.empty() ? own_folder() : context_.folder, path);
    std::string content;
    std::string error = "no files are read here";
    if (!context_.read_file || !context_.read_file(path, content, error)) {
      return fail(value->line, "its `envFile` " + ticked(path) + " cannot be read: " + error);
    }
    for (auto& [name, text] : parse_env_file(content)) {
      total_ += text.size();
      if (holds_nul(text) || text.size() > kMaxString || total_ > kMaxStrings) {
        return fail(value->line, "its `envFile` " + ticked(path) +
                                     " holds a NUL, or more than a program can be given");
      }
      set(spec, name, std::move(text));
    }
  }

  std::string_view own_folder() const {
    const std::string_view file = context_.file;
    return file.substr(0, file.rfind('/'));
  }

  // Of a file that a value refers to: without the line break that editors put at its end.
  std::optional<std::string> text_of(std::string_view written) {
    const std::string path = in_folder(own_folder(), expand_home(written, context_.home));
    const auto known = files_.find(path);
    if (known != files_.end()) return known->second;
    if (files_.size() >= kMaxFiles) {
      file_error_ = "more than " + std::to_string(kMaxFiles) + " are not read for one server";
      return std::nullopt;
    }
    std::optional<std::string>& text = files_[path];
    std::string content;
    if (!context_.read_file(path, content, file_error_)) return std::nullopt;
    if (content.size() > kMaxString) {
      file_error_ = "it is longer than a program can be given";
      return std::nullopt;
    }
    while (content.ends_with('\n') || content.ends_with('\r'))
      content.pop_back();
    text = std::move(content);
    return text;
  }

  void read_env(const ConfigValue& value, ServerSpec& spec) {
    if (value.kind == Kind::array) return read_env_list(value, spec);
    if (value.kind != Kind::object) {
      return fail(value.line, "`env` is not an object of strings by name");
    }
    for (const ConfigMember& variable : value.members) {
      const ConfigValue& text = variable.value;
      if (!is_variable_name(variable.name)) {
        fail(text.line, "a name in `env` is empty or holds = or a NUL");
        continue;
      }
      const std::string where = "env." + variable.name;
      // Null takes away what would be inherited; but nothing is.
      if (text.kind == Kind::null || !is_scalar(text, where)) continue;
      set(spec, variable.name, expanded(text, where));
    }
  }

  // `NAME=value`, as OpenCode had it once.
  void read_env_list(const ConfigValue& list, ServerSpec& spec) {
    for (const ConfigValue& item : list.items) {
      const std::size_t equals = item.text.find('=');
      if (item.kind != Kind::string || equals == std::string::npos ||
          !is_variable_name(item.text.substr(0, equals))) {
        fail(item.line, "`env` holds what is not of the form NAME=value");
        continue;
      }
      ConfigValue value = item;
      value.text.erase(0, equals + 1);
      const std::string name = item.text.substr(0, equals);
      set(spec, name, expanded(value, "env." + name));
    }
  }

  static bool is_variable_name(const std::string& name) {
    return !name.empty() && name.find_first_of(std::string_view("=\0", 2)) == std::string::npos;
  }
  static bool is_name(const ConfigValue& value) { return is_variable_name(value.text); }

  void set(ServerSpec& spec, const std::string& name, std::string value) {
    const auto [known, is_new] = env_places_.emplace(name, spec.env.size());
    if (is_new) {
      spec.env.emplace_back(name, std::move(value));
    } else {
      spec.env[known->second].second = std::move(value);
    }
  }

  void read_cwd(ServerSpec& spec) {
    if (const ConfigValue* value = member("cwd")) {
      if (value->kind != Kind::string) return fail(value->line, "`cwd` is not a string");
      spec.cwd = expand_home(expanded(*value, "cwd"), context_.home);
    }
    if (context_.folder.empty()) return;
    spec.cwd =
        spec.cwd.empty() ? std::string(context_.folder) : in_folder(context_.folder, spec.cwd);
    if (spec.command.find('/') != std::string::npos) {
      spec.command = in_folder(spec.cwd, spec.command);
    }
  }

  void read_roots(ServerSpec& spec) {
    const ConfigValue* roots = member("roots");
    if (roots == nullptr) return;
    if (roots->kind != Kind::array) return fail(roots->line, "`roots` is not an array of strings");
    for (std::size_t i = 0; i < roots->items.size(); ++i) {
      const ConfigValue& item = roots->items[i];
      const std::string where = "roots[" + std::to_string(i) + ']';
      if (item.kind != Kind::string) return fail(item.line, ticked(where) + " is not a string");
      std::string root = expand_home(expanded(item, where), context_.home);
      if (!root.starts_with("file://") && !root.starts_with('/')) {
        return fail(item.line, ticked(where) + " is neither an absolute path nor a file: URI");
      }
      spec.roots.push_back(std::move(root));
    }
  }

  void read_description(ServerSpec& spec) {
    spec.description = context_.document.description;
    const ConfigValue* value = member("description");
    if (value == nullptr) return;
    if (value->kind == Kind::string) {
      spec.description = value->text;
    } else {
      report(Severity::warning, value->line, "`description` is not a string, and ignored");
    }
  }

  void read_settings(ServerSpec& spec) {
    const SettingReport ignored = [this](std::size_t line, std::string message) {
      report(Severity::warning, line, std::move(message));
    };
    spec.tools = read_tool_rules(entry_.value, context_.dialect, ignored);
    read_timeouts(entry_.value, context_.document.timeout, context_.dialect, spec, ignored);
    spec.protocol = read_protocol(entry_.value, ignored);
  }

  // Ports and switches are often written without quotes; what they look like is what is meant.
  bool is_scalar(const ConfigValue& value, const std::string& where) {
    const bool scalar =
        value.kind == Kind::string || value.kind == Kind::number || value.kind == Kind::boolean;
    if (!scalar) fail(value.line, ticked(where) + " is not a string");
    return scalar;
  }

  std::string expanded(const ConfigValue& value, const std::string& where) {
    // What is too long as it is written need not be looked through.
    Expansion expansion;
    expansion.too_long = value.text.size() > kMaxString;
    if (!expansion.too_long) expansion = expand_variables(value.text, variables_, kMaxString);
    report_missing(expansion, value.line, ticked(where));
    if (holds_nul(expansion.text)) {
      fail(value.line, ticked(where) + " holds a NUL, which no program can be given");
    }
    total_ += expansion.text.size();
    if (expansion.too_long || (total_ > kMaxStrings && !failed_)) {
      fail(value.line, ticked(where) + " is longer than a program can be given");
    }
    if (total_ > kMaxStrings) expansion.text.clear();
    return std::move(expansion.text);
  }

  void report_missing(const Expansion& expansion, std::size_t line, const std::string& where) {
    if (context_.by_code) return report_reference(expansion, line, where);
    for (const std::string& name : expansion.missing) {
      fail(line, where + " needs the variable " + name + ", which is not set: set it, or write ${" +
                     name + ":-default}, or $${" + name + "} to pass it on as it is");
    }
    for (const std::string& id : expansion.missing_inputs) {
      fail(line, where + " needs the input '" + id + '\'' + described(id) +
                     ", and nobody can be asked here: set the variable " + input_variable(id));
    }
    for (const std::string& path : expansion.missing_files) {
      fail(line,
           where + " needs the file " + ticked(path) + ", which cannot be read: " + file_error_);
    }
    for (const std::string& reference : expansion.unknown) {
      fail(line, where + " holds ${" + reference +
                     "}, which only the program that the file was written for can resolve");
    }
  }

  void report_reference(const Expansion& expansion, std::size_t line, const std::string& where) {
    for (const auto* names : {&expansion.missing, &expansion.missing_inputs, &expansion.unknown}) {
      if (names->empty()) continue;
      return fail(line, where + " refers to " + ticked(names->front()) +
                            std::string(kGivenNothing) +
                            "Write the value itself, or $${ for a plain ${");
    }
  }

  std::string described(const std::string& id) const {
    for (const ConfigInput& input : context_.document.inputs) {
      if (input.id == id && !input.description.empty()) return " (" + input.description + ')';
    }
    return {};
  }

  std::optional<ConfigEntry> skip_self() {
    std::string message = "it would start this program inside itself and is left out";
    if (!context_.by_code) message += ": MCP_BRIDGE_ALLOW_SELF_SERVER=1 keeps it";
    report(Severity::info, entry_.value.line, std::move(message));
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
  Variables variables_;
  Faults& faults_;
  const ConfigValue* command_ = nullptr;
  const ConfigValue* args_ = nullptr;
  std::vector<const ConfigValue*> env_;                      // the last one counts
  std::unordered_map<std::string, std::size_t> env_places_;  // by name, in the server's `env`
  std::unordered_map<std::string, std::optional<std::string>> files_;  // by path; what they hold
  std::string file_error_;                                             // of the last without text
  std::size_t total_ = 0;
  bool failed_ = false;
};

}  // namespace

std::optional<ConfigEntry> read_entry(const ConfigMember& entry, const EntryContext& context,
                                      Faults& faults) {
  return EntryReader(entry, context, faults).read();
}

}  // namespace headrace::discovery
