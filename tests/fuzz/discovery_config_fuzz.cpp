// Configuration files of any content give servers that can be started, or faults, and nothing else.
#include <headrace/discovery/config_entry.hpp>
#include <headrace/discovery/env_file.hpp>
#include <headrace/discovery/json_text.hpp>
#include <headrace/discovery/relaxed_json.hpp>
#include <headrace/discovery/source_places.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "check.hpp"

namespace {

using namespace headrace::discovery;

bool has_nul(const std::string& text) {
  return text.find('\0') != std::string::npos;
}

void check_startable(const ServerSpec& spec) {
  FUZZ_CHECK(!spec.name.empty());
  FUZZ_CHECK(!spec.command.empty() && !has_nul(spec.command));
  FUZZ_CHECK(!has_nul(spec.cwd));
  for (const std::string& arg : spec.args)
    FUZZ_CHECK(!has_nul(arg));
  for (const auto& [name, value] : spec.env) {
    FUZZ_CHECK(!name.empty() && !has_nul(name) && name.find('=') == std::string::npos);
    FUZZ_CHECK(!has_nul(value));
  }
  FUZZ_CHECK(!looks_like_self(spec.name, spec.command, spec.args));
  FUZZ_CHECK(spec.start_timeout.count() >= 0 && spec.call_timeout.count() >= 0);
}

// What is JSON stays what it is, and lines stay lines.
void check_relaxed(std::string_view text) {
  const std::string relaxed = relax_json(text);
  FUZZ_CHECK(relaxed.size() == text.size());
  FUZZ_CHECK(std::count(relaxed.begin(), relaxed.end(), '\n') ==
             std::count(text.begin(), text.end(), '\n'));
  if (!find_json_flaw(text)) FUZZ_CHECK(relaxed == text);
  FUZZ_CHECK(relax_json(relaxed).size() == text.size());
}

// The first byte says whose file it is, if it is no letter of one.
Dialect dialect_of(std::string_view& text) {
  const std::size_t count = agents().size();
  if (text.empty() || static_cast<std::size_t>(text.front()) >= count) return {};
  const Dialect dialect = agents()[static_cast<std::size_t>(text.front())].dialect;
  text.remove_prefix(1);
  return dialect;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string home = "/home/u";
  const EnvironmentLookup lookup = [](std::string_view name) -> std::optional<std::string> {
    if (name == "A") return "value of A";
    if (name == "E") return "";
    return std::nullopt;
  };
  const Dialect dialect = dialect_of(text);
  // A file that starts like a table or a comment is read as TOML.
  const bool toml = text.starts_with('[') || text.starts_with('#');
  const std::string file = toml ? "f.toml" : "f.json";
  check_relaxed(text);
  for (const auto& [name, value] : parse_env_file(text))
    FUZZ_CHECK(!name.empty() && !has_nul(name) && name.find('=') == std::string::npos);
  Faults faults;
  const auto read = toml ? read_toml_config : read_json_config;
  const ConfigDocument document = read(text, file, faults, dialect, "/home/u/project");
  FUZZ_CHECK(document.readable || document.entries.empty());
  EntryContext context{file, document, lookup, home};
  context.dialect = dialect;
  context.workspace = "/home/u/project";
  context.read_file = [&](const std::string&, std::string& content, std::string&) {
    content = text;
    return true;
  };
  const auto check = [&](const std::vector<ConfigMember>& members) {
    for (const ConfigMember& member : members) {
      const std::size_t before = faults.size();
      const std::optional<ConfigEntry> entry = read_entry(member, context, faults);
      if (!entry) {
        FUZZ_CHECK(faults.size() > before);
      } else if (!entry->disabled && entry->unreachable.empty()) {
        check_startable(entry->spec);
        FUZZ_CHECK(child_environment(entry->spec, lookup).size() >= entry->spec.env.size());
      }
    }
  };
  check(document.entries);
  for (const ConfigProject& project : document.projects) {
    FUZZ_CHECK(dialect.projects);
    context.folder = project.folder;
    check(project.entries);
  }
  for (const Fault& fault : faults) {
    FUZZ_CHECK(fault.file == file);
    FUZZ_CHECK(!fault.message.empty());
    FUZZ_CHECK(fault.line <= size + 1);
  }
  return 0;
}
