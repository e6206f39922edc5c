// A ServerRole on a PeerCore, with JSON on the client's side and kept requests on the other.
#pragma once

#include <headrace/engine/mcp/server_role.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core_harness.hpp"

namespace headrace::engine::test {

using Json = nlohmann::json;

/// The `_meta` of a modern request.
inline Json modern_meta(Json capabilities = Json::object()) {
  return {{"io.modelcontextprotocol/protocolVersion", "2026-07-28"},
          {"io.modelcontextprotocol/clientCapabilities", std::move(capabilities)}};
}

/// All that a client can declare.
inline Json all_capabilities() {
  return Json::parse(
      R"({"elicitation":{"form":{},"url":{}},"sampling":{"tools":{}},"roots":{"listChanged":true}})");
}

inline const Json server_info = Json::parse(R"({"name":"test","title":"A test","version":"1.2"})");

class RoleHarness {
 public:
  using Change = std::function<void(mcp::ServerOptions&)>;

  /// With the tools `keep`, `now`, `drop`, the prompt `keep` and the resource `res://one`, and what
  /// `change` makes of that.
  explicit RoleHarness(const Change& change = {}) {
    mcp::ServerOptions options;
    options.implementation = {"test", "1.2", "A test"};
    const auto keep = [this](std::shared_ptr<mcp::Request> request) {
      kept.push_back(std::move(request));
    };
    options.tools.push_back({"keep", R"({"name":"keep"})", keep});
    options.tools.push_back({"other", R"({"name":"other"})", keep});
    options.tools.push_back({"now", R"({"name":"now"})", [](std::shared_ptr<mcp::Request> call) {
                               call->result(std::string_view(call->arguments()));
                             }});
    options.prompts.push_back({"keep", R"({"name":"keep"})", keep});
    options.resources.push_back(
        {"res://one", R"({"uri":"res://one"})", "text/plain", [] { return "one"; }});
    if (change) change(options);
    role = std::make_shared<mcp::ServerRole>(std::move(options));
    peer.hooks.on_request = [this](Responder responder, const Message& message) {
      role->on_request(std::move(responder), message);
    };
    peer.hooks.on_notification = [this](const Message& message) { role->on_notification(message); };
    peer.hooks.on_invalid = [this](const framing::Envelope& line) { role->on_invalid(line); };
    mcp::ServerOutput output;
    output.notify = [this](std::string_view method, const Payload& params) {
      return !full && peer.core().notify(method, params);
    };
    output.announce = [this](std::string_view method, const Payload& params) {
      peer.core().notify_always(method, params);
    };
    output.send_error = [this](std::string_view id, std::int64_t code, std::string_view message) {
      peer.core().send_error(id, code, message);
    };
    output.call = [this](std::string_view method, const Payload& params, const CallOptions& how,
                         Completion completion) {
      std::error_code failure;
      const std::uint64_t number = peer.core().call(method, params, how, completion, failure);
      EXPECT_NE(number, 0U) << failure.message();
      return number;
    };
    output.cancel = [this](std::uint64_t number, std::string_view reason) {
      peer.core().cancel(number, reason);
    };
    output.later = [this](UniqueFunction<void()> task) { tasks_.push_back(std::move(task)); };
    output.rearm = [this] { ++rearmed; };
    role->connect(std::move(output));
  }
  ~RoleHarness() {
    role->close();
    run_later();
    // Calls to the client end, before what they belong to goes.
    peer.core().close(Errc::shutting_down);
    run_later();
  }
  RoleHarness(const RoleHarness&) = delete;
  RoleHarness& operator=(const RoleHarness&) = delete;

  /// What a client has been told since the last time, once all that was put off is done.
  std::vector<Json> written() {
    run_later();
    std::vector<Json> messages;
    for (const std::string& line : peer.written())
      messages.push_back(Json::parse(line));
    return messages;
  }

  void send(const Json& message) { peer.line(message.dump()); }

  void notify(const std::string& method, const Json& params = Json::object()) {
    send({{"jsonrpc", "2.0"}, {"method", method}, {"params", params}});
  }

  /// A legacy request, and what is written because of it.
  std::vector<Json> ask(const std::string& method, const Json& params = Json::object(),
                        const Json& id = 1) {
    send({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}});
    return written();
  }

  /// A modern one; its `_meta` is completed.
  std::vector<Json> ask_modern(const std::string& method, Json params = Json::object(),
                               const Json& id = 1, const Json& capabilities = all_capabilities()) {
    Json meta = modern_meta(capabilities);
    if (params.contains("_meta")) meta.update(params["_meta"]);
    params["_meta"] = std::move(meta);
    return ask(method, params, id);
  }

  /// The one answer of one of these; null when there is none or more.
  static Json only(const std::vector<Json>& messages) {
    EXPECT_EQ(messages.size(), 1U) << Json(messages).dump();
    return messages.size() == 1 ? messages[0] : Json();
  }
  static Json result(const std::vector<Json>& messages) {
    const Json answer = only(messages);
    EXPECT_TRUE(answer.contains("result")) << answer.dump();
    return answer.value("result", Json());
  }
  static std::int64_t code(const std::vector<Json>& messages) {
    const Json answer = only(messages);
    EXPECT_TRUE(answer.contains("error")) << answer.dump();
    return answer.contains("error") ? answer["error"]["code"].get<std::int64_t>() : 0;
  }

  /// A legacy client that can do all.
  void greet(const Json& capabilities = all_capabilities()) {
    ask("initialize", {{"protocolVersion", "2025-11-25"}, {"capabilities", capabilities}}, "hello");
    notify("notifications/initialized");
  }

  void run_later() {
    while (!tasks_.empty()) {
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      task();
    }
  }

  std::vector<std::shared_ptr<mcp::Request>> kept;
  int rearmed = 0;
  bool full = false;  // the client does not read
  std::shared_ptr<mcp::ServerRole> role;
  CoreHarness peer;

 private:
  std::deque<UniqueFunction<void()>> tasks_;
};

}  // namespace headrace::engine::test
