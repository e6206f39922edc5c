// Who is measured at one hop, and the measurements that are the same for all of them.
#pragma once

#include <headrace/bench/load.hpp>
#include <headrace/bench/report.hpp>
#include <headrace/bench/setting.hpp>
#include <headrace/bench/target.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace headrace::bench {

/// A command in front of the echo server. It is started when it is first needed, and again after
/// it has failed.
struct Contender {
  std::string name;
  Party party = Party::rival;
  std::vector<std::string> command;
  std::string tool = "echo";
  Environment environment = {};
  std::string skipped = {};
  std::string note = {};
  std::unique_ptr<Target> running = {};

  /// Initialized. Throws if it can't be started.
  Target& target();
  /// To be called when a measurement has failed: what state it is in nobody knows.
  void drop() { running.reset(); }
};

using Contenders = std::vector<Contender>;

/// The name of the baseline of all hops.
inline constexpr auto direct_pipes = "direct pipes";

/// The echo server itself, and the relays that look at nothing before it.
Contenders floors(const Setting& setting);

/// How calls are made in one figure.
struct Way {
  std::string id;
  std::string title;
  Payload payload = {};
  std::size_t in_flight = 1;
  /// Open loop at this rate; 0: closed.
  double rate = 0;
  std::optional<Goal> goal = {};
};

/// One figure: rounds of all contenders in turns. A round of each takes about as long; who is slow
/// does less in it.
void measure_calls(const Setting& setting, Contenders& contenders, const Way& way, Report& report);

/// What the processes of those that are running take together now: `when`, in words.
void measure_memory(Contenders& contenders, const std::string& id, const std::string& when,
                    Report& report);

/// Ends those that are running: how long each takes to do so, and what it leaves behind.
void measure_endings(Contenders& contenders, const std::string& id, Report& report);

/// The processor time that the client took for each of its calls over direct pipes, from the first
/// figure with one in flight that has begun with the same scene.
void add_client_cost(const std::string& id, Report& report);

}  // namespace headrace::bench
