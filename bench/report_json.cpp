// The report as JSON, and back.
#include <headrace/bench/report.hpp>
#include <headrace/framing/json_writer.hpp>

#include <array>
#include <stdexcept>
#include <utility>

#include <simdjson.h>

namespace headrace::bench {

namespace {

using framing::JsonWriter;
namespace dom = simdjson::dom;

template <typename T, std::size_t N>
using Names = std::array<std::pair<T, std::string_view>, N>;

constexpr Names<Unit, 5> units{{{Unit::time, "ns"},
                                {Unit::bytes, "bytes"},
                                {Unit::per_second, "per_second"},
                                {Unit::bytes_per_second, "bytes_per_second"},
                                {Unit::count, "count"}}};
constexpr Names<Party, 3> parties{
    {{Party::floor, "floor"}, {Party::headrace, "headrace"}, {Party::rival, "rival"}}};

template <typename T, std::size_t N>
std::string_view name_of(const Names<T, N>& names, T value) {
  for (const auto& [known, name] : names) {
    if (known == value) return name;
  }
  return names[0].second;
}

template <typename T, std::size_t N>
T named(const Names<T, N>& names, std::string_view wanted) {
  for (const auto& [value, name] : names) {
    if (name == wanted) return value;
  }
  throw std::runtime_error("\"" + std::string(wanted) + "\" is none of the names that are known");
}

void write_quantiles(JsonWriter& writer, const Histogram& values) {
  writer.member("count", values.count()).member("min", values.min());
  writer.member("p50", values.quantile(0.5)).member("p90", values.quantile(0.9));
  writer.member("p99", values.quantile(0.99)).member("p99_9", values.quantile(0.999));
  writer.member("max", values.max());
}

void write_round(JsonWriter& writer, const Round& round) {
  writer.begin_object();
  write_quantiles(writer, round.values);
  if (round.per_second > 0) writer.member("per_second", round.per_second);
  if (round.client_ns > 0) writer.member("client_ns", round.client_ns);
  writer.key("counts").begin_array();
  for (const auto& [value, times] : round.values.counts())
    writer.value(value).value(times);
  writer.end_array().end_object();
}

void write_series(JsonWriter& writer, const Figure& figure, const Series& series) {
  writer.begin_object().member("subject", series.subject);
  writer.member("party", name_of(parties, series.party));
  if (!series.skipped.empty()) writer.member("skipped", series.skipped);
  if (!series.note.empty()) writer.member("note", series.note);
  if (!series.rounds.empty()) {
    writer.key("all").begin_object();
    write_quantiles(writer, series.all());
    if (series.per_second() > 0) writer.member("per_second", series.per_second());
    writer.end_object();
    if (const auto middle = middle_ratio(figure, series)) {
      writer.key("ratio").begin_object().member("median", *middle).key("rounds").begin_array();
      for (const double ratio : ratios_by_round(figure, series))
        writer.value(ratio);
      writer.end_array().end_object();
    }
  }
  writer.key("rounds").begin_array();
  for (const Round& round : series.rounds)
    write_round(writer, round);
  writer.end_array().end_object();
}

void write_goal(JsonWriter& writer, const Figure& figure) {
  const Goal& goal = *figure.goal;
  writer.key("goal").begin_object().member(goal.at_most ? "at_most" : "at_least", goal.value);
  writer.member("of", goal.of_ratio ? "ratio" : goal.of_rate ? "rate" : "p50");
  if (const auto met = reached(figure)) writer.member("reached", *met);
  writer.end_object();
}

void write_figure(JsonWriter& writer, const Figure& figure) {
  writer.begin_object().member("id", figure.id).member("title", figure.title);
  writer.member("unit", name_of(units, figure.unit));
  if (!figure.baseline.empty()) writer.member("baseline", figure.baseline);
  if (figure.goal) write_goal(writer, figure);
  if (!figure.curve.empty()) writer.member("curve", figure.curve).member("place", figure.place);
  writer.key("series").begin_array();
  for (const Series& series : figure.series)
    write_series(writer, figure, series);
  writer.end_array().end_object();
}

void write_machine(JsonWriter& writer, const Machine& machine) {
  writer.key("machine").begin_object().member("cpu", machine.cpu).member("cpus", machine.cpus);
  writer.member("kernel", machine.kernel).member("system", machine.system);
  writer.member("compiler", machine.compiler).member("simd", machine.simd);
  writer.key("versions").begin_array();
  for (const std::string& version : machine.versions)
    writer.value(version);
  writer.end_array().member("load", machine.load).end_object();
}

// --- back ---

template <typename T>
T get(dom::object object, std::string_view key) {
  T value{};
  if (object[key].get(value) == simdjson::SUCCESS) return value;
  throw std::runtime_error("\"" + std::string(key) + "\" is missing or of the wrong kind");
}

template <typename T>
T get_or(dom::object object, std::string_view key, T otherwise) {
  return object[key].error() == simdjson::NO_SUCH_FIELD ? otherwise : get<T>(object, key);
}

std::string text(dom::object object, std::string_view key) {
  return std::string(get<std::string_view>(object, key));
}

std::string text_or_nothing(dom::object object, std::string_view key) {
  return std::string(get_or<std::string_view>(object, key, {}));
}

dom::object object_in(dom::element element) {
  dom::object object;
  if (element.get(object) == simdjson::SUCCESS) return object;
  throw std::runtime_error("something that should be an object is none");
}

Round read_round(dom::object object) {
  Histogram::Counts counts;
  std::uint64_t number = 0;
  bool is_value = true;
  for (const dom::element element : get<dom::array>(object, "counts")) {
    if (element.get(number) != simdjson::SUCCESS) throw std::runtime_error("\"counts\" is wrong");
    if (is_value) {
      counts.emplace_back(number, 0);
    } else {
      counts.back().second = number;
    }
    is_value = !is_value;
  }
  Round round;
  round.values =
      Histogram::from(counts, get<std::uint64_t>(object, "min"), get<std::uint64_t>(object, "max"));
  round.per_second = get_or<double>(object, "per_second", 0);
  round.client_ns = get_or<double>(object, "client_ns", 0);
  return round;
}

Series read_series(dom::object object) {
  Series series;
  series.subject = text(object, "subject");
  series.party = named(parties, get<std::string_view>(object, "party"));
  series.skipped = text_or_nothing(object, "skipped");
  series.note = text_or_nothing(object, "note");
  for (const dom::element round : get<dom::array>(object, "rounds"))
    series.rounds.push_back(read_round(object_in(round)));
  return series;
}

Goal read_goal(dom::object object) {
  Goal goal;
  goal.at_most = object["at_most"].error() == simdjson::SUCCESS;
  goal.value = get<double>(object, goal.at_most ? "at_most" : "at_least");
  const auto of = get<std::string_view>(object, "of");
  goal.of_ratio = of == "ratio";
  goal.of_rate = of == "rate";
  return goal;
}

Figure read_figure(dom::object object) {
  Figure figure;
  figure.id = text(object, "id");
  figure.title = text(object, "title");
  figure.unit = named(units, get<std::string_view>(object, "unit"));
  figure.baseline = text_or_nothing(object, "baseline");
  if (object["goal"].error() == simdjson::SUCCESS) {
    figure.goal = read_goal(get<dom::object>(object, "goal"));
  }
  figure.curve = text_or_nothing(object, "curve");
  figure.place = get_or<double>(object, "place", 0);
  for (const dom::element series : get<dom::array>(object, "series"))
    figure.series.push_back(read_series(object_in(series)));
  return figure;
}

Machine read_machine(dom::object object) {
  Machine machine;
  machine.cpu = text(object, "cpu");
  machine.cpus = static_cast<unsigned>(get<std::uint64_t>(object, "cpus"));
  machine.kernel = text(object, "kernel");
  machine.system = text(object, "system");
  machine.compiler = text(object, "compiler");
  machine.simd = text(object, "simd");
  machine.load = get<double>(object, "load");
  for (const dom::element version : get<dom::array>(object, "versions")) {
    std::string_view words;
    if (version.get(words) == simdjson::SUCCESS) machine.versions.emplace_back(words);
  }
  return machine;
}

Report report_in(dom::object object) {
  if (get<std::string_view>(object, "schema") != "headrace-bench/1") {
    throw std::runtime_error("it is no report of this version of headrace-bench");
  }
  Report report;
  report.began = text(object, "began");
  report.command = text(object, "command");
  report.version = text(object, "version");
  report.core = static_cast<int>(get<std::int64_t>(object, "core"));
  report.machine = read_machine(get<dom::object>(object, "machine"));
  for (const dom::element figure : get<dom::array>(object, "figures"))
    report.figures.push_back(read_figure(object_in(figure)));
  return report;
}

}  // namespace

std::string json(const Report& report) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().member("schema", "headrace-bench/1").member("began", report.began);
  writer.member("command", report.command).member("version", report.version);
  writer.member("core", report.core);
  write_machine(writer, report.machine);
  writer.key("figures").begin_array();
  for (const Figure& figure : report.figures)
    write_figure(writer, figure);
  writer.end_array().end_object();
  return out;
}

Report read_report(const std::string& file) {
  dom::parser parser;
  dom::object object;
  const simdjson::error_code error = parser.load(file).get(object);
  if (error != simdjson::SUCCESS) {
    throw std::runtime_error(file +
                             ": it can't be read as a report: " + simdjson::error_message(error));
  }
  try {
    return report_in(object);
  } catch (const std::exception& problem) {
    throw std::runtime_error(file + ": " + problem.what());
  }
}

}  // namespace headrace::bench
