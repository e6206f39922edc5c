// ServerRole without I/O, on a PeerCore that is fed lines.
#include <headrace/engine/mcp/server_role.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "core_harness.hpp"

namespace headrace::engine::mcp {
namespace {

using test::CoreHarness;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Role : testing::Test {
  // With a provider where a test wants one: it keeps what it is asked.
  explicit Role(bool with_provider = false) {
    ServerOptions options;
    options.implementation = {"test", "1.2", "A test"};
    options.instructions = "say \"please\"";
    options.tools.push_back({"keep", R"({"name":"keep"})", [this](std::shared_ptr<Request> call) {
                               kept.push_back(std::move(call));
                             }});
    options.tools.push_back({"now", R"({"name":"now"})", [](std::shared_ptr<Request> call) {
                               call->result(std::string_view(call->arguments()));
                             }});
    options.tools.push_back({"drop", R"({"name":"drop"})", [](std::shared_ptr<Request>) {}});
    options.resources.push_back(
        {"res://one", R"({"uri":"res://one"})", "text/plain", [] { return "line 1\nline \"2\""; }});
    if (with_provider) {
      options.provider.list = [this](ResourceProvider::Listed listed) {
        lists.push_back(std::move(listed));
      };
      options.provider.read = [this](std::string uri, ResourceProvider::Read read) {
        asked.push_back(std::move(uri));
        reads.push_back(std::move(read));
      };
      options.provider.templates = {R"({"uriTemplate":"more://{name}"})"};
    }
    role = std::make_shared<ServerRole>(std::move(options));
    role->on_idle = [this] { ++idle; };
    peer.hooks.on_request = [this](Responder responder, const Message& message) {
      role->on_request(std::move(responder), message);
    };
    peer.hooks.on_notification = [this](const Message& message) { role->on_notification(message); };
    peer.hooks.on_invalid = [this](const framing::Envelope& envelope) {
      role->on_invalid(envelope);
    };
    peer.hooks.on_oversize = [this](const framing::LineSplitter::Oversize& line) {
      role->on_oversize(line);
    };
    ServerOutput output;
    output.notify = [this](std::string_view method, const Payload& params) {
      return peer.core().notify(method, params);
    };
    output.send_error = [this](std::string_view id, std::int64_t code, std::string_view message) {
      peer.core().send_error(id, code, message);
    };
    output.later = [](UniqueFunction<void()>) { ADD_FAILURE() << "nothing here asks"; };
    role->connect(std::move(output));
  }

  /// Sends a request and returns what is written because of it.
  std::vector<std::string> ask(std::string_view method, std::string_view params = {},
                               std::string_view id = "1") {
    std::string line = R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":")" +
                       std::string(method) + "\"";
    if (!params.empty()) line += ",\"params\":" + std::string(params);
    peer.line(line + "}");
    return peer.written();
  }

  void tell(std::string_view method, std::string_view params = "{}") {
    peer.line(R"({"jsonrpc":"2.0","method":")" + std::string(method) + R"(","params":)" +
              std::string(params) + "}");
  }

  std::vector<std::shared_ptr<Request>> kept;
  std::vector<ResourceProvider::Listed> lists;
  std::vector<std::string> asked;
  std::vector<ResourceProvider::Read> reads;
  int idle = 0;
  std::shared_ptr<ServerRole> role;
  CoreHarness peer;
};

std::string answered(std::string_view result, std::string_view id = "1") {
  return R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"result":)" + std::string(result) +
         "}";
}

auto refused(int code, const std::string& words) {
  return ElementsAre(
      AllOf(HasSubstr("\"error\":{\"code\":" + std::to_string(code) + ","), HasSubstr(words)));
}

TEST_F(Role, InitializeTellsWhoWeAreAndWhatWeCanDo) {
  EXPECT_THAT(
      ask("initialize", R"({"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{}})"),
      ElementsAre(answered(
          R"({"protocolVersion":"2025-06-18","capabilities":{"logging":{},"resources":{},"tools":{}},)"
          R"("serverInfo":{"name":"test","title":"A test","version":"1.2"},)"
          R"("instructions":"say \"please\""})")));
}

TEST_F(Role, InitializeOffersOurNewestForWhatItDoesNotKnow) {
  for (const char* version : {"1999-01-01", "", "2026-07-28", "x"}) {
    EXPECT_THAT(ask("initialize", R"({"protocolVersion":")" + std::string(version) + "\"}"),
                ElementsAre(HasSubstr(R"("protocolVersion":"2025-11-25")")));
  }
  for (const std::string_view version : legacy_versions)
    EXPECT_THAT(ask("initialize", R"({"protocolVersion":")" + std::string(version) + "\"}"),
                ElementsAre(HasSubstr(version)));
}

TEST_F(Role, InitializeNeedsAVersion) {
  for (const char* params : {"", "{}", "[]", "7", R"({"protocolVersion":1})"})
    EXPECT_THAT(ask("initialize", params), refused(-32602, "protocolVersion"));
}

TEST_F(Role, PingAndListsAreAnsweredBeforeInitialize) {
  EXPECT_THAT(ask("ping", "", "\"a\""), ElementsAre(answered("{}", "\"a\"")));
  EXPECT_THAT(
      ask("tools/list"),
      ElementsAre(answered(R"({"tools":[{"name":"keep"},{"name":"now"},{"name":"drop"}]})")));
  EXPECT_THAT(ask("resources/list"),
              ElementsAre(answered(R"({"resources":[{"uri":"res://one"}]})")));
  EXPECT_THAT(ask("resources/templates/list"),
              ElementsAre(answered(R"({"resourceTemplates":[]})")));
}

TEST_F(Role, ACursorCanOnlyBeMadeUp) {
  for (const char* method : {"tools/list", "resources/list", "resources/templates/list"}) {
    EXPECT_THAT(ask(method, R"({"cursor":"x"})"), refused(-32602, "cursor"));
    EXPECT_THAT(ask(method, R"({"cursor":""})"), refused(-32602, "cursor"));
    EXPECT_THAT(ask(method, R"({"cursor":null})"), ElementsAre(HasSubstr("\"result\"")));
    EXPECT_THAT(ask(method, R"({"_meta":{}})"), ElementsAre(HasSubstr("\"result\"")));
  }
}

TEST_F(Role, UnknownMethodsToolsAndResourcesAreNamed) {
  EXPECT_THAT(ask("prompts/list"), refused(-32601, "Method not found: prompts/list"));
  EXPECT_THAT(ask("tools/call", R"({"name":"nope"})"), refused(-32602, "Unknown tool: nope"));
  EXPECT_THAT(ask("resources/read", R"({"uri":"res://two"})"),
              refused(-32602, R"(Unknown resource: res://two","data":{"uri":"res://two"}})"));
}

TEST_F(Role, AResourceIsRead) {
  EXPECT_THAT(
      ask("resources/read", R"({"uri":"res:\/\/one"})"),
      ElementsAre(answered(
          R"({"contents":[{"uri":"res://one","mimeType":"text/plain","text":"line 1\nline \"2\""}]})")));
  EXPECT_THAT(ask("resources/read", R"({"uri":7})"), refused(-32602, "'uri' must be a string"));
}

TEST_F(Role, AToolGetsItsArgumentsAsTheyCame) {
  EXPECT_THAT(ask("tools/call", R"({"name":"now","arguments":{"a" : [1, 2]}})"),
              ElementsAre(answered(R"({"a" : [1, 2]})")));
  EXPECT_THAT(ask("tools/call", R"({"name":"n\u006fw"})"), ElementsAre(answered("{}")));
  EXPECT_THAT(ask("tools/call", R"({"name":"now","arguments":null})"), ElementsAre(answered("{}")));
}

TEST_F(Role, AToolCallOfTheWrongShapeIsRefused) {
  EXPECT_THAT(ask("tools/call"), refused(-32602, "'name'"));
  EXPECT_THAT(ask("tools/call", "[]"), refused(-32602, "'name'"));
  EXPECT_THAT(ask("tools/call", R"({"name":7})"), refused(-32602, "'name'"));
  EXPECT_THAT(ask("tools/call", R"({"name":"now","arguments":[]})"),
              refused(-32602, "'arguments' must be an object"));
  EXPECT_THAT(ask("tools/call", R"({"name":"now","arguments":"x"})"), refused(-32602, "arguments"));
  EXPECT_EQ(role->calls_under_way(), 0U);
}

TEST_F(Role, ACallIsUnderWayUntilItIsAnswered) {
  EXPECT_THAT(ask("tools/call", R"({"name":"keep"})", "1"), IsEmpty());
  EXPECT_THAT(ask("tools/call", R"({"name":"keep"})", "2"), IsEmpty());
  EXPECT_EQ(role->calls_under_way(), 2U);
  kept[0]->result(std::string_view("1"));
  EXPECT_EQ(idle, 0);
  kept[1]->error(-5, "no");
  EXPECT_EQ(idle, 1);
  EXPECT_EQ(role->calls_under_way(), 0U);
  kept[0]->result(std::string_view("again"));
  kept.clear();
  EXPECT_THAT(peer.written(), ElementsAre(answered("1", "1"), HasSubstr("\"code\":-5")));
  EXPECT_EQ(idle, 1);
}

TEST_F(Role, ADroppedCallIsAnsweredWithAnError) {
  EXPECT_THAT(ask("tools/call", R"({"name":"drop"})"), refused(-32603, "dropped"));
  EXPECT_EQ(role->calls_under_way(), 0U);
  EXPECT_EQ(idle, 1);
}

TEST_F(Role, TwoCallsUnderOneIdAreNotMixedUp) {
  ask("tools/call", R"({"name":"keep"})", "\"x\"");
  EXPECT_THAT(ask("tools/call", R"({"name":"keep"})", "\"x\""), refused(-32600, "under way"));
  EXPECT_EQ(kept.size(), 1U);
  kept[0]->result(std::string_view("1"));
  EXPECT_THAT(peer.written(), ElementsAre(answered("1", "\"x\"")));
  EXPECT_THAT(ask("tools/call", R"({"name":"keep"})", "\"x\""), IsEmpty());
}

// --- cancellation ---

TEST_F(Role, ACancelledCallIsToldOnceAndNotAnswered) {
  ask("tools/call", R"({"name":"keep"})", "\"x\"");
  int told = 0;
  kept[0]->on_cancel = [&told] { ++told; };
  tell("notifications/cancelled", R"({"requestId":"y"})");
  EXPECT_EQ(told, 0);
  tell("notifications/cancelled", R"({"requestId":"x","reason":"r"})");
  tell("notifications/cancelled", R"({"requestId":"x"})");
  EXPECT_EQ(told, 1);
  EXPECT_TRUE(kept[0]->cancelled());
  kept[0]->progress("too late");
  kept[0]->result(std::string_view("1"));
  kept.clear();
  EXPECT_THAT(peer.written(), IsEmpty());
  EXPECT_EQ(role->calls_under_way(), 0U);
}

TEST_F(Role, ACancelledCallMayEndAtOnce) {
  ask("tools/call", R"({"name":"keep"})");
  kept[0]->on_cancel = [this] {
    kept[0]->result(std::string_view("1"));
    kept.clear();
  };
  tell("notifications/cancelled", R"({"requestId":1})");
  EXPECT_THAT(peer.written(), IsEmpty());
  EXPECT_EQ(role->calls_under_way(), 0U);
  EXPECT_EQ(idle, 1);
}

TEST_F(Role, CancellationsOfAnyShapeDoNoHarm) {
  ask("tools/call", R"({"name":"keep"})");
  for (const char* params :
       {"{}", "[]", "7", R"({"requestId":null})", R"({"requestId":{}})", R"({"requestId":"1"})"})
    tell("notifications/cancelled", params);
  EXPECT_FALSE(kept[0]->cancelled());
}

TEST_F(Role, AllCanBeCancelled) {
  int told = 0;
  for (const char* id : {"1", "2", "\"3\""}) {
    ask("tools/call", R"({"name":"keep"})", id);
    kept.back()->on_cancel = [&told] { ++told; };
  }
  role->cancel_all();
  EXPECT_EQ(told, 3);
  EXPECT_EQ(role->calls_under_way(), 0U);
  kept.clear();
  EXPECT_THAT(peer.written(), IsEmpty());
}

TEST_F(Role, ACallMayOutliveTheRole) {
  ask("tools/call", R"({"name":"keep","_meta":{"progressToken":1}})");
  peer.core().drop_hooks();
  role.reset();
  kept[0]->progress("x");
  kept[0]->result(std::string_view("1"));
  EXPECT_THAT(peer.written(), ElementsAre(answered("1")));
}

// --- progress ---

TEST_F(Role, ProgressGrowsAndEndsWithTheAnswer) {
  ask("tools/call", R"({"name":"keep","_meta":{"progressToken":"t\u0041"}})");
  EXPECT_TRUE(kept[0]->wants_progress());
  kept[0]->progress("one");
  kept[0]->progress("");
  kept[0]->result(std::string_view("1"));
  kept[0]->progress("three");
  EXPECT_THAT(
      peer.written(),
      ElementsAre(
          R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t\u0041","progress":0.001,"message":"one"}})",
          R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t\u0041","progress":0.002}})",
          answered("1")));
}

// The numbers and totals of what was sent, and nothing else.
std::vector<std::string> numbers(const std::vector<std::string>& lines) {
  std::vector<std::string> found;
  for (const std::string& line : lines) {
    const std::size_t begin = line.find("\"progress\":");
    const std::size_t end = line.find(",\"message\"", begin);
    found.push_back(line.substr(begin, end - begin));
  }
  return found;
}

TEST_F(Role, ProgressSaysHowMuchIsDoneWhateverWasSaidBefore) {
  ask("tools/call", R"({"name":"keep","_meta":{"progressToken":1}})");
  for (int i = 0; i < 900; ++i)
    kept[0]->progress("starting");
  peer.written();
  kept[0]->progress(1, 10, "one");
  kept[0]->progress(2, 10, "two");
  kept[0]->progress("printed");
  kept[0]->progress(3, std::nullopt, "three");
  kept[0]->progress("printed");
  EXPECT_THAT(numbers(peer.written()),
              ElementsAre(R"("progress":1,"total":10)", R"("progress":2,"total":10)",
                          R"("progress":2.0000000000000004,"total":10)", R"("progress":3)",
                          R"("progress":3.0000000000000004)"));
}

TEST_F(Role, ProgressAlwaysGrows) {
  ask("tools/call", R"({"name":"keep","_meta":{"progressToken":1}})");
  const double infinity = std::numeric_limits<double>::infinity();
  const double inputs[] = {-5, -5, 0, 4, 4, 3, infinity, -infinity, std::nan(""), 1e308, 1e308, 0};
  for (const double done : inputs)
    kept[0]->progress(done, done, "x");
  double last = -infinity;
  const std::vector<std::string> lines = peer.written();
  EXPECT_EQ(lines.size(), std::size(inputs));
  for (const std::string& line : lines) {
    const double number = std::stod(line.substr(line.find("\"progress\":") + 11));
    EXPECT_GT(number, last) << line;
    last = number;
    EXPECT_THAT(line, Not(HasSubstr("null")));
  }
}

TEST_F(Role, ACallKnowsTheVersionItsClientSpeaks) {
  ask("tools/call", R"({"name":"keep"})");
  EXPECT_EQ(kept[0]->client().protocol_version, "");
  ask("initialize", R"({"protocolVersion":"2025-03-26"})", "2");
  ask("tools/call", R"({"name":"keep"})", "3");
  EXPECT_EQ(kept[1]->client().protocol_version, "2025-03-26");
}

TEST_F(Role, WithoutATokenThereIsNoProgress) {
  for (const char* params :
       {R"({"name":"keep"})", R"({"name":"keep","_meta":{}})", R"({"name":"keep","_meta":7})"}) {
    ask("tools/call", params);
    EXPECT_FALSE(kept.back()->wants_progress());
    kept.back()->progress("x");
    EXPECT_THAT(peer.written(), IsEmpty());
    kept.clear();
    peer.written();
  }
}

// --- logging ---

TEST_F(Role, LogsAfterTheGreetingFromTheLevelOn) {
  role->log(LogLevel::error, "s", "before");
  EXPECT_THAT(peer.written(), IsEmpty());
  bool greeted = false;
  role->on_initialized = [&greeted] { greeted = true; };
  tell("notifications/initialized");
  EXPECT_TRUE(greeted);
  role->log(LogLevel::info, "s", "too low");
  role->log(LogLevel::error, "server x", "a \"b\"");
  EXPECT_THAT(
      peer.written(),
      ElementsAre(
          R"({"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","logger":"server x","data":"a \"b\""}})"));
  EXPECT_THAT(ask("logging/setLevel", R"({"level":"debug"})"), ElementsAre(answered("{}")));
  role->log(LogLevel::debug, "s", "now");
  EXPECT_EQ(peer.written().size(), 1U);
}

TEST_F(Role, ALogMessageIsCutBetweenCharactersToWhatAClientCanRead) {
  tell("notifications/initialized");
  std::string text = "x";
  while (text.size() < 5'000'000)
    text += "é";
  role->log(LogLevel::error, "s", text);
  const std::vector<std::string> lines = peer.written();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_LT(lines[0].size(), 10'000U);
  EXPECT_THAT(lines[0], HasSubstr("éé…\""));
}

TEST_F(Role, ALevelHasToBeOne) {
  for (const char* params : {"", "{}", R"({"level":7})", R"({"level":"loud"})"})
    EXPECT_THAT(ask("logging/setLevel", params), refused(-32602, "'level'"));
}

// --- resources that come and go ---

struct RoleWithProvider : Role {
  RoleWithProvider() : Role(true) {}
};

ResourceContent text_content(std::string text) {
  ResourceContent content;
  content.mime_type = "text/plain";
  content.content = std::move(text);
  return content;
}

TEST_F(RoleWithProvider, ItsResourcesAreListedBehindTheOthers) {
  EXPECT_THAT(ask("resources/list"), IsEmpty());
  EXPECT_EQ(role->calls_under_way(), 1U);
  lists.at(0)({R"({"uri":"more://a"})", R"({"uri":"more://b"})"});
  EXPECT_THAT(peer.written(),
              ElementsAre(answered(
                  R"({"resources":[{"uri":"res://one"},{"uri":"more://a"},{"uri":"more://b"}]})")));
  lists.clear();
  EXPECT_EQ(role->calls_under_way(), 0U);
  EXPECT_EQ(idle, 1);
  EXPECT_THAT(ask("resources/templates/list"),
              ElementsAre(answered(R"({"resourceTemplates":[{"uriTemplate":"more://{name}"}]})")));
}

TEST_F(RoleWithProvider, ALongListComesInPages) {
  const std::vector<std::string> many(450, "{}");
  const auto page = [&](const std::string& params) {
    ask("resources/list", params);
    lists.back()(many);
    lists.clear();
    const std::vector<std::string> lines = peer.written();
    return lines.empty() ? std::string() : lines[0];
  };
  const std::string first = page("{}");
  EXPECT_THAT(first, AllOf(HasSubstr("res://one"), HasSubstr(R"("nextCursor":"200")")));
  EXPECT_THAT(page(R"({"cursor":"200"})"),
              AllOf(Not(HasSubstr("res://one")), HasSubstr(R"("nextCursor":"400")")));
  const std::string last = page(R"({"cursor":"400"})");
  EXPECT_THAT(last, Not(HasSubstr("nextCursor")));
  EXPECT_EQ(std::count(last.begin(), last.end(), '{'), 2 + 51);
  // What was there may have gone meanwhile.
  EXPECT_THAT(page(R"({"cursor":"600"})"), HasSubstr(R"({"resources":[]})"));
  for (const char* cursor : {"\"\"", "\"x\"", "\"7\"", "\"0\"", "\"-200\"", "\"200 \"", "200", "[]",
                             "\"99999999999999999999999999200\""}) {
    EXPECT_THAT(ask("resources/list", R"({"cursor":)" + std::string(cursor) + "}"),
                refused(-32602, "Invalid cursor"))
        << cursor;
  }
}

TEST(RoleOfManyTools, ListsThemInPages) {
  ServerOptions options;
  for (int i = 0; i < 250; ++i)
    options.tools.push_back({"t", "{}", nullptr});
  const auto role = std::make_shared<ServerRole>(std::move(options));
  CoreHarness peer;
  peer.hooks.on_request = [&role](Responder responder, const Message& message) {
    role->on_request(std::move(responder), message);
  };
  peer.line(R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})");
  EXPECT_THAT(peer.written(), ElementsAre(HasSubstr(R"("nextCursor":"200")")));
  peer.line(R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"200"}})");
  const std::vector<std::string> lines = peer.written();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], Not(HasSubstr("nextCursor")));
  EXPECT_EQ(std::count(lines[0].begin(), lines[0].end(), '{'), 2 + 50);
}

TEST_F(RoleWithProvider, AResourceIsTextOrBytes) {
  ask("resources/read", R"({"uri":"more:\/\/a"})");
  EXPECT_THAT(asked, ElementsAre("more://a"));
  reads.at(0)(text_content("say \"a\""));
  EXPECT_THAT(
      peer.written(),
      ElementsAre(answered(
          R"({"contents":[{"uri":"more://a","mimeType":"text/plain","text":"say \"a\""}]})")));
  ask("resources/read", R"({"uri":"more://b"})", "2");
  ResourceContent bytes;
  bytes.mime_type = "image/png";
  bytes.is_text = false;
  bytes.content = "AAEC";
  reads.at(1)(bytes);
  EXPECT_THAT(
      peer.written(),
      ElementsAre(answered(
          R"({"contents":[{"uri":"more://b","mimeType":"image/png","blob":"AAEC"}]})", "2")));
}

TEST_F(RoleWithProvider, WhatIsNotThereOrCanNotBeReadIsAnError) {
  ask("resources/read", R"({"uri":"more://nope"})");
  reads.at(0)(std::nullopt);
  EXPECT_THAT(peer.written(),
              refused(-32602, R"(Unknown resource: more://nope","data":{"uri":"more://nope"}})"));
  ask("resources/read", R"({"uri":"more://big"})");
  ResourceContent big;
  big.error = "too long: read it in pieces";
  reads.at(1)(big);
  EXPECT_THAT(peer.written(), refused(-32602, "too long: read it in pieces"));
  ask("resources/read", R"({"uri":"more://dropped"})");
  reads.clear();
  EXPECT_THAT(peer.written(), refused(-32603, "dropped"));
  EXPECT_EQ(role->calls_under_way(), 0U);
  EXPECT_THAT(ask("resources/read", R"({"uri":"res://one"})"), ElementsAre(HasSubstr("line 1")));
  EXPECT_THAT(ask("resources/read", R"({"uri":")" + std::string(1'000'000, 'u') + "\"}"),
              IsEmpty());
  reads.at(0)(std::nullopt);
  EXPECT_LT(peer.written().at(0).size(), 20'000U);
}

TEST_F(RoleWithProvider, ACancelledReadIsNotAnswered) {
  ask("resources/read", R"({"uri":"more://a"})", "\"x\"");
  EXPECT_THAT(ask("resources/read", R"({"uri":"more://b"})", "\"x\""),
              refused(-32600, "under way"));
  tell("notifications/cancelled", R"({"requestId":"x"})");
  reads.at(0)(text_content("late"));
  ask("resources/list", "{}", "2");
  tell("notifications/cancelled", R"({"requestId":2})");
  lists.at(0)({});
  EXPECT_THAT(peer.written(), IsEmpty());
  reads.clear();
  lists.clear();
  EXPECT_EQ(role->calls_under_way(), 0U);
}

TEST_F(RoleWithProvider, AReadMayOutliveTheRole) {
  ask("resources/read", R"({"uri":"more://a"})");
  role->cancel_all();
  EXPECT_EQ(role->calls_under_way(), 0U);
  ask("resources/read", R"({"uri":"more://b"})", "2");
  peer.core().drop_hooks();
  role.reset();
  reads.at(0)(text_content("a"));
  reads.at(1)(text_content("b"));
  reads.clear();
  EXPECT_THAT(peer.written(), ElementsAre(HasSubstr(R"("text":"b")")));
}

// --- what is no message ---

TEST_F(Role, BrokenLinesGetOneErrorEach) {
  peer.line("{not json");
  EXPECT_THAT(peer.written(), ElementsAre(AllOf(HasSubstr("-32700"), Not(HasSubstr("\"id\"")))));
  peer.line(R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])");
  EXPECT_THAT(peer.written(), ElementsAre(AllOf(HasSubstr("-32600"), Not(HasSubstr("\"id\"")))));
  peer.line(R"({"jsonrpc":"2.0","id":5})");
  EXPECT_THAT(peer.written(), ElementsAre(AllOf(HasSubstr("-32600"), HasSubstr("\"id\":5"))));
  EXPECT_THAT(ask("ping"), ElementsAre(answered("{}")));
}

TEST_F(Role, UnknownNotificationsAreIgnored) {
  tell("notifications/whatever");
  tell("tools/call", R"({"name":"now"})");
  EXPECT_THAT(peer.written(), IsEmpty());
}

TEST_F(Role, ARequestOverTheLimitIsRefusedByItsId) {
  framing::LineSplitter::Oversize line;
  line.size = 123;
  line.id = "\"big\"";
  line.method = "tools/call";
  role->on_oversize(line);
  EXPECT_THAT(peer.written(),
              ElementsAre(AllOf(HasSubstr(R"("id":"big","error")"), HasSubstr("123 bytes"))));
  line.is_response = true;
  role->on_oversize(line);
  EXPECT_THAT(peer.written(), IsEmpty());
}

}  // namespace
}  // namespace headrace::engine::mcp
