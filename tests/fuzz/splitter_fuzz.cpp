// The splitter, in any chunking and with any frames held, agrees with a reader that has all bytes.
#include <headrace/framing/line_skimmer.hpp>
#include <headrace/framing/line_splitter.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check.hpp"

namespace {

using headrace::framing::Frame;
using headrace::framing::LineSkimmer;
using headrace::framing::LineSplitter;

struct Event {
  std::string text;  // of an oversize line: its id
  std::optional<std::size_t> oversize;
  bool operator==(const Event&) const = default;
};

bool is_blank(std::string_view line) {
  return std::all_of(line.begin(), line.end(),
                     [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
}

// Every line of `bytes`, and what comes behind the last newline when it is a frame.
std::vector<Event> read_whole(std::string_view bytes, std::size_t limit) {
  std::vector<Event> events;
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    const bool complete = newline != std::string_view::npos;
    std::string_view line = bytes.substr(0, newline);
    bytes.remove_prefix(complete ? newline + 1 : bytes.size());
    const std::string_view with_return = line;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() <= limit) {
      if (!is_blank(line)) events.push_back({std::string(line), std::nullopt});
    } else if (complete) {
      LineSkimmer skimmer;
      skimmer.feed(with_return);
      events.push_back({std::string(skimmer.id()), line.size()});
    }
  }
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The first bytes decide how the others are delivered.
  constexpr std::size_t choice_bytes = 16;
  if (size < choice_bytes) return 0;
  const std::size_t limit = data[0] * std::size_t{2};
  const std::size_t repeat = 1 + data[1] * std::size_t{data[2]} / 32;  // fills blocks
  const std::size_t held_at_most = data[3] % 64U;
  std::size_t reads = 0;

  const std::string_view unit(
      static_cast<const char*>(static_cast<const void*>(data)) + choice_bytes, size - choice_bytes);
  std::string bytes;
  for (std::size_t i = 0; i < repeat && bytes.size() < 80000; ++i)
    bytes += unit;

  LineSplitter splitter({.frame_limit = limit, .block_size = 1});
  std::vector<Event> events;
  std::deque<std::pair<Frame, std::string>> held;
  const auto take = [&](const Frame& frame) {
    events.push_back({std::string(frame.text), std::nullopt});
    // The padding is readable, or the sanitizer says so.
    const volatile char* const behind = frame.text.data() + frame.text.size();
    static_cast<void>(behind[headrace::framing::block_padding - 1]);
    held.emplace_back(frame, std::string(frame.text));
    while (held.size() > held_at_most) {
      FUZZ_CHECK(held.front().first.text == held.front().second);
      held.pop_front();
    }
  };

  Frame frame;
  std::string_view left = bytes;
  while (!left.empty()) {
    const std::span<char> room = splitter.prepare();
    FUZZ_CHECK(room.size() >= headrace::framing::ReceiveBuffer::minimum_read);
    const std::size_t choice = data[4 + reads++ % (choice_bytes - 4)];
    const std::size_t wish =
        bytes.size() / 200 + (choice >= 128 ? (choice - 127) * 1024 : choice + 1);
    const std::size_t n = std::min({wish, room.size(), left.size()});
    // The room behind what was read may hold anything.
    std::memset(room.data(), '\n', std::min(room.size(), n + 100));
    std::memcpy(room.data(), left.data(), n);
    splitter.commit(n);
    left.remove_prefix(n);
    while (true) {
      const LineSplitter::Next next = splitter.next(frame);
      if (next == LineSplitter::Next::need_more) break;
      if (next == LineSplitter::Next::frame) {
        take(frame);
      } else {
        events.push_back({splitter.oversize().id, splitter.oversize().size});
      }
    }
    FUZZ_CHECK(splitter.buffered() <= limit + 1);
  }
  if (splitter.rest(frame)) take(frame);
  FUZZ_CHECK(splitter.buffered() == 0);

  FUZZ_CHECK(events == read_whole(bytes, limit));
  for (const auto& [kept, text] : held)
    FUZZ_CHECK(kept.text == text);
  return 0;
}
