// What framing costs for each message: split the line, find id and method, slice the body.
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

namespace framing = headrace::framing;

constexpr std::size_t read_size = std::size_t{64} << 10;

// A tools/call whose one argument is text, `size` bytes with its newline.
std::string call_line(std::size_t size) {
  std::string line =
      R"({"jsonrpc":"2.0","id":12345,"method":"tools/call","params":{"name":"echo","arguments":{"text":")";
  const std::string end = "\"}}}\n";
  if (line.size() + end.size() < size) line.append(size - line.size() - end.size(), 'x');
  return line + end;
}

// A result that is all structure: an array of small objects.
std::string table_line(std::size_t rows) {
  std::string line;
  framing::JsonWriter writer(line);
  writer.begin_object().member("jsonrpc", "2.0").member("id", 7).key("result").begin_array();
  for (std::size_t row = 0; row < rows; ++row) {
    writer.begin_object().member("name", "file").member("size", row).member("dir", false);
    writer.end_object();
  }
  writer.end_array().end_object();
  return line + "\n";
}

// Whole lines, as many as fit in one read.
std::string fill_read(const std::string& line) {
  std::string bytes;
  do
    bytes += line;
  while (bytes.size() + line.size() <= read_size);
  return bytes;
}

// The copy into the buffer stands for the kernel's; copy_only says what it costs.
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

void split_and_parse(benchmark::State& state, const std::string& line) {
  const std::string bytes = fill_read(line);
  framing::LineSplitter splitter({.block_size = 4 * read_size});
  framing::EnvelopeParser parser;
  framing::Frame frame;
  std::size_t frames = 0;
  std::size_t read = 0;
  for (auto _ : state) {
    feed(splitter, bytes);
    while (splitter.next(frame) == framing::LineSplitter::Next::frame) {
      framing::Envelope envelope = parser.parse(frame.text);
      benchmark::DoNotOptimize(envelope);
      ++frames;
    }
    read += bytes.size();
    frame = {};
  }
  report(state, frames, read);
}

void call(benchmark::State& state) {
  split_and_parse(state, call_line(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(call)->Arg(200)->Arg(1024)->Arg(4096)->Arg(16384)->Arg(1 << 20);

void table(benchmark::State& state) {
  split_and_parse(state, table_line(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(table)->Arg(10)->Arg(1000);

void split_only(benchmark::State& state) {
  const std::string bytes = fill_read(call_line(static_cast<std::size_t>(state.range(0))));
  framing::LineSplitter splitter({.block_size = 4 * read_size});
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
  std::string line = call_line(static_cast<std::size_t>(state.range(0)));
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

void copy_only(benchmark::State& state) {
  const std::string bytes = fill_read(call_line(200));
  std::string room(bytes.size(), ' ');
  std::size_t read = 0;
  for (auto _ : state) {
    std::memcpy(room.data(), bytes.data(), bytes.size());
    benchmark::ClobberMemory();
    read += bytes.size();
  }
  report(state, 0, read);
}
BENCHMARK(copy_only);

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
  const std::string bytes = call_line(std::size_t{1} << 20);
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
