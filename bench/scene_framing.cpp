// What the bytes cost: to find the line, its id and method, and where its body begins and ends.
#include <headrace/bench/figures.hpp>
#include <headrace/bench/sample_lines.hpp>
#include <headrace/bench/words.hpp>
#include <headrace/framing/envelope.hpp>
#include <headrace/framing/line_splitter.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <future>
#include <span>

#include <simdjson.h>

namespace headrace::bench {
namespace {

void keep(const void* what) {
  // So that the compiler can't tell that nobody looks at the result.
  asm volatile("" : : "g"(what) : "memory");
}

// The least that a proxy does with bytes: they arrive, and somebody looks for the newlines.
class CopyAndSearch {
 public:
  explicit CopyAndSearch(const Batch& batch) : batch_(batch), room_(batch.bytes.size(), ' ') {}

  void operator()() {
    std::memcpy(room_.data(), batch_.bytes.data(), room_.size());
    const char* at = room_.data();
    const char* const end = at + room_.size();
    while (at != end) {
      const void* newline = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
      keep(newline);
      at = static_cast<const char*>(newline) + 1;
    }
  }

 private:
  const Batch& batch_;
  std::string room_;
};

// What Headrace does with each line. The copy stands for the kernel's, as in the floor.
class SplitAndParse {
 public:
  explicit SplitAndParse(const Batch& batch) : batch_(batch) {}

  void operator()() {
    std::size_t done = 0;
    while (done < batch_.bytes.size()) {
      const std::span<char> room = splitter_.prepare();
      const std::size_t size = std::min(room.size(), batch_.bytes.size() - done);
      std::memcpy(room.data(), batch_.bytes.data() + done, size);
      splitter_.commit(size);
      done += size;
      while (splitter_.next(frame_) == framing::LineSplitter::Next::frame) {
        const framing::Envelope envelope = parser_.parse(frame_.text);
        if (envelope.kind == framing::Kind::invalid) throw std::runtime_error("a line is refused");
        keep(&envelope);
      }
    }
    frame_ = {};
  }

 private:
  const Batch& batch_;
  framing::LineSplitter splitter_{{.block_size = 4 * read_size}};
  framing::EnvelopeParser parser_;
  framing::Frame frame_;
};

// The mean of a batch is one value: a clock is no good for what takes less than it does.
template <typename Work>
Round measured(const Setting& setting, const Batch& batch, Work& work) {
  const std::size_t bytes = std::size_t{16} << 20;
  const std::size_t count = counted(setting, std::max<std::size_t>(20, bytes / batch.bytes.size()));
  Round round;
  const Clock::time_point all = Clock::now();
  for (std::size_t i = 0; i < count; ++i) {
    const Clock::time_point began = Clock::now();
    work();
    round.values.record((nanoseconds_since(began) + batch.lines / 2) / batch.lines);
  }
  const double seconds = static_cast<double>(nanoseconds_since(all)) / 1e9;
  round.per_second = static_cast<double>(count * batch.lines) / seconds;
  return round;
}

// While it lives, framing that is made anew uses that kernel of simdjson.
class Kernel {
 public:
  explicit Kernel(const simdjson::implementation* kernel) : before_(active()) { set(kernel); }
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  ~Kernel() { set(before_); }

  static const simdjson::implementation* active() {
    return static_cast<const simdjson::implementation*>(simdjson::get_active_implementation());
  }

 private:
  static void set(const simdjson::implementation* kernel) {
    simdjson::get_active_implementation() = kernel;
  }
  const simdjson::implementation* before_;
};

std::vector<const simdjson::implementation*> other_kernels() {
  std::vector<const simdjson::implementation*> kernels;
  for (const simdjson::implementation* kernel : simdjson::get_available_implementations()) {
    if (kernel != Kernel::active() && kernel->supported_by_runtime_system())
      kernels.push_back(kernel);
  }
  return kernels;
}

std::string rate_note(const Series& series, std::size_t line_size, std::string note) {
  double best = 0;
  for (const Round& round : series.rounds)
    best = std::max(best, round.per_second);
  if (best > 0)
    note += (note.empty() ? "" : "; ") +
            in_words(best * static_cast<double>(line_size), Unit::bytes_per_second) +
            " in the best round";
  return note;
}

struct Shape {
  std::string id;
  std::string title;
  std::string line;
  double goal;  // ns a line; 0: none
};

void measure_shape(const Setting& setting, Report& report, const Shape& shape) {
  const Batch batch = fill_read(shape.line);
  CopyAndSearch least(batch);
  SplitAndParse ours(batch);
  // The splitter and the parser choose when they are made or first used.
  ours();
  const std::string floor = "copy, and memchr for the newlines";
  std::vector<Subject> subjects{
      {floor, Party::floor, [&] { return measured(setting, batch, least); }},
      {"headrace",
       Party::headrace,
       [&] { return measured(setting, batch, ours); },
       {},
       "simdjson kernel " + Kernel::active()->name()}};
  for (const simdjson::implementation* kernel : other_kernels()) {
    subjects.push_back({"headrace, kernel " + kernel->name(), Party::headrace, [&, kernel] {
                          const Kernel chosen(kernel);
                          // A thread has its own memory for that, made for the kernel of then.
                          return std::async(std::launch::async,
                                            [&] {
                                              SplitAndParse work(batch);
                                              return measured(setting, batch, work);
                                            })
                              .get();
                        }});
  }
  std::optional<Goal> goal;
  if (shape.goal > 0) goal = Goal{shape.goal};
  Figure& figure =
      add_figure(report, setting, "framing/" + shape.id,
                 "split, envelope and slice, each line: " + shape.title, floor, subjects, goal);
  for (Series& series : figure.series)
    series.note = rate_note(series, shape.line.size(), series.note);
}

}  // namespace

void measure_framing(const Setting& setting, Report& report) {
  const std::vector<Shape> shapes{
      {"200B", "200 B", call_line(200), 90},
      {"1KiB", "1 KiB", call_line(1024), 0},
      // 8 GB/s.
      {"4KiB", "4 KiB (512 ns is 8 GB/s)", call_line(4096), 512},
      {"16KiB", "16 KiB", call_line(16384), 0},
      {"1MiB", "1 MiB", call_line(std::size_t{1} << 20), 0},
      {"table", "a result of 1,000 small objects", table_line(1000), 0},
  };
  for (const Shape& shape : shapes)
    measure_shape(setting, report, shape);
}

}  // namespace headrace::bench
