// What a client may see of a server, kept apart from how the server does it: fed with every line in
// both directions, it stops the fuzzer at the first that breaks a rule of MCP.
#pragma once

#include <headrace/framing/envelope.hpp>
#include <headrace/framing/object_scanner.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "check.hpp"

class ServerRoleModel {
 public:
  using Json = nlohmann::json;

  /// A request that was sent, with what its sender knows of it.
  struct Sent {
    std::string method;
    bool known = false;  ///< False for a line of the fuzzer's own: only counted.
    bool modern = false;
    bool must_fail = false;
    Json capabilities = Json::object();
    std::string params;  ///< Raw, without `_meta`: what a next round repeats.
    std::string token;   ///< Of progress; raw, empty for none.
    bool acknowledged = false;
  };
  /// What waits for a modern client's next round.
  struct Round {
    std::string state;
    Sent request;
    std::map<std::string, std::string> questions;  ///< Methods by key.
    bool valid = true;
  };

  std::vector<Round> rounds;
  std::map<std::uint64_t, std::string> questions;  ///< The server's open requests: their methods.

  /// A line from the client, before the server sees it. `details` belong to a request.
  void on_sent(std::string line, const std::optional<Sent>& details = std::nullopt) {
    using headrace::framing::Fault;
    using headrace::framing::Kind;
    const std::size_t size = line.size();
    line.append(64, ' ');
    const auto envelope = parser_.parse(std::string_view(line.data(), size));
    unreadable_.reset();
    if (envelope.kind == Kind::request) {
      if (envelope.method == "initialize") {
        const Json params = Json::parse(envelope.body, nullptr, false);
        if (params.is_object() && params.contains("capabilities"))
          legacy_capabilities_.push_back(params["capabilities"]);
      }
      Sent sent = details.value_or(Sent{});
      sent.method = envelope.method;
      sent.known = details.has_value();
      const std::string id(envelope.id);
      if (!sent.token.empty()) {
        // One under an id that is taken is refused, and its token means nothing.
        progress_.emplace(sent.token, Progress{id, std::nullopt});
      }
      owed_[id].push_back(std::move(sent));
    } else if (envelope.kind == Kind::notification &&
               envelope.method == "notifications/cancelled") {
      std::array<headrace::framing::Member, 1> members{{{"requestId"}}};
      scanner_.scan_members(envelope.body, members);
      forget(std::string(members[0].value));
    } else if (envelope.kind == Kind::notification &&
               envelope.method == "notifications/initialized") {
      greeted_ = true;
    } else if (envelope.kind == Kind::invalid) {
      if (envelope.id.empty() || envelope.fault == Fault::batch ||
          envelope.fault == Fault::not_json) {
        ++nameless_errors_;
      } else {
        unreadable_ = envelope.id;
      }
    }
  }

  /// A whole line from the server.
  void on_received(const std::string& line) {
    const Json json = Json::parse(line, nullptr, false);
    FUZZ_CHECK(json.is_object());
    FUZZ_CHECK(json.value("jsonrpc", "") == "2.0");
    std::string padded = line;
    padded.append(64, ' ');
    const auto envelope = parser_.parse(std::string_view(padded.data(), line.size()));
    const std::string id(envelope.id);
    const bool has_id = !id.empty();
    if (json.contains("method")) {
      FUZZ_CHECK(json.size() == 2U + json.count("id") + json.count("params"));
      if (has_id) {
        on_question(json);
      } else {
        on_notification(json);
      }
      return;
    }
    FUZZ_CHECK(json.size() == 2U + json.count("id"));
    FUZZ_CHECK(json.count("result") + json.count("error") == 1);
    if (!has_id) {
      FUZZ_CHECK(json.contains("error") && nameless_errors_-- > 0);
      return;
    }
    if (json.contains("error") && unreadable_ == id) {
      unreadable_.reset();
      return;
    }
    const Sent request = take(id, json.contains("error"));
    if (json.contains("error")) {
      const Json& error = json["error"];
      FUZZ_CHECK(error["code"].is_number_integer() && error["message"].is_string());
      FUZZ_CHECK(error["code"] != -32002 && error["code"] != -32042);
    } else {
      FUZZ_CHECK(!request.must_fail);
      if (request.known) on_result(request, json["result"]);
    }
  }

  /// Requests that wait for an answer, but for subscriptions.
  std::size_t unanswered() const {
    std::size_t count = 0;
    for (const auto& [id, requests] : owed_) {
      count += static_cast<std::size_t>(
          std::count_if(requests.begin(), requests.end(),
                        [](const Sent& one) { return one.method != "subscriptions/listen"; }));
    }
    return count;
  }
  std::size_t open_subscriptions() const {
    std::size_t count = 0;
    for (const auto& [id, requests] : owed_)
      count += requests.size();
    return count - unanswered();
  }
  /// The server ends: whatever it has not answered it may keep to itself, but for subscriptions.
  void cancel_all() {
    for (auto& [id, requests] : owed_) {
      std::erase_if(requests, [](const Sent& one) { return one.method != "subscriptions/listen"; });
    }
    for (Round& round : rounds)
      round.valid = false;
    progress_.clear();
  }

 private:
  struct Progress {
    std::string id;
    std::optional<double> last;
  };

  void drop_progress(const Sent& sent) {
    if (!sent.token.empty()) progress_.erase(sent.token);
  }

