// Reads the result of one `tools/list` request.
#pragma once

#include <headrace/discovery/fault.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

/// One tool. The raw fields are well-formed JSON values on one line, byte for byte as the server
/// sent them (unknown keys included), or empty when the server sent none or null.
struct ToolDoc {
  std::string name;   ///< exactly as the server spells it
  std::string alias;  ///< set by the catalogue
  std::string title;
  std::string description;
  std::string input_schema;   ///< raw
  std::string output_schema;  ///< raw
  std::string annotations;    ///< raw
  std::string execution;      ///< raw: holds `taskSupport`
  /// Its other members as they stand in the object, such as `icons` and `_meta`: raw, with commas
  /// between them, empty for none.
  std::string others;
  bool needs_task = false;  ///< its `taskSupport` is `required`: it can't be called otherwise

  bool operator==(const ToolDoc&) const = default;
};

/// No server is listened to beyond so many tools.
inline constexpr std::size_t kMaxTools = 50'000;

struct ToolsPage {
  std::vector<ToolDoc> tools;
  /// Present, even when empty, if there is another page.
  std::optional<std::string> next_cursor;
  /// How long the list may be kept, where the server says so.
  std::optional<std::int64_t> ttl_ms;
  /// What was left out and why; `entry` is `server`.
  Faults faults;
  /// Why there is no list at all; empty when there is one.
  std::string error;
};

/// Reads a `tools/list` result. One bad tool is a fault and costs that tool only. Names that repeat
/// are left to the catalogue, which sees all pages. `server` is only for the messages. Nothing
/// refers to `result` afterwards.
ToolsPage parse_tools_page(std::string_view result, std::string_view server);

}  // namespace headrace::discovery
