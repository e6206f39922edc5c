// The catalogue: names and aliases, and what survives a new list of servers.
#include <headrace/discovery/catalogue.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::discovery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ServerSpec spec(std::string name, std::string alias, std::string command = "c") {
  ServerSpec result;
  result.name = std::move(name);
  result.alias = std::move(alias);
  result.command = std::move(command);
  return result;
}

std::vector<ToolDoc> tools(std::vector<std::string> names) {
  std::vector<ToolDoc> result(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    result[i].name = names[i];
    result[i].description = "number " + std::to_string(i);
  }
  return result;
}

std::vector<std::string> aliases(const CatalogueServer& server) {
  std::vector<std::string> result;
  for (const ToolDoc& tool : server.tools())
    result.push_back(tool.alias);
  return result;
}

TEST(Catalogue, StartsEmpty) {
  const Catalogue catalogue;
  EXPECT_THAT(catalogue.servers(), IsEmpty());
  EXPECT_EQ(catalogue.find_server("x"), nullptr);
  EXPECT_EQ(catalogue.find_tool("x", "y"), nullptr);
  EXPECT_EQ(catalogue.tool_count(), 0U);
}

TEST(Catalogue, FindsServersByNameThenAlias) {
  Catalogue catalogue;
  catalogue.set_servers({spec("my-x", "my_x_2"), spec("my_x", "my_x"), spec("Z", "z")});
  EXPECT_EQ(catalogue.find_server("my-x")->spec().name, "my-x");
  EXPECT_EQ(catalogue.find_server("my_x_2")->spec().name, "my-x");
  EXPECT_EQ(catalogue.find_server("my_x")->spec().name, "my_x");
  EXPECT_EQ(catalogue.find_server("z")->spec().name, "Z");
  EXPECT_EQ(catalogue.find_server("zz"), nullptr);
  EXPECT_EQ(catalogue.find_server(""), nullptr);
}

TEST(Catalogue, FindsToolsByNameThenAlias) {
  Catalogue catalogue;
  catalogue.set_servers({spec("s", "s")});
  EXPECT_THAT(catalogue.set_tools("s", tools({"list-files", "getIssue", "import", "a-b", "a_b"})),
              IsEmpty());
  const CatalogueServer& server = *catalogue.find_server("s");
  EXPECT_THAT(aliases(server), ElementsAre("list_files", "getissue", "import_", "a_b_2", "a_b"));
  EXPECT_EQ(server.find_tool("list-files")->name, "list-files");
  EXPECT_EQ(server.find_tool("list_files")->name, "list-files");
  EXPECT_EQ(server.find_tool("a_b")->name, "a_b");
  EXPECT_EQ(server.find_tool("a_b_2")->name, "a-b");
  EXPECT_EQ(server.find_tool("import_")->name, "import");
  EXPECT_EQ(server.find_tool("List-Files"), nullptr);
  EXPECT_EQ(server.find_tool_any_case("List-Files")->name, "list-files");
  EXPECT_EQ(server.find_tool_any_case("LIST_FILES")->name, "list-files");
  EXPECT_EQ(server.find_tool_any_case("list"), nullptr);
  EXPECT_EQ(catalogue.find_tool("s", "getissue")->name, "getIssue");
  EXPECT_EQ(catalogue.find_tool("t", "getissue"), nullptr);
}

TEST(Catalogue, TheFirstOfARepeatedNameCounts) {
  Catalogue catalogue;
  catalogue.set_servers({spec("s", "s")});
  const Faults faults = catalogue.set_tools("s", tools({"a", "b", "a", "a", "c", "b"}));
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].entry, "s");
  EXPECT_THAT(faults[0].message, HasSubstr("'a', 'a', 'b'"));
  EXPECT_EQ(catalogue.tool_count(), 3U);
  EXPECT_EQ(catalogue.find_tool("s", "a")->description, "number 0");
  EXPECT_EQ(catalogue.find_tool("s", "c")->description, "number 4");
}