  void forget(const std::string& id) {
    const auto found = owed_.find(id);
    if (found == owed_.end()) return;
    for (const Sent& sent : found->second)
      drop_progress(sent);
    owed_.erase(found);
  }

  // The request that this answers. One more under an id that is taken is refused at once.
  Sent take(const std::string& id, bool is_error) {
    auto& requests = owed_[id];
    FUZZ_CHECK(!requests.empty());
    const bool from_back = is_error && requests.size() > 1;
    Sent sent = from_back ? requests.back() : requests.front();
    if (from_back) {
      requests.pop_back();
    } else {
      requests.pop_front();
    }
    drop_progress(sent);
    return sent;
  }

  static bool declares(const Json& capabilities, std::string_view method, const Json& params) {
    if (method == "sampling/createMessage") {
      return capabilities.contains("sampling") &&
             (!params.contains("tools") || capabilities["sampling"].contains("tools"));
    }
    if (method == "roots/list") return capabilities.contains("roots");
    FUZZ_CHECK(method == "elicitation/create");
    if (!capabilities.contains("elicitation")) return false;
    const Json& elicitation = capabilities["elicitation"];
    if (params.value("mode", "form") == "url") return elicitation.contains("url");
    return elicitation.contains("form") || !elicitation.contains("url");
  }

  void on_question(const Json& json) {
    const std::string method = json["method"];
    const Json params = json.value("params", Json::object());
    FUZZ_CHECK(std::any_of(
        legacy_capabilities_.begin(), legacy_capabilities_.end(),
        [&](const Json& capabilities) { return declares(capabilities, method, params); }));
    const auto [place, is_new] = questions.emplace(json["id"].get<std::uint64_t>(), method);
    FUZZ_CHECK(is_new);
  }

  void on_notification(const Json& json) {
    static const std::set<std::string> announcements{
        "notifications/tools/list_changed", "notifications/prompts/list_changed",
        "notifications/resources/list_changed", "notifications/resources/updated"};
    const std::string method = json["method"];
    const Json params = json.value("params", Json::object());
    if (method == "notifications/progress") {
      const auto progress = progress_.find(params["progressToken"].dump());
      FUZZ_CHECK(progress != progress_.end());
      const double number = params["progress"];
      FUZZ_CHECK(!progress->second.last || number > *progress->second.last);
      progress->second.last = number;
    } else if (method == "notifications/message") {
      FUZZ_CHECK(params["level"].is_string() && params.contains("data"));
    } else if (method == "notifications/cancelled") {
      FUZZ_CHECK(questions.erase(params["requestId"].get<std::uint64_t>()) == 1);
    } else if (method == "notifications/subscriptions/acknowledged") {
      Sent& listen = subscription(params);
      FUZZ_CHECK(!std::exchange(listen.acknowledged, true));
    } else {
      FUZZ_CHECK(announcements.contains(method));
      if (params.contains("_meta")) {
        FUZZ_CHECK(subscription(params).acknowledged);
      } else {
        FUZZ_CHECK(greeted_ || method == "notifications/resources/updated");
      }
    }
  }

  Sent& subscription(const Json& params) {
    const auto found = owed_.find(params["_meta"]["io.modelcontextprotocol/subscriptionId"].dump());
    FUZZ_CHECK(found != owed_.end() && !found->second.empty());
    FUZZ_CHECK(found->second.front().method == "subscriptions/listen");
    return found->second.front();
  }

  void on_result(const Sent& request, const Json& result) {
    static const std::set<std::string> cacheable{"server/discover", "tools/list",
                                                 "prompts/list",    "resources/list",
                                                 "resources/read",  "resources/templates/list"};
    FUZZ_CHECK(result.is_object());
    if (!request.modern) {
      FUZZ_CHECK(!result.contains("resultType") && !result.contains("ttlMs"));
      return;
    }
    FUZZ_CHECK(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"].is_string());
    const bool complete = result["resultType"] == "complete";
    FUZZ_CHECK(complete || result["resultType"] == "input_required");
    FUZZ_CHECK(result.contains("ttlMs") == (complete && cacheable.contains(request.method)));
    if (result.contains("ttlMs")) {
      FUZZ_CHECK(result["ttlMs"].is_number_integer() && result["ttlMs"] >= 0);
      FUZZ_CHECK(result["cacheScope"] == "public" || result["cacheScope"] == "private");
    }
    if (!complete) on_round(request, result);
  }

  void on_round(const Sent& request, const Json& result) {
    FUZZ_CHECK(request.method == "tools/call" || request.method == "prompts/get" ||
               request.method == "resources/read");
    Round round{result["requestState"], request, {}, true};
    FUZZ_CHECK(!result["inputRequests"].empty());
    for (const auto& [key, question] : result["inputRequests"].items()) {
      FUZZ_CHECK(declares(request.capabilities, question["method"].get<std::string>(),
                          question["params"]));
      round.questions[key] = question["method"];
    }
    for (const Round& other : rounds)
      FUZZ_CHECK(other.state != round.state);
    rounds.push_back(std::move(round));
  }

  headrace::framing::EnvelopeParser parser_;
  headrace::framing::ObjectScanner scanner_;
  std::map<std::string, std::deque<Sent>> owed_;  // by raw id
  std::map<std::string, Progress> progress_;      // by raw token
  bool greeted_ = false;
  std::vector<Json> legacy_capabilities_;  // of every `initialize`
  int nameless_errors_ = 0;
  std::optional<std::string> unreadable_;  // the id of the last line, when that was no message
};
