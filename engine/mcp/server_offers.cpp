// The methods of what a server offers: its tools, prompts, resources and completions, and the news
// of them.
#include <headrace/engine/mcp/dom_members.hpp>
#include <headrace/engine/mcp/raw_members.hpp>
#include <headrace/engine/mcp/server_role.hpp>
#include <headrace/framing/json_writer.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <simdjson.h>

namespace headrace::engine::mcp {
namespace {

using framing::JsonWriter;
using framing::Member;
namespace dom = simdjson::dom;

constexpr std::size_t most_completions = 100;

// Of a provider there may be thousands, and not every client asks for a second page.
constexpr std::size_t provided_page_size = 1000;

// A string among the params; else the request is refused.
std::optional<std::string> read_text(Responder& responder, std::string_view params,
                                     std::string_view key) {
  std::array<Member, 1> members{{{key}}};
  std::string text;
  if (scan(params, members) && is_string(members[0].value) &&
      framing::append_unescaped(text, members[0].value)) {
    return text;
  }
  responder.error(invalid_params, "'" + std::string(key) + "' must be a string");
  return std::nullopt;
}

void refuse_without(Responder& responder, const Message& message, std::string_view what) {
  responder.error(method_not_found, "Method not found: " + std::string(message.method) +
                                        " (this server has no " + std::string(what) + ")");
}

template <class Specs>
std::vector<std::string> definitions_of(const Specs& specs) {
  std::vector<std::string> definitions;
  for (const auto& spec : specs)
    definitions.push_back(spec.definition);
  return definitions;
}

std::string read_result(std::string_view uri, const ResourceContent& resource) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().key("contents").begin_array().begin_object().member("uri", uri);
  if (!resource.mime_type.empty()) writer.member("mimeType", resource.mime_type);
  writer.member(resource.is_text ? "text" : "blob", resource.content);
  writer.end_object().end_array().end_object();
  return json;
}

// Clients may read the URI from the data (2026-07-28, server/resources, "Error Handling").
template <class Asked>
void refuse_resource(Asked& asked, std::string_view uri) {
  const std::string known = shortened(uri);
  std::string data;
  JsonWriter(data).begin_object().member("uri", std::string_view(known)).end_object();
  asked.error(invalid_params, "Unknown resource: " + known, data);
}

}  // namespace

void ServerRole::answer_page(Responder& responder, const Message& message,
                             const ClientContext& client, std::string_view key,
                             const std::vector<std::string>& definitions) {
  const std::optional<std::size_t> offset = read_cursor(message.params);
  if (!offset) {
    responder.error(invalid_params, "Invalid cursor");
    return;
  }
  const std::string page = page_of(key, definitions, *offset);
  answer(responder, client, std::string_view(page), CacheHint{options_.cache_ttl, true});
}

void ServerRole::list_tools(Responder& responder, const Message& message,
                            const ClientContext& client) {
  if (!has_tools()) {
    refuse_without(responder, message, "tools");
  } else if (options_.tool_provider.list) {
    provide_tools(responder, message);
  } else {
    answer_page(responder, message, client, "tools", definitions_of(options_.tools));
  }
}

void ServerRole::provide_tools(Responder& responder, const Message& message) {
  const std::optional<std::size_t> first = read_cursor(message.params, 1);
  if (!first) {
    responder.error(invalid_params, "Invalid cursor");
    return;
  }
  std::vector<std::string> own;
  if (*first == 0) own = definitions_of(options_.tools);
  auto listed = [request = admit(responder, message.method), own = std::move(own),
                 ttl = options_.cache_ttl](ToolProvider::Page page) mutable {
    const std::shared_ptr<Request> once = std::move(request);
    if (!once) return;
    std::string json;
    JsonWriter writer(json);
    writer.begin_object();
    if (once->client().era == Era::modern)
      writer.member("ttlMs", page.settled ? ttl.count() : 0).member("cacheScope", "private");
    writer.key("tools").begin_array();
    for (const std::string& definition : own)
      writer.raw(definition);
    for (const std::string& definition : page.definitions)
      writer.raw(definition);
    writer.end_array();
    if (page.next) writer.member("nextCursor", std::to_string(*page.next));
    writer.end_object();
    once->result(std::string_view(json));
  };
  options_.tool_provider.list(*first, provided_page_size, std::move(listed));
}

void ServerRole::list_prompts(Responder& responder, const Message& message,
                              const ClientContext& client) {
  if (options_.prompts.empty()) {
    refuse_without(responder, message, "prompts");
    return;
  }
  answer_page(responder, message, client, "prompts", definitions_of(options_.prompts));
}

void ServerRole::list_templates(Responder& responder, const Message& message,
                                const ClientContext& client) {
  answer_page(responder, message, client, "resourceTemplates", options_.provider.templates);
}

void ServerRole::call_tool(Responder& responder, const Message& message, const ClientContext&) {
  auto call = admit_or_resume(responder, message);
  if (!call) return;
  const auto tool =
      std::find_if(options_.tools.begin(), options_.tools.end(),
                   [&call](const ToolSpec& spec) { return spec.name == call->name(); });
  if (tool != options_.tools.end()) {
    // The tool may replace the tools.
    const auto handler = tool->handler;
    handler(std::move(call));
  } else if (options_.tool_provider.call) {
    options_.tool_provider.call(std::move(call));
  } else {
    call->error(invalid_params, "Unknown tool: " + shortened(call->name()));
  }
}

void ServerRole::get_prompt(Responder& responder, const Message& message, const ClientContext&) {
  if (options_.prompts.empty()) {
    refuse_without(responder, message, "prompts");
    return;
  }
  auto request = admit_or_resume(responder, message);
  if (!request) return;
  const auto prompt =
      std::find_if(options_.prompts.begin(), options_.prompts.end(),
                   [&request](const PromptSpec& spec) { return spec.name == request->name(); });
  if (prompt == options_.prompts.end()) {
    request->error(invalid_params, "Unknown prompt: " + shortened(request->name()));
  } else {
    prompt->handler(std::move(request));
  }
}

