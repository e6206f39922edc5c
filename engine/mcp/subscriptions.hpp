// Who wants to hear of changes, and what they are told: both eras' subscriptions of one client.
#pragma once

#include <headrace/engine/mcp/protocol.hpp>
#include <headrace/engine/peer_core.hpp>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace headrace::engine::mcp {

/// What a server may tell of without being asked each time.
struct Announcements {
  bool tools = false;
  bool prompts = false;
  bool resources = false;         ///< That their list has changed.
  bool resource_updates = false;  ///< That one of them has.
  bool any() const noexcept { return tools || prompts || resources || resource_updates; }
};

/// Without I/O. Legacy clients hear of lists once they have said hello, and of resources that they
/// have subscribed to; modern ones of what their `subscriptions/listen` names.
class Subscriptions {
 public:
  using Notify = std::function<void(std::string_view method, const Payload& params)>;

  /// `server_info` is the raw `Implementation` that modern results carry.
  Subscriptions(Announcements announced, std::string server_info)
      : announced_(announced), server_info_(std::move(server_info)) {}

  void connect(Notify notify) { notify_ = std::move(notify); }
  const Announcements& announced() const noexcept { return announced_; }

  /// The legacy client is set up.
  void greet() noexcept { greeted_ = true; }
  /// False when there are too many.
  bool subscribe(std::string uri);
  void unsubscribe(std::string_view uri);

  /// `subscriptions/listen`: acknowledges it and keeps it open; or answers with an error.
  void listen(Responder responder, std::string_view params);
  bool is_listening(std::string_view id) const { return listens_.contains(id); }
  /// The client has ended it; nothing is answered. False when there is none of this raw id.
  bool forget(std::string_view id);
  /// Ends all of them in order (2026-07-28, subscriptions, "Graceful closure").
  void close();

  void tools_changed();
  void prompts_changed();
  void resources_changed();
  void resource_updated(std::string_view uri);

 private:
  struct Listen {
    Responder responder;
    Announcements wants;
    std::set<std::string, std::less<>> uris;
  };

  void list_changed(std::string_view method, bool Announcements::*kind);

  Announcements announced_;
  std::string server_info_;
  Notify notify_;
  bool greeted_ = false;
  std::set<std::string, std::less<>> legacy_uris_;
  std::map<std::string, Listen, std::less<>> listens_;  // by raw id
};

}  // namespace headrace::engine::mcp
