// ServerRole under any sequence of a client's messages of both eras, of what handlers do, and of
// time passing; ServerRoleModel says what may come of it.
#include <headrace/engine/mcp/server_role.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check.hpp"
#include "script.hpp"
#include "server_role_model.hpp"

namespace {

using namespace headrace;               // NOLINT: a program of one file
using namespace headrace::engine;       // NOLINT
using namespace headrace::engine::mcp;  // NOLINT
using Json = nlohmann::json;

constexpr std::array<std::string_view, 6> capability_choices{
    R"({})",
    R"({"elicitation":{},"sampling":{},"roots":{}})",
    R"({"elicitation":{"form":{},"url":{}},"sampling":{"tools":{}},"roots":{"listChanged":true}})",
    R"({"elicitation":{"url":{}}})",
    R"({"sampling":{}})",
    R"({"elicitation":{"form":{}},"roots":{}})"};

struct Ask {
  std::string_view method;
  std::string_view params;
};
constexpr std::array<Ask, 5> asks{
    Ask{"elicitation/create", R"({"message":"m","requestedSchema":{"type":"object"}})"},
    Ask{"elicitation/create", R"({"mode":"url","message":"m","url":"u","elicitationId":"e"})"},
    Ask{"sampling/createMessage", R"({"messages":[],"maxTokens":1})"},
    Ask{"sampling/createMessage", R"({"messages":[],"maxTokens":1,"tools":[]})"},
    Ask{"roots/list", "{}"}};
constexpr std::array<std::string_view, 4> keys{"", "a", "q2", "b \\\"\""};

// A request's method and params, without `_meta`.
constexpr std::array<Ask, 26> requests{
    Ask{"tools/call", R"("name":"work")"},
    Ask{"tools/call", R"("name":"work","arguments":{"a":1})"},
    Ask{"prompts/get", R"("name":"prompt")"},
    Ask{"resources/read", R"("uri":"more://a")"},
    Ask{"resources/list", ""},
    Ask{"subscriptions/listen", R"("notifications":{})"},
    Ask{"subscriptions/listen", R"("notifications":{)"
                                R"("toolsListChanged":true,)"
                                R"("promptsListChanged":true,)"
                                R"("resourceSubscriptions":["u"]})"},
    Ask{"subscriptions/listen", R"("notifications":7)"},
    Ask{"tools/call", R"("name":"now")"},
    Ask{"tools/call", R"("name":"drop")"},
    Ask{"tools/call", R"("name":"none")"},
    Ask{"tools/call", R"("name":7,"arguments":[])"},
    Ask{"server/discover", ""},
    Ask{"ping", ""},
    Ask{"tools/list", ""},
    Ask{"prompts/list", R"("cursor":"200")"},
    Ask{"resources/templates/list", ""},
    Ask{"resources/read", R"("uri":"one://")"},
    Ask{"resources/subscribe", R"("uri":"u")"},
    Ask{"resources/unsubscribe", R"("uri":"u")"},
    Ask{"logging/setLevel", R"("level":"debug")"},
    Ask{"logging/setLevel", R"("level":"loud")"},
    Ask{"completion/complete", R"("ref":{"type":"ref/prompt","name":"prompt"},)"
                               R"("argument":{"name":"a","value":"v"})"},
    Ask{"prompts/get", R"("name":"prompt","inputResponses":{)"
                       R"("a":{"roots":[]},"b":7})"},
    Ask{"tools/call", R"("name":"work","inputResponses":7)"},
    Ask{"nothing", ""}};

std::string_view good_answer(std::string_view method) {
  if (method == "roots/list") return R"({"roots":[]})";
  if (method == "sampling/createMessage")
    return R"({"role":"assistant","model":"m","content":{"type":"text","text":"t"}})";
  return R"({"action":"accept","content":{"a":1}})";
}

class Run {
 public:
  explicit Run(Script& script) : script_(script) {
    ServerOptions options;
    options.implementation = {"fuzzed", "1", ""};
    options.tools.push_back({"work", "{}", keep()});
    options.tools.push_back({"now", "{}", [](std::shared_ptr<Request> call) {
                               call->result(std::string_view(R"({ "content" : [] })"));
                             }});
    options.tools.push_back({"drop", "{}", [](std::shared_ptr<Request>) {}});
    options.prompts.push_back({"prompt", "{}", keep()});
    options.resources.push_back({"one://", "{}", "text/plain", [] { return "text"; }});
    options.provider.list = [this](ResourceProvider::Listed listed) {
      lists_.push_back(std::move(listed));
    };
    options.provider.read = [this](const std::string&, ResourceProvider::Read read) {
      reads_.push_back(std::move(read));
    };
    options.complete = [](const CompletionQuery&) { return Completions{}; };
    options.announced = {true, true, true, true};
    role_ = std::make_shared<ServerRole>(std::move(options));
    PeerHooks hooks;
    hooks.on_request = [this](Responder responder, const Message& message) {
      role_->on_request(std::move(responder), message);
    };
    hooks.on_notification = [this](const Message& message) { role_->on_notification(message); };
    hooks.on_invalid = [this](const framing::Envelope& line) { role_->on_invalid(line); };
    hooks.on_oversize = [this](const framing::LineSplitter::Oversize& line) {
      role_->on_oversize(line);
    };
    PeerOptions peer;
    if (script_.byte() % 2 == 0) peer.write_high_water = 300;
    core_ = std::make_shared<PeerCore>(std::move(peer), std::move(hooks));
    connect();
  }

  void play() {
    while (!script_.done()) {
      step();
      read_output();
    }
    if (script_.byte() % 2 == 0) finish_orderly();
    close();
  }

 private:
  // The role's own callbacks keep what they were given, for the script to act on.
  std::function<void(std::shared_ptr<Request>)> keep() {
    return [this](std::shared_ptr<Request> request) {
      seen_.push_back(request);
      request->on_cancel = [this, weak = std::weak_ptr(request), told = 0]() mutable {
        FUZZ_CHECK(++told == 1);
        if (const auto self = weak.lock()) act(self);
      };
      works_.push_back(std::move(request));
    };
  }

  void connect() {
    ServerOutput output;
    output.notify = [this](std::string_view method, const Payload& params) {
      return core_->notify(method, params);
    };
    output.announce = [this](std::string_view method, const Payload& params) {
      core_->notify_always(method, params);
    };
    output.send_error = [this](std::string_view id, std::int64_t code, std::string_view message) {
      core_->send_error(id, code, message);
    };
    output.call = [this](std::string_view method, const Payload& params, const CallOptions& options,
                         Completion completion) {
      std::error_code failure;
      const std::uint64_t number = core_->call(method, params, options, completion, failure);
      if (number == 0) {
        later_.push_back([failure, completion = std::move(completion)]() mutable {
          completion(failure, Answer{});
        });
      }
      return number;
    };
    output.cancel = [this](std::uint64_t number, std::string_view reason) {
      core_->cancel(number, reason);
    };
    output.later = [this](UniqueFunction<void()> task) { later_.push_back(std::move(task)); };
    role_->connect(std::move(output));
  }

  void step() {
    switch (script_.byte() % 16) {
      case 0:
      case 1:
      case 2:
        send_request();
        break;
      case 3:
        send(
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
            "cancelled\",\"params\":{\"requestId\":" +
            id() + "}}");
        break;
      case 4:
        send(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
        break;
      case 5:
        send_initialize();
        break;
      case 6:
        answer_question();
        break;
      case 7:
        next_round();
        break;
      case 8:
        send_raw();
        break;
      case 9:
      case 10:
      case 11:
      case 12:
        if (!works_.empty()) {
          const auto request = works_[script_.byte() % works_.size()];
          act(request);
        }
        break;
      case 13:
        run_later(1 + script_.byte() % 4U);
        break;
      case 14:
        tick(script_.byte() % 4 == 0);
        break;
      default:
        act_on_role();
        break;
    }
  }

  // --- the client ---

  std::string id() {
    const std::uint8_t number = script_.byte() % 8;
    return number < 6 ? std::to_string(number) : "\"" + std::to_string(number) + "\"";
  }

  void send(const std::string& line, const std::optional<ServerRoleModel::Sent>& details = {}) {
    model_.on_sent(line, details);
    std::string_view rest = line;
    while (!rest.empty()) {
      const std::span<char> room = core_->prepare_read();
      const std::size_t size = std::min(rest.size(), room.size());
      std::memcpy(room.data(), rest.data(), size);
      rest.remove_prefix(size);
      core_->on_read(size);
    }
    core_->prepare_read()[0] = '\n';
    core_->on_read(1);
    read_output();
  }

  void send_raw() {
    std::string line = script_.bytes(script_.byte());
    std::replace(line.begin(), line.end(), '\n', ' ');
    // The model does not know whose progress that would be.
    if (line.find("progressToken") == std::string::npos) send(line);
  }

  // `_meta` of one of the eras, or what is wrong with one.
  std::string make_meta(ServerRoleModel::Sent& sent, std::uint8_t kind) {
    std::string meta;
    const std::string_view capabilities = script_.one_of(capability_choices);
    sent.modern = kind >= 3;
    if (sent.modern) {
      sent.must_fail = kind == 3 || kind == 4;
      sent.capabilities = Json::parse(capabilities);
      meta = R"("io.modelcontextprotocol/protocolVersion":")";
      meta += kind == 3 ? "1900-01-01\"" : "2026-07-28\"";
      if (kind != 4) {
        meta += R"(,"io.modelcontextprotocol/clientCapabilities":)";
        meta += capabilities;
      }
      if (kind == 5) meta += R"(,"io.modelcontextprotocol/logLevel":"info")";
    }
    if (script_.byte() % 2 == 0) {
      sent.token = std::to_string(++last_token_);
      meta += std::string(meta.empty() ? "" : ",") + R"("progressToken":)" + sent.token;
    }
    return R"("_meta":{)" + meta + "}";
  }

  void send_request(std::string id, std::string_view method, ServerRoleModel::Sent sent,
                    const std::string& meta) {
    std::string params = meta;
    if (!sent.params.empty()) params += (params.empty() ? "" : ",") + sent.params;
    send(R"({"jsonrpc":"2.0","id":)" + std::move(id) + R"(,"method":")" + std::string(method) +
             R"(","params":{)" + params + "}}",
         sent);
  }

