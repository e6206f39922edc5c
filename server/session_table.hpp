// Sessions by their names: made at first use, bounded in number, remembered when they had to go.
#pragma once

#include <headrace/sandbox/session.hpp>
#include <headrace/server/code_requests.hpp>
#include <headrace/server/run_questions.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::server {

/// An interpreter's session, and what its code may ask for.
struct NamedSession {
  std::string name;
  std::shared_ptr<CodeRequests> requests;
  std::shared_ptr<sandbox::Session> session;
  /// Why the state of an earlier session of this name is gone, until somebody is told.
  std::string lost;
  /// Of the run under way; null between runs.
  std::shared_ptr<const Respondent> respondent;

 private:
  friend class SessionTable;
  friend class SessionUse;
  std::size_t runs_ = 0;          // under way, or waiting for their turn
  std::uint64_t last_taken_ = 0;  // a number that grows with each use
};

/// As long as it lives, its session is not ended for want of room. Empty when moved from.
class SessionUse {
 public:
  SessionUse() noexcept = default;
  explicit SessionUse(std::shared_ptr<NamedSession> named) noexcept : named_(std::move(named)) {
    ++named_->runs_;
  }
  SessionUse(SessionUse&&) noexcept = default;
  SessionUse& operator=(SessionUse&&) = delete;
  ~SessionUse() {
    if (named_) --named_->runs_;
  }

  explicit operator bool() const noexcept { return named_ != nullptr; }
  NamedSession& operator*() const noexcept { return *named_; }
  NamedSession* operator->() const noexcept { return named_.get(); }

 private:
  std::shared_ptr<NamedSession> named_;
};

/// Not thread-safe. Starts nothing and ends nothing by itself.
class SessionTable {
 public:
  using Make = std::function<std::shared_ptr<NamedSession>(const std::string& name)>;

  /// At most `limit` sessions live at once; of those that had to go, the last `remembered` names
  /// are known.
  SessionTable(std::size_t limit, std::size_t remembered, Make make)
      : limit_(limit), remembered_(remembered), make_(std::move(make)) {}

  struct Taken {
    SessionUse use;  ///< Empty when there is no room: `error` says so in words for the model.
    std::string error;
    /// Had to make room and is out of the table: to be closed. Null when there was room.
    std::shared_ptr<sandbox::Session> evicted;
  };

  /// The session of this name, for one run.
  Taken take(const std::string& name);

  /// Null when there is none.
  std::shared_ptr<sandbox::Session> find(std::string_view name) const;
  /// In the order of their names.
  const std::map<std::string, std::shared_ptr<NamedSession>, std::less<>>& sessions() const {
    return sessions_;
  }

  /// From now on nothing can be taken. The sessions stay, to be closed.
  void close() noexcept { closed_ = true; }

 private:
  std::shared_ptr<NamedSession> find_victim() const;
  std::string no_room() const;

  std::size_t limit_;
  std::size_t remembered_;
  Make make_;
  std::map<std::string, std::shared_ptr<NamedSession>, std::less<>> sessions_;
  std::deque<std::string> gone_;  // names, the oldest first
  std::uint64_t uses_ = 0;
  bool closed_ = false;
};

}  // namespace headrace::server
