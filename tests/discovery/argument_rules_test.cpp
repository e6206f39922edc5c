// Arguments that fit, and what is said of those that do not.
#include <headrace/discovery/argument_rules.hpp>
#include <headrace/discovery/schema.hpp>
#include <headrace/framing/block.hpp>

#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::discovery {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

ToolDoc tool(std::string schema) {
  ToolDoc tool;
  tool.name = tool.alias = "do_it";
  tool.input_schema = std::move(schema);
  return tool;
}

// With as much behind it as a frame has.
ArgumentCheck check(const std::string& schema, std::string arguments) {
  const std::size_t size = arguments.size();
  arguments.resize(size + framing::block_padding, ' ');
  framing::StructuralIndex index;
  return ArgumentRules(tool(schema)).check(std::string_view(arguments).substr(0, size), index);
}

std::string error(const std::string& schema, const std::string& arguments) {
  return check(schema, arguments).error;
}

// A tool with the one parameter `a`, and what is said of a value of it.
std::string value_error(const std::string& schema, const std::string& value) {
  return error(R"({"properties":{"a":)" + schema + "}}", R"({"a":)" + value + "}");
}

const std::string files = R"({"type":"object","required":["path"],"properties":{
  "path":{"type":"string"},"head":{"type":"integer"},"ratio":{"type":"number"},
  "deep":{"type":["boolean","null"]},"from":{"$ref":"#/$defs/F"},
  "either":{"anyOf":[{"type":"string"},{"type":"array"}]},"any":{}},
  "$defs":{"F":{"type":"object"}}})";

TEST(ArgumentRules, WhatFitsPasses) {
  for (const char* arguments :
       {R"({"path":"x"})", R"({"path":"x","head":3,"ratio":2,"deep":null,"either":[1],"any":7})",
        R"({"path":"x","head":3.0,"ratio":2.5,"either":"e"})",
        R"({"path":"x","something_else":true})"}) {
    const ArgumentCheck found = check(files, arguments);
    EXPECT_THAT(found.error, IsEmpty()) << arguments;
    EXPECT_FALSE(found.rewritten) << arguments;
  }
}

TEST(ArgumentRules, WrongNamesAreToldWithTheNearest) {
  EXPECT_THAT(
      error(files, R"({"pth":"x"})"),
      HasSubstr("do_it() has no parameter 'pth'; did you mean 'path'? It takes (path: str"));
  EXPECT_THAT(error(files, R"({"path":"x","Head":1})"), HasSubstr("did you mean 'head'?"));
  EXPECT_THAT(error(files, R"({"filename":"x"})"),
              HasSubstr("do_it() has no parameter 'filename'. It takes (path: str"));
  EXPECT_THAT(error(R"({"properties":{"filePath":{}}})", R"({"file_path":1})"),
              HasSubstr("did you mean 'filePath'?"));
}

TEST(ArgumentRules, MissingNamesAreTold) {
  EXPECT_THAT(error(files, "{}"), HasSubstr("do_it() needs 'path'. It takes (path: str"));
}

TEST(ArgumentRules, WrongTypesAreTold) {
  EXPECT_THAT(error(files, R"({"path":7})"),
              HasSubstr("do_it(): 'path' has to be str, not int. It takes (path: str"));
  EXPECT_THAT(error(files, R"({"path":"x","head":1.5})"),
              HasSubstr("'head' has to be int, not float"));
  EXPECT_THAT(error(files, R"({"path":"x","head":"one"})"), HasSubstr("not str"));
  EXPECT_THAT(error(files, R"({"path":"x","deep":2})"), HasSubstr("bool or None, not int"));
  EXPECT_THAT(error(files, R"({"path":"x","from":[]})"), HasSubstr("dict, not list"));
  EXPECT_THAT(error(files, R"({"path":"x","either":{}})"), HasSubstr("str or list, not dict"));
}

TEST(ArgumentRules, NothingIsNoValueWhereItIsNotAllowed) {
  EXPECT_THAT(error(files, R"({"path":"x","head":null})"),
              HasSubstr("'head' has to be int, not None: leave it out. It takes"));
  EXPECT_THAT(error(files, R"({"path":null})"), HasSubstr("has to be str, not None. It takes"));
  for (const char* schema :
       {R"({"type":["string","null"]})", R"({"type":"string","nullable":true})",
        R"({"type":"string","default":null})", R"({"type":"string","enum":["a",null]})",
        R"({"anyOf":[{"type":"string"},{"type":"null"}]})", R"({"const":null})"}) {
    EXPECT_THAT(value_error(schema, "null"), IsEmpty()) << schema;
  }
}

