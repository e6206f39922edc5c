// Searching: words, ranks, bounds, and a catalogue of ten thousand tools.
#include <headrace/discovery/search.hpp>
#include <headrace/discovery/search_words.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::discovery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

std::string numbered(std::string_view word, int number) {
  std::string result(word);
  return result += std::to_string(number);
}

ToolDoc tool(std::string name, std::string description = "", std::string title = "") {
  ToolDoc result;
  result.name = std::move(name);
  result.description = std::move(description);
  result.title = std::move(title);
  return result;
}

class SearchTest : public testing::Test {
 protected:
  void add(const std::string& server, std::vector<ToolDoc> tools) {
    ServerSpec spec;
    spec.name = server;
    spec.alias = server;
    specs.push_back(spec);
    catalogue.set_servers(specs);
    catalogue.set_tools(server, std::move(tools));
  }
  std::vector<std::string> find(std::string_view query, std::size_t limit = 20) const {
    std::vector<std::string> result;
    for (const SearchHit& hit : search(catalogue, query, limit))
      result.push_back(hit.tool->name);
    return result;
  }

  std::vector<ServerSpec> specs;
  Catalogue catalogue;
};

TEST(SearchIndex, HasOneEntryForAToolWhereverTheWordStands) {
  const std::vector<ToolDoc> tools{tool("read_page", "Read a page."), tool("next_page"),
                                   tool("list", "Pages, page by page.")};
  const SearchIndex index("book", tools);
  std::vector<std::size_t> having;
  std::vector<bool> in_name;
  unsigned strongest = 0;
  for (std::size_t word = 0; word < index.word_count(); ++word) {
    if (index.word(word) != "pag") continue;
    for (const SearchIndex::Posting& posting : index.postings(word)) {
      having.push_back(posting.tool);
      in_name.push_back(posting.in_name != 0);
      if (having.size() == 1) strongest = posting.strength;
      EXPECT_LE(posting.strength, strongest);
    }
  }
  EXPECT_THAT(having, ElementsAre(0, 1, 2));
  EXPECT_THAT(in_name, ElementsAre(true, true, false));
}

