// One hop through each command that speaks MCP on both sides.
#include <headrace/bench/contenders.hpp>
#include <headrace/bench/home.hpp>
#include <headrace/bench/setting.hpp>
#include <headrace/bench/words.hpp>

#include <utility>

namespace headrace::bench {

namespace {

// `home` has the echo server configured, for those that read such a thing.
Contenders everyone(const Setting& setting, const Home& home) {
  Contenders all = floors(setting);
  all.push_back(
      {"headrace proxy", Party::headrace, {setting.headrace, "proxy", "--", setting.echo_server}});
  Contender gateway{
      "headrace gateway", Party::headrace, {setting.headrace, "gateway"}, "echo__echo"};
  gateway.environment = home.environment();
  all.push_back(std::move(gateway));
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
  const Home home(setting, echo_servers(setting, 1));
  Contenders all = everyone(setting, home);
  Way one{"proxy/200B/1", "one hop, 200 B, one in flight"};
  one.goal = Goal{3.2, true, true, false};
  measure_calls(setting, all, one, report);
  add_client_cost("proxy/client", report);

  Way many{"proxy/200B/64", "one hop, 200 B, 64 in flight"};
  many.in_flight = 64;
  many.goal = Goal{500'000, false, false, true};
  measure_calls(setting, all, many, report);

  for (const int rate : {1'000, 10'000}) {
    Way open{"proxy/200B/open/" + std::to_string(rate),
             "one hop, 200 B, " + in_words(rate, Unit::per_second) + " whether or not answered"};
    open.rate = rate;
    measure_calls(setting, all, open, report);
  }

  measure_memory(all, "proxy/memory", "after all of that", report);
  const std::pair<const char*, std::size_t> sizes[] = {
      {"4KiB", 4 << 10}, {"1MiB", 1 << 20}, {"20MB", 20'000'000}};
  for (const auto& [words, size] : sizes) {
    const std::string name = words;
    Way large{"proxy/" + name + "/1", "one hop, an answer of " + name + ", one in flight"};
    large.payload.answer_size = size;
    large.payload.patience = std::chrono::seconds(15);  // some never answer
    measure_calls(setting, all, large, report);
  }
  measure_memory(all, "proxy/memory/20MB", "after answers of 20 MB", report);
  measure_endings(all, "proxy/end", report);
}

}  // namespace headrace::bench
