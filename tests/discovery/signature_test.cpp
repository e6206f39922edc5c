// Signatures from the schemas that servers send, and from odd ones.
#include <headrace/discovery/schema.hpp>
#include <headrace/discovery/signature.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::discovery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Signature of(std::string input, std::string output = "") {
  ToolDoc tool;
  tool.name = tool.alias = "do_it";
  tool.input_schema = std::move(input);
  tool.output_schema = std::move(output);
  return make_signature(tool);
}

std::string type_of(const std::string& schema) {
  const std::string text =
      of(R"({"type":"object","properties":{"x":)" + schema + R"(},"required":["x"]})").parameters;
  return text.substr(4, text.size() - 5);
}

TEST(Signature, RequiredComeFirstAndDefaultsAreShown) {
  EXPECT_EQ(of(R"({"type":"object","required":["path"],"properties":{
                   "head":{"type":"number"},"deep":{"type":"boolean","default":false},
                   "path":{"type":"string"},"mode":{"enum":["a","b"],"default":"a"}}})")
                .parameters,
            "(path: str, head: float = ..., deep: bool = False, mode: Literal['a', 'b'] = 'a')");
}

TEST(Signature, Types) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"type":"string"})", "str"},
      {R"({"type":"integer"})", "int"},
      {R"({"type":"null"})", "None"},
      {R"({"type":["string","null"]})", "str | None"},
      {R"({"type":["integer","number"]})", "float"},
      {R"({"type":"array","items":{"type":"string"}})", "list[str]"},
      {R"({"type":"array"})", "list"},
      {R"({"type":"object"})", "dict"},
      {R"({"type":"object","additionalProperties":{"type":"integer"}})", "dict[str, int]"},
      {R"({"const":"x"})", "Literal['x']"},
      {R"({"enum":[1,2,null]})", "Literal[1, 2] | None"},
      {R"({"enum":[]})", "Any"},
      {R"({"anyOf":[{"type":"string"},{"type":"null"},{"type":"string"}]})", "str | None"},
      {R"({"oneOf":[{"type":"integer"},{}]})", "Any"},
      {R"({"allOf":[{"type":"integer"}],"description":"d"})", "int"},
      {"true", "Any"},
      {"false", "Never"},
      {"{}", "Any"},
      {"7", "Any"},
      {R"({"type":"frob"})", "Any"},
      {R"({"items":{"type":"integer"}})", "list[int]"},
      {R"({"$ref":"#/nowhere"})", "Any"},
      {R"({"$ref":"other.json"})", "Any"},
      {R"({"enum":["a'b\\c\n"]})", R"(Literal['a\'b\\c\n'])"},
  };
  for (const auto& [schema, type] : cases)
    EXPECT_EQ(type_of(schema), type) << schema;
}

TEST(Signature, NestedObjectsAreNamed) {
  const Signature signature = of(
      R"({"type":"object","properties":{"files":{"type":"array","items":{"type":"object",
          "properties":{"path":{"type":"string"},"mode":{"type":"integer"}},
          "required":["path"]}}}})");
  EXPECT_EQ(signature.parameters, "(files: list[Files] = ...)");
  EXPECT_THAT(signature.types,
              ElementsAre("class Files(TypedDict): path: str; mode: NotRequired[int]"));
}

TEST(Signature, ReferencesMayGoRound) {
  const Signature signature = of(
      R"({"type":"object","properties":{"root":{"$ref":"#/$defs/Node"}},"required":["root"],
          "$defs":{"Node":{"type":"object","required":["name"],"properties":{
            "name":{"type":"string"},"children":{"type":"array","items":{"$ref":"#/$defs/Node"}}}}}})");
  EXPECT_EQ(signature.parameters, "(root: Node)");
  EXPECT_THAT(signature.types,
              ElementsAre("class Node(TypedDict): name: str; children: NotRequired[list[Node]]"));
  EXPECT_EQ(of(R"({"$ref":"#"})").parameters, "()");
  EXPECT_EQ(of(R"({"properties":{"a":{"$ref":"#/properties/a"}}})").parameters, "(a: Any = ...)");
}

TEST(Signature, AllOfIsMerged) {
  const Signature signature = of(
      R"({"allOf":[{"$ref":"#/definitions/Base"},{"properties":{"b":{"type":"integer"}},
          "required":["b"]}],"definitions":{"Base":{"type":"object","properties":{
          "a":{"type":"string"}},"required":["a"]}}})");
  EXPECT_EQ(signature.parameters, "(a: str, b: int)");
}