TEST(ArgumentRules, WholeNumbersAreIntegersHoweverTheyAreWritten) {
  for (const char* value : {"1", "-1", "1.0", "1e3", "1E+2", "1.5e1", "123456789012345678901234"})
    EXPECT_THAT(value_error(R"({"type":"integer"})", value), IsEmpty()) << value;
  for (const char* value : {"1.5", "1e-1", "1.25e1", "NaN", "Infinity"})
    EXPECT_THAT(value_error(R"({"type":"integer"})", value), HasSubstr("not float")) << value;
}

TEST(ArgumentRules, WhatServersConvertThemselvesIsLetThrough) {
  const std::pair<const char*, const char*> taken[] = {
      {"integer", R"("5")"},      {"integer", R"(" -5 ")"}, {"integer", "true"},
      {"number", R"("1_000.5")"}, {"number", R"("nan")"},   {"number", "false"},
      {"boolean", R"("True")"},   {"boolean", R"("off")"},  {"boolean", "1"},
      {"boolean", "0.0"},         {"array", R"("\n[1]")"},  {"object", R"(" {}")"},
  };
  for (const auto& [type, value] : taken) {
    EXPECT_THAT(value_error(R"({"type":")" + std::string(type) + "\"}", value), IsEmpty())
        << type << " " << value;
  }
  EXPECT_THAT(value_error(R"({"type":"string","format":"date-time"})", "1700000000"), IsEmpty());
  EXPECT_THAT(value_error(R"({"type":["integer","null"]})", R"("null")"), IsEmpty());

  const std::pair<const char*, const char*> refused[] = {
      {"integer", R"("five")"},  {"integer", R"("")"}, {"integer", "[]"},     {"number", R"("-")"},
      {"boolean", R"("maybe")"}, {"boolean", "2"},     {"boolean", "0.5"},    {"string", "5"},
      {"string", "true"},        {"array", R"("a")"},  {"object", R"("[]")"}, {"object", "5"},
      {"array", "{}"},           {"null", "0"},
  };
  for (const auto& [type, value] : refused) {
    EXPECT_THAT(value_error(R"({"type":")" + std::string(type) + "\"}", value),
                HasSubstr("has to be"))
        << type << " " << value;
  }
}

TEST(ArgumentRules, WrongChoicesAreToldWithTheNearest) {
  const std::string state = R"({"type":"string","enum":["open","closed","in \"review\""]})";
  EXPECT_THAT(value_error(state, R"("open")"), IsEmpty());
  EXPECT_THAT(value_error(state, R"("\u006fpen")"), IsEmpty());
  EXPECT_THAT(value_error(state, R"("in \"review\"")"), IsEmpty());
  EXPECT_THAT(value_error(state, R"("OPEN")"),
              HasSubstr(R"(has to be one of 'open', 'closed', 'in "review"', not 'OPEN'; )"
                        "did you mean 'open'?"));
  EXPECT_THAT(value_error(state, R"("done")"), HasSubstr("not 'done'. It takes"));
  EXPECT_THAT(value_error(state, "1"), HasSubstr("has to be str, not int"));
  EXPECT_THAT(value_error(R"({"const":"a"})", R"("b")"), HasSubstr("has to be 'a', not 'b'"));
  const std::string optional = R"({"anyOf":[)" + state + R"(,{"type":"null"}]})";
  EXPECT_THAT(value_error(optional, "null"), IsEmpty());
  EXPECT_THAT(value_error(optional, R"("clsed")"),
              HasSubstr("has to be None or one of 'open', 'closed'"));
  EXPECT_THAT(value_error(R"({"oneOf":[{"const":"a"},{"const":"b"}]})", R"("c")"),
              HasSubstr("one of 'a', 'b', not 'c'"));
  // A list of thousands is shown in part.
  std::string many;
  for (int i = 0; i < 900; ++i)
    many += (i == 0 ? "\"value" : ",\"value") + std::to_string(i) + '"';
  const std::string text = value_error(R"({"enum":[)" + many + "]}", R"("other")");
  EXPECT_THAT(text, HasSubstr("'value1', "));
  EXPECT_LT(text.size(), 1500U);
}

TEST(ArgumentRules, ChoicesThatLeaveRoomAllowAnything) {
  for (const char* schema : {R"({"anyOf":[{"enum":["a"]},{"type":"string"}]})", R"({"enum":[]})",
                             R"({"anyOf":[{"enum":["a"]},{}]})", R"({"anyOf":[]})",
                             R"({"type":"string","enum":[1,2]})"}) {
    EXPECT_THAT(value_error(schema, R"("b")"), IsEmpty()) << schema;
  }
  EXPECT_THAT(value_error(R"({"enum":[1,2]})", R"("2")"), IsEmpty());
}

