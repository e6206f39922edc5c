// Who gets a session, and who has to make room for it.
#include <headrace/server/session_table.hpp>

#include <algorithm>

namespace headrace::server {

SessionTable::Taken SessionTable::take(const std::string& name) {
  Taken taken;
  if (closed_) {
    taken.error = "Headrace is shutting down";
    return taken;
  }
  const auto known = sessions_.find(name);
  if (known != sessions_.end()) {
    known->second->last_taken_ = ++uses_;
    return {SessionUse(known->second), {}, nullptr};
  }
  std::shared_ptr<NamedSession> victim;
  if (sessions_.size() >= limit_) {
    victim = find_victim();
    if (!victim) {
      taken.error = no_room();
      return taken;
    }
  }
  // All that can fail comes first: the table is as it was, or as it should be.
  const std::shared_ptr<NamedSession> named = make_(name);
  named->last_taken_ = ++uses_;
  const auto gone = std::find(gone_.begin(), gone_.end(), name);
  if (gone != gone_.end()) {
    named->lost = "the session limit of " + std::to_string(limit_) +
                  " (MCP_BRIDGE_MAX_SESSIONS) was reached, and this session was the longest unused";
  }
  if (victim) gone_.push_back(victim->name);
  sessions_.emplace(name, named);
  if (victim) {
    sessions_.erase(victim->name);
    taken.evicted = victim->session;
  }
  // By value: what was found may have moved when the other was added.
  std::erase(gone_, name);
  if (gone_.size() > remembered_) gone_.pop_front();
  return {SessionUse(named), {}, std::move(taken.evicted)};
}

std::shared_ptr<NamedSession> SessionTable::find_victim() const {
  std::shared_ptr<NamedSession> victim;
  const auto rank = [](const NamedSession& named) {
    // Without an interpreter it has lost its state already.
    return std::pair(named.session && named.session->has_interpreter(), named.last_taken_);
  };
  for (const auto& [name, named] : sessions_) {
    if (named->runs_ > 0) continue;
    if (!victim || rank(*named) < rank(*victim)) victim = named;
  }
  return victim;
}

std::string SessionTable::no_room() const {
  constexpr std::size_t most_named = 8;
  std::string names;
  std::size_t left = most_named;
  for (const auto& [name, named] : sessions_) {
    if (left-- == 0) {
      names += ", …";
      break;
    }
    names += (names.empty() ? "'" : ", '") + name + "'";
  }
  return "there is no room for another session: the " + std::to_string(limit_) +
         " that may be there at once (MCP_BRIDGE_MAX_SESSIONS) are all running code. Run it again "
         "when one of them has ended, or use one of them: " +
         names;
}

std::shared_ptr<sandbox::Session> SessionTable::find(std::string_view name) const {
  const auto found = sessions_.find(name);
  return found == sessions_.end() ? nullptr : found->second->session;
}

}  // namespace headrace::server
