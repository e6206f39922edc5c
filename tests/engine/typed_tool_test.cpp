// Tools, prompts and resources made from structs and functions, on a role that is fed lines.
#include <headrace/engine/event.hpp>
#include <headrace/engine/mcp/prompt.hpp>
#include <headrace/engine/mcp/resource.hpp>
#include <headrace/engine/mcp/tool.hpp>

#include <array>
#include <limits>
#include <stdexcept>

#include <gmock/gmock.h>

#include "core_harness.hpp"

namespace typed {

namespace mcp = headrace::engine::mcp;

enum class Unit { celsius, kelvin };
constexpr auto names_of(Unit) {
  return std::to_array<mcp::Named<Unit>>({{"celsius", Unit::celsius}, {"K", Unit::kelvin}});
}

struct Place {
  std::string city;
  std::optional<double> height;
  static constexpr auto fields() {
    return mcp::fields(mcp::field("city", &Place::city, "its name").at_least(1),
                       mcp::field("height", &Place::height));
  }
};

struct Everything {
  bool truth = false;
  std::int64_t wide = 0;
  std::int8_t narrow = 0;
  std::uint32_t count = 7;
  std::uint64_t large = 0;
  double ratio = 0;
  std::string text;
  Unit unit = Unit::kelvin;
  std::optional<std::string> note;
  std::vector<int> sizes;
  std::map<std::string, bool> flags;
  Place place;
  std::vector<Place> places;
  mcp::RawValue raw;
  static constexpr auto fields() {
    return mcp::fields(
        mcp::field("truth", &Everything::truth), mcp::field("wide", &Everything::wide),
        mcp::field("narrow", &Everything::narrow),
        mcp::field("count", &Everything::count, "how many").or_default(),
        mcp::field("large", &Everything::large).or_default(),
        mcp::field("ratio", &Everything::ratio).at_least(0).at_most(1),
        mcp::field("text", &Everything::text).format("uri"),
        mcp::field("unit", &Everything::unit).or_default(), mcp::field("note", &Everything::note),
        mcp::field("sizes", &Everything::sizes).at_most(3), mcp::field("flags", &Everything::flags),
        mcp::field("place", &Everything::place, "where"),
        mcp::field("places", &Everything::places).or_default(),
        mcp::field("raw", &Everything::raw).or_default());
  }
};

struct Sum {
  double a = 0;
  std::optional<double> b;
  static constexpr auto fields() {
    return mcp::fields(mcp::field("a", &Sum::a, "the first"), mcp::field("b", &Sum::b));
  }
};

}  // namespace typed

