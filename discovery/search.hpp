// Finds tools by words of their names and descriptions, best first.
#pragma once

#include <headrace/discovery/catalogue.hpp>

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

namespace headrace::discovery {

/// Pointers into the catalogue that was searched, valid as long as those it hands out itself.
struct SearchHit {
  const CatalogueServer* server = nullptr;
  const ToolDoc* tool = nullptr;
  float score = 0;
};

/// Which servers to search.
using ServerFilter = std::function<bool(const CatalogueServer&)>;

inline constexpr std::size_t kMaxSearchLimit = 20;

/// Ranked: more of the query's words before fewer, a hit in a name before one in a description,
/// ties in the catalogue's order. Case does not count (ASCII). `limit` is brought into 1 to
/// `kMaxSearchLimit`. A query without a word finds nothing. No filter: all servers.
std::vector<SearchHit> search(const Catalogue& catalogue, std::string_view query, std::size_t limit,
                              const ServerFilter& filter = {});

}  // namespace headrace::discovery
