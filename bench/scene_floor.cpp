// What one hop costs at least: no relay, one in C, one in Asio that looks at nothing.
#include <headrace/bench/contenders.hpp>
#include <headrace/bench/setting.hpp>

namespace headrace::bench {

void measure_floor(const Setting& setting, Report& report) {
  Contenders contenders = floors(setting);
  measure_calls(setting, contenders, {"floor/200B/1", "round trip, 200 B, one in flight", {}, 1},
                report);
  measure_calls(setting, contenders, {"floor/200B/64", "round trip, 200 B, 64 in flight", {}, 64},
                report);
  add_client_cost("floor/client", report);
}

}  // namespace headrace::bench
