// The client role under anything that a server can say: the handshake, calls of several requests,
// questions and notifications. What is sent is held against what was said before.
#include <headrace/engine/mcp/call_flow.hpp>
#include <headrace/engine/mcp/client_role.hpp>
#include <headrace/engine/mcp/handshake.hpp>
#include <headrace/engine/mcp/question_desk.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "check.hpp"
#include "script.hpp"

namespace {

using namespace headrace;               // NOLINT: a program of one file
using namespace headrace::engine;       // NOLINT
using namespace headrace::engine::mcp;  // NOLINT
using Json = nlohmann::json;

constexpr std::array<std::string_view, 4> offers{
    R"({})", R"({"elicitation":{},"sampling":{}})",
    R"({"elicitation":{"form":{},"url":{}},"sampling":{"tools":{},"context":{}}})", "7"};

constexpr std::array<std::string_view, 10> discover_answers{
    R"("result":{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":true}}})",
    R"("result":{"supportedVersions":["x","2026-07-28","2025-11-25"],"capabilities":7})",
    R"("result":{"supportedVersions":["2025-11-25"],"capabilities":{}})",
    R"("result":{"supportedVersions":["1900-01-01"]})",
    R"("result":{"supportedVersions":7})",
    R"("result":[])",
    R"("error":{"code":-32601,"message":"what?"})",
    R"("error":{"code":-32022,"message":"no","data":{"supported":["2025-11-25"]}})",
    R"("error":{"code":-32022,"message":"no","data":{"supported":["2026-07-28"]}})",
    R"("error":7)"};

constexpr std::array<std::string_view, 7> initialize_answers{
    R"("result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{},"tasks":{"requests":{"tools":{"call":{}}}}}})",
    R"("result":{"protocolVersion":"2024-11-05","capabilities":{},"serverInfo":{"name":"s","version":"1"}})",
    R"("result":{"protocolVersion":"2026-07-28","capabilities":{}})",
    R"("result":{"protocolVersion":7})",
    R"("result":7)",
    R"("error":{"code":-32600,"message":"no"})",
    R"("error":[])"};

// Of every other request; half of them mean something else each time.
constexpr std::array<std::string_view, 32> call_answers{
    R"("result":{"content":[]})",
    R"("result":{"resultType":"complete","content":[]})",
    R"("result":{"resultType":"input_required","inputRequests":{"a":{"method":"elicitation/create","params":{"message":"m"}}},"requestState":"s \" 1"})",
    R"("result":{"resultType":"input_required","inputRequests":{"a":{"method":"elicitation/create"},"b \"":{"method":"sampling/createMessage","params":{}},"c":{"method":"roots/list"}}})",
    R"("result":{"resultType":"input_required","requestState":"s2"})",
    R"("result":{"resultType":"input_required","requestState":{"odd":[1, 2]},"inputRequests":{}})",
    R"("result":{"resultType":"input_required"})",
    R"("result":{"resultType":"input_required","inputRequests":[]})",
    R"("result":{"resultType":"input_required","inputRequests":{"a":7}})",
    R"("result":{"resultType":"input_required","inputRequests":{"a":{"method":"x","params":[]}}})",
    R"("result":{"resultType":"input_required","inputRequests":{"a":{"method":"unknown"}},"requestState":null})",
    R"("result":{"resultType":"task","taskId":"t","status":"working","pollIntervalMs":-5})",
    R"("result":{"resultType":"task","taskId":"t","status":"completed"})",
    R"("result":{"resultType":"task","taskId":7})",
    R"("result":{"task":{"taskId":"t","status":"working","pollInterval":1e99}})",
    R"("result":{"task":{"taskId":"t","status":"input_required"}})",
    R"("result":{"task":7})",
    R"("result":{"taskId":"t","status":"working"})",
    R"("result":{"taskId":"t","status":"completed","result":{"content":[]}})",
    R"("result":{"taskId":"t","status":"completed"})",
    R"("result":{"taskId":"t","status":"failed","error":{"code":1,"message":"no"}})",
    R"("result":{"taskId":"t","status":"input_required","inputRequests":{"a":{"method":"elicitation/create","params":{}}}})",
    R"("result":{"taskId":"other","status":"working"})",
    R"("result":{"taskId":"t","status":"cancelled","statusMessage":"why"})",
    R"("result":{"resultType":"special"})",
    R"("result":{"resultType":7,"resultType":8})",
    R"("result":[7])",
    R"("result":{})",
    R"("error":{"code":-32602,"message":"no","data":{}})",
    R"("error":"odd")",
    R"("result":{"nextCursor":"c \" \u0001","ttlMs":7})",
    R"("result":{"nextCursor":"","ttlMs":-1})"};