namespace headrace::engine::mcp {
namespace {

using test::CoreHarness;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using typed::Everything;
using typed::Place;
using typed::Sum;
using typed::Unit;

// --- schemas and values ---

TEST(Described, ASchemaWordByWord) {
  EXPECT_EQ(schema_json<Sum>(),
            R"({"type":"object","properties":{"a":{"type":"number","description":"the first"},)"
            R"("b":{"type":"number"}},"required":["a"]})");
  EXPECT_EQ(schema_json<NoArguments>(), R"({"type":"object","properties":{}})");
}

TEST(Described, TheSchemaOfEveryType) {
  const std::string place =
      R"("properties":{"city":{"type":"string","description":"its name","minLength":1},)"
      R"("height":{"type":"number"}},"required":["city"])";
  EXPECT_EQ(
      schema_json<Everything>(),
      R"({"type":"object","properties":{"truth":{"type":"boolean"},"wide":{"type":"integer"},)"
      R"("narrow":{"type":"integer","minimum":-128,"maximum":127},)"
      R"("count":{"type":"integer","description":"how many","minimum":0,"maximum":4294967295,"default":7},)"
      R"("large":{"type":"integer","minimum":0,"default":0},)"
      R"("ratio":{"type":"number","minimum":0,"maximum":1},)"
      R"("text":{"type":"string","format":"uri"},)"
      R"("unit":{"type":"string","enum":["celsius","K"],"default":"K"},"note":{"type":"string"},)"
      R"("sizes":{"type":"array","items":{"type":"integer","minimum":-2147483648,"maximum":2147483647},"maxItems":3},)"
      R"("flags":{"type":"object","additionalProperties":{"type":"boolean"}},)"
      R"("place":{"type":"object","description":"where",)" +
          place + R"(},"places":{"type":"array","items":{"type":"object",)" + place +
          R"(},"default":[]},"raw":{}},)"
          R"("required":["truth","wide","narrow","ratio","text","sizes","flags","place"]})");
}

constexpr const char* sound =
    R"({"truth":true,"wide":-9223372036854775808,"narrow":-128,"large":18446744073709551615,)"
    R"("ratio":1,"text":"\u00e9","unit":"celsius","note":null,"sizes":[1,2.0,3],)"
    R"("flags":{"x":false},"place":{"city":"Bern","height":540.5},"raw":{"any":[1,"x"]},"more":1})";

// What is wrong with a value; empty when nothing is.
template <class T>
std::string fault_of(const std::string& json, T& value) {
  JsonValue read;
  std::string why;
  if (!read_json(json, read, why)) return "not JSON";
  const bool fits = read_value(read, value, why);
  EXPECT_EQ(fits, why.empty());
  return why;
}

TEST(Described, ValuesOfEveryTypeAreReadAndWritten) {
  Everything all;
  ASSERT_EQ(fault_of(sound, all), "");
  EXPECT_TRUE(all.truth);
  EXPECT_EQ(all.wide, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(all.narrow, -128);
  EXPECT_EQ(all.count, 7U);
  EXPECT_EQ(all.large, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(all.ratio, 1.0);
  EXPECT_EQ(all.text, "é");
  EXPECT_EQ(all.unit, Unit::celsius);
  EXPECT_FALSE(all.note.has_value());
  EXPECT_THAT(all.sizes, ElementsAre(1, 2, 3));
  EXPECT_FALSE(all.flags.at("x"));
  EXPECT_EQ(all.place.height, 540.5);
  EXPECT_EQ(value_json(all),
            R"({"truth":true,"wide":-9223372036854775808,"narrow":-128,"count":7,)"
            R"("large":18446744073709551615,"ratio":1,"text":"é","unit":"celsius","sizes":[1,2,3],)"
            R"("flags":{"x":false},"place":{"city":"Bern","height":540.5},"places":[],)"
            R"("raw":{"any":[1,"x"]}})");
}

TEST(Described, EachFaultSaysWhereAndWhat) {
  const std::pair<std::string, std::string> faults[] = {
      {R"("truth":1)", "'truth' must be true or false"},
      {R"("wide":"1")", "'wide' must be an integer"},
      {R"("wide":9223372036854775808)", "'wide' must be an integer"},
      {R"("wide":1.5)", "'wide' must be an integer"},
      {R"("wide":1e300)", "'wide' must be an integer"},
      {R"("narrow":128)", "'narrow' must be an integer from -128 to 127"},
      {R"("count":-1)", "'count' must be an integer from 0 to 4294967295"},
      {R"("large":-1)", "'large' must be an integer that is at least 0"},
      {R"("ratio":true)", "'ratio' must be a number from 0 to 1"},
      {R"("ratio":1.01)", "'ratio' must be a number from 0 to 1"},
      {R"("text":null)", "'text' must be a string"},
      {R"("unit":"F")", "'unit' must be one of 'celsius', 'K'"},
      {R"("unit":3)", "'unit' must be one of 'celsius', 'K'"},
      {R"("note":[])", "'note' must be a string"},
      {R"("sizes":{})", "'sizes' must be an array of at most 3 items"},
      {R"("sizes":[1,2,3,4])", "'sizes' must be an array of at most 3 items"},
      {R"("sizes":[1,"2"])", "'sizes[1]' must be an integer from -2147483648 to 2147483647"},
      {R"("flags":[])", "'flags' must be an object"},
      {R"("flags":{"x":0})", "'flags.x' must be true or false"},
      {R"("place":7)", "'place' must be an object"},
      {R"("place":{})", "'place.city' is missing: it must be a string that is not empty"},
      {R"("place":{"city":""})", "'place.city' must be a string that is not empty"},
      {R"("places":[{"city":"x"},{"city":7}])",
       "'places[1].city' must be a string that is not empty"},
  };
  for (const auto& [member, words] : faults) {
    // The first of two members with one name counts.
    std::string json = sound;
    json.insert(1, member + ",");
    Everything all;
    EXPECT_EQ(fault_of(json, all), words) << member;
  }
}

TEST(Described, AllFaultsAreToldAtOnce) {
  Everything all;
  EXPECT_EQ(fault_of(R"({"truth":1,"wide":2,"narrow":3,"text":"","sizes":[],"flags":{}})", all),
            "'truth' must be true or false; 'ratio' is missing: it must be a number from 0 to 1; "
            "'place' is missing: it must be an object");
  EXPECT_EQ(fault_of("[]", all), "it must be an object");
}

TEST(Described, LengthsAreThoseOfCharacters) {
  struct Word {
    std::string word;
    static constexpr auto fields() {
      return mcp::fields(mcp::field("word", &Word::word).at_least(2).at_most(3));
    }
  };
  Word word;
  EXPECT_EQ(fault_of(R"({"word":"éäö"})", word), "");
  EXPECT_EQ(fault_of(R"({"word":"é"})", word), "'word' must be a string of 2 to 3 characters");
}

TEST(JsonValue, TooDeepOrTooLargeIsRefused) {
  JsonValue value;
  std::string why;
  EXPECT_FALSE(read_json(std::string(5000, '[') + std::string(5000, ']'), value, why));
  EXPECT_FALSE(read_json("123456789012345678901234567890", value, why));
  EXPECT_FALSE(read_json("NaN", value, why));
  EXPECT_FALSE(read_json("", value, why));
  EXPECT_TRUE(read_json(R"([null,true,-1,1.5,"\n",{"a":[]}])", value, why)) << why;
  EXPECT_EQ(value.to_json(), R"([null,true,-1,1.5,"\n",{"a":[]}])");
}

// --- content ---

TEST(Content, BlocksOfEveryKind) {
  EXPECT_EQ(encode_base64(""), "");
  EXPECT_EQ(encode_base64("f"), "Zg==");
  EXPECT_EQ(encode_base64("fo"), "Zm8=");
  EXPECT_EQ(encode_base64("foo"), "Zm9v");
  EXPECT_EQ(encode_base64("\xff\xfe\xfd\x01"), "//79AQ==");
  ToolResult result;
  result.content = {Content::text("\"x\""),
                    Content::image("foo", "image/png"),
                    Content::audio("fo", "audio/wav"),
                    Content::text_resource("a://t", "text"),
                    Content::binary_resource("a://b", "f", "image/gif"),
                    Content::resource_link({"a://l", "link", "", "text/html"})};
  result.structured.emplace().json = R"({"a":1})";
  result.is_error = true;
  result.meta.emplace().json = R"({"k":2})";
  EXPECT_EQ(
      result.to_json(),
      R"({"content":[{"type":"text","text":"\"x\""},)"
      R"({"type":"image","data":"Zm9v","mimeType":"image/png"},)"
      R"({"type":"audio","data":"Zm8=","mimeType":"audio/wav"},)"
      R"({"type":"resource","resource":{"uri":"a://t","mimeType":"text/plain","text":"text"}},)"
      R"({"type":"resource","resource":{"uri":"a://b","mimeType":"image/gif","blob":"Zg=="}},)"
      R"({"type":"resource_link","uri":"a://l","name":"link","mimeType":"text/html"}],)"
      R"("structuredContent":{"a":1},"isError":true,"_meta":{"k":2}})");
}

// --- on a role ---

PeerOptions to_the_client() {
  PeerOptions options;
  options.name = "the client";
  return options;
}

struct TypedServer : testing::Test {
  ~TypedServer() override {
    if (role) role->close();
    context.poll();
  }

