// What somebody may have meant who named something that is not there.
#include <headrace/discovery/ascii.hpp>
#include <headrace/discovery/nearest_name.hpp>
#include <headrace/discovery/search_words.hpp>

#include <algorithm>

namespace headrace::discovery {
namespace {

// What nobody types, and what would cost time to compare.
constexpr std::size_t kLongestName = 256;

// Of parts of a name, those of two letters are in too many.
constexpr std::size_t kShortestPart = 3;

}  // namespace

std::string_view nearest_name(std::string_view wanted, std::span<const std::string_view> names) {
  if (wanted.empty() || wanted.size() > kLongestName) return {};
  const std::string lower = ascii_lower(wanted);
  const std::vector<std::string> words = search_words(wanted);
  // A third of the letters may be wrong, and in a short name one.
  unsigned limit = std::clamp<unsigned>(static_cast<unsigned>(wanted.size() / 3), 1, 4);
  std::string_view nearest;
  std::string_view begins;
  std::string_view holds;
  for (const std::string_view name : names) {
    if (name.size() > kLongestName) continue;
    const std::string other = ascii_lower(name);
    if (other == lower) return name;
    const unsigned distance =
        !words.empty() && search_words(name) == words ? 0 : edit_distance(lower, other, limit);
    if (distance < limit || (distance == limit && nearest.empty())) {
      limit = distance;
      nearest = name;
    }
    if (lower.size() < kShortestPart) continue;
    const std::size_t found = other.find(lower);
    if (found == 0 && begins.empty()) begins = name;
    if (found != std::string::npos && holds.empty()) holds = name;
  }
  if (!nearest.empty()) return nearest;
  return begins.empty() ? holds : begins;
}

}  // namespace headrace::discovery
