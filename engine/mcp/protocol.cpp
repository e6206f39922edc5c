// Which versions there are, negotiation in the legacy era, and how one says what one is.
#include <headrace/engine/mcp/protocol.hpp>
#include <headrace/framing/json_writer.hpp>

#include <algorithm>

namespace headrace::engine::mcp {

std::string implementation_json(const Implementation& implementation) {
  std::string json;
  framing::JsonWriter writer(json);
  writer.begin_object().member("name", implementation.name);
  if (!implementation.title.empty()) writer.member("title", implementation.title);
  writer.member("version", implementation.version).end_object();
  return json;
}

bool is_legacy_version(std::string_view version) noexcept {
  return std::find(legacy_versions.begin(), legacy_versions.end(), version) !=
         legacy_versions.end();
}

bool is_modern_version(std::string_view version) noexcept {
  return std::find(modern_versions.begin(), modern_versions.end(), version) !=
         modern_versions.end();
}

std::string_view negotiate_version(std::string_view requested) noexcept {
  const auto* known = std::find(legacy_versions.begin(), legacy_versions.end(), requested);
  return known == legacy_versions.end() ? legacy_versions.front() : *known;
}

}  // namespace headrace::engine::mcp
