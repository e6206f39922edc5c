// One hop through each command that speaks MCP on both sides.
#include <headrace/bench/contenders.hpp>
#include <headrace/bench/setting.hpp>

namespace headrace::bench {

namespace {

Contenders everyone(const Setting& setting) {
  Contenders all = floors(setting);
  all.push_back(
      {"headrace proxy", Party::headrace, {setting.headrace, "proxy", "--", setting.echo_server}});
  for (const Rival& rival : setting.rivals) {
    if (rival.runs_code) continue;
    Contender contender{rival.name, Party::rival, rival.command, rival.tool};
    contender.skipped = rival.skipped;
    contender.note = rival.version;
    all.push_back(std::move(contender));
  }
  return all;
}

}  // namespace

void measure_proxy(const Setting& setting, Report& report) {
  Contenders all = everyone(setting);
  Way one{"proxy/200B/1", "one hop, 200 B, one in flight", {}, 1};
  one.goal = Goal{3.2, true, true, false};
  measure_calls(setting, all, one, report);
  add_client_cost("proxy/client", report);
  Way many{"proxy/200B/64", "one hop, 200 B, 64 in flight", {}, 64};
  many.goal = Goal{500'000, false, false, true};
  measure_calls(setting, all, many, report);
  measure_calls(
      setting, all,
      {"proxy/4KiB/1", "one hop, an answer of 4 KiB, one in flight", {.answer_size = 4 << 10}, 1},
      report);
  measure_calls(
      setting, all,
      {"proxy/1MiB/1", "one hop, an answer of 1 MiB, one in flight", {.answer_size = 1 << 20}, 1},
      report);
  for (const int rate : {1'000, 10'000}) {
    const std::string words = std::to_string(rate / 1'000) + ",000 calls a second";
    Way open{"proxy/200B/open/" + std::to_string(rate),
             "one hop, 200 B, " + words + " whether or not answered",
             {},
             1};
    open.rate = rate;
    measure_calls(setting, all, open, report);
  }
}

}  // namespace headrace::bench
