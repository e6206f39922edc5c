// Skimming: the id and the method of a line, wherever they stand and however it is cut.
#include <headrace/framing/line_skimmer.hpp>

#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace headrace::framing {
namespace {

struct Found {
  std::string id;
  std::string method;
  bool has_method;
  bool has_outcome;
  bool operator==(const Found&) const = default;
};

Found skim(std::string_view line, std::size_t piece) {
  LineSkimmer skimmer;
  for (std::size_t at = 0; at < line.size(); at += piece)
    skimmer.feed(line.substr(at, piece));
  return {std::string(skimmer.id()), std::string(skimmer.method()), skimmer.has_method(),
          skimmer.has_outcome()};
}

// The same in every chunking.
Found skim(std::string_view line) {
  const Found whole = skim(line, std::max<std::size_t>(line.size(), 1));
  for (std::size_t piece = 1; piece <= std::min<std::size_t>(line.size(), 20); ++piece) {
    EXPECT_EQ(skim(line, piece), whole) << line << " in pieces of " << piece;
  }
  return whole;
}

TEST(LineSkimmer, FindsTheIdWhereverItStands) {
  EXPECT_EQ(skim(R"({"id":7,"result":{"id":1}})").id, "7");
  EXPECT_EQ(skim(R"({"result":{"id":1,"a":[{"id":2}]},"jsonrpc":"2.0","id":7})").id, "7");
  EXPECT_EQ(skim(R"( { "result" : [ ] , "id" : 7 } )").id, "7");
}

TEST(LineSkimmer, IdsOfEveryKind) {
  EXPECT_EQ(skim(R"({"id":"a\"},b","result":1})").id, R"("a\"},b")");
  EXPECT_EQ(skim(R"({"id":-1.5e3})").id, "-1.5e3");
  EXPECT_EQ(skim(R"({"id":""})").id, R"("")");
  EXPECT_EQ(skim(R"({"id":null})").id, "");
  EXPECT_EQ(skim(R"({"id":{"id":3}})").id, "");
  EXPECT_EQ(skim(R"({"id":1 2})").id, "");
  EXPECT_EQ(skim("{\"id\":\"" + std::string(1000, 'x') + "\"}").id, "");
}

TEST(LineSkimmer, TextThatLooksLikeStructureIsText) {
  const Found found = skim(R"({"result":"\"id\":1,{[\\","x":"\\\"}","id":9})");
  EXPECT_EQ(found.id, "9");
  EXPECT_TRUE(found.has_outcome);
  EXPECT_FALSE(found.has_method);
}

TEST(LineSkimmer, FindsTheMethod) {
  const Found found = skim(R"({"params":{"method":"no"},"id":1,"method":"tools\/call"})");
  EXPECT_EQ(found.method, R"("tools\/call")");
  EXPECT_TRUE(found.has_method);
  EXPECT_FALSE(found.has_outcome);
  EXPECT_EQ(skim(R"({"method":5})").method, "");
  EXPECT_TRUE(skim(R"({"method":5})").has_method);
}

TEST(LineSkimmer, AnErrorIsAnOutcome) {
  EXPECT_TRUE(skim(R"({"error":{},"id":1})").has_outcome);
  EXPECT_FALSE(skim(R"({"errors":{},"id":1})").has_outcome);
  EXPECT_FALSE(skim(R"({"params":{"error":1},"id":1})").has_outcome);
}

TEST(LineSkimmer, TwoIdsAreNone) {
  EXPECT_EQ(skim(R"({"id":1,"id":1})").id, "");
  EXPECT_EQ(skim(R"({"id":1,"x":2,"id":3,"id":4})").id, "");
}

TEST(LineSkimmer, AnIdThatIsCutOffIsNone) {
  EXPECT_EQ(skim(R"({"id":12)").id, "");
  EXPECT_EQ(skim(R"({"id":"a)").id, "");
  EXPECT_EQ(skim(R"({"id":12,"result":)").id, "12");
}

TEST(LineSkimmer, AnIdThatIsNotBetweenColonAndCommaIsNone) {
  EXPECT_EQ(skim(R"({"id":1:2,"x":3})").id, "");
  EXPECT_EQ(skim(R"({"id"x:1})").id, "");
  EXPECT_EQ(skim(R"({"id""x":1})").id, "");
  EXPECT_EQ(skim(R"({"id"})").id, "");
}

TEST(LineSkimmer, WhatIsNoObjectHasNothing) {
  EXPECT_EQ(skim(R"([{"id":1}])").id, "");
  EXPECT_EQ(skim(R"(log: {"id":1})").id, "");
  EXPECT_EQ(skim("").id, "");
  EXPECT_EQ(skim(R"({"a":1} {"id":1})").id, "");
}

TEST(LineSkimmer, ResetForgets) {
  LineSkimmer skimmer;
  skimmer.feed(R"({"id":1,"result":"open string)");
  skimmer.reset();
  skimmer.feed(R"({"id":2})");
  EXPECT_EQ(skimmer.id(), "2");
  EXPECT_FALSE(skimmer.has_outcome());
}

TEST(LineSkimmer, DepthIsNoProblem) {
  const std::string deep(100000, '[');
  EXPECT_EQ(skim("{\"result\":" + deep + ",\"id\":1}", 4096).id, "");
  EXPECT_EQ(skim("{\"result\":" + deep + std::string(100000, ']') + ",\"id\":1}", 4096).id, "1");
}

}  // namespace
}  // namespace headrace::framing
