// Which era a server is taken to speak, from all that may happen while it starts.
#include <headrace/engine/mcp/handshake.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::engine::mcp {
namespace {

using Step = Handshake::Step;
using testing::AllOf;
using testing::HasSubstr;

constexpr const char* modern_answer =
    R"({"resultType":"complete","supportedVersions":["2026-07-28","2025-11-25"],)"
    R"("capabilities":{"tools":{"listChanged":true},"prompts":{},"resources":{"subscribe":true}},)"
    R"("instructions":"do","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s","version":"1"}}})";
constexpr const char* legacy_answer =
    R"({"protocolVersion":"2025-06-18","capabilities":{"tools":{}},)"
    R"("serverInfo":{"name":"s","version":"1"}})";

RemoteError unknown_method() {
  return {-32601, "Method not found", {}};
}

RemoteError unsupported(const std::string& supported) {
  return {-32022, "Unsupported protocol version", R"({"supported":)" + supported + "}"};
}

Handshake automatic(std::optional<Era> remembered = {}) {
  return {ProtocolChoice::automatic, remembered};
}

TEST(Handshake, AModernServerIsDiscovered) {
  Handshake handshake = automatic();
  EXPECT_EQ(handshake.on_started(), Step::discover);
  EXPECT_TRUE(handshake.awaits_silence());
  EXPECT_EQ(handshake.on_discovered(modern_answer), Step::ready);
  const ServerFacts& facts = handshake.facts();
  EXPECT_EQ(facts.era, Era::modern);
  EXPECT_EQ(facts.protocol_version, "2026-07-28");
  EXPECT_EQ(facts.implementation.name, "s");
  EXPECT_EQ(facts.instructions, "do");
  EXPECT_TRUE(facts.tools.exists && facts.tools.list_changes);
  EXPECT_TRUE(facts.prompts.exists && !facts.prompts.list_changes);
  EXPECT_TRUE(facts.resources.exists && facts.resource_updates);
  EXPECT_FALSE(handshake.forget());
}

TEST(Handshake, AnyOtherErrorMeansALegacyServer) {
  for (const std::int64_t code : {-32601, -32602, -32600, -32000, -32021, -32022, 0, 7}) {
    Handshake handshake = automatic();
    handshake.on_started();
    EXPECT_EQ(handshake.on_discover_refused({code, "no", {}}), Step::initialize) << code;
    EXPECT_FALSE(handshake.awaits_silence());
    EXPECT_EQ(handshake.on_initialized(legacy_answer), Step::ready);
    EXPECT_EQ(handshake.facts().era, Era::legacy);
    EXPECT_EQ(handshake.facts().protocol_version, "2025-06-18");
  }
}

TEST(Handshake, AnAnswerThatIsNoneMeansALegacyServer) {
  for (const char* odd : {"{}", "[]", "7", "", "{", R"({"supportedVersions":"2026-07-28"})"}) {
    Handshake handshake = automatic();
    handshake.on_started();
    EXPECT_EQ(handshake.on_discovered(odd), Step::initialize) << odd;
  }
}

TEST(Handshake, SilenceSendsInitializeAsWellAndTheFirstAnswerDecides) {
  Handshake legacy = automatic();
  legacy.on_started();
  EXPECT_EQ(legacy.on_silence(), Step::initialize);
  EXPECT_FALSE(legacy.awaits_silence());
  EXPECT_EQ(legacy.unanswered(), "'server/discover' or 'initialize'");
  EXPECT_EQ(legacy.on_discover_refused(unknown_method()), Step::wait);
  EXPECT_EQ(legacy.unanswered(), "'initialize'");
  EXPECT_EQ(legacy.on_initialized(legacy_answer), Step::ready);

  Handshake modern = automatic();
  modern.on_started();
  modern.on_silence();
  EXPECT_EQ(modern.on_initialize_refused("it refused 'initialize'"), Step::wait);
  EXPECT_EQ(modern.on_discovered(modern_answer), Step::ready);
  EXPECT_EQ(modern.facts().era, Era::modern);
}

TEST(Handshake, WhoRefusesBothCantBeSpokenTo) {
  Handshake first = automatic();
  first.on_started();
  first.on_discover_refused(unknown_method());
  EXPECT_EQ(first.on_initialize_refused("it refused 'initialize': no licence"), Step::failed);
  EXPECT_THAT(first.why(), HasSubstr("no licence"));

  Handshake other = automatic();
  other.on_started();
  other.on_silence();
  EXPECT_EQ(other.on_initialize_refused("it refused 'initialize': no licence"), Step::wait);
  EXPECT_EQ(other.on_discover_refused(unknown_method()), Step::failed);
  EXPECT_THAT(other.why(), HasSubstr("no licence"));
}

TEST(Handshake, OneThatRefusesInitializeAndIsSilentOnTheProbeIsGivenUp) {
  Handshake handshake = automatic();
  handshake.on_started();
  EXPECT_EQ(handshake.on_silence(), Step::initialize);
  EXPECT_FALSE(handshake.awaits_silence());
  // It may still be about to answer what it was asked first.
  EXPECT_EQ(handshake.on_initialize_refused("no key"), Step::wait);
  EXPECT_TRUE(handshake.awaits_silence());
  EXPECT_EQ(handshake.on_silence(), Step::failed);
  EXPECT_EQ(handshake.why(), "no key");
}

TEST(Handshake, OneThatExitsOnTheProbeIsStartedAgainOnce) {
  Handshake handshake = automatic();
  handshake.on_started();
  EXPECT_EQ(handshake.on_ended(), Step::restart);
  EXPECT_EQ(handshake.on_started(), Step::initialize);
  EXPECT_EQ(handshake.unanswered(), "'initialize'");
  EXPECT_EQ(handshake.on_initialized(legacy_answer), Step::ready);

  Handshake broken = automatic();
  broken.on_started();
  broken.on_ended();
  broken.on_started();
  EXPECT_EQ(broken.on_ended(), Step::failed);
  EXPECT_EQ(broken.why(), "") << "how it ended says more";
}

TEST(Handshake, OneThatExitsWithBothUnansweredIsStartedAgain) {
  Handshake handshake = automatic();
  handshake.on_started();
  handshake.on_silence();
  EXPECT_EQ(handshake.on_ended(), Step::restart);
  EXPECT_EQ(handshake.on_started(), Step::initialize);
}

TEST(Handshake, OneThatExitsOnInitializeIsNot) {
  Handshake handshake = automatic();
  handshake.on_started();
  handshake.on_discover_refused(unknown_method());
  EXPECT_EQ(handshake.on_ended(), Step::failed);
}

TEST(Handshake, VersionsThatDontMeetAreNamed) {
  Handshake newer = automatic();
  newer.on_started();
  EXPECT_EQ(newer.on_discover_refused(unsupported(R"(["2031-01-01","2030-01-01"])")), Step::failed);
  EXPECT_THAT(newer.why(), AllOf(HasSubstr("2031-01-01, 2030-01-01"), HasSubstr("2026-07-28"),
                                 HasSubstr("2025-11-25")));
  Handshake none = automatic();
  none.on_started();
  EXPECT_EQ(none.on_discovered(R"({"supportedVersions":[]})"), Step::failed);
  EXPECT_THAT(none.why(), HasSubstr("none"));
  // It was asked for that one.
  Handshake odd = automatic();
  odd.on_started();
  EXPECT_EQ(odd.on_discover_refused(unsupported(R"(["2026-07-28"])")), Step::discover);
  EXPECT_EQ(odd.on_discover_refused(unsupported(R"(["2026-07-28"])")), Step::failed);
  EXPECT_THAT(odd.why(), HasSubstr("2026-07-28"));
}

TEST(Handshake, AnOlderVersionOfOursIsSpokenWhereThatIsAllThatMeets) {
  for (const bool refused : {true, false}) {
    Handshake handshake = automatic();
    handshake.on_started();
    const Step step = refused ? handshake.on_discover_refused(unsupported(R"(["2025-11-25"])"))
                              : handshake.on_discovered(R"({"supportedVersions":["2025-11-25"]})");
    EXPECT_EQ(step, Step::initialize);
    EXPECT_EQ(handshake.on_initialized(legacy_answer), Step::ready);
  }
}

TEST(Handshake, ChosenErasAreNotProbed) {
  Handshake legacy(ProtocolChoice::legacy, Era::modern);
  EXPECT_EQ(legacy.on_started(), Step::initialize);
  EXPECT_EQ(legacy.on_initialize_refused("no"), Step::failed);

  Handshake modern(ProtocolChoice::modern, Era::legacy);
  EXPECT_EQ(modern.on_started(), Step::discover);
  EXPECT_FALSE(modern.awaits_silence());
  EXPECT_EQ(modern.on_silence(), Step::wait);
  EXPECT_EQ(modern.on_discover_refused(unknown_method()), Step::failed);
  EXPECT_THAT(modern.why(), AllOf(HasSubstr("refused 'server/discover'"), HasSubstr("legacy")));
  Handshake ends(ProtocolChoice::modern, {});
  ends.on_started();
  EXPECT_EQ(ends.on_ended(), Step::failed);
  Handshake older(ProtocolChoice::modern, {});
  older.on_started();
  EXPECT_EQ(older.on_discovered(R"({"supportedVersions":["2025-11-25"]})"), Step::failed);
  EXPECT_THAT(older.why(), HasSubstr("we speak 2026-07-28"));
}

TEST(Handshake, WhatIsRememberedIsTriedFirst) {
  Handshake legacy = automatic(Era::legacy);
  EXPECT_EQ(legacy.on_started(), Step::initialize);
  EXPECT_EQ(legacy.on_initialized(legacy_answer), Step::ready);
  EXPECT_FALSE(legacy.forget());

  Handshake modern = automatic(Era::modern);
  EXPECT_EQ(modern.on_started(), Step::discover);
  EXPECT_FALSE(modern.awaits_silence()) << "it is known to answer";
}

TEST(Handshake, WhatIsRememberedWronglyIsForgottenAndProbed) {
  Handshake became_modern = automatic(Era::legacy);
  became_modern.on_started();
  EXPECT_EQ(became_modern.on_initialize_refused("it refused"), Step::discover);
  EXPECT_TRUE(became_modern.forget());
  EXPECT_EQ(became_modern.on_discovered(modern_answer), Step::ready);

  Handshake became_legacy = automatic(Era::modern);
  became_legacy.on_started();
  EXPECT_EQ(became_legacy.on_discover_refused(unknown_method()), Step::initialize);
  EXPECT_TRUE(became_legacy.forget());
  EXPECT_EQ(became_legacy.on_initialized(legacy_answer), Step::ready);

  Handshake ends = automatic(Era::legacy);
  ends.on_started();
  EXPECT_EQ(ends.on_ended(), Step::failed);
  EXPECT_TRUE(ends.forget());

  Handshake neither = automatic(Era::legacy);
  neither.on_started();
  neither.on_initialize_refused("it refused");
  EXPECT_EQ(neither.on_discover_refused(unknown_method()), Step::failed);
  EXPECT_EQ(neither.why(), "it refused");
}

TEST(Handshake, ChoicesHaveNames) {
  ProtocolChoice choice = ProtocolChoice::automatic;
  EXPECT_TRUE(parse_protocol_choice("modern", choice));
  EXPECT_EQ(choice, ProtocolChoice::modern);
  EXPECT_TRUE(parse_protocol_choice("legacy", choice));
  EXPECT_EQ(choice, ProtocolChoice::legacy);
  EXPECT_TRUE(parse_protocol_choice("auto", choice));
  EXPECT_EQ(choice, ProtocolChoice::automatic);
  EXPECT_FALSE(parse_protocol_choice("Auto", choice));
  EXPECT_FALSE(parse_protocol_choice("", choice));
}

}  // namespace
}  // namespace headrace::engine::mcp