TEST(Catalogue, TooManyToolsAreCut) {
  Catalogue catalogue;
  catalogue.set_servers({spec("s", "s")});
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kMaxTools + 5; ++i)
    names.push_back(std::to_string(i));
  EXPECT_EQ(catalogue.set_tools("s", tools(names)).size(), 1U);
  EXPECT_EQ(catalogue.tool_count(), kMaxTools);
  EXPECT_EQ(catalogue.find_tool("s", "49999")->alias, "_49999");
  EXPECT_EQ(catalogue.find_tool("s", "50000"), nullptr);
}

TEST(Catalogue, States) {
  Catalogue catalogue;
  catalogue.set_servers({spec("s", "s")});
  const auto server = [&catalogue]() -> const CatalogueServer& { return catalogue.servers()[0]; };
  EXPECT_EQ(server().state(), ListState::not_listed);
  catalogue.set_failed("s", "it died");
  EXPECT_EQ(server().state(), ListState::failed);
  EXPECT_EQ(server().error(), "it died");
  catalogue.set_tools("s", tools({"a"}));
  EXPECT_EQ(server().state(), ListState::listed);
  EXPECT_EQ(server().error(), "");
  catalogue.set_stale("s");
  EXPECT_EQ(server().state(), ListState::not_listed);
  EXPECT_NE(server().find_tool("a"), nullptr);
  catalogue.set_tools("s", {});
  EXPECT_EQ(server().state(), ListState::listed);
  EXPECT_EQ(server().find_tool("a"), nullptr);
}

