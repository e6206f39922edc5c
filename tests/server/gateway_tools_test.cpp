// Names and definitions of a gateway's tools.
#include <headrace/server/gateway_tools.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::server {
namespace {

using discovery::Catalogue;
using discovery::ServerSpec;
using discovery::ToolDoc;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::SizeIs;

ToolDoc tool(std::string name) {
  ToolDoc made;
  made.name = std::move(name);
  made.input_schema = R"({"type":"object"})";
  return made;
}

class Gateway : public testing::Test {
 protected:
  void add(const std::string& alias, const std::vector<std::string>& tools) {
    ServerSpec spec;
    spec.name = "the " + alias;
    spec.alias = alias;
    spec.command = "run";
    specs_.push_back(spec);
    lists_.emplace_back();
    for (const std::string& name : tools)
      lists_.back().push_back(tool(name));
  }
  GatewayTools tools(const std::vector<std::string>& patterns = {}) {
    known_.set_servers(specs_);
    for (std::size_t i = 0; i < specs_.size(); ++i)
      known_.set_tools(specs_[i].name, lists_[i]);
    return {known_.servers(), patterns};
  }
  static std::vector<std::string> names(const GatewayTools& tools) {
    std::vector<std::string> all;
    for (const GatewayTool& one : tools.all())
      all.push_back(one.name);
    return all;
  }

  std::vector<ServerSpec> specs_;
  std::vector<std::vector<ToolDoc>> lists_;
  Catalogue known_;
};

TEST_F(Gateway, NamesAToolByServerAndTool) {
  add("files", {"read_file", "write-file"});
  add("git", {"log"});
  const GatewayTools all = tools();
  EXPECT_THAT(names(all), ElementsAre("files__read_file", "files__write-file", "git__log"));
  const GatewayTool* found = all.find("git__log");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->server, "the git");
  EXPECT_EQ(found->tool, "log");
  EXPECT_EQ(all.find("git__lo"), nullptr);
  EXPECT_EQ(all.nearest("git__logs"), "git__log");
  EXPECT_EQ(all.nearest("something else"), "");
}

TEST_F(Gateway, ShowsNoHalfOfALetter) {
  ToolDoc tool;
  tool.input_schema =
      R"({"type":"object","a":"\ud800","b":"\udc00\\ud800","c":"\ud83d\ude00","d":NaN})";
  tool.others = R"("x":["\uD83D"])";
  EXPECT_EQ(gateway_definition(tool, "a"),
            R"({"name":"a","inputSchema":{"type":"object","a":"\ufffd","b":"\ufffd\\ud800",)"
            R"("c":"\ud83d\ude00","d":null},"x":["\ufffd"]})");
}

TEST_F(Gateway, UsesLettersThatEverybodyTakes) {
  EXPECT_EQ(gateway_name("a", "get.user/name"), "a__get_user_name");
  EXPECT_EQ(gateway_name("a", "größe"), "a__gr__e");
  EXPECT_EQ(gateway_name("a", "日本"), "a____");
  EXPECT_EQ(gateway_name("a", std::string("x\0y\n", 4)), "a__x_y_");
}

TEST_F(Gateway, ShortensWhatIsTooLongAndKeepsItApart) {
  EXPECT_EQ(gateway_name("a", std::string(61, 'x')), "a__" + std::string(61, 'x'));
  const std::string one = gateway_name("a", std::string(62, 'x'));
  EXPECT_THAT(one, MatchesRegex("a__x{52}_[0-9a-f]{8}"));
  EXPECT_THAT(one, SizeIs(longest_tool_name));
  EXPECT_NE(one, gateway_name("a", std::string(63, 'x')));
  EXPECT_EQ(one, gateway_name("a", std::string(62, 'x')));
  // Clients keep them: they must be what they were.
  EXPECT_EQ(gateway_name("server", std::string(100, 'n')),
            "server__" + std::string(47, 'n') + "_53eadf41");
  EXPECT_THAT(gateway_name(std::string(100, 's'), "t"), MatchesRegex("s{55}_[0-9a-f]{8}"));
}

TEST_F(Gateway, GivesNoNameTwice) {
  // Whose own name it is keeps it, wherever it stands.
  add("a", {"x.y", "x/y", "x_y"});
  // One server's tool may be called as another's server and tool.
  add("b", {"c__d"});
  add("b__c", {"d"});
  const std::vector<std::string> all = names(tools());
  EXPECT_THAT(all,
              ElementsAre(MatchesRegex("a__x_y_[0-9a-f]{8}"), MatchesRegex("a__x_y_[0-9a-f]{8}"),
                          "a__x_y", "b__c__d", MatchesRegex("b__c__d_[0-9a-f]{8}")));
  EXPECT_NE(all[0], all[1]);
  // Which tools there are beside them changes nothing.
  add("z", {"x.y"});
  const std::vector<std::string> more = names(tools());
  EXPECT_TRUE(std::equal(all.begin(), all.end(), more.begin()));
}