  // Called by the first event, when a test has put its tools into `options`.
  void begin() {
    if (role) return;
    options.implementation = {"test", "1", ""};
    role = std::make_shared<ServerRole>(std::move(options));
    peer.hooks.on_request = [this](Responder responder, const Message& message) {
      role->on_request(std::move(responder), message);
    };
    peer.hooks.on_notification = [this](const Message& message) { role->on_notification(message); };
    ServerOutput output;
    output.notify = [this](std::string_view method, const Payload& params) {
      return peer.core().notify(method, params);
    };
    output.send_error = [this](std::string_view id, std::int64_t code, std::string_view message) {
      peer.core().send_error(id, code, message);
    };
    output.call = [this](std::string_view method, const Payload& params, const CallOptions& how,
                         Completion completion) {
      std::error_code error;
      return peer.core().call(method, params, how, completion, error);
    };
    output.cancel = [this](std::uint64_t number, std::string_view reason) {
      peer.core().cancel(number, reason);
    };
    output.later = [this](UniqueFunction<void()> task) {
      asio::post(context, [task = std::move(task)]() mutable { task(); });
    };
    output.executor = context.get_executor();
    role->connect(std::move(output));
  }

  // What is written once all has been done that can be.
  std::vector<std::string> line(const std::string& text) {
    begin();
    peer.line(text);
    return settle();
  }
  std::vector<std::string> settle() {
    context.restart();
    context.poll();
    return peer.written();
  }

