// Answers to the interpreter: the keys that docs/session-protocol.md names, and always valid JSON.
#include <headrace/discovery/docs.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace headrace::discovery {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class DocsTest : public testing::Test {
 protected:
  DocsTest() {
    ServerSpec files;
    files.name = "file-system";
    files.alias = "file_system";
    files.description = "Files";
    files.cwd = "/work";
    ServerSpec other;
    other.name = "other";
    other.alias = "other";
    catalogue.set_servers({files, other});
    ToolDoc read;
    read.name = "read-file";
    read.description = "Reads \"one\"\n\x01";
    read.input_schema = R"({"type":"object","x":[1.0]})";
    ToolDoc bare;
    bare.name = "bare";
    catalogue.set_tools("file-system", {read, bare});
  }
  const CatalogueServer& files() const { return catalogue.servers()[0]; }

  template <typename F>
  static std::string written(F&& write) {
    std::string out;
    write(out);
    EXPECT_THAT(out, Not(HasSubstr("\n")));
    return out;
  }

  Catalogue catalogue;
};

TEST_F(DocsTest, Detail) {
  EXPECT_EQ(parse_detail("full"), Detail::full);
  EXPECT_EQ(parse_detail("FULL"), Detail::full);
  EXPECT_EQ(parse_detail("Signature"), Detail::signature);
  for (const char* text : {"", "summary", "ful", "fully"})
    EXPECT_EQ(parse_detail(text), Detail::summary);
}

TEST_F(DocsTest, SummaryOfAllTools) {
  const std::string out =
      written([&](std::string& to) { append_docs(to, files(), Detail::summary); });
  EXPECT_EQ(json::parse(out), json::parse(R"({"docs":[
    {"server":"file-system","serverAlias":"file_system","tool":"read-file","toolAlias":"read_file",
     "description":"Reads \"one\"\n\u0001"},
    {"server":"file-system","serverAlias":"file_system","tool":"bare","toolAlias":"bare"}]})"));
}

TEST_F(DocsTest, FullDocsHoldTheSchemaByteForByte) {
  const ToolDoc& tool = *files().find_tool("read-file");
  const std::string out =
      written([&](std::string& to) { append_docs(to, files(), tool, Detail::full); });
  EXPECT_THAT(out, EndsWith(R"(,"inputSchema":{"type":"object","x":[1.0]}}]})"));
  EXPECT_EQ(json::parse(out).at("docs").size(), 1U);
  const std::string bare = written(
      [&](std::string& to) { append_docs(to, files(), *files().find_tool("bare"), Detail::full); });
  EXPECT_FALSE(json::parse(bare).at("docs").at(0).contains("inputSchema"));
}

TEST_F(DocsTest, SignaturesStandInForSchemas) {
  ToolDoc tool;
  tool.name = "push-files";
  tool.description = "Pushes files. Needs a token.";
  tool.input_schema =
      R"({"type":"object","required":["files"],"properties":{"files":{"type":"array",
      "items":{"type":"object","properties":{"path":{"type":"string"}}}}}})";
  catalogue.set_tools("file-system", {tool});
  const std::string out =
      written([&](std::string& to) { append_docs(to, files(), Detail::signature); });
  EXPECT_EQ(json::parse(out), json::parse(R"x({"docs":[{"server":"file-system","tool":"push-files",
    "signature":"mcp_file_system.push_files(files: list[Files])",
    "types":"class Files(TypedDict, total=False): path: str","description":"Pushes files"
}]
})x"));
}

TEST_F(DocsTest, DocsOfASearch) {
  const std::vector<SearchHit> hits = search(catalogue, "read", 5);
  const std::string out = written([&](std::string& to) { append_docs(to, hits, Detail::summary); });
  EXPECT_EQ(json::parse(out).at("docs").at(0).at("toolAlias"), "read_file");
  EXPECT_FALSE(json::parse(out).at("docs").at(0).contains("running"));
  const std::string none = written(
      [&](std::string& to) { append_docs(to, std::span<const SearchHit>(), Detail::full); });
  EXPECT_EQ(none, R"({"docs":[]})");
}

TEST_F(DocsTest, AHitHasItsScoreAndWhetherItsServerRuns) {
  ToolDoc tool;
  tool.name = "read";
  catalogue.set_tools("other", {tool});
  const SearchHit hits[] = {{&catalogue.servers()[1], &catalogue.servers()[1].tools()[0], 12.3456F},
                            {&files(), files().find_tool("bare"), 0.000123456F},
                            {&files(), files().find_tool("bare"), 0}};
  const RunningPredicate running = [](const CatalogueServer& s) {
    return s.spec().name == "other";
  };
  for (const Detail detail : {Detail::summary, Detail::full, Detail::signature}) {
    const std::string out =
        written([&](std::string& to) { append_docs(to, hits, detail, running); });
    const json docs = json::parse(out).at("docs");
    EXPECT_THAT(out, HasSubstr(R"("score":12.3,"running":true)"));
    EXPECT_EQ(docs.at(0).at("score"), 12.3);
    EXPECT_EQ(docs.at(1).at("score"), 0.000123);
    EXPECT_EQ(docs.at(1).at("running"), false);
    EXPECT_EQ(docs.at(2).at("score"), 0);
  }
}

