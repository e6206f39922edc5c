// How cost grows with servers, sessions, calls in flight, the size of a frame, and tools.
#include <headrace/bench/scale.hpp>

namespace headrace::bench {

void measure_scale(const Setting& setting, Report& report) {
  scale_calls(setting, report);
  scale_sizes(setting, report);
  scale_servers(setting, report);
  scale_sessions(setting, report);
  scale_tools(setting, report);
}

}  // namespace headrace::bench
