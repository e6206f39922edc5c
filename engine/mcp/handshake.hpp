// How a conversation with a server is begun: what to send first, and what its answers say about the
// era that it speaks.
#pragma once

#include <headrace/engine/mcp/client_role.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace headrace::engine::mcp {

enum class ProtocolChoice {
  automatic,  ///< Find out: `server/discover` first, `initialize` where that leads nowhere.
  legacy,     ///< `initialize` only.
  modern,     ///< `server/discover` only.
};
/// "auto", "legacy", "modern"; false for anything else.
bool parse_protocol_choice(std::string_view text, ProtocolChoice& choice) noexcept;

/// One start of one server, sans-I/O. Each event returns what to do next.
class Handshake {
 public:
  enum class Step {
    wait,
    discover,    ///< Send `server/discover`.
    initialize,  ///< Send `initialize`, on the same connection.
    restart,     ///< Start the process again; then on_started().
    ready,       ///< facts() says what with.
    failed,      ///< why() says it.
  };

  Handshake(ProtocolChoice choice, std::optional<Era> remembered) noexcept
      : choice_(choice), remembered_(remembered) {}

  Step on_started();
  /// Some time has passed since `server/discover` was sent, or `initialize` refused while it was
  /// not answered. Of interest while awaits_silence().
  Step on_silence();
  bool awaits_silence() const noexcept;

  Step on_discovered(std::string_view result);
  Step on_discover_refused(const RemoteError& error);
  Step on_initialized(std::string_view result);
  /// The same for an answer that can't be read.
  Step on_initialize_refused(std::string why);
  /// The process has ended, or its stream has.
  Step on_ended();

  const ServerFacts& facts() const noexcept { return facts_; }
  /// A sentence without its subject, the server: "it refused …". Empty where the process just
  /// ended.
  const std::string& why() const noexcept { return why_; }
  /// What was sent and not answered, for messages: "'initialize'".
  std::string unanswered() const;
  /// What was remembered turned out wrong.
  bool forget() const noexcept { return forget_; }

 private:
  enum class Request { unsent, sent, refused };

  Step initialize();
  Step fail(std::string why);
  Step choose(const std::vector<std::string>& versions, std::string_view how);

  ProtocolChoice choice_;
  std::optional<Era> remembered_;
  Request discover_ = Request::unsent;
  Request initialize_ = Request::unsent;
  bool restarted_ = false;
  bool repeated_ = false;  // `server/discover`, with a version that it says it speaks
  bool forget_ = false;
  ServerFacts facts_;
  std::string why_;
};

}  // namespace headrace::engine::mcp
