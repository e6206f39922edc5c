// Which of the right names a wrong one was likely meant to be.
#include <headrace/discovery/ascii.hpp>
#include <headrace/discovery/nearest_name.hpp>
#include <headrace/discovery/search_words.hpp>

#include <string>

namespace headrace::discovery {
namespace {

// Nobody means a name by something longer, and comparing costs the product of both lengths.
constexpr std::size_t kMaxName = 100;

// In names of two letters every other one is near.
unsigned letters_off(std::size_t size) {
  if (size < 3) return 0;
  return size < 5 ? 1 : 2;
}

// The same for filePath, file_path and File-Path.
std::string without_style(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    const char lower = ascii_lower(c);
    const bool other = static_cast<unsigned char>(c) >= 0x80;
    if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || other) plain += lower;
  }
  return plain;
}

}  // namespace

std::size_t nearest_name(std::string_view name, std::span<const std::string_view> names) {
  std::size_t best = names.size();
  if (name.empty() || name.size() > kMaxName) return best;
  const std::string wanted = without_style(name);
  unsigned limit = letters_off(wanted.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].size() > kMaxName) continue;
    const std::string plain = without_style(names[i]);
    if (plain.empty()) continue;
    const unsigned distance = edit_distance(wanted, plain, limit);
    if (distance > limit) continue;
    best = i;
    if (distance == 0) break;
    limit = distance - 1;
  }
  return best;
}

}  // namespace headrace::discovery
