// How long it takes to find a tool among many.
#include <headrace/bench/fit.hpp>
#include <headrace/bench/in_code.hpp>
#include <headrace/bench/sample_catalogue.hpp>
#include <headrace/bench/words.hpp>
#include <headrace/discovery/search.hpp>
#include <headrace/framing/json_writer.hpp>

#include <algorithm>

namespace headrace::bench {
namespace {

constexpr std::size_t shown_hits = 5;

struct Sample {
  std::vector<SampleServer> servers;
  std::vector<std::string> questions;
};

Sample read_sample(const Setting& setting) {
  const std::string folder = setting.scripts + "/../search_quality/";
  return {read_servers(read_json_file(folder + "catalogue.json")),
          read_questions(read_json_file(folder + "questions.json"))};
}

std::vector<std::string> asked(const Setting& setting, const Sample& sample) {
  std::vector<std::string> questions = sample.questions;
  questions.resize(std::min(questions.size(), counted(setting, questions.size())));
  return questions;
}

Round ask_all(const discovery::Catalogue& catalogue, const std::vector<std::string>& questions) {
  Round round;
  for (const std::string& question : questions) {
    const Clock::time_point began = Clock::now();
    const auto hits = discovery::search(catalogue, question, shown_hits);
    round.values.record(nanoseconds_since(began));
  }
  return round;
}

void measure_in_process(const Setting& setting, Report& report, const Sample& sample,
                        std::size_t servers, std::size_t tools) {
  const auto all = repeated(sample.servers, servers, tools);
  const std::size_t before = heap_in_use();
  discovery::Catalogue catalogue = make_catalogue(all);
  // The first search joins the words of all servers; later ones find that done.
  discovery::search(catalogue, "once", shown_hits);
  const std::size_t memory = heap_in_use() - before;
  const std::vector<std::string> questions = asked(setting, sample);
  const std::vector<Subject> searching{{"headrace, in process",
                                        Party::headrace,
                                        [&] { return ask_all(catalogue, questions); },
                                        {},
                                        std::to_string(catalogue.search_vocabulary().size()) +
                                            " words; the catalogue takes " +
                                            in_words(static_cast<double>(memory), Unit::bytes)}};
  std::optional<Goal> goal;
  if (tools == 10'000) goal = Goal{1e6};
  const std::string size =
      std::to_string(servers) + " servers, " + std::to_string(tools) + " tools";
  add_figure(report, setting, "search/" + std::to_string(tools), "a search, " + size, {}, searching,
             goal);
  place_on_curve(report, "search/tools", static_cast<double>(tools));

  std::size_t turn = 0;
  const std::vector<Subject> changing{{"headrace, in process", Party::headrace, [&] {
                                         const SampleServer& server = all[turn++ % all.size()];
                                         catalogue.set_tools(server.name, server.tools);
                                         return ask_all(catalogue, {questions.front()});
                                       }}};
  add_figure(report, setting, "search/after_a_change/" + std::to_string(tools),
             "the first search after a server has changed its list, " + size, {}, changing);
  place_on_curve(report, "search/after_a_change", static_cast<double>(tools));
}

// Code that asks all questions, and prints what each took as it sees it.
std::string asking_code(const std::vector<std::string>& questions) {
  std::string list;
  framing::JsonWriter writer(list);
  writer.begin_array();
  for (const std::string& question : questions)
    writer.value(question);
  writer.end_array();
  return R"(
import json, time
times = []
for question in json.loads()" +
         [&list] {
           std::string quoted;
           framing::append_quoted(quoted, list);
           return quoted;
         }() +
         R"():
    began = time.perf_counter()
    hits = await runtime.search_tool_docs(question, limit=5)
    times.append(round((time.perf_counter() - began) * 1e6, 3))
print(json.dumps(times))
)";
}

// What code waits for: the search, the docs of its hits, and the way there and back.
void measure_from_code(const Setting& setting, Report& report, const Sample& sample,
                       std::size_t tools) {
  const std::string runtime = quickest_runtime(setting);
  if (runtime.empty()) return;
  const std::vector<SampleServer> one = repeated(sample.servers, 1, tools);
  Home home(setting, {});
  std::string kept =
      R"({"name":"sample","version":"1","answers":{},)" + tools_result(one.front().tools).substr(1);
  const std::string file = home.write("sample.json", kept);
  const std::string server = setting.scripts + "/catalogue_server.py";
  const Home with(setting, {{"sample", {setting.python, "-B", server, file}}});
  const std::vector<std::string> questions = asked(setting, sample);
  const std::string code = asking_code(questions);
  const discovery::Catalogue catalogue = make_catalogue(one);
  const std::string floor = "headrace, in process";
  std::vector<Subject> subjects{
      {floor, Party::floor, [&] { return ask_all(catalogue, questions); }}};
  const Started session = start_session(setting, with, runtime);
  subjects.push_back(subject_of(runtime + ", from code", Party::headrace, session,
                                [&] { return read_times(session.target->run_python(code)); }));
  const std::string count = std::to_string(tools);
  add_figure(report, setting, "search/code/" + count,
             "runtime.search_tool_docs from code, " + count + " tools of one server", floor,
             subjects);
}

}  // namespace

void measure_search(const Setting& setting, Report& report) {
  const Sample sample = read_sample(setting);
  measure_in_process(setting, report, sample, 20, 1'000);
  measure_in_process(setting, report, sample, 200, 10'000);
  // Which takes seconds to make.
  if (!setting.tiny) measure_in_process(setting, report, sample, 200, 100'000);
  note_fits(report, "search/tools", "tools");
  note_fits(report, "search/after_a_change", "tools");
  measure_from_code(setting, report, sample, setting.tiny ? 1'000 : 10'000);
}

}  // namespace headrace::bench
