// Brings what a server wants to know to whoever asked for the run that called it, and the answer
// back.
#pragma once

#include <headrace/engine/mcp/question.hpp>
#include <headrace/sandbox/session.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::engine::mcp {
class Request;
}

namespace headrace::server {

/// Who can be asked on behalf of a run: the client that asked for it, and through it the user; or
/// whatever an embedding program puts there.
struct Respondent {
  engine::mcp::ClientCapabilities capabilities;
  /// As engine::mcp::Request::ask(), without its key.
  std::function<std::uint64_t(std::string_view method, std::string_view params,
                              engine::mcp::ReplyCallback done)>
      ask;
  std::function<void(std::uint64_t question)> withdraw;
  /// Ends the run when its client was told so long ago to come back with an answer, and has not;
  /// may be empty. As engine::mcp::Request::give_up().
  std::function<bool(engine::Clock::duration waited)> give_up;
};

/// The client of that request, for as long as the request lives: it is not held.
std::shared_ptr<const Respondent> respondent_of(
    const std::shared_ptr<engine::mcp::Request>& request);

/// As a raw `ClientCapabilities`: what may be declared to servers, so that only that is asked which
/// the respondent can answer.
std::string declared_capabilities(const engine::mcp::ClientCapabilities& capabilities);

/// Who may be asked about a question, and the session whose run waits for the answer, if it is one.
struct Asker {
  std::shared_ptr<const Respondent> respondent;
  std::shared_ptr<sandbox::Session> session;
};
/// Who comes next for a question, after all that were tried; an empty Asker where there is nobody.
using FindAsker = std::function<Asker(const std::vector<std::shared_ptr<const Respondent>>& tried)>;

/// While a question is open, the time of the run that it belongs to stands still. Not thread-safe;
/// held by shared_ptr.
class RunQuestions : public std::enable_shared_from_this<RunQuestions> {
 public:
  /// Asks; `params` is a raw JSON object. `done` is called once: at once when there is nobody who
  /// can be asked (-32601; then 0 is returned), else later. When the run that was asked is over
  /// before there is an answer, `find` says who is asked instead. The number is for withdraw().
  std::uint64_t ask(std::string_view server, std::string_view method, std::string_view params,
                    FindAsker find, engine::mcp::ReplyCallback done);
  /// Nobody waits for the answer any more; `done` is not called.
  void withdraw(std::uint64_t number);

 private:
  struct Open {
    std::string method;
    std::string params;
    FindAsker find;
    std::vector<std::shared_ptr<const Respondent>> tried;  // the last one is being asked
    std::weak_ptr<sandbox::Session> session;
    std::uint64_t question = 0;  // the respondent's number
    engine::mcp::ReplyCallback done;
  };

  void ask_next(std::uint64_t number);
  void on_reply(std::uint64_t number, engine::mcp::QuestionReply reply);
  void finish(std::uint64_t number, engine::mcp::QuestionReply reply);

  std::map<std::uint64_t, Open> open_;
  std::uint64_t last_ = 0;
};

}  // namespace headrace::server