void ServerRole::list_resources(Responder& responder, const Message& message,
                                const ClientContext& client) {
  std::vector<std::string> definitions = definitions_of(options_.resources);
  if (!options_.provider.list) {
    answer_page(responder, message, client, "resources", definitions);
    return;
  }
  const std::optional<std::size_t> offset = read_cursor(message.params);
  if (!offset) {
    responder.error(invalid_params, "Invalid cursor");
    return;
  }
  auto request = admit(responder, message.method);
  options_.provider.list([request = std::move(request), definitions = std::move(definitions),
                          offset = *offset](std::vector<std::string> more) mutable {
    const std::shared_ptr<Request> once = std::move(request);
    if (!once) return;
    std::move(more.begin(), more.end(), std::back_inserter(definitions));
    const std::string page = page_of("resources", definitions, offset);
    once->result(std::string_view(page));
  });
}

void ServerRole::read_resource(Responder& responder, const Message& message,
                               const ClientContext& client) {
  const std::optional<std::string> uri = read_text(responder, message.params, "uri");
  if (!uri) return;
  const auto resource = std::find_if(options_.resources.begin(), options_.resources.end(),
                                     [&uri](const ResourceSpec& spec) { return spec.uri == *uri; });
  if (resource != options_.resources.end()) {
    ResourceContent content;
    content.mime_type = resource->mime_type;
    content.content = resource->text();
    const std::string json = read_result(*uri, content);
    // Lists are the same for everyone; a text may be of this user's things.
    answer(responder, client, std::string_view(json), CacheHint{options_.cache_ttl, false});
    return;
  }
  if (!options_.provider.read) {
    refuse_resource(responder, *uri);
    return;
  }
  auto request = admit(responder, message.method, *uri);
  options_.provider.read(
      *uri, [request = std::move(request)](std::optional<ResourceContent> content) mutable {
        const std::shared_ptr<Request> once = std::move(request);
        if (!once) return;
        if (!content) {
          refuse_resource(*once, once->name());
        } else if (!content->error.empty()) {
          once->error(invalid_params, content->error);
        } else {
          const std::string json = read_result(once->name(), *content);
          once->result(std::string_view(json));
        }
      });
}

void ServerRole::subscribe(Responder& responder, const Message& message, const ClientContext&) {
  if (!subscriptions_.announced().resource_updates) {
    responder.error(method_not_found, "This server does not tell when a resource changes");
    return;
  }
  std::optional<std::string> uri = read_text(responder, message.params, "uri");
  if (!uri) return;
  if (subscriptions_.subscribe(std::move(*uri))) {
    responder.result(std::string_view("{}"));
  } else {
    responder.error(invalid_request, "Too many resources are subscribed to");
  }
}

void ServerRole::unsubscribe(Responder& responder, const Message& message, const ClientContext&) {
  if (!subscriptions_.announced().resource_updates) {
    responder.error(method_not_found, "This server does not tell when a resource changes");
    return;
  }
  const std::optional<std::string> uri = read_text(responder, message.params, "uri");
  if (!uri) return;
  subscriptions_.unsubscribe(*uri);
  responder.result(std::string_view("{}"));
}

void ServerRole::listen(Responder& responder, const Message& message, const ClientContext&) {
  if (!subscriptions_.announced().any()) {
    responder.error(method_not_found, "This server does not tell of changes");
  } else {
    subscriptions_.listen(std::move(responder), message.params);
  }
}

void ServerRole::complete(Responder& responder, const Message& message,
                          const ClientContext& client) {
  if (!options_.complete) {
    responder.error(method_not_found, "This server completes nothing");
    return;
  }
  dom::parser parser;
  dom::element params;
  std::string_view type;
  std::string_view ref;
  std::string_view argument;
  std::string_view value;
  CompletionQuery query;
  bool readable = parse_json(parser, message.params, params) &&
                  params["ref"]["type"].get(type) == simdjson::SUCCESS &&
                  (type == "ref/prompt" || type == "ref/resource");
  if (readable) {
    query.is_prompt = type == "ref/prompt";
    readable = params["ref"][query.is_prompt ? "name" : "uri"].get(ref) == simdjson::SUCCESS &&
               params["argument"]["name"].get(argument) == simdjson::SUCCESS &&
               params["argument"]["value"].get(value) == simdjson::SUCCESS;
  }
  if (!readable) {
    responder.error(invalid_params,
                    "'ref' must name a prompt or a resource template, and 'argument' have a name "
                    "and a value");
    return;
  }
  query.ref = ref;
  query.argument = argument;
  query.value = value;
  dom::object known;
  if (params["context"]["arguments"].get(known) == simdjson::SUCCESS) {
    for (const dom::key_value_pair member : known) {
      std::string_view text;
      if (member.value.get(text) == simdjson::SUCCESS)
        query.context[std::string(member.key)] = text;
    }
  }
  const Completions found = options_.complete(query);
  const std::size_t count = std::min(found.values.size(), most_completions);
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().key("completion").begin_object().key("values").begin_array();
  for (std::size_t i = 0; i < count; ++i)
    writer.value(found.values[i]);
  writer.end_array();
  if (found.total) {
    writer.member("total", *found.total);
  } else if (!found.has_more) {
    writer.member("total", found.values.size());
  }
  writer.member("hasMore", found.has_more || count < found.values.size());
  writer.end_object().end_object();
  answer(responder, client, std::string_view(json));
}

}  // namespace headrace::engine::mcp
