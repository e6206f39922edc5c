// PeerCore under any bytes and any order of calls, cancellations, ticks, partial writes and ends.
#include <headrace/engine/peer_core.hpp>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <asio/error.hpp>

#include "check.hpp"
#include "script.hpp"

namespace {

using namespace headrace;          // NOLINT: a program of one file
using namespace headrace::engine;  // NOLINT

class Run {
 public:
  explicit Run(Script& script) : script_(script) {
    PeerOptions options;
    options.frame_limit = 400;
    options.write_high_water = 300;
    options.write_limit = 20000;
    options.inbound_requests = 5;
    options.inbound_bytes = 8000;
    PeerHooks hooks;
    hooks.on_request = [this](Responder responder, const Message&) {
      expect_hook_allowed();
      ++requests_[std::string(responder.id())];
      held_.push_back(std::move(responder));
      react();
    };
    hooks.on_notification = [this](const Message& message) {
      expect_hook_allowed();
      FUZZ_CHECK(message.params.size() <= 400);
      react();
    };
    hooks.on_invalid = [this](const framing::Envelope& envelope) {
      expect_hook_allowed();
      if (script_.byte() % 2 == 0) {
        owned([&] { core_->send_error({}, -32600, "invalid"); });
      }
      FUZZ_CHECK(envelope.kind == framing::Kind::invalid);
    };
    hooks.on_oversize = [this](const framing::LineSplitter::Oversize& line) {
      expect_hook_allowed();
      FUZZ_CHECK(line.size > 400);
    };
    hooks.on_noise = [this](std::string_view line) {
      expect_hook_allowed();
      FUZZ_CHECK(line.size() <= 200);
    };
    hooks.on_end = [this](std::error_code) {
      expect_hook_allowed();
      ended_ = true;
    };
    core_ = std::make_shared<PeerCore>(std::move(options), std::move(hooks));
  }

  void play() {
    while (!script_.done())
      step();
    if (script_.byte() % 2 == 0) finish_orderly();
    held_.clear();
    core_->close(Errc::shutting_down);
    closed_ = true;
    for (const auto& call : calls_)
      FUZZ_CHECK(*call == 1);
    FUZZ_CHECK(core_->calls_pending() == 0);
    FUZZ_CHECK(!core_->next_deadline() || ended_ || core_->broken());
    check_output();
  }

 private:
  void expect_hook_allowed() const {
    FUZZ_CHECK(!ended_);
    FUZZ_CHECK(!closed_);
    FUZZ_CHECK(owner_depth_ == 0);
  }

  /// What the owner does: no hook may be called from inside.
  template <class Function>
  void owned(Function function) {
    const int depth = std::exchange(owner_depth_, 1);
    function();
    owner_depth_ = depth;
  }

  void call() {
    auto count = std::make_shared<int>(0);
    Completion completion = [this, count](std::error_code, const Answer& answer) {
      FUZZ_CHECK(++*count == 1);
      FUZZ_CHECK(answer.body.size() <= 400);
      // From now on we are not inside the call that led here, whatever it was.
      const int depth = std::exchange(owner_depth_, 0);
      react();
      owner_depth_ = depth;
    };
    CallOptions options;
    const std::uint8_t when = script_.byte();
    if (when < 128) options.deadline = Deadline(Clock::time_point(std::chrono::seconds(when)));
    options.announce_cancel = when % 5 != 0;
    const std::string params(script_.byte(), '1');
    const Payload payload(params.empty() ? "" : "[", RawJson{params, {}},
                          params.empty() ? "" : "]");
    std::error_code failure;
    std::uint64_t number = 0;
    owned([&] { number = core_->call("m", payload, options, completion, failure); });
    FUZZ_CHECK((number == 0) == bool(failure));
    FUZZ_CHECK((number == 0) == bool(completion));
    if (number != 0) calls_.push_back(std::move(count));
  }

  void react() {
    if (depth_ > 3 || script_.done()) return;
    ++depth_;
    switch (script_.byte() % 8) {
      case 0:
        call();
        break;
      case 1:
        cancel();
        break;
      case 2:
        answer();
        break;
      case 3:
        owned([&] { core_->notify_always("n", std::string_view("[]")); });
        break;
      case 4:
        if (script_.byte() % 16 == 0) close();
        break;
      default:
        break;
    }
    --depth_;
  }

  void cancel() {
    const std::uint64_t number = script_.byte();
    owned([&] { core_->cancel(number, "fuzzed \"reason\""); });
  }

  void close() {
    owned([&] { core_->close(Errc::shutting_down); });
    closed_ = true;
  }

