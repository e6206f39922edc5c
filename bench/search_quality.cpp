// Answers a list of questions from a catalogue of tools, for search_quality/run; or times them.
#include <headrace/discovery/alias.hpp>
#include <headrace/discovery/docs.hpp>
#include <headrace/discovery/json_text.hpp>
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

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace {

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

std::string read(const char* path) {
  std::ifstream file(path);
  if (!file) {
    std::cerr << path << " can't be read\n";
    std::exit(EXIT_FAILURE);
  }
  std::ostringstream text;
  text << file.rdbuf();
  if (find_json_flaw(text.view())) {
    std::cerr << path << " is not JSON\n";
    std::exit(EXIT_FAILURE);
  }
  return text.str();
}

struct Server {
  std::string name;
  std::vector<ToolDoc> tools;
};

std::string_view member(std::string_view object, std::string_view wanted) {
  std::string key;
  std::string_view value;
  for (JsonMembers members(object); members.next(key, value);) {
    if (key == wanted) return value;
  }
  return "null";
}

std::vector<Server> read_servers(std::string_view text) {
  std::vector<Server> servers;
  std::string_view each;
  for (JsonElements elements(member(json_trim(text), "servers")); elements.next(each);) {
    std::string name = json_string(member(each, "name"));
    // A server of the file has its tools where a tools/list result has them.
    ToolsPage page = parse_tools_page(each, name);
    servers.push_back({std::move(name), std::move(page.tools)});
  }
  return servers;
}

std::vector<std::string> read_questions(std::string_view text) {
  std::vector<std::string> questions;
  std::string_view each;
  for (JsonElements elements(json_trim(text)); elements.next(each);)
    questions.push_back(json_string(member(each, "question")));
  return questions;
}

Catalogue make_catalogue(const std::vector<Server>& servers) {
  std::vector<std::string_view> names;
  std::vector<ServerSpec> specs;
  for (const Server& server : servers)
    names.push_back(server.name);
  std::vector<std::string> aliases = unique_aliases(names, server_alias);
  for (std::size_t i = 0; i < servers.size(); ++i) {
    ServerSpec spec;
    spec.name = servers[i].name;
    spec.alias = aliases[i];
    specs.push_back(std::move(spec));
  }
  Catalogue catalogue;
  catalogue.set_servers(std::move(specs));
  for (const Server& server : servers)
    catalogue.set_tools(server.name, server.tools);
  return catalogue;
}

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

// The servers again and again under other names, until they are as many as asked for.
std::vector<Server> repeated(const std::vector<Server>& servers, std::size_t wanted,
                             std::size_t tools) {
  std::vector<Server> result;
  std::size_t next_server = 0;
  std::size_t next_tool = 0;
  for (std::size_t i = 0; i < wanted; ++i) {
    Server server{servers[i % servers.size()].name + "-" + std::to_string(i), {}};
    const std::size_t share = tools / wanted;
    while (server.tools.size() < share) {
      const std::vector<ToolDoc>& from = servers[next_server % servers.size()].tools;
      if (next_tool >= from.size()) {
        ++next_server;
        next_tool = 0;
        continue;
      }
      server.tools.push_back(from[next_tool++]);
      server.tools.back().name += "_" + std::to_string(server.tools.size());
    }
    result.push_back(std::move(server));
  }
  return result;
}

// Bytes of the heap in use; 0 where that can't be told.
std::size_t heap_in_use() {
#ifdef __GLIBC__
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  return 0;
#endif
}

int time_them(const std::vector<Server>& servers, const std::vector<std::string>& questions) {
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
    const Server& changed = servers[i % servers.size()];
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

int main(int argc, char** argv) {
  const bool timed = argc == 6 && std::strcmp(argv[1], "--time") == 0;
  const bool docs = argc == 4 && std::strcmp(argv[1], "--docs") == 0;
  if (argc != 4 && !timed) {
    std::fputs(usage, stderr);
    return EXIT_FAILURE;
  }
  const std::vector<Server> servers = read_servers(read(argv[timed || docs ? 2 : 1]));
  if (docs) return print_docs(make_catalogue(servers), parse_detail(argv[3]));
  const std::vector<std::string> questions = read_questions(read(argv[timed ? 3 : 2]));
  if (timed) {
    return time_them(
        repeated(servers, std::strtoul(argv[4], nullptr, 10), std::strtoul(argv[5], nullptr, 10)),
        questions);
  }
  return answer(make_catalogue(servers), questions, std::strtoul(argv[3], nullptr, 10));
}