  std::vector<std::string> ask(const std::string& method, const std::string& params,
                               const std::string& id = "1") {
    return line(R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":")" + method + R"(","params":)" +
                params + "}");
  }
  std::vector<std::string> call(const std::string& tool, const std::string& arguments,
                                const std::string& id = "1") {
    return ask("tools/call", R"({"name":")" + tool + R"(","arguments":)" + arguments + "}", id);
  }
  // A legacy client that can do these things.
  void greet(const std::string& capabilities) {
    ask("initialize",
        R"({"protocolVersion":"2025-11-25","capabilities":)" + capabilities +
            R"(,"clientInfo":{"name":"c","version":"1"}})",
        "\"hello\"");
    line(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  }

  asio::io_context context;
  ServerOptions options;
  std::shared_ptr<ServerRole> role;
  CoreHarness peer{to_the_client()};
};

std::string answered(const std::string& result, const std::string& id = "1") {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":)" + result + "}";
}

std::string said(const std::string& text) {
  return answered(R"({"content":[{"type":"text","text":")" + text + R"("}]})");
}

std::string failed(const std::string& text) {
  return answered(R"({"content":[{"type":"text","text":")" + text + R"("}],"isError":true})");
}

double add(const Sum& in) {
  return in.a + in.b.value_or(0);
}

TEST_F(TypedServer, ATool) {
  options.tools.push_back(make_tool<Sum>("add", "Adds two numbers", add));
  EXPECT_THAT(ask("tools/list", "{}"),
              ElementsAre(answered(R"({"tools":[{"name":"add","description":"Adds two numbers",)"
                                   R"("inputSchema":)" +
                                   schema_json<Sum>() + "}]}")));
  EXPECT_THAT(call("add", R"({"a":1.5,"b":2})"), ElementsAre(said("3.5")));
  EXPECT_THAT(call("add", R"({"a":1})"), ElementsAre(said("1")));
  EXPECT_THAT(call("add", "{}"), ElementsAre(failed("'a' is missing: it must be a number")));
  EXPECT_THAT(call("add", R"({"a":"1"})"), ElementsAre(failed("'a' must be a number")));
  EXPECT_THAT(call("add", R"({"a":123456789012345678901234567890})"),
              ElementsAre(AllOf(HasSubstr("\"code\":-32602"), HasSubstr("'add'"))));
}

TEST_F(TypedServer, ResultsOfEveryKind) {
  using Either = std::variant<Place, ToolError>;
  options.tools = {
      make_tool<NoArguments>("none", "", [](const NoArguments&) {}),
      make_tool<NoArguments>("text", "", [](const NoArguments&) { return "a \"b\""; }),
      make_tool<NoArguments>("truth", "", [](const NoArguments&) { return true; }),
      make_tool<NoArguments>("unit", "", [](const NoArguments&) { return Unit::kelvin; }),
      make_tool<NoArguments>(
          "infinite", "",
          [](const NoArguments&) { return std::numeric_limits<double>::infinity(); }),
      make_tool<Place>("place", "", [](const Place& in) { return in; }),
      make_tool<Sum>("either", "",
                     [](const Sum& in) -> Either {
                       if (in.a < 0) return ToolError{"'a' is below the sea"};
                       return Place{"Bern", in.a};
                     }),
      make_tool<NoArguments>("map", "",
                             [](const NoArguments&) {
                               return std::map<std::string, int>{{"x", 1}};
                             }),
      make_tool<RawValue>("raw", "", [](const RawValue& in) { return in; }),
      make_tool<NoArguments>("built", "",
                             [](const NoArguments&) { return ToolResult::error("broken"); }),
  };
  EXPECT_THAT(call("none", "{}"), ElementsAre(answered(R"({"content":[]})")));
  EXPECT_THAT(call("text", "{}"), ElementsAre(said(R"(a \"b\")")));
  EXPECT_THAT(call("truth", "{}"), ElementsAre(said("true")));
  EXPECT_THAT(call("unit", "{}"), ElementsAre(said(R"(\"K\")")));
  EXPECT_THAT(call("infinite", "{}"), ElementsAre(HasSubstr(R"("isError":true)")));
  const std::string bern =
      answered(R"({"content":[{"type":"text","text":"{\"city\":\"Bern\",\"height\":2}"}],)"
               R"("structuredContent":{"city":"Bern","height":2}})");
  EXPECT_THAT(call("place", R"({"city":"Bern","height":2})"), ElementsAre(bern));
  EXPECT_THAT(call("either", R"({"a":2})"), ElementsAre(bern));
  EXPECT_THAT(call("either", R"({"a":-2})"), ElementsAre(failed("'a' is below the sea")));
  EXPECT_THAT(call("map", "{}"), ElementsAre(HasSubstr(R"("structuredContent":{"x":1})")));
  EXPECT_THAT(call("raw", R"({"any":[1.0]})"), ElementsAre(said(R"({\"any\":[1.0]})")));
  EXPECT_THAT(call("built", "{}"), ElementsAre(failed("broken")));
  const std::string tools = ask("tools/list", "{}").front();
  EXPECT_THAT(tools, HasSubstr(R"("name":"either","inputSchema":)" + schema_json<Sum>() +
                               R"(,"outputSchema":)" + schema_json<Place>() + "}"));
  EXPECT_THAT(tools,
              HasSubstr(R"({"name":"built","inputSchema":{"type":"object","properties":{}}})"));
}

TEST_F(TypedServer, NotesOnATool) {
  ToolNotes notes;
  notes.title = "Add";
  notes.read_only = true;
  notes.open_world = false;
  notes.meta.emplace().json = R"({"k":1})";
  notes.input_schema.emplace().json = R"({"type":"object","x":1})";
  options.tools.push_back(make_tool<Sum>("add", "d", add, notes));
  EXPECT_THAT(
      ask("tools/list", "{}"),
      ElementsAre(answered(
          R"({"tools":[{"name":"add","title":"Add","description":"d","inputSchema":{"type":"object","x":1},)"
          R"("annotations":{"readOnlyHint":true,"openWorldHint":false},"_meta":{"k":1}}]})")));
}

asio::awaitable<std::string> throw_later(const Sum&) {
  co_await asio::post(asio::use_awaitable);
  throw std::runtime_error("no \"luck\"");
}

TEST_F(TypedServer, ExceptionsAreFailuresOfTheTool) {
  options.tools = {
      make_tool<Sum>("now", "", [](const Sum&) -> double { throw std::out_of_range("far"); }),
      make_tool<Sum>("odd", "", [](const Sum&) -> double { throw 7; }),
      make_tool<Sum>("later", "", throw_later),
  };
  EXPECT_THAT(call("now", R"({"a":1})"), ElementsAre(failed("far")));
  EXPECT_THAT(call("odd", R"({"a":1})"), ElementsAre(HasSubstr(R"("isError":true)")));
  EXPECT_THAT(call("later", R"({"a":1})"), ElementsAre(failed(R"(no \"luck\")")));
}

// --- coroutines ---

asio::awaitable<void> nothing(const Sum&) {
  co_return;
}

asio::awaitable<Place> place_of(const Sum& in) {
  co_await asio::post(asio::use_awaitable);
  Place place;
  place.city = "Bern";
  place.height = in.a;
  co_return place;
}

TEST_F(TypedServer, CoroutinesAnswerLater) {
  options.tools = {make_tool<Sum>("nothing", "", nothing), make_tool<Sum>("place", "", place_of)};
  EXPECT_THAT(call("nothing", R"({"a":1})"), ElementsAre(answered(R"({"content":[]})")));
  EXPECT_THAT(call("place", R"({"a":2})"),
              ElementsAre(HasSubstr(R"("structuredContent":{"city":"Bern","height":2})")));
  EXPECT_THAT(ask("tools/list", "{}").front(), HasSubstr(schema_json<Place>()));
}

TEST_F(TypedServer, ACoroutineWithoutAnExecutorFails) {
  options.tools.push_back(make_tool<Sum>("nothing", "", nothing));
  begin();
  role->connect({});
  peer.line(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":)"
            R"({"name":"nothing","arguments":{"a":1}}})");
  EXPECT_THAT(peer.written(), ElementsAre(HasSubstr("executor")));
}

struct Waiter {
  Event event;
  int begun = 0;
  int ended = 0;
  std::vector<std::string> seen;
};

asio::awaitable<std::string> wait_for(std::shared_ptr<Waiter> waiter, ToolContext context) {
  struct End {
    Waiter& waiter;
    ~End() { ++waiter.ended; }
  };
  ++waiter->begun;
  End end{*waiter};
  context.progress(1, 4, "begun");
  co_await waiter->event.async_wait();
  waiter->seen.push_back(context.cancelled() ? "cancelled" : "set");
  co_await asio::post(asio::use_awaitable);
  waiter->seen.emplace_back("went on");
  co_return "done";
}

TEST_F(TypedServer, AClientsCancellationIsTerminalForTheCoroutine) {
  const auto waiter = std::make_shared<Waiter>(Waiter{Event(context.get_executor()), 0, 0, {}});
  options.tools.push_back(make_tool<Sum>("wait", "", [waiter](const Sum&, ToolContext call) {
    return wait_for(waiter, std::move(call));
  }));
  const std::string params = R"({"name":"wait","arguments":{"a":1},"_meta":{"progressToken":"t"}})";
  EXPECT_THAT(ask("tools/call", params, "1"),
              ElementsAre(HasSubstr(
                  R"("params":{"progressToken":"t","progress":1,"total":4,"message":"begun"})")));
  ask("tools/call", params, "2");
  EXPECT_EQ(waiter->begun, 2);
  EXPECT_THAT(
      line(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})"),
      IsEmpty());
  EXPECT_EQ(waiter->ended, 1);
  EXPECT_THAT(waiter->seen, ElementsAre("cancelled"));
  EXPECT_EQ(role->calls_under_way(), 1U);
  waiter->event.set();
  EXPECT_THAT(settle(),
              ElementsAre(answered(R"({"content":[{"type":"text","text":"done"}]})", "2")));
  EXPECT_EQ(waiter->ended, 2);
}

