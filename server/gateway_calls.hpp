// Calls of a gateway's client on their way to servers, and what these ask meanwhile on its way
// back.
#pragma once

#include <headrace/engine/mcp/server_role.hpp>
#include <headrace/server/gateway_tools.hpp>
#include <headrace/server/registry.hpp>
#include <headrace/server/run_questions.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace headrace::server {

/// Not thread-safe. Held by shared_ptr: calls under way keep it alive.
class GatewayCalls : public std::enable_shared_from_this<GatewayCalls> {
 public:
  /// So long a call may take; zero: as long as the client waits.
  explicit GatewayCalls(std::chrono::milliseconds timeout) : timeout_(timeout) {}
  ~GatewayCalls();
  GatewayCalls(const GatewayCalls&) = delete;
  GatewayCalls& operator=(const GatewayCalls&) = delete;

  /// Both are there before the first call.
  void connect(std::shared_ptr<Registry> registry, std::weak_ptr<engine::mcp::ServerRole> role);

  /// Arguments, result and error go through as they come.
  void call(std::shared_ptr<engine::mcp::Request> request, const GatewayTool& tool);

  /// Asks the client what a server wants to know, as DownstreamHooks::on_question.
  std::uint64_t ask(const engine::mcp::Downstream& server, const engine::mcp::Question& question,
                    engine::mcp::ReplyCallback reply);
  void withdraw(std::uint64_t question) { questions_->withdraw(question); }

 private:
  using Downstream = engine::mcp::Downstream;
  using Respondents = std::vector<std::shared_ptr<const Respondent>>;

  struct Call {
    std::shared_ptr<engine::mcp::Request> request;
    std::shared_ptr<Downstream> server;
    Downstream::Ticket ticket = 0;
    std::uint64_t number = 0;                      // its tag; 0: the place is free
    std::shared_ptr<const Respondent> respondent;  // once something was asked
  };

  std::uint32_t enter(std::shared_ptr<engine::mcp::Request> request,
                      std::shared_ptr<Downstream> server);
  void cancel(std::uint32_t place);
  void finish(std::uint32_t place, std::uint64_t number, engine::mcp::Outcome&& outcome);
  Asker find_asker(const Downstream* server, std::uint64_t tag, const Respondents& tried);
  std::shared_ptr<const Respondent> whole_client();

  std::chrono::milliseconds timeout_;
  std::shared_ptr<Registry> registry_;
  std::weak_ptr<engine::mcp::ServerRole> role_;
  std::shared_ptr<RunQuestions> questions_ = std::make_shared<RunQuestions>();
  std::vector<Call> calls_;
  std::vector<std::uint32_t> free_;
  std::uint64_t last_number_ = 0;
};

}  // namespace headrace::server