constexpr std::array<std::string_view, 10> server_lines{
    R"("id":%,"method":"ping")",
    R"("id":%,"method":"roots/list")",
    R"("id":%,"method":"elicitation/create","params":{"message":"m","requestedSchema":{}})",
    R"("id":%,"method":"elicitation/create","params":{"mode":"url"})",
    R"("id":%,"method":"sampling/createMessage","params":{"messages":[],"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"t"}}})",
    R"("id":%,"method":"unknown/method","params":[])",
    R"("method":"notifications/cancelled","params":{"requestId":%})",
    R"("method":"notifications/progress","params":{"progressToken":%,"progress":0.5,"total":1e999})",
    R"("method":"notifications/message","params":{"level":"odd","data":{"a":[]}})",
    R"("method":"notifications/tools/list_changed")"};

class Run {
 public:
  explicit Run(Script& script) : script_(script) {
    constexpr std::array choices{ProtocolChoice::automatic, ProtocolChoice::legacy,
                                 ProtocolChoice::modern};
    constexpr std::array<std::optional<Era>, 3> memories{std::nullopt, Era::legacy, Era::modern};
    choice_ = script_.one_of(choices);
    handshake_ = Handshake(choice_, script_.one_of(memories));
    identity_.implementation = {"fuzzer", "1", ""};
    if (script_.byte() % 2 == 0) identity_.roots = {{"file:///a", "a \"b\""}};
    offered_ = script_.one_of(offers);
    QuestionDesk::Hooks hooks;
    hooks.ask = [this](const Question& question, ReplyCallback reply) -> std::uint64_t {
      FUZZ_CHECK(question.method == "elicitation/create" ||
                 question.method == "sampling/createMessage");
      FUZZ_CHECK(missing_capability(declared_, question.method, question.params).empty());
      if (script_.byte() % 4 == 0) {
        answer_question(question.method, std::move(reply));
        return 0;
      }
      const std::uint64_t number = ++last_question_;
      waiting_[number] = {question.method, std::move(reply)};
      return number;
    };
    hooks.cancel = [this](std::uint64_t number) { FUZZ_CHECK(waiting_.erase(number) == 1); };
    hooks.on_open = [this](bool open) { FUZZ_CHECK(std::exchange(open_, open) != open); };
    desk_ = std::make_shared<QuestionDesk>(context_.get_executor(), std::chrono::hours(1),
                                           std::move(hooks));
  }

  void play() {
    start();
    while (!script_.done()) {
      step();
      read_output();
    }
    finish();
  }

 private:
  enum class Phase { starting, ready, over };

  struct Flow {
    explicit Flow(CallFlow::Options options) : steps(std::move(options)) {}
    CallFlow steps;
    std::string call;
    std::uint64_t in_flight = 0;
    bool waiting = false;
    int ends = 0;
    int rounds = 0;
    Json state;                  // as the server said it last, for the next round
    std::set<std::string> keys;  // that the next round has to answer
    std::vector<std::uint64_t> asked;
    std::vector<QuestionReply> replies;
    std::size_t unanswered = 0;
  };

  struct Waiting {
    std::string method;
    ReplyCallback reply;
  };

  struct Owed {
    std::shared_ptr<Responder> responder;
    std::uint64_t key = 0;
  };

  // --- the start ---

  void start() {
    PeerHooks hooks;
    hooks.on_request = [this](Responder responder, const Message& message) {
      on_request(std::move(responder), message);
    };
    hooks.on_notification = [this](const Message& message) { on_notification(message); };
    core_ = std::make_shared<PeerCore>(PeerOptions{}, std::move(hooks));
    discovers_ = 0;
    initializes_ = 0;
    advance(handshake_.on_started());
  }