  void answer() {
    if (held_.empty()) return;
    const std::size_t which = script_.byte() % held_.size();
    Responder responder = std::move(held_[which]);
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
    const std::string json(script_.byte() * 2U + 1U, '7');
    owned([&] {
      switch (script_.byte() % 5) {
        case 0:
          responder.error(-1, "no");
          break;
        case 1:
          responder.discard();
          break;
        case 2:
          responder = Responder();
          break;
        case 3:
          break;
        default:
          responder.result(std::string_view(json));
          break;
      }
      const Responder dropped(std::move(responder));
    });
  }

  void feed(std::string_view text) {
    while (!text.empty() && !ended_) {
      const std::span<char> room = core_->prepare_read();
      FUZZ_CHECK(room.size() >= 16 << 10);
      const std::size_t size = std::min(text.size(), room.size());
      std::memcpy(room.data(), text.data(), size);
      text.remove_prefix(size);
      core_->on_read(size);
    }
  }

  void write(std::size_t most) {
    std::size_t size = 0;
    for (const asio::const_buffer& buffer : core_->output().prepare()) {
      const std::size_t part = std::min(buffer.size(), most - size);
      written_.append(static_cast<const char*>(buffer.data()), part);
      size += part;
    }
    FUZZ_CHECK(size <= core_->output().size());
    core_->output().consume(size);
    core_->on_written();
  }

  void step() {
    switch (script_.byte() % 14) {
      case 0:
        feed(script_.bytes(script_.byte()));
        break;
      case 1:
        feed(R"({"jsonrpc":"2.0","id":)" + std::to_string(script_.byte()) +
             R"(,"result":[]})"
             "\n");
        break;
      case 2:
        feed(R"({"jsonrpc":"2.0","id":)" + std::to_string(script_.byte()) +
             R"(,"error":{}})"
             "\n");
        break;
      case 3:
        feed(R"({"jsonrpc":"2.0","id":)" + std::to_string(script_.byte()) + R"(,"result":")" +
             std::string(script_.byte() * 4U, 'x') + "\"}\n");
        break;
      case 4:
        feed(R"({"jsonrpc":"2.0","id":"q)" + std::to_string(script_.byte()) +
             R"(","method":"m","params":")" + std::string(script_.byte() * 2U, 'x') + "\"}\n");
        break;
      case 5:
        feed(R"({"jsonrpc":"2.0","id":)" + std::to_string(script_.byte()) + ",\"result\":}\n");
        break;
      case 6:
        call();
        break;
      case 7:
        cancel();
        break;
      case 8:
        now_ = std::max(now_, Clock::time_point(std::chrono::seconds(script_.byte())));
        core_->on_tick(now_);
        break;
      case 9:
      case 10:
        if (!core_->broken()) write(script_.byte());
        break;
      case 11:
        answer();
        break;
      case 12:
        owned([&] { core_->notify("n", std::string_view("[1]")); });
        break;
      default:
        end(script_.byte());
        break;
    }
  }

  // Most runs should go on for long.
  void end(std::uint8_t how) {
    if (how == 1) core_->on_read_end(asio::error::eof);
    if (how == 2) core_->on_write_error(asio::error::broken_pipe);
    if (how == 3) core_->on_write_error(asio::error::shut_down);
    if (how == 4) close();
    if (how == 5) core_->stop_calls();
  }

  // Whatever has happened: with all written and every deadline passed nothing is left waiting.
  void finish_orderly() {
    while (!core_->output().empty() && !core_->broken())
      write(SIZE_MAX);
    if (!core_->broken()) FUZZ_CHECK(written_.empty() || written_.back() == '\n');
    core_->on_read_end(asio::error::eof);
    FUZZ_CHECK(core_->calls_pending() == 0);
    FUZZ_CHECK(ended_ || closed_);
  }

  void check_output() {
    framing::EnvelopeParser parser;
    std::size_t begin = 0;
    for (;;) {
      const std::size_t end = written_.find('\n', begin);
      if (end == std::string::npos) break;
      std::string line = written_.substr(begin, end - begin);
      begin = end + 1;
      const std::size_t size = line.size();
      line.append(64, '\0');
      const framing::Envelope envelope = parser.parse(std::string_view(line.data(), size));
      FUZZ_CHECK(envelope.kind != framing::Kind::invalid);
      FUZZ_CHECK(envelope.version_ok);
      const bool answers =
          envelope.kind == framing::Kind::result || envelope.kind == framing::Kind::error;
      if (answers && !envelope.id.empty()) FUZZ_CHECK(requests_[std::string(envelope.id)]-- > 0);
    }
  }

  Script& script_;
  std::shared_ptr<PeerCore> core_;
  std::vector<std::shared_ptr<int>> calls_;
  std::vector<Responder> held_;
  std::map<std::string, int> requests_;
  std::string written_;
  Clock::time_point now_{};
  int depth_ = 0;
  int owner_depth_ = 0;
  bool ended_ = false;
  bool closed_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script(data, size);
  Run(script).play();
  return 0;
}