TEST(Catalogue, WhatIsKnownFromAnEarlierTime) {
  Catalogue catalogue;
  catalogue.set_servers({spec("s", "s")});
  const auto server = [&catalogue]() -> const CatalogueServer& { return catalogue.servers()[0]; };
  const auto then = std::chrono::system_clock::time_point(std::chrono::hours(400'000));
  catalogue.set_last_error("s", "it did not start");
  EXPECT_EQ(server().state(), ListState::not_listed);
  EXPECT_EQ(server().error(), "it did not start");
  EXPECT_FALSE(server().has_list());
  catalogue.set_cached("s", tools({"a"}), then);
  EXPECT_EQ(server().state(), ListState::cached);
  EXPECT_TRUE(server().has_list());
  EXPECT_EQ(server().listed_at(), then);
  EXPECT_EQ(server().error(), "it did not start");
  catalogue.set_failed("s", "it died");
  EXPECT_EQ(server().state(), ListState::cached) << "it can be shown as it was";
  EXPECT_EQ(server().error(), "it died");
  catalogue.set_tools("s", tools({"b"}), then + std::chrono::hours(1));
  EXPECT_EQ(server().state(), ListState::listed);
  EXPECT_EQ(server().error(), "");
  EXPECT_EQ(server().listed_at(), then + std::chrono::hours(1));
  catalogue.set_unconfirmed("s");
  EXPECT_EQ(server().state(), ListState::cached);
  EXPECT_NE(server().find_tool("b"), nullptr);
  catalogue.set_stale("s");
  catalogue.set_unconfirmed("s");
  EXPECT_EQ(server().state(), ListState::not_listed);
  EXPECT_FALSE(server().has_list());
}

TEST(Catalogue, UnknownServersAreIgnored) {
  Catalogue catalogue;
  catalogue.set_servers({spec("s", "alias")});
  EXPECT_THAT(catalogue.set_tools("gone", tools({"a", "a"})), IsEmpty());
  catalogue.set_failed("gone", "x");
  catalogue.set_stale("gone");
  catalogue.set_unconfirmed("gone");
  catalogue.set_last_error("gone", "x");
  EXPECT_THAT(catalogue.set_cached("gone", tools({"a", "a"}), {}), IsEmpty());
  catalogue.set_failed("alias", "x");
  EXPECT_EQ(catalogue.servers()[0].state(), ListState::not_listed);
}

TEST(Catalogue, ANewListKeepsWhatStaysTheSame) {
  Catalogue catalogue;
  CatalogueChanges changes = catalogue.set_servers(
      {spec("keep", "k"), spec("change", "c"), spec("go", "g"), spec("also", "a")});
  EXPECT_THAT(changes.added, ElementsAre("keep", "change", "go", "also"));
  catalogue.set_tools("keep", tools({"t"}));
  catalogue.set_tools("change", tools({"t"}));

  ServerSpec kept = spec("keep", "new_alias");
  kept.description = "new";
  changes = catalogue.set_servers({spec("new", "n"), spec("change", "c", "other"), kept});
  EXPECT_THAT(changes.added, ElementsAre("new"));
  EXPECT_THAT(changes.removed, ElementsAre("also", "go"));
  EXPECT_THAT(changes.restarted, ElementsAre("change"));
  EXPECT_FALSE(changes.empty());
  ASSERT_EQ(catalogue.servers().size(), 3U);
  EXPECT_EQ(catalogue.servers()[2].spec(), kept);
  EXPECT_NE(catalogue.find_tool("keep", "t"), nullptr);
  EXPECT_EQ(catalogue.find_tool("change", "t"), nullptr);
  EXPECT_EQ(catalogue.find_server("change")->state(), ListState::not_listed);

  EXPECT_TRUE(
      catalogue.set_servers({spec("new", "n"), spec("change", "c", "other"), kept}).empty());
}

TEST(Catalogue, ACopyStandsOnItsOwn) {
  Catalogue copy;
  {
    Catalogue catalogue;
    catalogue.set_servers({spec("s", "s")});
    catalogue.set_tools("s", tools({"b", "a"}));
    copy = catalogue;
    catalogue.set_tools("s", {});
  }
  EXPECT_EQ(copy.find_tool("s", "a")->name, "a");
  EXPECT_EQ(copy.find_tool("s", "b")->name, "b");
}

TEST(Catalogue, ArgumentsAreHeldAgainstTheToolsOfNow) {
  Catalogue catalogue;
  catalogue.set_servers({spec("s", "s")});
  framing::StructuralIndex index;
  for (const std::string name : {"before", "after"}) {
    std::vector<ToolDoc> listed = tools({"x", "tool-" + name});
    for (ToolDoc& tool : listed)
      tool.input_schema = R"({"properties":{")" + name + R"(":{}},"required":[")" + name + "\"]}";
    catalogue.set_tools("s", std::move(listed));
    const CatalogueServer& server = catalogue.servers()[0];
    const ToolDoc& tool = server.tools()[1];
    EXPECT_EQ(server.argument_rules(tool).check("{}", index).error,
              "tool_" + name + "() needs '" + name + "'. It takes (" + name + ": Any)");
    EXPECT_EQ(&server.argument_rules(tool), &server.argument_rules(tool));
  }
}

TEST(Catalogue, ToolsThatAreSwitchedOffAreNotThere) {
  Catalogue catalogue;
  ServerSpec server = spec("s", "s");
  server.tools.disabled = {"b"};
  catalogue.set_servers({server});
  EXPECT_THAT(catalogue.set_tools("s", tools({"a", "b", "b", "c"})), IsEmpty());
  EXPECT_THAT(aliases(*catalogue.find_server("s")), ElementsAre("a", "c"));

  // The process is the same, but what was left out has to be asked for again.
  server.tools.disabled = {"c"};
  EXPECT_TRUE(catalogue.set_servers({server}).empty());
  EXPECT_THAT(aliases(*catalogue.find_server("s")), ElementsAre("a"));
  EXPECT_EQ(catalogue.find_tool("s", "c"), nullptr);
  EXPECT_EQ(catalogue.find_server("s")->state(), ListState::not_listed);

  server.tools.enabled.emplace();
  catalogue.set_servers({server});
  catalogue.set_tools("s", tools({"a", "b", "c"}));
  EXPECT_EQ(catalogue.tool_count(), 0U);
}

TEST(Catalogue, FindsServersByOtherNamesLast) {
  Catalogue catalogue;
  ServerSpec first = spec("one", "one");
  first.other_names = {{"Two Names", "two_names", {}}, {"two", "two_2", {}}};
  catalogue.set_servers({first, spec("Two", "two")});
  EXPECT_EQ(catalogue.find_server("Two Names")->spec().name, "one");
  EXPECT_EQ(catalogue.find_server("two_names")->spec().name, "one");
  EXPECT_EQ(catalogue.find_server("two_2")->spec().name, "one");
  EXPECT_EQ(catalogue.find_server("two")->spec().name, "Two");
}

}  // namespace
}  // namespace headrace::discovery
