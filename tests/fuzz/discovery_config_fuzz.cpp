// Configuration files of any content give servers that can be started, or faults, and nothing else.
#include <headrace/discovery/config_entry.hpp>

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
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string home = "/home/u";
  const EnvironmentLookup lookup = [](std::string_view name) -> std::optional<std::string> {
    if (name == "A") return "value of A";
    if (name == "E") return "";
    return std::nullopt;
  };
  // A file that starts like a table or a comment is read as TOML.
  const bool toml = text.starts_with('[') || text.starts_with('#');
  const std::string file = toml ? "f.toml" : "f.json";
  Faults faults;
  const ConfigDocument document =
      toml ? read_toml_config(text, file, faults) : read_json_config(text, file, faults);
  const EntryContext context{file, document.description, lookup, home};
  for (const ConfigMember& member : document.entries) {
    const std::size_t before = faults.size();
    const std::optional<ConfigEntry> entry = read_entry(member, context, faults);
    if (!entry) {
      FUZZ_CHECK(faults.size() > before);
    } else if (!entry->disabled) {
      check_startable(entry->spec);
      FUZZ_CHECK(child_environment(entry->spec, lookup).size() >= entry->spec.env.size());
    }
  }
  for (const Fault& fault : faults) {
    FUZZ_CHECK(fault.file == file);
    FUZZ_CHECK(!fault.message.empty());
    FUZZ_CHECK(fault.line <= size + 1);
  }
  return 0;
}
