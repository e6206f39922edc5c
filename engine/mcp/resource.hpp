// Resources from functions: one for each URI, or one for all that fit a template.
#pragma once

#include <headrace/engine/mcp/content.hpp>
#include <headrace/engine/mcp/server_role.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::engine::mcp {

/// What a resource holds; without a type of its own it has that of its Resource.
ResourceContent text_content(std::string text, std::string mime_type = {});
ResourceContent binary_content(std::string_view bytes, std::string mime_type = {});

/// The variables of a template by name, as they stand in the URI with `%XX` undone.
using Variables = std::map<std::string, std::string, std::less<>>;

/// A resource, or with `{name}` in its URI as many as there are values: `notes://{folder}/{id}`. A
/// variable is at least one character and holds no `/`. What has none is listed.
struct Resource {
  ResourceInfo info;
  /// Nothing: there is no such resource. What it throws is told the client.
  std::function<std::optional<ResourceContent>(const Variables&)> read;
};

/// A provider of these, the first that fits answering. Its lists are fixed.
ResourceProvider make_resources(std::vector<Resource> resources);

/// The variables with which a template yields this URI; nothing when there are none.
std::optional<Variables> match_template(std::string_view uri_template, std::string_view uri);

}  // namespace headrace::engine::mcp