TEST(ArgumentRules, WhatIsNotUnderstoodAllowsAnything) {
  for (const char* schema :
       {"true", "false", "{}", "7", R"("string")", R"({"type":"String"})", R"({"type":"file"})",
        R"({"type":["string","any"]})", R"({"type":[]})", R"({"type":7})",
        R"({"$ref":"other.json"})", R"({"$ref":"#anchor"})", R"({"$ref":"#/$defs/none"})",
        R"({"not":{"type":"array"}})", R"({"if":{"type":"string"},"then":{"const":"a"}})",
        R"({"anyOf":[{"type":"string"},{}]})",
        R"({"allOf":[{"type":"string"},{"type":"integer"}]})", R"({"$ref":"#"})",
        R"({"type":"integer","enum":["a"]})"}) {
    for (const char* value : {"[]", "{}", "1", "1.5", "true", "null", R"("x")"})
      EXPECT_THAT(value_error(schema, value), IsEmpty()) << schema << " " << value;
  }
}

TEST(ArgumentRules, AllOfNarrows) {
  EXPECT_THAT(value_error(R"({"allOf":[{"type":["string","integer"]}],"type":["integer","null"]})",
                          R"([1])"),
              HasSubstr("has to be int, not list"));
}

TEST(ArgumentRules, AliasesAreReplaced) {
  const ArgumentCheck found = check(files, R"({"path":"x","from_":{"a":1}})");
  EXPECT_THAT(found.error, IsEmpty());
  EXPECT_EQ(found.rewritten, R"({"path":"x","from":{"a":1}})");
  EXPECT_THAT(error(files, R"({"path":"x","from_":3})"), HasSubstr("'from_' has to be dict"));
  EXPECT_THAT(error(files, R"({"path":"x","from_":{},"from":{}})"),
              HasSubstr("'from' is given twice, also as 'from_'"));
  EXPECT_EQ(check(R"({"properties":{"user-id":{}},"additionalProperties":true})",
                  R"({"user_id":1,"\u0078":2})")
                .rewritten,
            R"({"user-id":1,"x":2})");
  // A real name is never taken for an alias.
  EXPECT_FALSE(
      check(R"({"properties":{"user-id":{},"user_id":{}}})", R"({"user_id":1})").rewritten);
}

TEST(ArgumentRules, NamesAreReadThroughTheirEscapes) {
  EXPECT_THAT(error(files, R"({"p\u0061th":"x"})"), IsEmpty());
  EXPECT_THAT(error(files, R"({"p\u0061th":1})"), HasSubstr("'path' has to be str"));
}

TEST(ArgumentRules, NamesThatAreOnlyNotListedPass) {
  const std::string schema = R"({"properties":{"label":{},"x":{},"y":{}}})";
  for (const char* arguments : {R"({"label":1,"labels":2})", R"({"z":1})", R"({"something":1})"})
    EXPECT_THAT(error(schema, arguments), IsEmpty()) << arguments;
  EXPECT_THAT(error(schema, R"({"labels":2})"), HasSubstr("did you mean 'label'?"));
  EXPECT_THAT(error(schema, R"({"X":2})"), HasSubstr("did you mean 'x'?"));
}

TEST(ArgumentRules, WhatHasADefaultNeedNotBeGiven) {
  for (const char* schema :
       {R"({"properties":{"a":{"default":1}},"required":["a"]})",
        R"({"properties":{"a":{"$ref":"#/$defs/A"}},"required":["a"],"$defs":{"A":{"default":1}}})",
        R"({"properties":{"a":{}},"required":["b"]})", R"({"required":["b"]})",
        R"({"properties":{"a":{"required":true}}})",
        R"({"properties":{"a":{}},"required":true})"}) {
    EXPECT_THAT(error(schema, "{}"), IsEmpty()) << schema;
  }
}

TEST(ArgumentRules, RequiredNamesAreMissedInOpenSchemasToo) {
  const std::string schema =
      R"({"properties":{"path":{},"mode":{}},"required":["path"],"additionalProperties":true})";
  EXPECT_THAT(error(schema, "{}"), HasSubstr("needs 'path'"));
  EXPECT_THAT(error(schema, R"({"pth":1})"), HasSubstr("did you mean 'path'?"));
  EXPECT_THAT(error(schema, R"({"path":1,"mod":1})"), IsEmpty());
}