TEST(SearchWords, AreSplit) {
  EXPECT_THAT(search_words("read_file"), ElementsAre("read", "fil"));
  EXPECT_THAT(search_words("getHTTPResponse"), ElementsAre("get", "http", "respons"));
  EXPECT_THAT(search_words("listPullRequests"), ElementsAre("list", "pull", "request"));
  EXPECT_THAT(search_words("  A-b/c.D  "), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(search_words("base64 v2"), ElementsAre("base64", "v2"));
  EXPECT_THAT(search_words("Größe 日本"), ElementsAre("größ", "日本"));
  EXPECT_THAT(search_words("!?"), IsEmpty());
  EXPECT_THAT(search_words(std::string(1000, 'a')), ElementsAre(std::string(64, 'a')));
}

TEST(SearchWords, OfANameAreAlsoJoined) {
  EXPECT_THAT(search_name_words("read_file"), ElementsAre("read", "fil", "readfil"));
  EXPECT_THAT(search_name_words("GitHub"), ElementsAre("git", "hub", "github"));
}

TEST(SearchWords, OfOneKindHaveOneStem) {
  const std::vector<std::vector<std::string_view>> kinds = {
      {"file", "files", "filing"},        {"query", "queries", "querying"},
      {"create", "creating", "creation"}, {"delete", "deleted", "deletion"},
      {"stop", "stopped", "stopping"},    {"navigate", "navigation"},
      {"call", "calling", "called"},      {"miss", "missed"}};
  for (const auto& kind : kinds) {
    for (const std::string_view word : kind)
      EXPECT_EQ(stem(word), stem(kind.front())) << word;
  }
  for (const std::string_view word : {"status", "class", "is", "thing", "red", "need", "string"})
    EXPECT_EQ(stem(word), word);
}

TEST(SearchWords, DistanceCountsEditsAndSwaps) {
  EXPECT_EQ(edit_distance("request", "request", 2), 0U);
  EXPECT_EQ(edit_distance("requets", "request", 2), 1U);
  EXPECT_EQ(edit_distance("requst", "request", 2), 1U);
  EXPECT_EQ(edit_distance("reqest", "requests", 2), 2U);
  EXPECT_EQ(edit_distance("abc", "xyz", 2), 3U);
  EXPECT_EQ(edit_distance("", "ab", 2), 2U);
  EXPECT_EQ(edit_distance(std::string(100, 'a'), std::string(100, 'a'), 2), 3U);
}

TEST(SearchWords, SynonymsGoBothWays) {
  EXPECT_THAT(synonyms("delet"), testing::Contains("remov"));
  EXPECT_THAT(synonyms("remov"), testing::Contains("delet"));
  EXPECT_THAT(synonyms("zebra"), IsEmpty());
}

TEST_F(SearchTest, FindsInNamesTitlesAndDescriptions) {
  add("s", {tool("read_file"), tool("x", "reads a file"), tool("y", "", "File reader"), tool("z")});
  EXPECT_THAT(find("file"), ElementsAre("read_file", "y", "x"));
  EXPECT_THAT(find("nothing"), IsEmpty());
}

TEST_F(SearchTest, CaseHumpsAndPluralsDoNotMatter) {
  add("s", {tool("listPullRequests", "from GitHub"), tool("read_files")});
  for (const char* query : {"pull request", "PULL REQUESTS", "pullRequests", "list_pull_requests",
                            "listpullrequests", "github", "GitHub", "git hub"}) {
    EXPECT_THAT(find(query), ElementsAre("listPullRequests")) << query;
  }
  for (const char* query : {"readfiles", "readfile", "ReadFile", "file"}) {
    EXPECT_THAT(find(query), ElementsAre("read_files")) << query;
  }
}

TEST_F(SearchTest, MoreWordsComeFirst) {
  add("s", {tool("create", "makes things"), tool("misc", "create an issue in a project"),
            tool("create_project"), tool("create_issue", "in a project")});
  EXPECT_THAT(find("create issue project"),
              ElementsAre("create_issue", "misc", "create_project", "create"));
}

TEST_F(SearchTest, OtherWordsForTheSameAreFound) {
  add("s", {tool("delete_file"), tool("list_directory", "Shows the entries")});
  EXPECT_THAT(find("remove a document"), ElementsAre("delete_file"));
  EXPECT_THAT(find("what is in the folder", 1), ElementsAre("list_directory"));
}

TEST_F(SearchTest, MistypedWordsFindTheNearest) {
  add("s", {tool("list_pull_requests"), tool("create_branch"), tool("search_repositories")});
  EXPECT_THAT(find("pul requets", 1), ElementsAre("list_pull_requests"));
  EXPECT_THAT(find("serach repositroies", 1), ElementsAre("search_repositories"));
  EXPECT_THAT(find("xyzzyx"), IsEmpty());
}

TEST_F(SearchTest, ParametersCount) {
  ToolDoc with = tool("query");
  with.input_schema =
      R"({"type":"object","properties":{"sql":{"type":"string","description":"A statement"}}})";
  add("s", {tool("other"), with});
  EXPECT_THAT(find("sql"), ElementsAre("query"));
  EXPECT_THAT(find("statement"), ElementsAre("query"));
}

TEST_F(SearchTest, ANewListOfToolsIsSearchedAtOnce) {
  add("s", {tool("first")});
  EXPECT_THAT(find("first"), SizeIs(1));
  catalogue.set_tools("s", {tool("second")});
  EXPECT_THAT(find("first"), IsEmpty());
  EXPECT_THAT(find("second"), SizeIs(1));
  catalogue.set_servers({});
  EXPECT_THAT(find("second"), IsEmpty());
}

TEST_F(SearchTest, ANameCountsMoreThanADescription) {
  add("s", {tool("a", "delete delete delete, a way to delete"), tool("undeleted"), tool("delete"),
            tool("delete_all"), tool("deleter")});
  // But for a name that only happens to hold it.
  EXPECT_THAT(find("delete"), ElementsAre("delete", "delete_all", "deleter", "a", "undeleted"));
}

TEST_F(SearchTest, TiesStayInTheCataloguesOrder) {
  add("b", {tool("get_z"), tool("get_a")});
  add("a", {tool("get_m")});
  EXPECT_THAT(find("get"), ElementsAre("get_z", "get_a", "get_m"));
}

TEST_F(SearchTest, TheServersNameHelps) {
  add("jira", {tool("create_issue")});
  add("github", {tool("create_issue"), tool("star")});
  const std::vector<SearchHit> hits = search(catalogue, "github issue", 5);
  ASSERT_THAT(hits, SizeIs(3));
  EXPECT_EQ(hits[0].server->spec().name, "github");
  EXPECT_EQ(hits[0].tool->name, "create_issue");
  EXPECT_THAT(find("jira"), ElementsAre("create_issue"));
}

TEST_F(SearchTest, FillersCountOnlyAlone) {
  add("s", {tool("in_the_of", "a"), tool("list_directory", "Entries of a folder")});
  EXPECT_THAT(find("list the entries in a directory"), ElementsAre("list_directory"));
  EXPECT_THAT(find("the"), ElementsAre("in_the_of"));
}

TEST_F(SearchTest, LimitsAreBroughtIntoRange) {
  std::vector<ToolDoc> many;
  for (int i = 0; i < 50; ++i)
    many.push_back(tool(numbered("get_", i)));
  add("s", std::move(many));
  EXPECT_THAT(find("get", 0), SizeIs(1));
  EXPECT_THAT(find("get", 7), SizeIs(7));
  EXPECT_THAT(find("get", 1000), SizeIs(20));
}

TEST_F(SearchTest, AFilterHidesServers) {
  add("a", {tool("get")});
  add("b", {tool("get")});
  const auto hits = search(catalogue, "get", 5,
                           [](const CatalogueServer& server) { return server.spec().name == "b"; });
  ASSERT_THAT(hits, SizeIs(1));
  EXPECT_EQ(hits[0].server->spec().name, "b");
}

TEST_F(SearchTest, OddQueriesFindNothingOrAreCut) {
  add("s", {tool("get", "日本語の説明")});
  EXPECT_THAT(find(""), IsEmpty());
  EXPECT_THAT(find(" \n\t!?"), IsEmpty());
  EXPECT_THAT(find(std::string("\0", 1)), IsEmpty());
  EXPECT_THAT(find("日本語"), ElementsAre("get"));
  EXPECT_THAT(find("本語"), ElementsAre("get"));
  EXPECT_THAT(find("\xff\xfe"), IsEmpty());
  std::string long_query;
  for (int i = 0; i < 100'000; ++i)
    long_query += numbered("w", i) + " ";
  EXPECT_THAT(find("get " + long_query), ElementsAre("get"));
}

TEST_F(SearchTest, AHitLiesInsideOneWord) {
  add("s", {tool("x", "abc def")});
  EXPECT_THAT(find("bc"), IsEmpty());
  EXPECT_THAT(find("cdef"), IsEmpty());
  EXPECT_THAT(find("ef"), IsEmpty());
  EXPECT_THAT(find("def"), ElementsAre("x"));
}

TEST_F(SearchTest, TenThousandToolsOfTwoHundredServers) {
  for (int s = 0; s < 200; ++s) {
    std::vector<ToolDoc> tools;
    for (int t = 0; t < 50; ++t) {
      const std::string id = std::to_string(s * 50 + t);
      tools.push_back(
          tool("do_thing" + id + "x", "Does thing number " + id + " for somebody else"));
    }
    add(numbered("server", s), std::move(tools));
  }
  EXPECT_EQ(catalogue.tool_count(), 10'000U);
  EXPECT_THAT(find("thing9999x"), ElementsAre("do_thing9999x"));
  EXPECT_THAT(find("number 1234 for somebody", 1), ElementsAre("do_thing1234x"));
  EXPECT_THAT(find("thing"), SizeIs(20));
}

TEST_F(SearchTest, RareWordsSayMore) {
  add("s", {tool("get_user"), tool("get_page"), tool("get_item"),
            tool("x", "Gets the invoices of a user")});
  EXPECT_THAT(find("get user invoice", 1), ElementsAre("x"));
}

TEST_F(SearchTest, LongTextsAreNoMatchForNames) {
  std::string words;
  for (const char* word : {"stop", "a", "build", "running", "pipeline", "job", "cancel"})
    words += std::string(word) + " and then many other things that are of no use here; ";
  add("s",
      {tool("draw", "Draws a line. " + words), tool("cancel_job", "Stops a running pipeline")});
  EXPECT_THAT(find("stop the running job", 1), ElementsAre("cancel_job"));
}

TEST_F(SearchTest, EndingsDoNotMatter) {
  add("s", {tool("deploy"), tool("notion_search"), tool("remember_not")});
  EXPECT_THAT(find("deployment", 1), ElementsAre("deploy"));
  EXPECT_THAT(find("notion", 1), ElementsAre("notion_search"));
}

TEST_F(SearchTest, OddToolsAreFound) {
  ToolDoc anything = tool("anything");
  anything.input_schema = "true";
  ToolDoc empty = tool("empty_schema");
  empty.input_schema = "{}";
  ToolDoc round = tool("recursive");
  round.input_schema = R"({"$ref":"#","properties":{"tree":{"$ref":"#"}}})";
  ToolDoc broken = tool("properties");
  broken.input_schema = R"({"properties":[1,{"description":5}],"required":7})";
  add("s", {anything, empty, round, broken, tool("class"), tool("__init__"), tool("日本語"),
            tool("naïve-Ünïcödé"), tool("control", std::string("rings the \x07 bell\0 twice", 24)),
            tool("long", "begin " + std::string(1'000'000, 'x') + " end")});
  for (const char* name : {"anything", "empty_schema", "recursive", "properties", "class",
                           "__init__", "日本語", "naïve-Ünïcödé", "control", "long"}) {
    EXPECT_THAT(find(name, 1), ElementsAre(name));
  }
  EXPECT_THAT(find("tree"), ElementsAre("recursive"));
  EXPECT_THAT(find("bell"), ElementsAre("control"));
  EXPECT_THAT(find("begin"), ElementsAre("long"));
}

TEST_F(SearchTest, TenThousandToolsOfOneServer) {
  std::vector<ToolDoc> tools;
  for (int i = 0; i < 10'000; ++i)
    tools.push_back(tool(numbered("tool_", i), numbered("Does the thing of number ", i)));
  tools[7777].description = "Waters the geraniums";
  add("s", std::move(tools));
  EXPECT_THAT(find("geranium"), ElementsAre("tool_7777"));
  EXPECT_THAT(find("tool_9999", 1), ElementsAre("tool_9999"));
  EXPECT_THAT(find("thing number"), SizeIs(20));
}

TEST_F(SearchTest, AFloodingServerStaysSearchable) {
  std::string text;
  for (int i = 0; i < 200'000; ++i)
    text += numbered("w", i) + " ";
  std::vector<ToolDoc> tools;
  for (int i = 0; i < 800; ++i)
    tools.push_back(
        tool(numbered("name", i), text.substr(static_cast<std::size_t>(i) * 1000, 100'000)));
  add("s", std::move(tools));
  EXPECT_THAT(find("name799"), ElementsAre("name799"));
}

}  // namespace
}  // namespace headrace::discovery
