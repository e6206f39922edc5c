// The archive's file.
#include <headrace/sandbox/archive.hpp>

namespace headrace::sandbox {

bool Archive::append(std::string_view, std::string_view, bool, std::string_view) {
  return false;
}

const Archive::Item* Archive::find(std::string_view) const noexcept {
  return nullptr;
}

std::optional<std::string> Archive::read(std::string_view, std::uint64_t, std::uint64_t) const {
  return std::nullopt;
}

std::vector<Archive::Item> Archive::items() const {
  return {};
}

void Archive::clear() {
  file_ = {};
}

}  // namespace headrace::sandbox
