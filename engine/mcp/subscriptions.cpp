// Keeping subscriptions, and writing what they are told.
#include <headrace/engine/mcp/dom_members.hpp>
#include <headrace/engine/mcp/server_messages.hpp>
#include <headrace/engine/mcp/subscriptions.hpp>
#include <headrace/framing/json_writer.hpp>

#include <simdjson.h>

namespace headrace::engine::mcp {
namespace {

using framing::JsonWriter;
namespace dom = simdjson::dom;

// A client with more has lost count.
constexpr std::size_t most_listens = 100;
constexpr std::size_t most_uris = 10'000;

bool wants(dom::element filter, std::string_view key) {
  bool value = false;
  return filter[key].get(value) == simdjson::SUCCESS && value;
}

std::string subscription_meta(std::string_view id) {
  std::string json;
  JsonWriter(json).begin_object().raw_member(meta_key::subscription_id, id).end_object();
  return json;
}

}  // namespace

bool Subscriptions::subscribe(std::string uri) {
  if (legacy_uris_.size() >= most_uris && !legacy_uris_.contains(uri)) return false;
  legacy_uris_.insert(std::move(uri));
  return true;
}

void Subscriptions::unsubscribe(std::string_view uri) {
  const auto found = legacy_uris_.find(uri);
  if (found != legacy_uris_.end()) legacy_uris_.erase(found);
}

void Subscriptions::listen(Responder responder, std::string_view params) {
  dom::parser parser;
  dom::element root;
  dom::element filter;
  if (!parse_json(parser, params, root) || root["notifications"].get(filter) != simdjson::SUCCESS ||
      !filter.is_object()) {
    responder.error(invalid_params, "'notifications' must be an object");
    return;
  }
  if (listens_.size() >= most_listens) {
    responder.error(invalid_request, "Too many subscriptions are open");
    return;
  }
  Listen listen;
  listen.wants.tools = announced_.tools && wants(filter, "toolsListChanged");
  listen.wants.prompts = announced_.prompts && wants(filter, "promptsListChanged");
  listen.wants.resources = announced_.resources && wants(filter, "resourcesListChanged");
  dom::array uris;
  listen.wants.resource_updates =
      announced_.resource_updates && filter["resourceSubscriptions"].get(uris) == simdjson::SUCCESS;
  if (listen.wants.resource_updates) {
    for (const dom::element item : uris) {
      std::string_view uri;
      if (item.get(uri) != simdjson::SUCCESS) {
        responder.error(invalid_params, "'resourceSubscriptions' must be a list of strings");
        return;
      }
      if (listen.uris.size() < most_uris) listen.uris.emplace(uri);
    }
  }
  // Before the place in the table: nothing of it may be told earlier.
  std::string acknowledged;
  JsonWriter writer(acknowledged);
  writer.begin_object().raw_member("_meta", subscription_meta(responder.id()));
  writer.key("notifications").begin_object();
  if (listen.wants.tools) writer.member("toolsListChanged", true);
  if (listen.wants.prompts) writer.member("promptsListChanged", true);
  if (listen.wants.resources) writer.member("resourcesListChanged", true);
  if (listen.wants.resource_updates) {
    writer.key("resourceSubscriptions").begin_array();
    for (const std::string& uri : listen.uris)
      writer.value(uri);
    writer.end_array();
  }
  writer.end_object().end_object();
  if (notify_) notify_("notifications/subscriptions/acknowledged", std::string_view(acknowledged));
  const std::string id(responder.id());
  listen.responder = std::move(responder);
  listens_.insert_or_assign(id, std::move(listen));
}

bool Subscriptions::forget(std::string_view id) {
  const auto found = listens_.find(id);
  if (found == listens_.end()) return false;
  found->second.responder.discard();
  listens_.erase(found);
  return true;
}

void Subscriptions::close() {
  for (auto& [id, listen] : listens_) {
    const std::string result = R"({"_meta":)" + subscription_meta(id) + "}";
    const std::string json = complete_result(std::string_view(result), server_info_, {});
    listen.responder.result(std::string_view(json));
  }
  listens_.clear();
}

void Subscriptions::tools_changed() {
  list_changed("notifications/tools/list_changed", &Announcements::tools);
}

void Subscriptions::prompts_changed() {
  list_changed("notifications/prompts/list_changed", &Announcements::prompts);
}

void Subscriptions::resources_changed() {
  list_changed("notifications/resources/list_changed", &Announcements::resources);
}

void Subscriptions::list_changed(std::string_view method, bool Announcements::*kind) {
  if (!notify_) return;
  if (greeted_ && announced_.*kind) notify_(method, {});
  for (const auto& [id, listen] : listens_) {
    if (!(listen.wants.*kind)) continue;
    const std::string params = R"({"_meta":)" + subscription_meta(id) + "}";
    notify_(method, std::string_view(params));
  }
}

void Subscriptions::resource_updated(std::string_view uri) {
  constexpr std::string_view method = "notifications/resources/updated";
  if (!notify_) return;
  if (legacy_uris_.contains(uri)) {
    std::string params;
    JsonWriter(params).begin_object().member("uri", uri).end_object();
    notify_(method, std::string_view(params));
  }
  for (const auto& [id, listen] : listens_) {
    if (!listen.uris.contains(uri)) continue;
    std::string params;
    JsonWriter writer(params);
    writer.begin_object().raw_member("_meta", subscription_meta(id)).member("uri", uri);
    writer.end_object();
    notify_(method, std::string_view(params));
  }
}

}  // namespace headrace::engine::mcp
