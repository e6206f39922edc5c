// The measuring client's side of the pipes: writes calls, reads answers, knows when each began.
#pragma once

#include <headrace/bench/histogram.hpp>
#include <headrace/bench/load.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::bench {

/// One round of calls over one target. Everything that grows with the round is taken from memory
/// when it is made; the calls themselves take none.
class Exchange {
 public:
  /// How it waits: `plain` reads and writes block, which costs least, and would never end if both
  /// sides had more to write than a pipe holds; `careful` ones do not.
  enum class Waiting { plain, careful };

  /// With `at_once` 1, each call is sent before the next is added; of more it is an estimate.
  Exchange(Target& target, const Payload& payload, std::size_t calls, std::size_t at_once,
           Waiting waiting);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange();

  /// Puts one more call into what send() writes; its time counts from `began`.
  void add(Clock::time_point began);
  /// Writes what was added; a careful one as much as the pipe takes.
  void send();
  /// Waits until answers can be read, at most until `until`, and records their times. A plain one
  /// waits for an answer in any case.
  void receive(Histogram& times, Clock::time_point until);

  std::size_t sent() const noexcept { return sent_; }
  std::size_t answered() const noexcept { return answered_; }

 private:
  void read_once(Histogram& times);
  void make_room();
  void take_answer(std::string_view line, Clock::time_point now, Histogram& times);
  void check_silence();
  [[noreturn]] void fail_of_silence();

  Target& target_;
  Clock::duration patience_;
  bool careful_;
  bool single_;  // one call at a time, written from call_ itself
  std::size_t id_at_ = 0;
  std::string call_;  // a line whose id has a fixed place and length
  std::size_t least_answer_;
  std::vector<Clock::time_point> began_;  // of each call by its number in the round
  std::vector<bool> done_;
  std::size_t sent_ = 0;
  std::size_t answered_ = 0;
  std::size_t answered_before_ = 0;  // when the silence was last looked at
  int silences_ = 0;
  Clock::time_point last_answer_;

  std::string out_;
  std::size_t to_write_ = 0;
  std::size_t written_ = 0;
  std::string in_;  // [begin_, end_) of it holds what was read; up to scanned_ there is no newline
  std::size_t begin_ = 0;
  std::size_t scanned_ = 0;
  std::size_t end_ = 0;
};

}  // namespace headrace::bench
