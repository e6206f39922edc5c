// A prompt from a struct of arguments and a function.
#pragma once

#include <headrace/engine/mcp/content.hpp>
#include <headrace/engine/mcp/described.hpp>
#include <headrace/engine/mcp/handler.hpp>
#include <headrace/engine/mcp/read_value.hpp>
#include <headrace/engine/mcp/server_role.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace headrace::engine::mcp {

namespace detail {

struct PromptArgument {
  std::string_view name;
  std::string_view description;
  bool required;
};

std::string prompt_definition(std::string_view name, std::string_view description,
                              const std::vector<PromptArgument>& arguments);
bool read_arguments(Request& request, JsonValue& arguments);

template <class T>
constexpr bool is_text() {
  if constexpr (is_optional<T>) {
    return is_text<typename T::value_type>();
  } else {
    return std::same_as<T, std::string> || WithNames<T>;
  }
}

struct PromptAnswer {
  static void done(Request& request, const std::vector<PromptMessage>& messages);
  static void done(Request& request, const PromptMessage& message) {
    done(request, std::vector<PromptMessage>(1, message));
  }
  static void done(Request& request, std::string_view text) {
    done(request, PromptMessage::user(text));
  }
  static void fail(Request& request, std::string_view why);
};

}  // namespace detail

/// A prompt. `Args` is a described struct (see field()) of strings and enumerations with names,
/// which may be optional. The function takes `(const Args&)` or `(const Args&, ToolContext)` and
/// returns a text (of the user), a PromptMessage, a std::vector<PromptMessage>, or an
/// asio::awaitable of one of these, as with make_tool(). Arguments that do not fit are refused with
/// invalid_params, and what it throws is answered as an error.
template <class Args, class Function>
PromptSpec make_prompt(std::string name, std::string_view description, Function function) {
  std::vector<detail::PromptArgument> listed;
  for_each_field<Args>([&listed](const auto& each) {
    using Value = typename std::remove_cvref_t<decltype(each)>::value_type;
    static_assert(detail::is_text<Value>(), "arguments of prompts are strings or names");
    const bool required = !detail::is_optional<Value> && !each.notes.has_default;
    listed.push_back({each.name, each.notes.description, required});
  });
  PromptSpec spec;
  spec.definition = detail::prompt_definition(name, description, listed);
  spec.name = std::move(name);
  auto shared = std::make_shared<Function>(std::move(function));
  spec.handler = [shared](const std::shared_ptr<Request>& request) {
    JsonValue json;
    if (!detail::read_arguments(*request, json)) return;
    Args arguments{};
    std::string why;
    if (read_value(json, arguments, why)) {
      detail::run_handler<detail::PromptAnswer>(shared, std::move(arguments), request);
    } else {
      request->error(invalid_params, why);
    }
  };
  return spec;
}

}  // namespace headrace::engine::mcp
