// What an entry says beside how its server is started: its tools, its time limits, where it is.
#pragma once

#include <headrace/discovery/config_document.hpp>
#include <headrace/discovery/dialect.hpp>
#include <headrace/discovery/server_spec.hpp>

#include <functional>
#include <optional>
#include <string>

namespace headrace::discovery {

/// Takes what is ignored of a setting: where, and why.
using SettingReport = std::function<void(std::size_t line, std::string message)>;

/// The member of an entry that is there and not null: generators of such files write null for "not
/// set".
const ConfigValue* setting(const ConfigValue& entry, std::string_view name) noexcept;

/// `enabledTools`, `disabledTools` and what else agents call them.
ToolRules read_tool_rules(const ConfigValue& entry, const Dialect& dialect,
                          const SettingReport& report);

/// `timeout`, and those of Codex, into `start_timeout` and `call_timeout` of `spec`. `usual` is the
/// file's own `timeout`, which counts where the entry says nothing.
void read_timeouts(const ConfigValue& entry, const std::optional<ConfigValue>& usual,
                   const Dialect& dialect, ServerSpec& spec, const SettingReport& report);

/// `protocol`: `auto`, `legacy` or `modern`.
Protocol read_protocol(const ConfigValue& entry, const SettingReport& report);

/// Why an entry without a `command` is a server that no process here is: `a remote server (`url`,
/// example.com)`. Nothing when it is none. Holds no more of the URL than its host.
std::optional<std::string> remote_server(const ConfigValue& entry);

}  // namespace headrace::discovery