TEST(Signature, PartsWithoutEndComeToOne) {
  std::string parts = R"({"$ref":"#"})";
  for (int i = 0; i < 50; ++i)
    parts += R"(,{"$ref":"#"})";
  EXPECT_EQ(of(R"({"allOf":[)" + parts + R"(],"properties":{"a":{}}})").parameters,
            "(a: Any = ...)");
}

TEST(Signature, AlternativesMayHaveOtherParameters) {
  EXPECT_EQ(of(R"({"oneOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}]})").parameters,
            "(**extra)");
  EXPECT_EQ(of(R"({"properties":{"a":{},"b":{}},
                   "anyOf":[{"required":["a"]},{"required":["b"]}]})")
                .parameters,
            "(a: Any = ..., b: Any = ...)");
}

TEST(Signature, ResultsHaveTypesToo) {
  const Signature signature = of(
      "{}", R"({"type":"object","properties":{"result":{"type":"string"}},"required":["result"]})");
  EXPECT_EQ(signature.parameters, "()");
  EXPECT_EQ(signature.result, "Result");
  EXPECT_THAT(signature.types, ElementsAre("class Result(TypedDict): result: str"));
}

TEST(Signature, MembersThatAreNoIdentifiersAreNotLost) {
  const Signature signature = of(
      R"({"properties":{"links":{"type":"array","items":{"type":"object","required":["from"],
          "properties":{"from":{"type":"string"},"a b":{"type":"integer"},"it's":{}}}}}})");
  EXPECT_THAT(signature.types,
              ElementsAre("Links = TypedDict('Links', {'from': Required[str], 'a b': int, "
                          "'it\\'s': Any}, total=False)"));
}

TEST(Signature, WhatSaysTheSameIsDefinedOnce) {
  const std::string issue =
      R"({"type":"object","required":["n"],"properties":{"n":{"type":"integer"}}})";
  const Signature same =
      of(R"({"required":["a","issue"],"properties":{"a":)" + issue + R"(,"issue":)" + issue + "}}",
         R"({"type":"array","items":)" + issue + "}");
  EXPECT_EQ(same.parameters, "(a: A, issue: A)");
  EXPECT_EQ(same.result, "list[A]");
  EXPECT_THAT(same.types, ElementsAre("class A(TypedDict): n: int"));
  // Of one name, but not the same.
  const Signature other = of(R"({"properties":{"result":)" + issue + "}}",
                             R"({"type":"object","properties":{"m":{"type":"string"}}})");
  EXPECT_EQ(other.result, "Result2");
  EXPECT_THAT(other.types, ElementsAre("class Result(TypedDict): n: int",
                                       "class Result2(TypedDict, total=False): m: str"));
}

TEST(Signature, NothingIsDefinedForWhatBecomesAny) {
  std::string choices;
  for (int i = 0; i < 20; ++i) {
    choices += (i == 0 ? "" : ",");
    choices += R"({"type":"object","properties":{"p)" + std::to_string(i) + R"(":{}}})";
  }
  const Signature many = of(R"({"properties":{"x":{"anyOf":[)" + choices + "]}}}");
  EXPECT_EQ(many.parameters, "(x: Any = ...)");
  EXPECT_THAT(many.types, IsEmpty());
  const Signature open = of(
      R"({"properties":{"x":{"oneOf":[{"type":"object","properties":{"a":{"$ref":"#/$defs/N"}}},{}]},
          "y":{"$ref":"#/$defs/N"}},"$defs":{"N":{"type":"object","properties":{"n":{}}}}})");
  EXPECT_EQ(open.parameters, "(x: Any = ..., y: N = ...)");
  EXPECT_THAT(open.types, ElementsAre("class N(TypedDict, total=False): n: Any"));
}

TEST(Signature, WhatARecursiveSchemaCostsIsBounded) {
  std::string parts;
  for (int i = 0; i < 40; ++i)
    parts += std::string(i == 0 ? "" : ",") + R"({"$ref":"#"})";
  for (const char* key : {"allOf", "anyOf", "oneOf"}) {
    const Signature round =
        of(R"({"type":"object",")" + std::string(key) + "\":[" + parts +
           R"(],"properties":{"a":{"$ref":"#"},"b":{")" + key + "\":[" + parts + "]}}}");
    EXPECT_THAT(round.parameters, testing::StartsWith("(a: dict = ..., b: ")) << key;
  }
  // Each twice in the next: doubled sixty times, were nothing kept.
  std::string definitions;
  for (int i = 0; i < 60; ++i) {
    const std::string next = R"({"$ref":"#/$defs/D)" + std::to_string(i + 1) + "\"}";
    definitions += (i == 0 ? "\"D" : ",\"D") + std::to_string(i) + R"(":{"anyOf":[)" + next + "," +
                   next + R"(,{"type":"array","items":)" + next + "}]}";
  }
  of(R"({"properties":{"a":{"$ref":"#/$defs/D0"}},"$defs":{)" + definitions + "}}");
}

TEST(Signature, RecursionInTheResultIsCut) {
  const Signature signature =
      of("{}", R"({"$ref":"#/$defs/T","$defs":{"T":{"type":"object","properties":{
                   "left":{"$ref":"#/$defs/T"},"right":{"anyOf":[{"$ref":"#/$defs/T"},
                   {"type":"null"}]}}}}})");
  EXPECT_EQ(signature.result, "T");
  EXPECT_THAT(signature.types,
              ElementsAre("class T(TypedDict, total=False): left: T; right: T | None"));
}