TEST(ArgumentRules, ManyParametersAreAllKnown) {
  std::string properties;
  std::string required;
  std::string arguments;
  for (int i = 0; i < 1500; ++i) {
    const std::string name = "\"p" + std::to_string(i) + '"';
    properties += (i == 0 ? "" : ",") + name + ":{}";
    required += (i == 0 ? "" : ",") + name;
    arguments += (i == 0 ? "" : ",") + name + ":1";
  }
  const std::string schema = R"({"properties":{)" + properties + R"(},"required":[)" + required +
                             R"(],"additionalProperties":false})";
  EXPECT_THAT(error(schema, "{" + arguments + "}"), IsEmpty());
  EXPECT_THAT(error(schema, "{}"), HasSubstr("needs 'p"));
}

TEST(ArgumentRules, RepeatedNamesAndOddTextAreTheServersAffair) {
  EXPECT_THAT(error(files, R"({"path":"x","path":"y"})"), IsEmpty());
  for (const char* arguments : {"[]", "7", "", "{", R"({"pth":})", R"({"path")", "null"})
    EXPECT_THAT(error(files, arguments), IsEmpty()) << arguments;
}

TEST(ArgumentRules, OpenSchemasTakeAnything) {
  for (const char* schema :
       {"", "true", "{}", R"({"type":"object"})",
        R"({"properties":{"path":{}},"additionalProperties":true})",
        R"({"properties":{"path":{}},"additionalProperties":{"type":"string"}})",
        R"({"properties":{"path":{}},"patternProperties":{"^x":{}}})",
        R"({"oneOf":[{"properties":{"pth":{}}}],"properties":{"path":{}}})",
        R"({"if":{},"then":{},"properties":{"path":{}},"additionalProperties":false})",
        R"({"$ref":"other.json","properties":{"path":{}}})", R"({"properties":[]})", "[]", "7"}) {
    EXPECT_THAT(error(schema, R"({"pth":1,"zzz":[]})"), IsEmpty()) << schema;
  }
}

TEST(ArgumentRules, ClosedSchemasTakeNothingElse) {
  const std::string schema = R"({"properties":{"path":{}},"additionalProperties":false})";
  EXPECT_THAT(error(schema, R"({"zzz":1})"), HasSubstr("has no parameter 'zzz'"));
  EXPECT_THAT(error(R"({"type":"object","additionalProperties":false})", R"({"a":1})"),
              HasSubstr("has no parameter 'a'. It takes ()"));
}

TEST(ArgumentRules, SchemasThatFanOutEnd) {
  std::string definitions = R"("d9":{"type":"string"})";
  for (int level = 8; level >= 0; --level) {
    const std::string reference = R"({"$ref":"#/$defs/d)" + std::to_string(level + 1) + "\"}";
    std::string choices = reference;
    for (int i = 0; i < 50; ++i)
      choices += "," + reference;
    definitions += ",\"d" + std::to_string(level) + R"(":{"anyOf":[)" + choices + "]}";
  }
  EXPECT_THAT(error(R"({"properties":{"a":{"$ref":"#/$defs/d0"}},"$defs":{)" + definitions + "}}",
                    R"({"a":1})"),
              IsEmpty());
}

TEST(ArgumentRules, ManyReferencesToWhatIsLongEnd) {
  std::string choices = "{}";
  for (int i = 0; i < 30'000; ++i)
    choices += ",{}";
  std::string properties = R"("first":{"type":"integer"})";
  for (int i = 0; i < 900; ++i)
    properties += ",\"p" + std::to_string(i) + R"(":{"$ref":"#/$defs/long"})";
  const std::string schema =
      R"({"properties":{)" + properties + R"(},"$defs":{"long":{"anyOf":[)" + choices + "]}}}";
  EXPECT_THAT(error(schema, R"({"p899":1})"), IsEmpty());
  EXPECT_THAT(error(schema, R"({"first":{}})"), HasSubstr("'first' has to be int, not dict"));
}

TEST(ArgumentRules, SchemasThatAreTooLongTakeAnything) {
  const std::string schema = R"({"properties":{"a":{"type":"string"},"b":{"description":")" +
                             std::string(kMaxSchema, 'x') +
                             R"("}},"required":["a"],"additionalProperties":false})";
  EXPECT_THAT(error(schema, R"({"a":1,"c":2})"), IsEmpty());
}

TEST(ArgumentRules, SchemasThatGoRoundEnd) {
  const std::string schema = R"({"properties":{"a":{"$ref":"#/properties/a"},
      "b":{"anyOf":[{"$ref":"#/properties/b"},{"$ref":"#/properties/b"}]}}})";
  EXPECT_THAT(error(schema, R"({"a":1,"b":2})"), IsEmpty());
}

}  // namespace
}  // namespace headrace::discovery
