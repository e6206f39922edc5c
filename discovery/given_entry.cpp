// Reads an entry that code hands over while it runs, as those of configuration files are read.
#include <headrace/discovery/config_entry.hpp>
#include <headrace/discovery/given_entry.hpp>
#include <headrace/framing/json_writer.hpp>

#include <algorithm>

namespace headrace::discovery {
namespace {

// It goes into logs, lists and Python's names.
constexpr std::size_t kLongestName = 100;

bool is_plain(std::string_view name) {
  return std::none_of(name.begin(), name.end(),
                      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

}  // namespace

GivenEntry read_given_entry(const std::string& name, std::string_view config,
                            const std::string& home) {
  GivenEntry result;
  if (name.find_first_not_of(' ') == std::string::npos || name.size() > kLongestName ||
      !is_plain(name)) {
    result.messages.push_back("a name has 1 to 100 bytes, and no control characters");
    return result;
  }
  std::string text = "{\"servers\":{";
  framing::append_quoted(text, name);
  text.append(":").append(config).append("}}");
  const std::string file = "runtime.add_server";
  const EnvironmentLookup nothing = [](std::string_view) { return std::nullopt; };
  Faults faults;
  const ConfigDocument document = read_json_config(text, file, faults);
  std::optional<ConfigEntry> entry;
  if (document.entries.size() == 1) {
    EntryContext context{file, document, nothing, home};
    context.by_code = true;
    entry = read_entry(document.entries.front(), context, faults);
  }
  for (const Fault& fault : faults)
    result.messages.push_back(fault.message);
  if (entry && !entry->disabled && entry->unreachable.empty()) {
    result.spec = std::move(entry->spec);
  } else if (result.messages.empty()) {
    result.messages.push_back("it is no entry that a server could be started from");
  }
  return result;
}

}  // namespace headrace::discovery