TEST_F(TypedServer, ClosingEndsWhatRuns) {
  const auto waiter = std::make_shared<Waiter>(Waiter{Event(context.get_executor()), 0, 0, {}});
  options.tools.push_back(make_tool<Sum>("wait", "", [waiter](const Sum&, ToolContext call) {
    return wait_for(waiter, std::move(call));
  }));
  call("wait", R"({"a":1})");
  role->close();
  EXPECT_THAT(settle(), IsEmpty());
  EXPECT_EQ(waiter->ended, 1);
}

std::string words_of(Asked outcome) {
  constexpr const char* words[] = {"answered", "declined", "dismissed", "not supported", "failed"};
  return words[static_cast<int>(outcome)];
}

asio::awaitable<std::string> ask_place(const Sum&, ToolContext context) {
  std::string message = "Where are you?";
  const Reply<Place> reply = co_await context.elicit<Place>(message);
  if (!reply) co_return words_of(reply.outcome) + ": " + reply.message;
  co_return "in " + reply.value->city;
}

asio::awaitable<std::string> ask_others(const Sum&, ToolContext context) {
  SampleRequest request;
  request.messages.push_back(PromptMessage::user("Say something"));
  request.system_prompt = "Be brief";
  const Reply<Sample> sample = co_await context.sample(request);
  const Reply<std::vector<Root>> roots = co_await context.roots();
  std::string message = "Log in";
  std::string url = "https://example.com/login";
  const Reply<RawValue> page = co_await context.elicit_url(message, url);
  std::string text = sample ? sample.value->text : words_of(sample.outcome);
  text += roots ? " " + roots.value->at(0).uri : " " + words_of(roots.outcome);
  co_return text + " " + words_of(page.outcome);
}