  void advance(Handshake::Step step) {
    using Step = Handshake::Step;
    FUZZ_CHECK(phase_ == Phase::starting);
    switch (step) {
      case Step::wait:
        // Or it would be for ever.
        FUZZ_CHECK(core_->calls_pending() > 0);
        FUZZ_CHECK(!handshake_.unanswered().empty());
        break;
      case Step::discover:
        // Once more where the server says that it speaks what it has refused.
        FUZZ_CHECK(choice_ != ProtocolChoice::legacy && ++discovers_ <= 2);
        send_handshake(true);
        break;
      case Step::initialize:
        FUZZ_CHECK(choice_ != ProtocolChoice::modern && ++initializes_ == 1);
        send_handshake(false);
        break;
      case Step::restart:
        FUZZ_CHECK(++restarts_ == 1);
        start();
        break;
      case Step::ready:
        become_ready();
        break;
      case Step::failed:
        phase_ = Phase::over;
        break;
    }
  }

  void become_ready() {
    phase_ = Phase::ready;
    facts_ = handshake_.facts();
    const bool modern = facts_.era == Era::modern;
    FUZZ_CHECK(modern ? is_modern_version(facts_.protocol_version)
                      : is_legacy_version(facts_.protocol_version));
    FUZZ_CHECK(choice_ == ProtocolChoice::automatic ||
               modern == (choice_ == ProtocolChoice::modern));
    declared_ = declare(identity_, offered_, facts_.era);
    meta_ = request_meta(identity_, declared_, facts_.protocol_version);
    if (!modern) core_->notify_always("notifications/initialized", {});
    const std::string wanted = listen_params(facts_);
    if (modern && !wanted.empty())
      call("subscriptions/listen", with_member(wanted, R"("_meta":{)" + meta_ + "}"));
  }

  void send_handshake(bool discover) {
    declared_ = declare(identity_, offered_, discover ? Era::modern : Era::legacy);
    meta_ = request_meta(identity_, declared_, modern_versions.front());
    const std::string params =
        discover ? R"({"_meta":{)" + meta_ + "}}" : initialize_params(identity_, declared_);
    Completion completion = [this, discover](std::error_code error, const Answer& answer) {
      if (phase_ != Phase::starting || error == Errc::shutting_down) return;
      RemoteError refused;
      if (error == Errc::remote_error) refused = read_remote_error(answer.body);
      if (discover) {
        advance(error ? handshake_.on_discover_refused(refused)
                      : handshake_.on_discovered(answer.body));
      } else {
        advance(error ? handshake_.on_initialize_refused(refused.message)
                      : handshake_.on_initialized(answer.body));
      }
    };
    begin_call(discover ? "server/discover" : "initialize", std::string_view(params), completion);
  }

  std::uint64_t begin_call(std::string_view method, const Payload& params, Completion& completion) {
    CallOptions options;
    options.deadline = Deadline::after(std::chrono::minutes(1));
    std::error_code failure;
    const std::uint64_t number = core_->call(method, params, options, completion, failure);
    FUZZ_CHECK(number != 0);
    return number;
  }

  void call(std::string_view method, const std::string& params) {
    Completion ignored = [](std::error_code, const Answer&) {};
    begin_call(method, std::string_view(params), ignored);
  }

  // The process ends: what was under way fails, and it may be started once more.
  void end_process() {
    read_output();
    const bool starting = phase_ == Phase::starting;
    close_process();
    if (starting) {
      advance(handshake_.on_ended());
    } else {
      phase_ = Phase::over;
    }
  }

  void close_process() {
    for (const auto& flow : std::vector(flows_))
      end_flow(flow);
    desk_->close_all("it ended");
    core_->close(Errc::shutting_down);
    core_->drop_hooks();
    const std::weak_ptr<PeerCore> core = core_;
    questions_.clear();
    requests_.clear();
    owed_.clear();
    cancelled_.clear();
    last_id_ = 0;
    core_.reset();
    FUZZ_CHECK(core.expired());
    core_ = std::make_shared<PeerCore>(PeerOptions{}, PeerHooks{});
  }

