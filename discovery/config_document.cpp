// What a configuration file says, whatever its syntax: named entries made of plain values.
#include <headrace/discovery/config_document.hpp>

#include <algorithm>

namespace headrace::discovery {

const ConfigValue* find_member(const ConfigValue& object, std::string_view name) noexcept {
  const auto found =
      std::find_if(object.members.rbegin(), object.members.rend(),
                   [name](const ConfigMember& member) { return member.name == name; });
  return found == object.members.rend() ? nullptr : &found->value;
}

bool is_server_section(std::string_view key) noexcept {
  return std::find(kServerSections.begin(), kServerSections.end(), key) != kServerSections.end();
}

}  // namespace headrace::discovery
