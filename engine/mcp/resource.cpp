// How a URI is found to fit a template.
#include <headrace/engine/mcp/resource.hpp>
#include <headrace/framing/json_writer.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

namespace headrace::engine::mcp {
namespace {

using framing::JsonWriter;

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size();
    const int high = escape ? digit_of(text[i + 1]) : -1;
    const int low = escape ? digit_of(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      decoded += text[i];
    } else {
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return decoded;
}

bool is_template(const Resource& resource) {
  return resource.info.uri.find('{') != std::string::npos;
}

std::string definition_of(const Resource& resource) {
  const ResourceInfo& info = resource.info;
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member(is_template(resource) ? "uriTemplate" : "uri", info.uri);
  writer.member("name", info.name.empty() ? info.uri : info.name);
  if (!info.description.empty()) writer.member("description", info.description);
  if (!info.mime_type.empty()) writer.member("mimeType", info.mime_type);
  writer.end_object();
  return json;
}

std::optional<ResourceContent> read_one(const Resource& resource, const Variables& variables) {
  try {
    return resource.read(variables);
  } catch (const std::exception& error) {
    ResourceContent failed;
    failed.error = error.what();
    if (failed.error.empty()) failed.error = "the resource can't be read";
    return failed;
  }
}

}  // namespace

ResourceContent text_content(std::string text, std::string mime_type) {
  return {std::move(mime_type), true, std::move(text), {}};
}

ResourceContent binary_content(std::string_view bytes, std::string mime_type) {
  return {std::move(mime_type), false, encode_base64(bytes), {}};
}

std::optional<Variables> match_template(std::string_view uri_template, std::string_view uri) {
  Variables variables;
  while (true) {
    const std::size_t brace = uri_template.find('{');
    const std::string_view literal = uri_template.substr(0, brace);
    if (!uri.starts_with(literal)) return std::nullopt;
    uri.remove_prefix(literal.size());
    if (brace == std::string_view::npos) break;
    uri_template.remove_prefix(brace + 1);
    const std::size_t end = uri_template.find('}');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view name = uri_template.substr(0, end);
    uri_template.remove_prefix(end + 1);
    // As far as the text between this variable and the next, or the end of the segment.
    const std::string_view next = uri_template.substr(0, uri_template.find('{'));
    std::size_t length = uri.find('/');
    if (!next.empty()) length = std::min(length, uri.find(next, 1));
    const std::string_view value = uri.substr(0, length);
    if (value.empty()) return std::nullopt;
    variables[std::string(name)] = percent_decoded(value);
    uri.remove_prefix(value.size());
  }
  if (!uri.empty()) return std::nullopt;
  return variables;
}

ResourceProvider make_resources(std::vector<Resource> resources) {
  auto kept = std::make_shared<const std::vector<Resource>>(std::move(resources));
  ResourceProvider provider;
  for (const Resource& resource : *kept)
    if (is_template(resource)) provider.templates.push_back(definition_of(resource));
  provider.list = [kept](ResourceProvider::Listed listed) {
    std::vector<std::string> definitions;
    for (const Resource& resource : *kept)
      if (!is_template(resource)) definitions.push_back(definition_of(resource));
    listed(std::move(definitions));
  };
  provider.read = [kept](const std::string& uri, ResourceProvider::Read read) {
    for (const Resource& resource : *kept) {
      const auto variables = match_template(resource.info.uri, uri);
      if (!variables) continue;
      auto content = read_one(resource, *variables);
      if (content && content->mime_type.empty()) content->mime_type = resource.info.mime_type;
      read(std::move(content));
      return;
    }
    read(std::nullopt);
  };
  return provider;
}

}  // namespace headrace::engine::mcp
