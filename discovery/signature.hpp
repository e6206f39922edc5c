// A tool's JSON Schemas as a Python signature: what a model has to know for a call, in a fraction
// of the words.
#pragma once

#include <headrace/discovery/tools_page.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

/// Python source text, valid for 3.9 to 3.14 as annotations that are not evaluated.
struct Signature {
  /// `(path: str, head: int = ...)`. Required parameters come first, each with its default, or
  /// `...` where the schema names none. Any argument beyond them may be given where it ends in
  /// `**extra`.
  std::string parameters;
  /// `str`, `list[Issue]`; empty when the tool says nothing about its result.
  std::string result;
  /// `class Issue(TypedDict): number: int; title: NotRequired[str]`, or with `total=False` where
  /// most may be left out, or `Issue = TypedDict('Issue', {'from': str})` where a class can't have
  /// such members: what the types above name, in the order of their first use.
  std::vector<std::string> types;
};

/// Objects deeper than this are `dict`; so is what an unreadable schema describes, or one that is
/// longer than `kMaxSchema`.
inline constexpr unsigned kMaxTypeDepth = 4;
/// Beyond so many types, and so many bytes of them, further objects are `dict`.
inline constexpr std::size_t kMaxTypes = 6;
inline constexpr std::size_t kMaxTypesText = 448;
/// Of which the result's get so many at most.
inline constexpr std::size_t kMaxResultText = 160;

/// `$ref` within the schema, `allOf`, `anyOf`, `oneOf`, `enum`, `const`, lists of types, nested and
/// recursive objects are understood; anything else is `Any`.
Signature make_signature(const ToolDoc& tool);

/// The keyword by which Python code passes a parameter: the name itself if it can be one, else with
/// `_` in place of what can't be, or after a Python keyword.
std::string parameter_alias(std::string_view name);

/// The first sentence of a description on one line, at most 100 bytes.
std::string summary_line(std::string_view description);

}  // namespace headrace::discovery
