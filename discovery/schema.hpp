// Finding one's way in a JSON Schema, as slices of its text.
#pragma once

#include <headrace/discovery/json_text.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

/// A longer schema allows anything, as far as we are concerned: whoever follows its references goes
/// through it again and again. The longest in use are a third of that.
inline constexpr std::size_t kMaxSchema = 256 * 1024;

/// What a schema says, by keyword; views into its text, in which no flaw was found.
using SchemaKeywords = std::map<std::string, std::string_view, std::less<>>;

/// Empty for what is no object.
SchemaKeywords schema_keywords(std::string_view schema);

/// Empty when there is no such keyword.
std::string_view look(const SchemaKeywords& keywords, std::string_view key);

/// Whether there is a value, and it is of that type.
bool is(std::string_view value, JsonType type);

/// What `#/$defs/x` stands for in the schema `root`; empty when there is no such place, or it is in
/// another document.
std::string_view resolve_reference(std::string_view root, std::string_view reference);

/// One property; the view points into the schema's text.
struct SchemaMember {
  std::string name;
  std::string_view schema;
  bool required = false;
};

/// Beyond so many the list is `partial`.
inline constexpr std::size_t kMaxSchemaMembers = 1000;

struct SchemaMembers {
  std::vector<SchemaMember> list;  ///< in the order in which they stand there, each name once
  bool open = false;               ///< It says that there may be others.
  bool closed = false;             ///< It says that there may be none.
  /// It says more of its members than is in `list`: alternatives, or what can't be followed.
  bool partial = false;
};

/// The properties of an object schema, those of its `allOf` and of what it refers to included.
SchemaMembers schema_members(std::string_view root, std::string_view schema);

}  // namespace headrace::discovery
