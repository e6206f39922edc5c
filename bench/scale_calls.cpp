// How cost grows with calls in flight and with the size of a frame, at one hop and from code.
#include <headrace/bench/contenders.hpp>
#include <headrace/bench/fit.hpp>
#include <headrace/bench/in_code.hpp>
#include <headrace/bench/scale.hpp>
#include <headrace/bench/words.hpp>

namespace headrace::bench {
namespace {

constexpr const char* asyncio_client = "asyncio client on direct pipes";

Contenders one_hop(const Setting& setting) {
  Contenders contenders;
  contenders.push_back({direct_pipes, Party::floor, {setting.echo_server}});
  contenders.push_back(
      {"headrace proxy", Party::headrace, {setting.headrace, "proxy", "--", setting.echo_server}});
  return contenders;
}

// Code that calls for an answer, or with an argument, of that size.
std::string sized_code(std::size_t count, std::size_t size, bool answers) {
  const std::string number = std::to_string(size);
  const std::string argument = answers ? "size=" + number : "text=text";
  // An answer has some hundred bytes beside its text.
  const std::string least = answers && size > 400 ? std::to_string(size / 2) : "1";
  return "import json, time\ntimes = []\ntext = 'x' * " + number + "\nfor _ in range(" +
         std::to_string(count) +
         "):\n"
         "    began = time.perf_counter()\n"
         "    answer = await mcp_echo.echo(" +
         argument +
         ")\n"
         "    times.append(round((time.perf_counter() - began) * 1e6, 3))\n"
         "    assert len(answer.text) >= " +
         least + ", len(answer.text)\nprint(json.dumps(times))\n";
}

std::string size_name(std::size_t bytes) {
  return in_words(static_cast<double>(bytes), Unit::bytes);
}

// So many bytes in a round at most, so that it takes about as long at each size.
std::size_t sized_count(const Setting& setting, std::size_t bytes) {
  const std::size_t most = std::size_t{64} << 20;
  return counted(setting, std::clamp<std::size_t>(most / bytes, 3, 500));
}

}  // namespace

void scale_calls(const Setting& setting, Report& report) {
  const std::size_t most = setting.tiny ? 4 : 1024;
  Contenders contenders = one_hop(setting);
  for (std::size_t width = 1; width <= most; width *= 2) {
    const std::string number = std::to_string(width);
    Way way;
    way.id = "scale/in_flight/hop/" + number;
    way.title = "one hop, 200 B, " + number + " in flight: until a call is answered";
    way.in_flight = width;
    measure_calls(setting, contenders, way, report);
    place_on_curve(report, "scale/in_flight/hop", static_cast<double>(width));
  }
  note_fits(report, "scale/in_flight/hop", "calls in flight");

  const std::string runtime = quickest_runtime(setting);
  if (runtime.empty()) return;
  const Home home(setting, echo_servers(setting, 1));
  const Started session = start_session(setting, home, runtime);
  const Started direct = start_direct(setting);
  for (std::size_t width = 1; width <= most; width *= 2) {
    const std::size_t count = counted(setting, std::max<std::size_t>(5, 2000 / width));
    const std::string number = std::to_string(width);
    add_figure(
        report, setting, "scale/in_flight/code/" + number,
        "calls at once from code, until all are answered: " + number, asyncio_client,
        {subject_of(
             asyncio_client, Party::floor, direct,
             [&] { return calls_direct(*direct.target, Calling::gathered, count, width, true); }),
         subject_of(runtime, Party::headrace, session, [&] {
           return calls_from_code(*session.target, Calling::gathered, count, width, true);
         })});
    place_on_curve(report, "scale/in_flight/code", static_cast<double>(width));
  }
  note_fits(report, "scale/in_flight/code", "calls");
}

void scale_sizes(const Setting& setting, Report& report) {
  const std::vector<std::size_t> sizes =
      setting.tiny
          ? std::vector<std::size_t>{1'000, 100'000}
          : std::vector<std::size_t>{100, 1'000, 10'000, 100'000, 1'000'000, 4'000'000, 16'000'000};
  Contenders contenders = one_hop(setting);
  for (const bool answers : {true, false}) {
    const std::string curve = answers ? "scale/answer_size/hop" : "scale/request_size/hop";
    for (const std::size_t size : sizes) {
      Way way;
      way.id = curve + "/" + std::to_string(size);
      way.title = std::string("one hop, ") + (answers ? "an answer" : "a request") + " of " +
                  size_name(size);
      (answers ? way.payload.answer_size : way.payload.request_size) = size;
      measure_calls(setting, contenders, way, report);
      place_on_curve(report, curve, static_cast<double>(size));
    }
    note_fits(report, curve, "bytes");
  }
  const std::string runtime = quickest_runtime(setting);
  if (runtime.empty()) return;
  const Home home(setting, echo_servers(setting, 1));
  const Started session = start_session(setting, home, runtime);
  for (const bool answers : {true, false}) {
    const std::string curve = answers ? "scale/answer_size/code" : "scale/request_size/code";
    for (const std::size_t size : sizes) {
      const std::string code = sized_code(sized_count(setting, size), size, answers);
      add_figure(report, setting, curve + "/" + std::to_string(size),
                 std::string("a call from code, ") + (answers ? "an answer" : "an argument") +
                     " of " + size_name(size),
                 {}, {subject_of(runtime, Party::headrace, session, [&] {
                   return read_times(session.target->run_python(code));
                 })});
      place_on_curve(report, curve, static_cast<double>(size));
    }
    note_fits(report, curve, "bytes");
  }
}

}  // namespace headrace::bench