  // --- calls ---

  void begin_flow() {
    if (phase_ != Phase::ready) return;
    constexpr std::array<std::string_view, 3> methods{"tools/call", "prompts/get",
                                                      "resources/read"};
    CallFlow::Options options;
    options.era = facts_.era;
    options.method = script_.one_of(methods);
    if (options.method == "tools/call") {
      options.prefix = call_tool_params("tool \"1\"").prefix;
      options.arguments = {R"({ "a": [1] })", {}};
      if (facts_.tool_tasks && script_.byte() % 2 == 0)
        options.task_ttl = std::chrono::milliseconds(5000);
    } else if (options.method == "prompts/get") {
      options.prefix = open_object(get_prompt_params("p", script_.byte() % 2 == 0 ? "" : "{ }"));
    } else {
      options.prefix = open_object(read_resource_params("u://"));
    }
    if (script_.byte() % 2 == 0) options.meta = R"("progressToken":7)";
    if (facts_.era == Era::modern) options.meta += (options.meta.empty() ? "" : ",") + meta_;
    const auto flow = std::make_shared<Flow>(options);
    flow->call = options.method;
    flows_.push_back(flow);
    seen_.push_back(flow);
    advance(flow, flow->steps.begin());
  }

  void advance(const std::shared_ptr<Flow>& flow, CallFlow::Step step) {
    using Step = CallFlow::Step;
    FUZZ_CHECK(flow->ends == 0);
    switch (step) {
      case Step::send:
        send_step(flow);
        break;
      case Step::wait:
        FUZZ_CHECK(flow->steps.pause() > std::chrono::milliseconds(0));
        FUZZ_CHECK(flow->steps.pause() <= std::chrono::seconds(5));
        flow->waiting = true;
        break;
      case Step::ask:
        ask_step(flow);
        break;
      case Step::done:
        FUZZ_CHECK(!flow->steps.error() || flow->steps.error() == Errc::remote_error);
        FUZZ_CHECK(!flow->steps.take_outcome().body.empty());
        end_flow(flow);
        break;
      case Step::fail:
        FUZZ_CHECK(flow->steps.error() && !flow->steps.why().empty());
        give_up(flow);
        end_flow(flow);
        break;
    }
  }

  void send_step(const std::shared_ptr<Flow>& flow) {
    std::string text;
    for (const RawJson& piece : flow->steps.params().pieces)
      text.append(piece.text);
    check_params(*flow, text);
    Completion completion = [this, flow](std::error_code error, const Answer& answer) {
      if (flow->ends > 0) return;
      flow->in_flight = 0;
      if (error && error != Errc::remote_error) {
        if (error == Errc::timed_out) give_up(flow);
        end_flow(flow);
        return;
      }
      read_page(answer.body);
      note_state(*flow, error, answer);
      advance(flow, flow->steps.on_answer(error, answer));
    };
    flow->in_flight = begin_call(flow->steps.method(), flow->steps.params(), completion);
  }

  static void read_page(std::string_view body) {
    const auto ttl = time_to_live(body);
    FUZZ_CHECK(!ttl || ttl->count() >= 0);
    const auto cursor = next_cursor(body);
    if (!cursor) return;
    const Json page = Json::parse(body, nullptr, false);
    const Json next = Json::parse(list_params(*cursor), nullptr, false);
    FUZZ_CHECK(next.is_object());
    const bool is_once = body.find("nextCursor") == body.rfind("nextCursor");
    if (page.is_object() && is_once) FUZZ_CHECK(next["cursor"] == page["nextCursor"]);
  }

  // What of an answer the next round has to bring back.
  static void note_state(Flow& flow, std::error_code error, const Answer& answer) {
    flow.state = nullptr;
    if (error || flow.steps.method() != flow.call) return;
    const Json result = Json::parse(answer.body, nullptr, false);
    if (result.is_object() && result.contains("requestState")) flow.state = result["requestState"];
  }

