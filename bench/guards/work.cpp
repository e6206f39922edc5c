// What is counted inside one process: frames that are split and parsed, and searches among tools.
//
//   headrace_guard_work frames SIZE TIMES
//   headrace_guard_work search TIMES
#include <headrace/bench/sample_lines.hpp>
#include <headrace/discovery/catalogue.hpp>
#include <headrace/discovery/search.hpp>
#include <headrace/framing/envelope.hpp>
#include <headrace/framing/line_splitter.hpp>

#include <array>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <string_view>

namespace {

namespace discovery = headrace::discovery;
namespace framing = headrace::framing;

// One frame for each read, as on a connection with one call in flight.
bool frames(std::size_t size, long times) {
  const std::string line = headrace::bench::call_line(size);
  framing::LineSplitter splitter;
  framing::EnvelopeParser parser;
  framing::Frame frame;
  for (long i = 0; i < times; ++i) {
    const std::span<char> room = splitter.prepare();
    std::memcpy(room.data(), line.data(), line.size());
    splitter.commit(line.size());
    if (splitter.next(frame) != framing::LineSplitter::Next::frame) return false;
    if (parser.parse(frame.text).kind != framing::Kind::request) return false;
    frame = {};
  }
  return true;
}

constexpr std::array verbs{"create", "list",   "delete", "update", "search",
                           "get",    "export", "import", "assign", "close"};
constexpr std::array things{"issue", "invoice", "branch", "message", "folder",  "calendar event",
                            "user",  "order",   "ticket", "report",  "channel", "snapshot"};
constexpr std::array wheres{"in a project", "of a customer", "for the whole team", "by its number"};

template <std::size_t N>
std::string pick(const std::array<const char*, N>& words, std::size_t n) {
  return words[n % N];
}

// 200 servers with 50 tools each.
discovery::Catalogue catalogue() {
  std::vector<discovery::ServerSpec> specs;
  for (int i = 0; i < 200; ++i) {
    discovery::ServerSpec spec;
    spec.name = "server" + std::to_string(i);
    spec.alias = spec.name;
    specs.push_back(std::move(spec));
  }
  discovery::Catalogue made;
  made.set_servers(std::move(specs));
  for (std::size_t i = 0; i < 200; ++i) {
    std::vector<discovery::ToolDoc> tools;
    for (std::size_t n = 0; n < 50; ++n) {
      const std::size_t seed = i * 50 + n;
      discovery::ToolDoc tool;
      tool.name = pick(verbs, seed) + "_" + pick(things, seed / 10) + "_" + std::to_string(n);
      tool.description = "Will " + pick(verbs, seed) + " any " + pick(things, seed / 10) + " " +
                         pick(wheres, seed / 7) + ", and says which " + pick(things, seed / 3) +
                         " it has to do with.";
      tool.input_schema = R"({"type":"object","properties":{"id":{"type":"string"},"limit":)"
                          R"({"type":"integer"}},"required":["id"]})";
      tools.push_back(std::move(tool));
    }
    made.set_tools("server" + std::to_string(i), std::move(tools));
  }
  return made;
}

bool searches(long times) {
  const discovery::Catalogue tools = catalogue();
  constexpr std::array<std::string_view, 4> queries{"create an issue in a project", "invoices",
                                                    "who is in the channel", "delte brnach"};
  for (long i = 0; i < times; ++i) {
    for (const std::string_view query : queries) {
      if (discovery::search(tools, query, 5).empty()) return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  bool good = false;
  if (what == "frames" && argc == 4) {
    good = frames(std::strtoul(argv[2], nullptr, 10), std::atol(argv[3]));
  } else if (what == "search" && argc == 3) {
    good = searches(std::atol(argv[2]));
  } else {
    std::cerr << "usage: headrace_guard_work frames SIZE TIMES | search TIMES\n";
    return 2;
  }
  if (!good) std::cerr << what << " went wrong\n";
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