TEST_F(DocsTest, ASearchNamesWhatItCouldNotLookAt) {
  catalogue.set_stale("other");
  const CatalogueServer* unlisted[] = {&catalogue.servers()[1]};
  const auto out = [&] {
    return written([&](std::string& to) { append_docs(to, {}, Detail::summary, {}, unlisted); });
  };
  EXPECT_EQ(
      out(),
      R"({"docs":[],"unlisted":[{"server":"other","reason":"it has not said yet what its tools are"}]})");
  catalogue.set_failed("other", "it \"died\"");
  EXPECT_EQ(out(), R"({"docs":[],"unlisted":[{"server":"other","reason":"it \"died\""}]})");
}

TEST_F(DocsTest, ListTools) {
  const std::string out = written([&](std::string& to) { append_tool_list(to, files()); });
  EXPECT_EQ(json::parse(out), json::parse(R"({"tools":[
    {"name":"read-file","alias":"read_file","description":"Reads \"one\"\n\u0001",
     "inputSchema":{"type":"object","x":[1.0]}},
    {"name":"bare","alias":"bare","description":""}]})"));
}

TEST_F(DocsTest, Servers) {
  const std::vector<const CatalogueServer*> both = {&catalogue.servers()[0],
                                                    &catalogue.servers()[1]};
  const std::string run = written([&](std::string& to) { append_run_servers(to, both); });
  EXPECT_EQ(json::parse(run), json::parse(R"([
    {"name":"file-system","alias":"file_system","description":"Files","cwd":"/work"},
    {"name":"other","alias":"other","description":"","cwd":null}])"));
  const auto list = [&] {
    return json::parse(written([&](std::string& to) { append_server_list(to, both); }));
  };
  catalogue.set_tools("other", {});
  EXPECT_EQ(list(), json::parse(R"({"servers":[
    {"name":"file-system","alias":"file_system","description":"Files","cwd":"/work","loaded":true,
     "tools":2},
    {"name":"other","alias":"other","description":"","cwd":null,"loaded":true,"tools":0}]})"));
  catalogue.set_failed("other", "it died");
  EXPECT_EQ(list().at("servers").at(1), json::parse(R"(
    {"name":"other","alias":"other","description":"","cwd":null,"loaded":false,
     "error":"it died"})"));
  const std::string none = written([&](std::string& to) { append_server_list(to, {}); });
  EXPECT_EQ(none, R"({"servers":[]})");
}

TEST_F(DocsTest, Metadata) {
  const std::string out = written([&](std::string& to) { append_metadata(to, files()); });
  EXPECT_EQ(json::parse(out), json::parse(R"({"name":"file-system","alias":"file_system","tools":[
    {"name":"read-file","alias":"read_file","description":"Reads \"one\"\n\u0001",
     "input_schema":{"type":"object","x":[1.0]}},
    {"name":"bare","alias":"bare","description":"","input_schema":null}],"cwd":"/work"})"));
}

TEST_F(DocsTest, ALongDescriptionIsCutBetweenCharacters) {
  for (std::size_t shift = 0; shift < 3; ++shift) {
    ToolDoc tool;
    tool.name = "long";
    tool.description = std::string(shift, 'x');
    while (tool.description.size() < 1'000'000)
      tool.description += "日";
    catalogue.set_tools("other", {tool});
    const std::string out =
        written([&](std::string& to) { append_docs(to, catalogue.servers()[1], Detail::summary); });
    const std::string text = json::parse(out).at("docs").at(0).at("description");
    EXPECT_LE(text.size(), kMaxDocDescription + 60);
    EXPECT_THAT(text, EndsWith("bytes in all]"));
    EXPECT_THAT(text, HasSubstr("日… [cut: " + std::to_string(tool.description.size())));
    EXPECT_THAT(text, Not(HasSubstr("\xEF\xBF\xBD")));
  }
}

TEST_F(DocsTest, ANameThatIsNotUtf8StillGivesJson) {
  ToolDoc tool;
  tool.name = "bad\xff";
  catalogue.set_tools("other", {tool});
  const std::string out =
      written([&](std::string& to) { append_tool_list(to, catalogue.servers()[1]); });
  EXPECT_EQ(json::parse(out).at("tools").at(0).at("name"), "bad\xEF\xBF\xBD");
}

}  // namespace
}  // namespace headrace::discovery