  void send_request() {
    const Ask& ask = script_.one_of(requests);
    ServerRoleModel::Sent sent;
    sent.params = ask.params;
    const std::string meta = make_meta(sent, script_.byte() % 10);
    send_request(id(), ask.method, std::move(sent), meta);
  }

  void send_initialize() {
    ServerRoleModel::Sent sent;
    sent.params = R"("protocolVersion":"2025-11-25","capabilities":)" +
                  std::string(script_.one_of(capability_choices));
    send_request(id(), "initialize", std::move(sent), "");
  }

  void answer_question() {
    if (model_.questions.empty()) return;
    auto question = model_.questions.begin();
    std::advance(question, script_.byte() % model_.questions.size());
    const auto [number, method] = *question;
    std::string body = R"("result":)" + std::string(good_answer(method));
    switch (script_.byte() % 6) {
      case 0:
        body = R"("result":{"action":7})";
        break;
      case 1:
        body = R"("result":[])";
        break;
      case 2:
        body = R"("error":{"code":-1,"message":"no"})";
        break;
      default:
        break;
    }
    model_.questions.erase(question);
    send(R"({"jsonrpc":"2.0","id":)" + std::to_string(number) + "," + body + "}");
  }

  void next_round() {
    if (model_.rounds.empty()) return;
    const std::size_t which = script_.byte() % model_.rounds.size();
    ServerRoleModel::Round& round = model_.rounds[which];
    ServerRoleModel::Sent sent = round.request;
    sent.token.clear();
    sent.acknowledged = false;
    const std::string meta = make_meta(sent, 6);
    sent.must_fail = !round.valid;
    std::string state = round.state;
    const std::uint8_t how = script_.byte() % 8;
    if (how == 0) state += "x";
    if (how == 1) state[state.size() / 2] = state[state.size() / 2] == '0' ? '1' : '0';
    if (how == 2) sent.params = R"("name":"work","arguments":{"other":1})";
    const bool is_other = how <= 1 || (how == 2 && sent.params != round.request.params);
    if (is_other) {
      sent.must_fail = true;
    } else {
      round.valid = false;
    }
    std::string answers;
    for (const auto& [key, method] : round.questions) {
      const std::uint8_t choice = script_.byte() % 5;
      if (choice == 0) continue;
      if (!answers.empty()) answers += ',';
      answers += Json(key).dump() + ":";
      answers += choice == 1 ? R"({"action":7})" : good_answer(method);
    }
    const std::string method = round.request.method;
    // Answers that came with the first round are not repeated.
    const std::string plain = sent.params.substr(0, sent.params.find(",\"inputResponses\""));
    std::string params = plain + R"(,"requestState":")" + state + "\"";
    if (how != 3) params += R"(,"inputResponses":{)" + answers + "}";
    send(R"({"jsonrpc":"2.0","id":)" + std::to_string(++last_round_) + R"(,"method":")" + method +
             R"(","params":{)" + meta + "," + params + "}}",
         sent);
  }

  // --- whoever works on requests ---

  void act(const std::shared_ptr<Request>& request) {
    if (depth_ > 3 || script_.done()) return;
    ++depth_;
    switch (script_.byte() % 12) {
      case 0:
      case 1:
      case 2:
        ask(request);
        break;
      case 3:
        request->result(std::string_view(R"({"_meta": { } ,"content":[]})"));
        break;
      case 4:
        request->result(Payload(R"({)", RawJson{R"("content":[])", {}}, "}"));
        break;
      case 5:
        request->error(script_.byte() % 3, "no \"reason\"", script_.byte() % 2 == 0 ? "" : "[1]");
        break;
      case 6:
        request->progress("on");
        request->progress(script_.byte() - 100.0, 7, "");
        break;
      case 7:
        request->log(LogLevel::warning, "logger", R"({"a":1})");
        break;
      case 8:
        std::erase(works_, request);
        break;
      case 9:
        withdraw();
        break;
      case 10:
        request->refuse_for(R"({"roots":{}})");
        break;
      default:
        break;
    }
    --depth_;
  }

  struct Question {
    std::weak_ptr<Request> request;
    std::uint64_t number = 0;
    int answers = 0;
    bool withdrawn = false;
  };

  void ask(const std::shared_ptr<Request>& request) {
    const Ask& what = script_.one_of(asks);
    auto question = std::make_shared<Question>();
    question->request = request;
    // The usual case: who waits for the answer keeps the request.
    std::shared_ptr<Request> held = script_.byte() % 4 == 0 ? nullptr : request;
    auto done = [this, question, held, method = what.method](QuestionReply reply) {
      FUZZ_CHECK(!asking_);
      FUZZ_CHECK(++question->answers == 1 && !question->withdrawn);
      FUZZ_CHECK(reply.result.empty() == (reply.code != 0 || !reply.message.empty()));
      FUZZ_CHECK(reply.result.empty() || is_answer(method, reply.result));
      if (held) act(held);
    };
    asking_ = true;
    question->number = request->ask(script_.one_of(keys), what.method, what.params, done);
    asking_ = false;
    questions_.push_back(std::move(question));
  }

  void withdraw() {
    if (questions_.empty()) return;
    const auto question = questions_[script_.byte() % questions_.size()];
    const auto request = question->request.lock();
    if (!request) return;
    if (question->answers == 0) question->withdrawn = true;
    request->withdraw(question->number);
  }

  void act_on_role() {
    switch (script_.byte() % 8) {
      case 0:
        role_->tools_changed();
        break;
      case 1:
        role_->resource_updated("u");
        break;
      case 2:
        role_->prompts_changed();
        role_->resources_changed();
        break;
      case 3:
        role_->log(LogLevel::error, "role", "text");
        break;
      case 4:
        if (!lists_.empty()) {
          auto listed = std::move(lists_.back());
          lists_.pop_back();
          if (script_.byte() % 4 != 0) listed({"{}"});
        }
        break;
      case 5:
        if (!reads_.empty()) {
          auto read = std::move(reads_.back());
          reads_.pop_back();
          const std::uint8_t how = script_.byte() % 4;
          ResourceContent content;
          content.content = "AA==";
          content.is_text = how == 1;
          if (how == 2) content.error = "no";
          if (how != 0) read(how == 3 ? std::nullopt : std::optional(content));
        }
        break;
      default:
        break;
    }
  }

  // --- time and the stream ---

  void run_later(std::size_t most) {
    while (most-- > 0 && !later_.empty()) {
      auto task = std::move(later_.front());
      later_.pop_front();
      task();
      read_output();
    }
  }

  void tick(bool far) {
    const auto now = Clock::now() + (far ? std::chrono::hours(1) : std::chrono::hours(0));
    if (far) {
      for (ServerRoleModel::Round& round : model_.rounds)
        round.valid = false;
      FUZZ_CHECK(!role_->next_deadline() || *role_->next_deadline() < now);
    }
    role_->on_tick(now);
    core_->on_tick(now);
    if (far) FUZZ_CHECK(!role_->next_deadline());
  }

  void read_output() {
    std::string text;
    while (!core_->output().empty()) {
      std::size_t size = 0;
      for (const asio::const_buffer& buffer : core_->output().prepare()) {
        text.append(static_cast<const char*>(buffer.data()), buffer.size());
        size += buffer.size();
      }
      core_->output().consume(size);
      core_->on_written();
    }
    FUZZ_CHECK(text.empty() || text.back() == '\n');
    std::size_t begin = 0;
    for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
      model_.on_received(text.substr(begin, end - begin));
  }

  // Everybody lets go, and time passes: then each request has been answered.
  void finish_orderly() {
    for (int turn = 0; turn < 4; ++turn) {
      works_.clear();
      lists_.clear();
      reads_.clear();
      run_later(SIZE_MAX);
      tick(true);
      run_later(SIZE_MAX);
      read_output();
    }
    FUZZ_CHECK(later_.empty());
    FUZZ_CHECK(role_->calls_under_way() == 0);
    FUZZ_CHECK(model_.unanswered() == 0);
    FUZZ_CHECK(core_->calls_pending() == 0);
  }

  void close() {
    read_output();
    model_.cancel_all();
    role_->close();
    read_output();
    FUZZ_CHECK(model_.open_subscriptions() == 0);
    FUZZ_CHECK(role_->calls_under_way() == 0);
    core_->close(Errc::shutting_down);
    run_later(SIZE_MAX);
    works_.clear();
    lists_.clear();
    reads_.clear();
    run_later(SIZE_MAX);
    core_->drop_hooks();
    const std::weak_ptr<ServerRole> role = role_;
    const std::weak_ptr<PeerCore> core = core_;
    role_.reset();
    core_.reset();
    FUZZ_CHECK(role.expired());
    for (const auto& request : seen_)
      FUZZ_CHECK(request.expired());
    for (const auto& question : questions_)
      FUZZ_CHECK(question->withdrawn || question->answers == 1);
    FUZZ_CHECK(core.expired());
  }

  Script& script_;
  ServerRoleModel model_;
  std::shared_ptr<ServerRole> role_;
  std::shared_ptr<PeerCore> core_;
  std::deque<UniqueFunction<void()>> later_;
  std::vector<std::shared_ptr<Request>> works_;
  std::vector<std::weak_ptr<Request>> seen_;
  std::vector<std::shared_ptr<Question>> questions_;
  std::vector<ResourceProvider::Listed> lists_;
  std::vector<ResourceProvider::Read> reads_;
  int depth_ = 0;
  bool asking_ = false;
  int last_token_ = 0;
  int last_round_ = 1000;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script(data, size);
  Run(script).play();
  return 0;
}