  void check_params(Flow& flow, const std::string& text) {
    const Json params = Json::parse(text, nullptr, false);
    FUZZ_CHECK(params.is_object());
    const std::string& method = flow.steps.method();
    const bool is_call = method == flow.call;
    const Json meta = params.value("_meta", Json::object());
    const bool modern = facts_.era == Era::modern;
    FUZZ_CHECK(meta.contains("io.modelcontextprotocol/protocolVersion") == modern);
    FUZZ_CHECK(meta.contains("io.modelcontextprotocol/clientCapabilities") == modern);
    FUZZ_CHECK(is_call || method == "tasks/get" || method == "tasks/result" ||
               method == "tasks/update");
    if (method == "tools/call")
      FUZZ_CHECK(params["name"] == "tool \"1\"" && params["arguments"] == Json({{"a", {1}}}));
    if (!is_call) FUZZ_CHECK(params["taskId"] == "t");
    if (is_call) FUZZ_CHECK(params.value("requestState", Json()) == flow.state);
    std::set<std::string> keys;
    const Json responses = params.value("inputResponses", Json::object());
    for (const auto& [key, response] : responses.items()) {
      FUZZ_CHECK(response.is_object());
      keys.insert(key);
    }
    if (is_call || method == "tasks/update") FUZZ_CHECK(keys == std::exchange(flow.keys, {}));
  }

  void ask_step(const std::shared_ptr<Flow>& flow) {
    FUZZ_CHECK(++flow->rounds <= CallFlow::most_rounds);
    const auto& questions = flow->steps.questions();
    FUZZ_CHECK(!questions.empty() && questions.size() <= CallFlow::most_questions);
    flow->asked.assign(questions.size(), 0);
    flow->replies.assign(questions.size(), {});
    flow->unanswered = questions.size() + 1;
    flow->keys.clear();
    for (const InputRequest& question : questions)
      flow->keys.insert(question.key);
    for (std::size_t i = 0; i < questions.size() && flow->ends == 0; ++i) {
      const InputRequest wanted = questions[i];
      if (const auto known =
              answer_server_request(identity_, declared_, wanted.method, wanted.params)) {
        on_reply(flow, i, {known->result, known->code, known->message});
        continue;
      }
      auto reply = [this, flow, i](QuestionReply answer) {
        if (flow->ends == 0) flow->asked[i] = 0;
        on_reply(flow, i, std::move(answer));
      };
      const std::uint64_t key = desk_->ask({wanted.method, wanted.params, 0}, std::move(reply));
      if (flow->ends == 0) {
        flow->asked[i] = key;
      } else {
        desk_->withdraw(key);
      }
    }
    if (flow->ends == 0 && --flow->unanswered == 0) go_on(flow);
  }

  void on_reply(const std::shared_ptr<Flow>& flow, std::size_t index, QuestionReply reply) {
    if (flow->ends > 0) return;
    const bool failed = reply.result.empty();
    flow->replies[index] = std::move(reply);
    if (failed || --flow->unanswered == 0) go_on(flow);
  }

  void go_on(const std::shared_ptr<Flow>& flow) {
    advance(flow, flow->steps.on_replies(std::exchange(flow->replies, {})));
  }

  void give_up(const std::shared_ptr<Flow>& flow) {
    const std::string params = flow->steps.cancel_params();
    if (params.empty()) return;
    FUZZ_CHECK(Json::parse(params)["taskId"] == "t");
    call("tasks/cancel",
         facts_.era == Era::legacy ? params : with_member(params, R"("_meta":{)" + meta_ + "}"));
  }

  void end_flow(const std::shared_ptr<Flow>& flow) {
    FUZZ_CHECK(++flow->ends == 1);
    flow->waiting = false;
    for (const std::uint64_t key : std::exchange(flow->asked, {}))
      desk_->withdraw(key);
    std::erase(flows_, flow);
  }

  // --- what the server asks and tells ---

  void answer_question(const std::string& method, ReplyCallback reply) {
    const std::uint8_t how = script_.byte() % 4;
    if (how == 0) {
      reply({{}, -1, "refused"});
    } else if (how == 1) {
      reply({R"({"action":"decline"})", 0, {}});
    } else {
      reply({method == "elicitation/create" ? R"({"action":"accept","content":{}})"
                                            : R"({"role":"assistant","model":"m","content":[]})",
             0,
             {}});
    }
  }

