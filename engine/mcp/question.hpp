// What a server may ask its client while it handles a request: a form or a page for the user, a
// model's answer, the roots. Shared by both roles; without I/O.
#pragma once

#include <headrace/engine/mcp/client_context.hpp>
#include <headrace/engine/unique_function.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace headrace::engine::mcp {

/// How a question ended: the raw result, or an error. `declined` and `cancelled` by the user are
/// results (`ElicitResult`).
struct QuestionReply {
  std::string result;  ///< A raw JSON object; empty for an error.
  std::int64_t code = 0;
  std::string message;
  /// With an error: the request that it was asked in is over, which says nothing of the question.
  bool request_over = false;
};
using ReplyCallback = UniqueFunction<void(QuestionReply)>;

/// What a client would have to declare for this question, as a raw `ClientCapabilities`; empty when
/// it has declared it. `params` is the question's raw JSON object.
std::string missing_capability(const ClientCapabilities& client, std::string_view method,
                               std::string_view params);

/// What is wrong with a question that came from elsewhere, in words: its params have not the form
/// that its method wants, or are longer than `longest_question` bytes. Empty: nothing, or the
/// method is no question's. No strict client would read such a one.
std::string question_fault(std::string_view method, std::string_view params);
constexpr std::size_t longest_question = std::size_t{1} << 20;

/// The params of an elicitation by URL with an `elicitationId`, which clients of the legacy era
/// want and servers of the modern one don't send; of any other as they are.
std::string with_elicitation_id(std::string_view params);

/// Whether `result` has the form of an answer to this question (`ElicitResult`,
/// `CreateMessageResult`, `ListRootsResult`).
bool is_answer(std::string_view method, std::string_view result);

}  // namespace headrace::engine::mcp
