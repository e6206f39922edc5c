// Answers a list of questions from a catalogue of tools, for search_quality/run; or times them.
#include <headrace/bench/sample_catalogue.hpp>
#include <headrace/discovery/docs.hpp>
#include <headrace/discovery/search.hpp>
#include <headrace/framing/json_writer.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <limits>
#include <sstream>

namespace {

using namespace headrace::bench;
using namespace headrace::discovery;
using headrace::framing::JsonWriter;

constexpr const char* usage =
    "usage: headrace_bench_search_quality CATALOGUE QUESTIONS LIMIT\n"
    "           prints the hits of each question as a line of JSON\n"
    "       headrace_bench_search_quality --time CATALOGUE QUESTIONS SERVERS TOOLS\n"
    "           repeats the catalogue until it has so many servers and tools, and prints what a\n"
    "           search costs, as JSON\n"
    "       headrace_bench_search_quality --docs CATALOGUE DETAIL\n"
    "           prints the docs of each server's tools, as code gets them, as a line of JSON\n";

int answer(const Catalogue& catalogue, const std::vector<std::string>& questions,
           std::size_t limit) {
  for (std::size_t i = 0; i < questions.size(); ++i) {
    std::string line;
    JsonWriter writer(line);
    writer.begin_object().member("question", i).key("hits").begin_array();
    for (const SearchHit& hit : search(catalogue, questions[i], limit))
      writer.value(hit.server->spec().name + "/" + hit.tool->name);
    writer.end_array().end_object();
    std::puts(line.c_str());
  }
  return EXIT_SUCCESS;
}

int time_them(const std::vector<SampleServer>& servers, const std::vector<std::string>& questions) {
  using Clock = std::chrono::steady_clock;
  const auto micros = [](Clock::duration time) {
    return std::chrono::duration<double, std::micro>(time).count();
  };
  const auto percentile = [](std::vector<double>& times, std::size_t percent) {
    std::sort(times.begin(), times.end());
    return times[(times.size() - 1) * percent / 100];
  };
  const std::size_t before = heap_in_use();
  auto start = Clock::now();
  Catalogue catalogue = make_catalogue(servers);
  const double build = micros(Clock::now() - start);
  const std::size_t in_use = heap_in_use() - before;
  std::vector<double> times;
  // Of each question the best of some: what others do on the machine is not in it.
  std::vector<double> bests(questions.size(), std::numeric_limits<double>::infinity());
  search(catalogue, "once", 5);
  for (int round = 0; round < 5; ++round) {
    for (std::size_t i = 0; i < questions.size(); ++i) {
      start = Clock::now();
      const auto hits = search(catalogue, questions[i], 5);
      times.push_back(micros(Clock::now() - start));
      bests[i] = std::min(bests[i], times.back());
    }
  }
  // Each time a server has a new list, and somebody asks.
  std::vector<double> changes;
  std::vector<double> firsts;
  for (std::size_t i = 0; i < 20; ++i) {
    const SampleServer& changed = servers[i % servers.size()];
    start = Clock::now();
    catalogue.set_tools(changed.name, changed.tools);
    changes.push_back(micros(Clock::now() - start));
    start = Clock::now();
    const auto hits = search(catalogue, questions[i % questions.size()], 5);
    firsts.push_back(micros(Clock::now() - start));
  }
  const auto shares = [&percentile](std::vector<double>& of) {
    char text[64];
    std::snprintf(text, sizeof text, R"({"p50":%.0f,"p99":%.0f})", percentile(of, 50),
                  percentile(of, 99));
    return std::string(text);
  };
  std::printf(
      R"({"servers":%zu,"tools":%zu,"words":%zu,"search_us":%s,"search_best_of_5_us":%s,)"
      R"("first_search_after_a_change_us":%s,"new_list_of_a_server_us":%s,"index_all_ms":%.0f,)"
      R"("catalogue_mb":%.1f})"
      "\n",
      servers.size(), catalogue.tool_count(), catalogue.search_vocabulary().size(),
      shares(times).c_str(), shares(bests).c_str(), shares(firsts).c_str(), shares(changes).c_str(),
      build / 1000, static_cast<double>(in_use) / 1e6);
  return EXIT_SUCCESS;
}

int print_docs(const Catalogue& catalogue, Detail detail) {
  for (const CatalogueServer& server : catalogue.servers()) {
    std::string line;
    append_docs(line, server, detail);
    std::puts(line.c_str());
  }
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) try {
  const bool timed = argc == 6 && std::strcmp(argv[1], "--time") == 0;
  const bool docs = argc == 4 && std::strcmp(argv[1], "--docs") == 0;
  if (argc != 4 && !timed) {
    std::fputs(usage, stderr);
    return EXIT_FAILURE;
  }
  const std::vector<SampleServer> servers =
      read_servers(read_json_file(argv[timed || docs ? 2 : 1]));
  if (docs) return print_docs(make_catalogue(servers), parse_detail(argv[3]));
  const std::vector<std::string> questions = read_questions(read_json_file(argv[timed ? 3 : 2]));
  if (timed) {
    return time_them(
        repeated(servers, std::strtoul(argv[4], nullptr, 10), std::strtoul(argv[5], nullptr, 10)),
        questions);
  }
  return answer(make_catalogue(servers), questions, std::strtoul(argv[3], nullptr, 10));
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return EXIT_FAILURE;
}