TEST(Signature, ControlCharactersStayEscaped) {
  EXPECT_EQ(type_of(R"({"enum":["a\u0000\u001b\u2028\n"]})"), "Literal['a\\x00\\x1b\u2028\\n']");
}

TEST(Signature, WhatIsDeepIsCut) {
  std::string schema = R"({"type":"string"})";
  for (int depth = 0; depth < 200; ++depth)
    schema = R"({"type":"object","properties":{"a":)" + schema + "}}";
  const Signature signature = of(schema);
  EXPECT_EQ(signature.parameters, "(a: A = ...)");
  EXPECT_EQ(signature.types.size(), kMaxTypeDepth - 1);
  EXPECT_THAT(signature.types.back(), testing::HasSubstr(": dict"));
}

TEST(Signature, WhatIsLongIsCut) {
  std::string properties;
  for (int i = 0; i < 100; ++i) {
    const std::string number = std::to_string(i);
    properties += (i == 0 ? "\"p" : ",\"p") + number + R"(":{"type":"object","properties":{"a)" +
                  number + R"(":{"type":"string"}}})";
  }
  EXPECT_EQ(of(R"({"properties":{)" + properties + "}}").types.size(), kMaxTypes);
}

TEST(Signature, WhatIsSaidAgainAndAgainEnds) {
  std::string types = R"("array")";
  for (int i = 0; i < 2000; ++i)
    types += R"(,"array")";
  std::string schema = R"({"type":"string"})";
  for (int level = 0; level < 8; ++level)
    schema = R"({"type":[)" + types + R"(],"items":)" + schema + "}";
  EXPECT_EQ(type_of(schema), "list[list[list[list]]]");
}

TEST(Signature, WhatIsTooLongIsNotLookedInto) {
  const std::string schema =
      R"({"properties":{"x":{"description":")" + std::string(kMaxSchema, 'x') + R"("}}})";
  EXPECT_EQ(of(schema).parameters, "(**extra)");
  EXPECT_EQ(of("{}", schema).result, "dict");
}

TEST(Signature, OddSchemasTakeAnything) {
  EXPECT_EQ(of("").parameters, "(**extra)");
  EXPECT_EQ(of("true").parameters, "(**extra)");
  EXPECT_EQ(of(R"({"type":"object","additionalProperties":true})").parameters, "(**extra)");
  EXPECT_THAT(of("[]").types, IsEmpty());
}

TEST(Signature, ParametersHavePythonNames) {
  EXPECT_EQ(parameter_alias("path"), "path");
  EXPECT_EQ(parameter_alias("from"), "from_");
  EXPECT_EQ(parameter_alias("file-path"), "file_path");
  EXPECT_EQ(parameter_alias("2nd"), "_2nd");
  EXPECT_EQ(parameter_alias(""), "_");
  EXPECT_EQ(of(R"({"properties":{"from":{"type":"string"}}})").parameters, "(from_: str = ...)");
}

TEST(Summary, IsTheFirstSentence) {
  EXPECT_EQ(summary_line("Reads a file. Fails when there is none."), "Reads a file");
  EXPECT_EQ(summary_line("\n  Lists\n\tthings  "), "Lists things");
  EXPECT_EQ(summary_line("Version 1.2 of it, e.g. so. More"), "Version 1.2 of it, e.g. so");
  EXPECT_EQ(summary_line(""), "");
  const std::string line = summary_line(std::string(200, 'x') + "\xc3\xa4");
  EXPECT_LE(line.size(), 100U);
  EXPECT_TRUE(line.ends_with("…"));
  EXPECT_EQ(summary_line(std::string("a\0\x1b[31m\tb\x7f\n", 12)), "a [31m b");
  EXPECT_LE(summary_line(std::string(1'000'000, ' ') + std::string(1'000'000, 'x')).size(), 100U);
}

}  // namespace
}  // namespace headrace::discovery