  void on_request(Responder responder, const Message& message) {
    const std::string id(responder.id());
    if (const auto reply =
            answer_server_request(identity_, declared_, message.method, message.params)) {
      FUZZ_CHECK(reply->result.empty() == (reply->code != 0));
      if (reply->result.empty()) {
        responder.error(reply->code, reply->message);
      } else {
        responder.result(std::string_view(reply->result));
      }
      return;
    }
    const auto waiting = std::make_shared<Responder>(std::move(responder));
    auto reply = [this, id, waiting](const QuestionReply& answer) {
      const auto asked = questions_.find(id);
      if (asked != questions_.end() && asked->second.responder == waiting) questions_.erase(asked);
      if (answer.result.empty()) {
        waiting->error(answer.code, answer.message);
      } else {
        waiting->result(std::string_view(answer.result));
      }
    };
    related_task(message.params);
    const std::uint64_t key =
        desk_->ask({std::string(message.method), std::string(message.params), 0}, std::move(reply));
    if (key != 0) questions_[id] = {waiting, key};
  }

  void on_notification(const Message& message) {
    std::string token;
    if (const auto progress = read_progress(message.params, token)) {
      FUZZ_CHECK(!token.empty());
      FUZZ_CHECK(std::isfinite(progress->progress));
      FUZZ_CHECK(!progress->total || std::isfinite(*progress->total));
    }
    read_log_message(message.params);
    read_uri(message.params);
    changed_list(message.method);
    if (message.method != "notifications/cancelled") return;
    framing::ObjectScanner scanner;
    std::array<framing::Member, 1> members{{{"requestId"}}};
    scanner.scan_members(message.params, members);
    const auto found = questions_.find(std::string(members[0].value));
    if (found == questions_.end()) return;
    const Owed asked = found->second;
    questions_.erase(found);
    cancelled_[std::string(asked.responder->id())] += 1;
    asked.responder->discard();
    desk_->withdraw(asked.key);
  }

  // --- the server ---