std::string form() {
  return R"({"message":"Where are you?","requestedSchema":)" + schema_json<Place>() + "}";
}

// The id of the server's request in a line.
std::string id_of(const std::string& line) {
  const std::size_t begin = line.find("\"id\":") + 5;
  return line.substr(begin, line.find(',', begin) - begin);
}

TEST_F(TypedServer, AQuestionInTheLegacyEra) {
  options.tools.push_back(make_tool<Sum>("ask", "", ask_place));
  greet(R"({"elicitation":{}})");
  const std::pair<const char*, const char*> answers[] = {
      {R"({"action":"accept","content":{"city":"Bern"}})", "in Bern"},
      {R"({"action":"decline"})", "declined: the user declined"},
      {R"({"action":"cancel"})", "dismissed: the user gave no answer"},
      {R"({"action":"accept","content":{"city":7}})",
       "failed: the client's answer does not fit the form: "
       "'city' must be a string that is not empty"},
  };
  for (const auto& [answer, words] : answers) {
    const auto asked = call("ask", R"({"a":1})");
    ASSERT_THAT(asked, ElementsAre(AllOf(HasSubstr(R"("method":"elicitation/create")"),
                                         HasSubstr(R"("params":)" + form()))));
    EXPECT_THAT(line(answered(answer, id_of(asked[0]))), ElementsAre(said(words)));
  }
  const auto asked = call("ask", R"({"a":1})");
  EXPECT_THAT(line(R"({"jsonrpc":"2.0","id":)" + id_of(asked[0]) +
                   R"(,"error":{"code":-32601,"message":"no forms"}})"),
              ElementsAre(said("not supported: no forms")));
}

