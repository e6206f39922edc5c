// Which scenes there are: a line for each.
#include <headrace/bench/scenes.hpp>

namespace headrace::bench {

namespace {

constexpr Scene known[] = {
    {"floor", "what one hop costs at least: direct pipes, a relay in C, one in Asio",
     measure_floor},
    {"proxy", "one hop through headrace and through others", measure_proxy},
};

}  // namespace

std::span<const Scene> scenes() {
  return known;
}

}  // namespace headrace::bench