  void say(const std::string& line) {
    std::string padded = line;
    padded.append(64, ' ');
    const auto envelope = parser_.parse(std::string_view(padded.data(), line.size()));
    if (envelope.kind == framing::Kind::request) ++owed_[std::string(envelope.id)];
    std::string text = line + "\n";
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::span<char> room = core_->prepare_read();
      const std::size_t size = std::min(rest.size(), room.size());
      std::memcpy(room.data(), rest.data(), size);
      rest.remove_prefix(size);
      core_->on_read(size);
    }
    read_output();
  }

  void answer_request() {
    if (requests_.empty()) return;
    auto request = requests_.begin();
    std::advance(request, script_.byte() % requests_.size());
    const auto [id, method] = *request;
    requests_.erase(request);
    std::string_view body;
    if (method == "server/discover") {
      body = script_.one_of(discover_answers);
    } else if (method == "initialize") {
      body = script_.one_of(initialize_answers);
    } else {
      body = script_.one_of(call_answers);
    }
    say(R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + "," + std::string(body) + "}");
  }

  void say_by_itself() {
    std::string line(script_.one_of(server_lines));
    const std::size_t place = line.find('%');
    const std::uint8_t id = script_.byte() % 6;
    if (place != std::string::npos)
      line.replace(place, 1, id < 4 ? std::to_string(id) : "\"" + std::to_string(id) + "\"");
    say(R"({"jsonrpc":"2.0",)" + line + "}");
  }

  void say_raw() {
    std::string line = script_.bytes(script_.byte());
    std::replace(line.begin(), line.end(), '\n', ' ');
    // The model does not know the state and the tasks that it would be about.
    if (line.find("requestState") == std::string::npos && line.find("taskId") == std::string::npos)
      say(line);
  }

  void step() {
    switch (script_.byte() % 12) {
      case 0:
      case 1:
      case 2:
        answer_request();
        break;
      case 3:
      case 4:
        begin_flow();
        break;
      case 5:
        say_by_itself();
        break;
      case 6:
        say_raw();
        break;
      case 7:
        if (!waiting_.empty()) {
          auto question = waiting_.begin();
          std::advance(question, script_.byte() % waiting_.size());
          Waiting taken = std::move(question->second);
          waiting_.erase(question);
          answer_question(taken.method, std::move(taken.reply));
        }
        break;
      case 8:
        for (const auto& flow : std::vector(flows_)) {
          if (!std::exchange(flow->waiting, false)) continue;
          advance(flow, flow->steps.on_waited());
          break;
        }
        break;
      case 9:
        if (phase_ == Phase::starting) advance(handshake_.on_silence());
        break;
      case 10:
        act_rarely(script_.byte());
        break;
      default:
        if (!flows_.empty()) {
          const auto flow = flows_[script_.byte() % flows_.size()];
          if (flow->in_flight != 0 && script_.byte() % 4 == 0) core_->cancel(flow->in_flight, "r");
        }
        break;
    }
    context_.poll();
  }

  void act_rarely(std::uint8_t how) {
    if (how == 1) end_process();
    // During the start that is no event of the handshake.
    if (how == 2 && phase_ == Phase::ready) core_->on_tick(Clock::now() + std::chrono::hours(1));
    if (how == 3) desk_->close_all("all");
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
      check_line(text.substr(begin, end - begin));
  }

  void check_line(const std::string& line) {
    const Json json = Json::parse(line, nullptr, false);
    FUZZ_CHECK(json.is_object() && json.value("jsonrpc", "") == "2.0");
    std::string padded = line;
    padded.append(64, ' ');
    const auto envelope = parser_.parse(std::string_view(padded.data(), line.size()));
    if (envelope.kind == framing::Kind::request) {
      const std::uint64_t id = json["id"];
      FUZZ_CHECK(id > last_id_);
      last_id_ = id;
      FUZZ_CHECK(requests_.emplace(id, envelope.method).second);
    } else if (envelope.kind == framing::Kind::notification) {
      FUZZ_CHECK(envelope.method == "notifications/initialized" ||
                 envelope.method == "notifications/cancelled");
    } else {
      FUZZ_CHECK(envelope.kind == framing::Kind::result || envelope.kind == framing::Kind::error);
      FUZZ_CHECK(--owed_[std::string(envelope.id)] >= 0);
    }
  }

  // Every question of the server is answered when the conversation ends, and nothing is left.
  void finish() {
    for (const auto& flow : std::vector(flows_))
      end_flow(flow);
    desk_->close_all("the client is ending the conversation");
    FUZZ_CHECK(desk_->empty() && !open_ && waiting_.empty());
    read_output();
    for (const auto& [id, count] : owed_)
      FUZZ_CHECK(count == cancelled_[id]);
    close_process();
    const std::weak_ptr<QuestionDesk> desk = desk_;
    desk_.reset();
    context_.poll();
    FUZZ_CHECK(desk.expired());
    for (const auto& flow : seen_)
      FUZZ_CHECK(flow.expired());
  }

  Script& script_;
  asio::io_context context_;
  ProtocolChoice choice_ = ProtocolChoice::automatic;
  Handshake handshake_{ProtocolChoice::automatic, std::nullopt};
  Phase phase_ = Phase::starting;
  int restarts_ = 0;
  int discovers_ = 0;
  int initializes_ = 0;
  ClientIdentity identity_;
  std::string offered_;
  ClientCapabilities declared_;
  ServerFacts facts_;
  std::string meta_;
  std::shared_ptr<PeerCore> core_;
  std::vector<std::shared_ptr<Flow>> flows_;
  std::vector<std::weak_ptr<Flow>> seen_;
  std::shared_ptr<QuestionDesk> desk_;
  std::map<std::uint64_t, Waiting> waiting_;  // with whoever answers questions
  std::uint64_t last_question_ = 0;
  bool open_ = false;
  std::map<std::string, Owed> questions_;  // the server's, by raw id
  std::map<std::string, int> owed_;        // answers, by raw id
  std::map<std::string, int> cancelled_;
  std::map<std::uint64_t, std::string> requests_;  // of ours that the server can answer
  std::uint64_t last_id_ = 0;
  framing::EnvelopeParser parser_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script(data, size);
  Run(script).play();
  return 0;
}