TEST_F(TypedServer, AQuestionInTheModernEra) {
  options.tools.push_back(make_tool<Sum>("ask", "", ask_place));
  const std::string common =
      R"({"name":"ask","arguments":{"a":1},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
      R"("io.modelcontextprotocol/clientCapabilities":{"elicitation":{"form":{}}}})";
  const auto asked = ask("tools/call", common + "}");
  ASSERT_THAT(
      asked, ElementsAre(AllOf(HasSubstr(R"("resultType":"input_required")"),
                               HasSubstr(R"({"method":"elicitation/create","params":)" + form()))));
  const std::size_t begin = asked[0].find(R"("requestState":")") + 16;
  const std::string state = asked[0].substr(begin, asked[0].find('"', begin) - begin);
  EXPECT_THAT(ask("tools/call",
                  common + R"(,"requestState":")" + state +
                      R"(","inputResponses":{"q1":{"action":"accept","content":{"city":"Bern"}}}})",
                  "2"),
              ElementsAre(AllOf(HasSubstr(R"("id":2)"), HasSubstr(R"("resultType":"complete")"),
                                HasSubstr(R"("text":"in Bern")"))));
}

TEST_F(TypedServer, WhatTheClientCanNotDoIsKnownAtOnce) {
  options.tools = {make_tool<Sum>("ask", "", ask_place), make_tool<Sum>("others", "", ask_others)};
  greet("{}");
  EXPECT_THAT(call("ask", R"({"a":1})"), ElementsAre(HasSubstr("not supported: ")));
  EXPECT_THAT(call("others", R"({"a":1})"),
              ElementsAre(said("not supported not supported not supported")));
}

