// How much is measured.
#include <headrace/bench/setting.hpp>

#include <algorithm>
#include <cmath>

namespace headrace::bench {

std::size_t counted(const Setting& setting, std::size_t count) {
  const double wanted = std::round(static_cast<double>(count) * setting.scale);
  return static_cast<std::size_t>(std::max(1.0, wanted));
}

}  // namespace headrace::bench
