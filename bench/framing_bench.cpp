// What the parts of framing cost, each alone; the scene `framing` measures the whole.
#include <headrace/bench/sample_lines.hpp>
#include <headrace/framing/envelope.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/line_splitter.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include <benchmark/benchmark.h>

namespace {

namespace bench = headrace::bench;
namespace framing = headrace::framing;

// The copy stands for the kernel's.
void feed(framing::LineSplitter& splitter, const std::string& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const std::span<char> room = splitter.prepare();
    const std::size_t size = std::min(room.size(), bytes.size() - done);
    std::memcpy(room.data(), bytes.data() + done, size);
    splitter.commit(size);
    done += size;
  }
}

void report(benchmark::State& state, std::size_t frames, std::size_t bytes) {
  state.SetItemsProcessed(static_cast<std::int64_t>(frames));
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

void split_only(benchmark::State& state) {
  const std::string bytes =
      bench::fill_read(bench::call_line(static_cast<std::size_t>(state.range(0)))).bytes;
  framing::LineSplitter splitter({.block_size = 4 * bench::read_size});
  framing::Frame frame;
  std::size_t frames = 0;
  std::size_t read = 0;
  for (auto _ : state) {
    feed(splitter, bytes);
    while (splitter.next(frame) == framing::LineSplitter::Next::frame)
      ++frames;
    read += bytes.size();
    frame = {};
  }
  report(state, frames, read);
}
BENCHMARK(split_only)->Arg(200)->Arg(4096);

void parse_only(benchmark::State& state) {
  std::string line = bench::call_line(static_cast<std::size_t>(state.range(0)));
  line.pop_back();
  const std::size_t size = line.size();
  line.append(framing::block_padding, ' ');
  framing::EnvelopeParser parser;
  std::size_t frames = 0;
  for (auto _ : state) {
    framing::Envelope envelope = parser.parse({line.data(), size});
    benchmark::DoNotOptimize(envelope);
    ++frames;
  }
  report(state, frames, frames * size);
}
BENCHMARK(parse_only)->Arg(200)->Arg(4096);

void quote(benchmark::State& state) {
  const std::string text(static_cast<std::size_t>(state.range(0)), 'x');
  std::string out;
  std::size_t read = 0;
  for (auto _ : state) {
    out.clear();
    framing::append_quoted(out, text);
    benchmark::DoNotOptimize(out.data());
    read += text.size();
  }
  report(state, 0, read);
}
BENCHMARK(quote)->Arg(32)->Arg(4096);

// A line over the limit is skimmed: how fast it goes by.
void skim(benchmark::State& state) {
  const std::string bytes = bench::call_line(std::size_t{1} << 20);
  framing::LineSplitter splitter({.frame_limit = 1024});
  framing::Frame frame;
  std::size_t read = 0;
  for (auto _ : state) {
    feed(splitter, bytes);
    auto next = splitter.next(frame);
    benchmark::DoNotOptimize(next);
    read += bytes.size();
  }
  report(state, 0, read);
}
BENCHMARK(skim);

}  // namespace