TEST_F(Gateway, ShowsOnlyWhatIsWanted) {
  add("files", {"read_file", "write_file"});
  add("git", {"log", "read_object"});
  EXPECT_THAT(names(tools({"*__read_*"})), ElementsAre("files__read_file", "git__read_object"));
  EXPECT_THAT(names(tools({"git__log", "files__w*"})),
              ElementsAre("files__write_file", "git__log"));
  EXPECT_THAT(names(tools({"nothing"})), IsEmpty());
  EXPECT_EQ(tools({"git__*"}).find("files__read_file"), nullptr);
}

TEST_F(Gateway, PassesADefinitionOnAsItCame) {
  ToolDoc made = tool("read");
  made.title = "Read \"it\"";
  made.description = "Reads.\nAll.";
  made.input_schema =
      R"({"$schema":"x", "type":"object","properties":{"n":{"maximum":1.50}},"x-y":[ ]})";
  made.output_schema = R"({"type":"object","properties":{}})";
  made.annotations = R"({"readOnlyHint":true,"more":1.0})";
  made.execution = R"({"taskSupport":"required"})";
  made.others = R"("icons":[{"src":"data:,"}],"_meta":{"a/b":1.0},"unknown":null)";
  EXPECT_EQ(
      gateway_definition(made, "s__read"),
      R"({"name":"s__read","title":"Read \"it\"","description":"Reads.\nAll.",)"
      R"("inputSchema":{"$schema":"x", "type":"object","properties":{"n":{"maximum":1.50}},"x-y":[ ]},)"
      R"("outputSchema":{"type":"object","properties":{}},)"
      R"("annotations":{"readOnlyHint":true,"more":1.0},)"
      R"("icons":[{"src":"data:,"}],"_meta":{"a/b":1.0},"unknown":null})");
}

// One tool that a strict client refuses costs it all tools of all servers.
TEST_F(Gateway, MendsWhatWouldCostAClientTheWholeList) {
  const auto input = [](std::string schema) {
    ToolDoc made = tool("t");
    made.input_schema = std::move(schema);
    const std::string json = gateway_definition(made, "t");
    const std::string before = R"({"name":"t","inputSchema":)";
    EXPECT_TRUE(json.starts_with(before)) << json;
    return json.substr(before.size(), json.size() - before.size() - 1);
  };
  const std::string any = R"({"type":"object"})";
  EXPECT_EQ(input(""), any);
  EXPECT_EQ(input("true"), any);
  EXPECT_EQ(input("{}"), any);
  EXPECT_EQ(input(R"({"type":"array"})"), any);
  EXPECT_EQ(input(R"({"properties":{"a":{}}})"), R"({"properties":{"a":{}},"type":"object"})");
  EXPECT_EQ(input(R"({"type":["object","null"],"x":1.0})"), R"({"type":"object","x":1.0})");
  EXPECT_EQ(input(R"({"type":"object","properties":[],"required":"a"})"), any);
  EXPECT_EQ(input(R"({"type":"object","required":["a",1]})"), any);
  EXPECT_EQ(input(R"({"type":"object","properties":{"a":true,"b":false,"c":{"x":1.0}}})"),
            R"({"type":"object","properties":{"a":{},"b":{"not":{}},"c":{"x":1.0}}})");
  EXPECT_EQ(input(R"({"type":"object","default":NaN,"x":[-Infinity,"NaN \"Infinity\""]})"),
            R"({"type":"object","default":null,"x":[null,"NaN \"Infinity\""]})");
}

TEST_F(Gateway, LeavesOutWhatCanNotBeMended) {
  ToolDoc made = tool("t");
  made.output_schema = R"({"type":"array"})";
  made.annotations = "[1]";
  made.others = R"("_meta":[],"icons":{},"x":1)";
  EXPECT_EQ(gateway_definition(made, "t"), R"({"name":"t","inputSchema":{"type":"object"},"x":1})");
}

TEST_F(Gateway, KnowsWhenAListIsAnother) {
  add("a", {"x", "y"});
  tools();
  const std::uint64_t before = fingerprint(known_.servers()[0]);
  tools();
  EXPECT_EQ(fingerprint(known_.servers()[0]), before);
  lists_[0][1].others = R"("_meta":{})";
  tools();
  const std::uint64_t other = fingerprint(known_.servers()[0]);
  EXPECT_NE(other, before);
  std::swap(lists_[0][0], lists_[0][1]);
  tools();
  EXPECT_NE(fingerprint(known_.servers()[0]), other);
}

}  // namespace
}  // namespace headrace::server
