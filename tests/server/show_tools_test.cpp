// Tools as people and programs are shown them.
#include <headrace/server/show_tools.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::server {
namespace {

using discovery::Catalogue;
using discovery::CatalogueServer;
using discovery::ToolDoc;
using testing::HasSubstr;
using testing::Not;

ToolDoc tool(std::string name, std::string description, std::string schema = {}) {
  ToolDoc doc;
  doc.name = std::move(name);
  doc.description = std::move(description);
  doc.input_schema = std::move(schema);
  return doc;
}

class ShowTools : public testing::Test {
 protected:
  ShowTools() {
    discovery::ServerSpec files;
    files.name = "My files";
    files.alias = "my_files";
    discovery::ServerSpec empty;
    empty.name = empty.alias = "empty";
    catalogue_.set_servers({files, empty});
    std::vector<ToolDoc> tools;
    tools.push_back(tool("read_file", "Reads a file. All of it.\nSecond line\x1b[2J.",
                         R"({"type":"object","properties":{"path":{"type":"string"}},)"
                         R"("required":["path"]})"));
    tools.push_back(tool("löschen", "Removes\x1b a file."));
    tools.push_back(tool("evil\x1b[31m\nname", ""));
    catalogue_.set_tools("My files", std::move(tools));
    for (const CatalogueServer& server : catalogue_.servers())
      servers_.push_back(&server);
  }
  const CatalogueServer& files() const { return *servers_[0]; }

  Catalogue catalogue_;
  std::vector<const CatalogueServer*> servers_;
};

TEST_F(ShowTools, AreGroupedByServer) {
  EXPECT_EQ(describe_tools(servers_),
            "My files  (in code: mcp_my_files)\n"
            "    read_file       Reads a file\n"
            "    löschen         Removes a file\n"
            "    evil [31m name\n");
}

TEST_F(ShowTools, ForProgramsAreOneLine) {
  const std::string json = tools_json(servers_, {{"broken", "it \"died\""}}, {"other"});
  EXPECT_THAT(json, HasSubstr(R"({"server":"My files","serverAlias":"my_files","tool":"read_file",)"
                              R"("toolAlias":"read_file","description":"Reads a file"})"));
  EXPECT_THAT(json, HasSubstr(R"("failed":[{"server":"broken","error":"it \"died\""}])"));
  EXPECT_THAT(json, HasSubstr(R"("unknown":["other"]})"));
  EXPECT_EQ(json.find('\n'), json.size() - 1);
}

TEST_F(ShowTools, ThatWereFoundHaveAScore) {
  const auto hits = discovery::search(catalogue_, "read file", 5);
  ASSERT_FALSE(hits.empty());
  EXPECT_THAT(describe_hits(hits), HasSubstr("  My files  read_file"));
  EXPECT_THAT(hits_json(hits, {}, {}), HasSubstr(R"("score":)"));
  EXPECT_EQ(describe_hits({}), "");
}

TEST_F(ShowTools, AreDescribedInFull) {
  const std::string text = describe_tool(files(), files().tools()[0], true);
  EXPECT_TRUE(text.starts_with("mcp_my_files.read_file(path: str)")) << text;
  EXPECT_THAT(text, HasSubstr("\n    Reads a file. All of it.\n    Second line [2J.\n"));
  EXPECT_THAT(text, HasSubstr("    arguments:\n    {\n      \"type\": \"object\",\n"));
  EXPECT_THAT(describe_tool(files(), files().tools()[0], false), Not(HasSubstr("\"type\"")));
}

TEST_F(ShowTools, OfAServerAreDescribedInShort) {
  const std::string text = describe_server_tools(files(), false);
  EXPECT_THAT(text, HasSubstr("mcp_my_files.read_file(path: str)\n    Reads a file\n"));
  EXPECT_THAT(text, HasSubstr("mcp_my_files.l_schen(**extra)  # löschen\n"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(describe_server_tools(*servers_[1], false), "empty\n");
}

}  // namespace
}  // namespace headrace::server
