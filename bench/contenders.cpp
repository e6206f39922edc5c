// Who is measured at one hop, and the measurements that are the same for all of them.
#include <headrace/bench/contenders.hpp>
#include <headrace/bench/figures.hpp>
#include <headrace/bench/pinning.hpp>
#include <headrace/bench/rounds.hpp>
#include <headrace/bench/words.hpp>

#include <algorithm>
#include <cmath>
#include <exception>
#include <map>

namespace headrace::bench {

namespace {

// What a round of one contender takes at most, more or less.
constexpr double round_seconds = 0.5;

std::size_t bounded(double calls, std::size_t least, std::size_t greatest) {
  return std::clamp(static_cast<std::size_t>(std::max(0.0, calls)), least,
                    std::max(least, greatest));
}

// Learns from its first round, which is thrown away, how many calls a round may have.
class Rounds {
 public:
  Rounds(const Setting& setting, Contender& contender, const Way& way)
      : contender_(&contender), way_(way), core_(setting.core), most_(counted(setting, 20'000)) {
    way_.payload.tool = contender.tool;
    seconds_ = setting.tiny ? 0.02 : round_seconds * std::min(1.0, setting.scale);
  }

  Round operator()() {
    try {
      Target& target = contender_->target();
      const Turn turn(target.pid(), core_);
      if (calls_ == 0) return learn(target);
      if (way_.rate > 0) return open_loop(target, way_.payload, calls_, way_.rate);
      return closed_loop(target, way_.payload, calls_, way_.in_flight);
    } catch (...) {
      contender_->drop();
      throw;
    }
  }

 private:
  Round learn(Target& target) {
    // A few calls, and as many again as that allows: the first ones of interpreted programs are
    // no measure.
    const std::size_t in_flight = way_.rate > 0 ? 64 : way_.in_flight;
    const bool large = std::max(way_.payload.request_size, way_.payload.answer_size) > 100'000;
    const std::size_t few = std::max<std::size_t>(large ? 1 : 4, in_flight);
    Round round = closed_loop(target, way_.payload, few, in_flight);
    const std::size_t more = bounded(round.per_second * seconds_ / 2, few, most_);
    round = closed_loop(target, way_.payload, more, in_flight);
    const double possible = round.per_second * seconds_;
    if (way_.rate <= 0) {
      calls_ = bounded(possible, few, most_);
    } else {
      // One that can't keep up is given three times as long, and no more.
      calls_ = bounded(std::min(way_.rate * seconds_, possible * 3), 16, most_);
    }
    return round;
  }

  Contender* contender_;
  Way way_;
  int core_;
  double seconds_;
  std::size_t most_;
  std::size_t calls_ = 0;
};

Series series_of(const Contender& contender) {
  Series series{contender.name, contender.party, {}, contender.skipped, {}};
  if (!contender.running && series.skipped.empty()) series.skipped = "it is not running any more";
  return series;
}

std::string in_words(const Ending& ending) {
  std::string words = ending.killed ? "had to be killed" : "";
  if (ending.left == 0) return words;
  if (!words.empty()) words += "; ";
  return words + "leaves " + std::to_string(ending.left) +
         (ending.left == 1 ? " process behind" : " processes behind");
}

}  // namespace

Target& Contender::target() {
  if (!running) {
    auto started = std::make_unique<Target>(command, environment);
    started->initialize();
    running = std::move(started);
  }
  return *running;
}

Contenders floors(const Setting& setting) {
  Contenders all;
  all.push_back({direct_pipes, Party::floor, {setting.echo_server}});
  all.push_back({"relay, C and epoll", Party::floor, {setting.epoll_relay, setting.echo_server}});
  all.push_back({"relay, Asio", Party::floor, {setting.asio_relay, setting.echo_server}});
  return all;
}

void measure_calls(const Setting& setting, Contenders& contenders, const Way& way, Report& report) {
  std::vector<Subject> subjects;
  for (Contender& contender : contenders) {
    subjects.push_back({contender.name, contender.party, Rounds(setting, contender, way),
                        contender.skipped, contender.note});
  }
  add_figure(report, setting, way.id, way.title, direct_pipes, subjects, way.goal);
}

void measure_memory(Contenders& contenders, const std::string& id, const std::string& when,
                    Report& report) {
  Figure figure;
  figure.id = id;
  figure.title = "resident memory of all its processes, the server's too, " + when;
  figure.unit = Unit::bytes;
  for (Contender& contender : contenders) {
    Series series = series_of(contender);
    if (contender.running) {
      const Memory memory = contender.running->memory_of_all();
      series.rounds.push_back(one_value(static_cast<double>(memory.resident)));
      series.note =
          "its own, shared with nobody: " + in_words(static_cast<double>(memory.own), Unit::bytes);
    }
    figure.series.push_back(std::move(series));
  }
  report.figures.push_back(std::move(figure));
}

void measure_endings(Contenders& contenders, const std::string& id, Report& report) {
  Figure figure;
  figure.id = id;
  figure.title = "from the end of its input to its own";
  for (Contender& contender : contenders) {
    // Who has failed before, for instance at 20 MB, may still end well.
    std::string reason = contender.skipped;
    try {
      if (reason.empty()) contender.target();
    } catch (const std::exception& error) {
      reason = error.what();
    }
    Series series{contender.name, contender.party, {}, reason, {}};
    if (contender.running) {
      const Ending ending = contender.running->end();
      contender.drop();
      series.rounds.push_back(one_value(static_cast<double>(ending.took.count())));
      series.note = in_words(ending);
    }
    figure.series.push_back(std::move(series));
  }
  report.figures.push_back(std::move(figure));
}

void add_client_cost(const std::string& id, Report& report) {
  const std::string scene = id.substr(0, id.find('/') + 1);
  Series series{"the measuring client", Party::headrace, {}, {}, {}};
  for (const Figure& figure : report.figures) {
    if (!figure.id.starts_with(scene) || !series.rounds.empty()) continue;
    for (const Series& measured : figure.series) {
      if (measured.subject != direct_pipes) continue;
      for (const Round& round : measured.rounds) {
        series.rounds.push_back(one_value(std::max(0.0, round.client_ns)));
      }
    }
  }
  if (series.rounds.empty()) series.skipped = "nothing was measured over direct pipes";
  Figure figure;
  figure.id = id;
  figure.title = "the client's own processor time for each call over direct pipes";
  figure.goal = Goal{10'000, false, true, false};
  figure.series.push_back(std::move(series));
  report.figures.push_back(std::move(figure));
}

}  // namespace headrace::bench
