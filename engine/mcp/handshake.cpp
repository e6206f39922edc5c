// The decisions of a handshake.
#include <headrace/engine/mcp/handshake.hpp>

#include <algorithm>
#include <span>

namespace headrace::engine::mcp {
namespace {

std::string listed(std::span<const std::string_view> versions) {
  std::string text;
  for (const std::string_view version : versions)
    text.append(text.empty() ? "" : ", ").append(version);
  return text;
}

std::string listed(const std::vector<std::string>& versions) {
  const std::vector<std::string_view> views(versions.begin(), versions.end());
  return views.empty() ? "none" : listed(views);
}

}  // namespace

bool parse_protocol_choice(std::string_view text, ProtocolChoice& choice) noexcept {
  if (text == "auto") {
    choice = ProtocolChoice::automatic;
  } else if (text == "legacy") {
    choice = ProtocolChoice::legacy;
  } else if (text == "modern") {
    choice = ProtocolChoice::modern;
  } else {
    return false;
  }
  return true;
}

Handshake::Step Handshake::on_started() {
  const bool straight = choice_ == ProtocolChoice::legacy || restarted_ ||
                        (choice_ == ProtocolChoice::automatic && remembered_ == Era::legacy);
  if (straight) return initialize();
  discover_ = Request::sent;
  return Step::discover;
}

bool Handshake::awaits_silence() const noexcept {
  return choice_ == ProtocolChoice::automatic && remembered_ != Era::modern &&
         discover_ == Request::sent && initialize_ != Request::sent;
}

Handshake::Step Handshake::on_silence() {
  if (!awaits_silence()) return Step::wait;
  // Refused while the other is not answered either: why() says how.
  return initialize_ == Request::refused ? Step::failed : initialize();
}

Handshake::Step Handshake::on_discovered(std::string_view result) {
  std::vector<std::string> versions;
  if (!read_discover_result(result, facts_, versions)) {
    RemoteError error;
    error.message = "its answer is not one";
    return on_discover_refused(error);
  }
  return choose(versions, "it speaks");
}

Handshake::Step Handshake::on_discover_refused(const RemoteError& error) {
  discover_ = Request::refused;
  if (error.code == unsupported_protocol_version) {
    const std::vector<std::string> versions = read_supported_versions(error.data);
    const bool ours = std::any_of(versions.begin(), versions.end(), is_modern_version);
    if (ours) {
      // One of ours it has just been asked for; once, that may have been before it was set up.
      if (repeated_)
        return fail("it refused a version that it says it speaks: " + listed(versions));
      repeated_ = true;
      discover_ = Request::sent;
      return Step::discover;
    }
    if (!versions.empty()) return choose(versions, "it speaks");
  }
  if (choice_ == ProtocolChoice::modern) {
    return fail("it refused 'server/discover': " + error.message +
                "; it may be a server of the legacy protocol");
  }
  if (remembered_ == Era::modern) forget_ = true;
  if (initialize_ == Request::refused) return Step::failed;
  if (initialize_ == Request::sent) return Step::wait;
  return initialize();
}

Handshake::Step Handshake::choose(const std::vector<std::string>& versions, std::string_view how) {
  const auto modern = std::find_if(versions.begin(), versions.end(), is_modern_version);
  if (modern != versions.end()) {
    facts_.protocol_version = *modern;
    return Step::ready;
  }
  const bool legacy = std::any_of(versions.begin(), versions.end(), is_legacy_version);
  if (legacy && choice_ == ProtocolChoice::automatic && initialize_ != Request::refused) {
    discover_ = Request::refused;
    if (remembered_ == Era::modern) forget_ = true;
    return initialize_ == Request::sent ? Step::wait : initialize();
  }
  const std::string ours = choice_ == ProtocolChoice::modern
                               ? listed(modern_versions)
                               : listed(modern_versions) + ", " + listed(legacy_versions);
  return fail(std::string(how) + " protocol version " + listed(versions) + ", and we speak " +
              ours);
}

Handshake::Step Handshake::on_initialized(std::string_view result) {
  Diagnostics diagnostics;
  ServerFacts facts;
  if (!read_initialize_result(result, facts, diagnostics)) {
    return on_initialize_refused(diagnostics.message);
  }
  facts_ = std::move(facts);
  return Step::ready;
}

Handshake::Step Handshake::on_initialize_refused(std::string why) {
  initialize_ = Request::refused;
  why_ = std::move(why);
  if (remembered_ == Era::legacy) forget_ = true;
  if (choice_ != ProtocolChoice::automatic) return Step::failed;
  if (discover_ == Request::sent) return Step::wait;
  // What was remembered was wrong; a process that has ended on this once is not asked again.
  if (discover_ == Request::unsent && !restarted_) {
    discover_ = Request::sent;
    return Step::discover;
  }
  return Step::failed;
}

Handshake::Step Handshake::on_ended() {
  if (remembered_) forget_ = true;
  // Some servers end on what they don't know.
  if (choice_ == ProtocolChoice::automatic && discover_ == Request::sent && !restarted_ &&
      initialize_ != Request::refused) {
    restarted_ = true;
    discover_ = Request::unsent;
    initialize_ = Request::unsent;
    return Step::restart;
  }
  return Step::failed;
}

std::string Handshake::unanswered() const {
  std::string text;
  if (discover_ == Request::sent) text = "'server/discover'";
  if (initialize_ == Request::sent) text += text.empty() ? "'initialize'" : " or 'initialize'";
  return text;
}

Handshake::Step Handshake::initialize() {
  initialize_ = Request::sent;
  return Step::initialize;
}

Handshake::Step Handshake::fail(std::string why) {
  why_ = std::move(why);
  return Step::failed;
}

}  // namespace headrace::engine::mcp
