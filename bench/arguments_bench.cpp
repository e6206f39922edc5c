// What it costs to check the arguments of a call before it is sent.
#include <headrace/discovery/argument_rules.hpp>
#include <headrace/framing/block.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

namespace {

using namespace headrace;

discovery::ToolDoc search_tool() {
  discovery::ToolDoc tool;
  tool.name = tool.alias = "search_code";
  tool.input_schema =
      R"({"type":"object","required":["query"],"additionalProperties":false,"properties":{)"
      R"("query":{"type":"string"},"page":{"type":"integer"},"perPage":{"type":"integer"},)"
      R"("sort":{"type":"string","enum":["indexed","best-match"]},"order":{"type":"string"},)"
      R"("archived":{"anyOf":[{"type":"boolean"},{"type":"null"}],"default":null}}})";
  return tool;
}

// With as much behind it as a frame has.
std::string padded(std::string text) {
  return text.append(framing::block_padding, ' ');
}

void check(benchmark::State& state, const std::string& arguments) {
  const discovery::ArgumentRules rules(search_tool());
  const std::string text = padded(arguments);
  framing::StructuralIndex index;
  for (auto _ : state) {
    discovery::ArgumentCheck found =
        rules.check(std::string_view(text).substr(0, arguments.size()), index);
    benchmark::DoNotOptimize(found);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(arguments.size() * state.iterations()));
}

void three(benchmark::State& state) {
  check(state, R"({"query":"turbine in:file language:c++","page":2,"sort":"indexed"})");
}
BENCHMARK(three);

void one_large(benchmark::State& state) {
  check(state, R"({"query":")" + std::string(1 << 20, 'x') + R"("})");
}
BENCHMARK(one_large);

void wrong_name(benchmark::State& state) {
  check(state, R"({"qeury":"turbine in:file language:c++","page":2,"sort":"indexed"})");
}
BENCHMARK(wrong_name);

void prepare(benchmark::State& state) {
  const discovery::ToolDoc tool = search_tool();
  for (auto _ : state) {
    discovery::ArgumentRules rules(tool);
    benchmark::DoNotOptimize(rules);
  }
}
BENCHMARK(prepare);

}  // namespace
