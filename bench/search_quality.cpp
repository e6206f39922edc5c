// Answers a list of questions from a catalogue of tools, for search_quality/run.
#include <headrace/bench/sample_catalogue.hpp>
#include <headrace/discovery/docs.hpp>
#include <headrace/discovery/search.hpp>
#include <headrace/framing/json_writer.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>

namespace {

using namespace headrace::bench;
using namespace headrace::discovery;
using headrace::framing::JsonWriter;

constexpr const char* usage =
    "usage: headrace_bench_search_quality CATALOGUE QUESTIONS LIMIT\n"
    "           prints the hits of each question as a line of JSON\n"
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
  if (argc != 4) {
    std::fputs(usage, stderr);
    return EXIT_FAILURE;
  }
  const bool docs = std::strcmp(argv[1], "--docs") == 0;
  const Catalogue catalogue = make_catalogue(read_servers(read_json_file(argv[docs ? 2 : 1])));
  if (docs) return print_docs(catalogue, parse_detail(argv[3]));
  return answer(catalogue, read_questions(read_json_file(argv[2])),
                std::strtoul(argv[3], nullptr, 10));
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return EXIT_FAILURE;
}
