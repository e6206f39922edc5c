// A tool from a struct of arguments and a function.
#pragma once

#include <headrace/engine/mcp/content.hpp>
#include <headrace/engine/mcp/described.hpp>
#include <headrace/engine/mcp/handler.hpp>
#include <headrace/engine/mcp/read_value.hpp>
#include <headrace/engine/mcp/schema.hpp>
#include <headrace/engine/mcp/server_role.hpp>
#include <headrace/engine/mcp/tool_context.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace headrace::engine::mcp {

/// What clients are told of a tool beside its description; what is not set is left out.
struct ToolNotes {
  std::string title = {};
  std::optional<bool> read_only = {};
  std::optional<bool> destructive = {};
  std::optional<bool> idempotent = {};
  std::optional<bool> open_world = {};
  /// Raw JSON Schemas instead of those that are made.
  std::optional<RawValue> input_schema = {};
  std::optional<RawValue> output_schema = {};
  /// A raw object.
  std::optional<RawValue> meta = {};
};

namespace detail {

// The first of a variant's types that has a schema of its own, else nothing.
template <class R>
struct OutputOf {
  static std::string schema() {
    if constexpr (Described<R> || is_map<R>) {
      return schema_json<R>();
    } else {
      return {};
    }
  }
};
template <class R>
struct OutputOf<std::variant<R, ToolError>> : OutputOf<R> {};

std::string tool_definition(std::string_view name, std::string_view description,
                            const std::string& input_schema, const std::string& output_schema,
                            const ToolNotes& notes);
/// False, with the request answered, for arguments that are not JSON.
bool read_arguments(Request& request, JsonValue& arguments);

struct ToolAnswer {
  static void done(Request& request);
  static void done(Request& request, const ToolResult& result);
  static void done(Request& request, const ToolError& error) { fail(request, error.message); }
  static void fail(Request& request, std::string_view why);

  template <class... Each>
  static void done(Request& request, const std::variant<Each...>& result) {
    std::visit([&request](const auto& held) { done(request, held); }, result);
  }
  template <class R>
  static void done(Request& request, const R& result) {
    if constexpr (std::is_convertible_v<const R&, std::string_view>) {
      done(request, ToolResult::text(result));
    } else if constexpr (Described<R> || is_map<R>) {
      RawValue value;
      value.json = value_json(result);
      ToolResult both = ToolResult::text(value.json);
      both.structured = std::move(value);
      done(request, both);
    } else {
      static_assert(std::is_arithmetic_v<R> || std::same_as<R, RawValue> || WithNames<R>,
                    "a tool returns nothing, text, a number, a described struct, a map, a "
                    "ToolResult, or a variant of these and ToolError");
      done(request, ToolResult::text(value_json(result)));
    }
  }
};

}  // namespace detail

/// A tool. `Args` is a described struct (see field()), or RawValue for the raw arguments. The
/// function takes `(const Args&)` or `(const Args&, ToolContext)` and returns what the tool answers
/// with:
///
/// - nothing, text, a bool or a number: no content, or that as text;
/// - a described struct or a std::map<std::string, T>: structured content, the schema of which is
///   in the tool's definition, and its JSON as text;
/// - a ToolResult: any content;
/// - a std::variant<R, ToolError>: one of these, or a failure of the tool in words;
/// - an asio::awaitable of any of these: it is a coroutine, runs on the server's executor, and is
///   ended by `terminal` cancellation when the client cancels.
///
/// Arguments that do not fit, and exceptions, are answered as failures of the tool (`isError`), so
/// that a model can read why and try again. Calls run side by side as far as they await anything.
/// The function and what it captures live as long as the tool and its calls.
template <class Args, class Function>
ToolSpec make_tool(std::string name, std::string_view description, Function function,
                   const ToolNotes& notes = {}) {
  static_assert(Described<Args> || std::same_as<Args, RawValue>,
                "the arguments are a struct with fields(), or a RawValue");
  ToolSpec spec;
  std::string input = R"({"type":"object"})";
  if constexpr (Described<Args>) input = schema_json<Args>();
  spec.definition =
      detail::tool_definition(name, description, input,
                              detail::OutputOf<detail::ResultOf<Function, Args>>::schema(), notes);
  spec.name = std::move(name);
  auto shared = std::make_shared<Function>(std::move(function));
  spec.handler = [shared](const std::shared_ptr<Request>& request) {
    JsonValue json;
    if (!detail::read_arguments(*request, json)) return;
    Args arguments{};
    std::string why;
    bool fits = true;
    if constexpr (Described<Args>) {
      fits = read_value(json, arguments, why);
    } else {
      arguments.json = request->arguments();
    }
    if (fits) {
      detail::run_handler<detail::ToolAnswer>(shared, std::move(arguments), request);
    } else {
      detail::ToolAnswer::fail(*request, why);
    }
  };
  return spec;
}

}  // namespace headrace::engine::mcp
