// Any list of tools gives a catalogue that can be asked, and answers that are JSON on one line; any
// arguments can be checked against its schemas.
#include <headrace/discovery/docs.hpp>
#include <headrace/discovery/json_text.hpp>
#include <headrace/discovery/search_words.hpp>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "check.hpp"
#include "padded_copy.hpp"

namespace {

using namespace headrace::discovery;

void check_answer(const std::string& answer) {
  FUZZ_CHECK(answer.find('\n') == std::string::npos && answer.find('\r') == std::string::npos);
  // Schemas keep what Python writes for numbers that are not finite.
  FUZZ_CHECK(!find_json_flaw(answer, JsonNumbers::non_finite_too) ||
             find_json_flaw(answer)->what.find("nested") != std::string::npos);
}

bool is_identifier(std::string_view alias) {
  if (alias.empty() || (alias[0] >= '0' && alias[0] <= '9')) return false;
  return alias.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

// Whatever a tool's list said, its own schemas and the list are as odd arguments as any.
void check_arguments(const CatalogueServer& server, const ToolDoc& tool, std::string_view text) {
  const PaddedCopy copy(text, '"');
  headrace::framing::StructuralIndex index;
  const ArgumentRules& rules = server.argument_rules(tool);
  const ArgumentCheck first = rules.check(copy.text(), index);
  const ArgumentCheck second = rules.check(copy.text(), index);
  FUZZ_CHECK(first.error == second.error && first.rewritten == second.rewritten);
  if (!first.rewritten) return;
  FUZZ_CHECK(first.error.empty());
  FUZZ_CHECK(find_json_flaw(text, JsonNumbers::non_finite_too) ||
             !find_json_flaw(*first.rewritten, JsonNumbers::non_finite_too));
  const PaddedCopy rewritten(*first.rewritten, '"');
  const ArgumentCheck third = rules.check(rewritten.text(), index);
  FUZZ_CHECK(third.error.empty() && !third.rewritten);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ToolsPage page = parse_tools_page({reinterpret_cast<const char*>(data), size}, "s");
  if (!page.error.empty()) {
    FUZZ_CHECK(page.error.find('\n') == std::string::npos);
    return 0;
  }
  const std::string query = page.tools.empty() ? "x" : page.tools.back().name;
  ServerSpec spec;
  spec.name = "s";
  spec.alias = "s";
  Catalogue catalogue;
  catalogue.set_servers({spec});
  catalogue.set_tools("s", std::move(page.tools));
  const CatalogueServer& server = catalogue.servers()[0];

  std::set<std::string_view> aliases;
  for (const ToolDoc& tool : server.tools()) {
    FUZZ_CHECK(is_identifier(tool.alias) && aliases.insert(tool.alias).second);
    FUZZ_CHECK(server.find_tool(tool.name) == &tool);
    const ToolDoc* by_alias = server.find_tool(tool.alias);
    FUZZ_CHECK(by_alias == &tool);
    if (aliases.size() > 20) continue;
    check_arguments(server, tool, "{}");
    check_arguments(server, tool, {reinterpret_cast<const char*>(data), size});
    for (const ToolDoc& other : server.tools().first(std::min<std::size_t>(3, aliases.size()))) {
      check_arguments(server, tool, other.input_schema);
      check_arguments(server, tool, other.annotations);
      check_arguments(server, tool, other.execution);
    }
  }
  std::string answer;
  append_docs(answer, server, Detail::full);
  check_answer(answer);
  answer.clear();
  append_docs(answer, server, Detail::signature);
  check_answer(answer);
  answer.clear();
  append_tool_list(answer, server);
  check_answer(answer);
  answer.clear();
  append_metadata(answer, server);
  check_answer(answer);

  const std::vector<SearchHit> hits = search(catalogue, query, 5);
  FUZZ_CHECK(hits.size() <= 5);
  for (const SearchHit& hit : hits)
    FUZZ_CHECK(hit.score > 0 && hit.server == &server);
  answer.clear();
  append_docs(answer, hits, Detail::signature, [](const CatalogueServer&) { return true; });
  check_answer(answer);
  if (!search_words(query).empty() && server.find_tool(query) != nullptr) FUZZ_CHECK(!hits.empty());
  return 0;
}
