// A PeerCore with text on all sides: lines in, lines out, and what became of each call.
#pragma once

#include <headrace/engine/peer_core.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support.hpp"

namespace headrace::engine::test {

struct CallRecord {
  std::uint64_t number = 0;  // 0 when it could not begin
  std::error_code refused;   // then this says why
  int completions = 0;
  std::error_code error;
  std::string body;
};

class CoreHarness {
 public:
  /// Hooks may be set up to the moment of the first event.
  PeerHooks hooks;
  std::vector<std::shared_ptr<CallRecord>> calls;

  explicit CoreHarness(PeerOptions options = {}) : options_(std::move(options)) {}
  ~CoreHarness() { core().close(Errc::shutting_down); }
  CoreHarness(const CoreHarness&) = delete;
  CoreHarness& operator=(const CoreHarness&) = delete;

  PeerCore& core() {
    if (!core_) core_ = std::make_shared<PeerCore>(std::move(options_), std::move(hooks));
    return *core_;
  }

  const CallRecord& call(std::string_view method, std::string_view params = {},
                         CallOptions options = {}) {
    auto record = std::make_shared<CallRecord>();
    calls.push_back(record);
    Completion completion = [record](std::error_code error, Answer answer) {
      ++record->completions;
      record->error = error;
      record->body = answer.body;
    };
    record->number = core().call(method, params, options, completion, record->refused);
    return *record;
  }

  /// As read from the stream; a newline is added when there is none.
  void line(std::string_view text) { feed(std::string(text) + "\n"); }

  /// As read from the stream, byte for byte, at most `piece` at a time.
  void feed(std::string_view text, std::size_t piece = SIZE_MAX) {
    while (!text.empty()) {
      const std::span<char> room = core().prepare_read();
      const std::size_t size = std::min({room.size(), text.size(), piece});
      std::memcpy(room.data(), text.data(), size);
      text.remove_prefix(size);
      core().on_read(size);
    }
  }

  /// Writes up to `most` bytes and returns them.
  std::string write(std::size_t most = SIZE_MAX) {
    std::string text;
    for (const asio::const_buffer& buffer : core().output().prepare())
      text.append(static_cast<const char*>(buffer.data()), buffer.size());
    if (text.size() > most) text.resize(most);
    core().output().consume(text.size());
    core().on_written();
    return text;
  }

  /// All that is to be written, line by line.
  std::vector<std::string> written() {
    std::string text;
    while (!core().output().empty())
      text += write();
    EXPECT_TRUE(text.empty() || text.back() == '\n') << "half a frame was written";
    return lines_of(text);
  }

 private:
  PeerOptions options_;
  std::shared_ptr<PeerCore> core_;
};

inline std::string result_of(std::uint64_t number, std::string_view result) {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(number) + R"(,"result":)" +
         std::string(result) + "}";
}

}  // namespace headrace::engine::test