TEST_F(TypedServer, ModelsRootsAndPages) {
  options.tools.push_back(make_tool<Sum>("others", "", ask_others));
  greet(R"({"sampling":{},"roots":{},"elicitation":{"url":{}}})");
  auto asked = call("others", R"({"a":1})");
  ASSERT_THAT(
      asked,
      ElementsAre(HasSubstr(
          R"("method":"sampling/createMessage","params":{"messages":[{"role":"user","content":{"type":"text","text":"Say something"}}],"maxTokens":1000,"systemPrompt":"Be brief"})")));
  asked = line(answered(
      R"({"role":"assistant","model":"m","content":[{"type":"text","text":"some"},{"type":"text","text":"thing"}]})",
      id_of(asked[0])));
  ASSERT_THAT(asked, ElementsAre(HasSubstr(R"("method":"roots/list")")));
  asked = line(answered(R"({"roots":[{"uri":"file:///x"}]})", id_of(asked[0])));
  ASSERT_THAT(
      asked,
      ElementsAre(AllOf(HasSubstr(R"("params":{"mode":"url","message":"Log in","url":)"
                                  R"("https://example.com/login","elicitationId":"page-)"))));
  EXPECT_THAT(line(answered(R"({"action":"accept"})", id_of(asked[0]))),
              ElementsAre(said("something file:///x answered")));
}

TEST_F(TypedServer, ACallThatIsCancelledWhileItAsksIsNotAnswered) {
  options.tools.push_back(make_tool<Sum>("ask", "", ask_place));
  greet(R"({"elicitation":{}})");
  const auto asked = call("ask", R"({"a":1})");
  EXPECT_THAT(
      line(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})"),
      ElementsAre(HasSubstr("notifications/cancelled")));
  EXPECT_THAT(line(answered(R"({"action":"decline"})", id_of(asked[0]))), IsEmpty());
  EXPECT_EQ(role->calls_under_way(), 0U);
}

// --- prompts and resources ---

struct Review {
  std::string code;
  std::optional<Unit> unit;
  static constexpr auto fields() {
    return mcp::fields(mcp::field("code", &Review::code, "what to look at"),
                       mcp::field("unit", &Review::unit));
  }
};

asio::awaitable<std::vector<PromptMessage>> dialogue(const Review& in) {
  co_await asio::post(asio::use_awaitable);
  std::vector<PromptMessage> messages;
  messages.push_back(PromptMessage::user(in.code));
  messages.push_back(PromptMessage::assistant("Fine."));
  co_return messages;
}

TEST_F(TypedServer, Prompts) {
  options.prompts = {
      make_prompt<Review>("review", "Reviews", [](const Review& in) { return "See " + in.code; }),
      make_prompt<Review>("dialogue", "", dialogue),
      make_prompt<NoArguments>(
          "broken", "",
          [](const NoArguments&) -> std::string { throw std::runtime_error("no words"); }),
  };
  EXPECT_THAT(
      ask("prompts/list", "{}").front(),
      HasSubstr(
          R"([{"name":"review","description":"Reviews","arguments":[{"name":"code","description":"what to look at","required":true},{"name":"unit","required":false}]},)"));
  EXPECT_THAT(ask("prompts/get", R"({"name":"review","arguments":{"code":"x"}})"),
              ElementsAre(answered(
                  R"({"messages":[{"role":"user","content":{"type":"text","text":"See x"}}]})")));
  EXPECT_THAT(
      ask("prompts/get", R"({"name":"dialogue","arguments":{"code":"x","unit":"K"}})"),
      ElementsAre(HasSubstr(R"("role":"assistant","content":{"type":"text","text":"Fine."})")));
  EXPECT_THAT(ask("prompts/get", R"({"name":"review"})"),
              ElementsAre(AllOf(HasSubstr("-32602"), HasSubstr("'code' is missing"))));
  EXPECT_THAT(ask("prompts/get", R"({"name":"broken"})"),
              ElementsAre(AllOf(HasSubstr("-32603"), HasSubstr("no words"))));
}

TEST(Resource, TemplatesMatch) {
  using testing::Optional;
  using testing::Pair;
  EXPECT_THAT(match_template("a://{x}/{y}.txt", "a://1/b%20c.txt"),
              Optional(ElementsAre(Pair("x", "1"), Pair("y", "b c"))));
  EXPECT_THAT(match_template("a://x", "a://x"), Optional(IsEmpty()));
  for (const char* uri : {"a://1/.txt", "a:///2.txt", "a://1/2/3.txt", "a://1/2", "b", ""})
    EXPECT_EQ(match_template("a://{x}/{y}.txt", uri), std::nullopt) << uri;
  EXPECT_EQ(match_template("a://{x", "a://1"), std::nullopt);
  EXPECT_THAT(match_template("{x}", "%zz%4"), Optional(ElementsAre(Pair("x", "%zz%4"))));
}

TEST_F(TypedServer, Resources) {
  auto squares = [](const Variables& in) -> std::optional<ResourceContent> {
    const int number = std::stoi(in.at("n"));
    if (number > 9) return std::nullopt;
    return text_content(std::to_string(number * number));
  };
  auto picture = [](const Variables&) { return binary_content("foo"); };
  options.provider = make_resources({{{"sq://{n}", "square", "n times n", "text/plain"}, squares},
                                     {{"pic://one", "", "", "image/png"}, picture}});
  EXPECT_THAT(
      ask("resources/list", "{}"),
      ElementsAre(answered(
          R"({"resources":[{"uri":"pic://one","name":"pic://one","mimeType":"image/png"}]})")));
  EXPECT_THAT(
      ask("resources/templates/list", "{}"),
      ElementsAre(answered(
          R"({"resourceTemplates":[{"uriTemplate":"sq://{n}","name":"square","description":"n times n","mimeType":"text/plain"}]})")));
  EXPECT_THAT(ask("resources/read", R"({"uri":"sq://7"})"),
              ElementsAre(answered(
                  R"({"contents":[{"uri":"sq://7","mimeType":"text/plain","text":"49"}]})")));
  EXPECT_THAT(ask("resources/read", R"({"uri":"pic://one"})"),
              ElementsAre(answered(
                  R"({"contents":[{"uri":"pic://one","mimeType":"image/png","blob":"Zm9v"}]})")));
  for (const char* uri : {"sq://77", "sq://x", "other://"})
    EXPECT_THAT(ask("resources/read", R"({"uri":")" + std::string(uri) + "\"}"),
                ElementsAre(HasSubstr("-32602")));
}

}  // namespace
}  // namespace headrace::engine::mcp
