// Whose answer a line is, in each order in which servers write their keys.
#include <headrace/bench/answer.hpp>

#include <string>

#include <gtest/gtest.h>

namespace headrace::bench {
namespace {

using Kind = Answer::Kind;

struct Case {
  const char* line;
  Kind kind;
  std::uint64_t id;
};

class AnswerIs : public testing::TestWithParam<Case> {};

TEST_P(AnswerIs, ReadAsWhatItIs) {
  const Answer answer = read_answer(GetParam().line);
  EXPECT_EQ(answer.kind, GetParam().kind) << GetParam().line;
  EXPECT_EQ(answer.id, GetParam().id) << GetParam().line;
}

INSTANTIATE_TEST_SUITE_P(
    Lines, AnswerIs,
    testing::Values(
        Case{R"({"jsonrpc":"2.0","id":1000001,"result":{"id":5}})", Kind::result, 1000001},
        Case{R"({"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"x"}})", Kind::error, 7},
        Case{R"({"result":{"id":5},"jsonrpc":"2.0","id":8})", Kind::result, 8},
        Case{R"({"error":{"id":5},"jsonrpc":"2.0","id":9})", Kind::error, 9},
        Case{R"({"jsonrpc":"2.0","result":{},"id":10})", Kind::result, 10},
        Case{R"({"id":11,"jsonrpc":"2.0","result":{"text":"\"id\":4,"}})", Kind::result, 11},
        Case{R"({ "id" : 12 , "result" : [1, {"a":"}"}] , "jsonrpc" : "2.0" })", Kind::result, 12},
        Case{"{\"result\":{},\"jsonrpc\":\"2.0\",\"id\":13}\r", Kind::result, 13},
        Case{R"({"jsonrpc":"2.0","id":14,"method":"ping"})", Kind::request, 0},
        Case{R"({"jsonrpc":"2.0","method":"roots/list","id":15})", Kind::request, 0},
        Case{R"({"jsonrpc":"2.0","id":"a","result":{}})", Kind::result, 0},
        Case{R"({"jsonrpc":"2.0","method":"notifications/message","params":{"id":3}})", Kind::other,
             0},
        Case{R"({"jsonrpc":"2.0","id":null,"error":{}})", Kind::other, 0},
        Case{R"({"jsonrpc":"2.0","id":16,"result":{},"error":{}})", Kind::result, 16},
        Case{R"({"id":16,"result":{},"error":{}})", Kind::other, 0}, Case{"", Kind::other, 0},
        Case{"no JSON", Kind::other, 0}, Case{"{", Kind::other, 0},
        Case{R"({"id":1)", Kind::other, 0}, Case{R"({"id":"\)", Kind::other, 0},
        Case{R"({"result":)", Kind::other, 0}, Case{R"([{"id":1,"result":2}])", Kind::other, 0}));

TEST(Answer, EndsAnywhere) {
  const std::string line = R"({"jsonrpc" : "2.0","result":{"a":["b\"",{}]},"id":17})";
  for (std::size_t size = 0; size < line.size(); ++size)
    EXPECT_EQ(read_answer(std::string_view(line).substr(0, size)).kind, Kind::other) << size;
  EXPECT_EQ(read_answer(line).id, 17U);
}

}  // namespace
}  // namespace headrace::bench
