// Listing and reading, also while interpreters are busy.
#include <headrace/engine/event.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/server/plain_text.hpp>
#include <headrace/server/session_resources.hpp>

#include <algorithm>

namespace headrace::server {
namespace {

using engine::mcp::ResourceContent;
using engine::mcp::ResourceProvider;
using framing::JsonWriter;

constexpr auto list_limit = std::chrono::seconds(1);
constexpr std::size_t longest_name = 200;
constexpr std::size_t longest_type = 100;

std::string template_definition(std::string_view uri, std::string_view name,
                                std::string_view description) {
  std::string json;
  JsonWriter(json)
      .begin_object()
      .member("uriTemplate", uri)
      .member("name", name)
      .member("description", description)
      .end_object();
  return json;
}

std::string definition(const std::string& session, std::string_view uri, const std::string& path,
                       std::string_view mime_type, std::uint64_t size) {
  const std::string name = session == "default" ? path : session + "/" + path;
  std::string json;
  JsonWriter(json)
      .begin_object()
      .member("uri", uri)
      .member("name", one_line(name, longest_name))
      .member("mimeType", one_line(mime_type, longest_type))
      .member("size", size)
      .end_object();
  return json;
}

// A list under way: every session is asked at once for its files.
struct Listing {
  Listing(engine::Executor executor, std::vector<LiveSession> live)
      : sessions(std::move(live)), files(sessions.size()), changed(std::move(executor)) {}

  std::vector<LiveSession> sessions;
  std::vector<std::vector<std::string>> files;  // their definitions, session by session
  std::size_t answered = 0;
  engine::Event changed;
};

asio::awaitable<void> list_files(std::shared_ptr<Listing> listing, std::size_t index) {
  const LiveSession& live = listing->sessions[index];
  const sandbox::Session::Files found = co_await live.session->async_list_files();
  for (const sandbox::WorkspaceFile& file : found.files) {
    const std::string uri = file_uri(live.name, file.path);
    listing->files[index].push_back(
        definition(live.name, uri, file.path, mime_type_of(file.path), file.size));
  }
  ++listing->answered;
  listing->changed.set();
}

asio::awaitable<void> list(std::shared_ptr<Bridge> bridge, engine::Executor executor,
                           std::shared_ptr<ResourceProvider::Listed> listed) {
  const auto listing = std::make_shared<Listing>(executor, bridge->sessions());
  for (std::size_t i = 0; i < listing->sessions.size(); ++i) {
    asio::awaitable<void> listing_files = list_files(listing, i);
    asio::co_spawn(executor, std::move(listing_files), asio::detached);
  }
  const engine::Deadline deadline = engine::Deadline::after(list_limit);
  while (listing->answered < listing->sessions.size() && !deadline.passed()) {
    listing->changed.reset();
    co_await listing->changed.async_wait(deadline);
  }
  std::vector<std::string> definitions;
  for (std::size_t i = 0; i < listing->sessions.size(); ++i) {
    const LiveSession& live = listing->sessions[i];
    for (const sandbox::Archive::Item& item : live.session->archive().items()) {
      const std::string uri = item_uri(live.name, item.path);
      definitions.push_back(definition(live.name, uri, item.path, item.mime_type, item.size));
    }
    for (std::string& file : listing->files[i])
      definitions.push_back(std::move(file));
  }
  (*listed)(std::move(definitions));
}

asio::awaitable<void> read_file(std::shared_ptr<sandbox::Session> session, std::string path,
                                std::shared_ptr<ResourceProvider::Read> read) {
  sandbox::Session::FileContent file = co_await session->async_read_file(path, longest_read);
  ResourceContent content;
  content.mime_type =
      file.mime_type.empty() ? mime_type_of(path) : one_line(file.mime_type, longest_type);
  content.is_text = file.is_text;
  content.content = std::move(file.content);
  content.error = std::move(file.error);
  (*read)(std::move(content));
}

std::string encode_base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [bytes, i](std::size_t at) -> std::uint32_t {
      return i + at < bytes.size() ? static_cast<unsigned char>(bytes[i + at]) : 0U;
    };
    const std::uint32_t group = byte(0) << 16U | byte(1) << 8U | byte(2);
    text += digits[group >> 18U];
    text += digits[group >> 12U & 63U];
    text += i + 1 < bytes.size() ? digits[group >> 6U & 63U] : '=';
    text += i + 2 < bytes.size() ? digits[group & 63U] : '=';
  }
  return text;
}

bool continues_character(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// What begins within the first `length` bytes; `text` may be longer.
std::string_view whole_characters(std::string_view text, std::size_t length, bool from_start) {
  std::size_t end = std::min(length, text.size());
  while (end < text.size() && continues_character(text[end]))
    ++end;
  text = text.substr(0, end);
  while (!from_start && !text.empty() && continues_character(text.front()))
    text.remove_prefix(1);
  return text;
}

std::string how_to_read(const sandbox::Archive::Item& item) {
  return item.path + " has " + std::to_string(item.size) + " bytes, and at most " +
         std::to_string(longest_read) +
         " are read at once: put ?offset=0&length=" + std::to_string(longest_read) +
         " behind its URI, and go on from there";
}

}  // namespace

std::optional<ResourceContent> read_item(const sandbox::Archive& archive, const SessionUri& uri) {
  const sandbox::Archive::Item* const item = archive.find(uri.path);
  if (item == nullptr) return std::nullopt;
  ResourceContent content;
  content.mime_type = item->mime_type;
  content.is_text = item->is_text;
  const std::uint64_t offset = uri.offset.value_or(0);
  if (offset > item->size) {
    content.error = "the offset " + std::to_string(offset) + " is behind the end: " + item->path +
                    " has " + std::to_string(item->size) + " bytes";
    return content;
  }
  if (!uri.offset && !uri.length && item->size > longest_read) {
    content.error = how_to_read(*item);
    return content;
  }
  const std::uint64_t length = std::min(
      {uri.length.value_or(longest_read), std::uint64_t{longest_read}, item->size - offset});
  // The last character of a text may end a little later.
  const std::uint64_t more = item->is_text ? 3 : 0;
  const std::optional<std::string> bytes = archive.read(uri.path, offset, length + more);
  if (!bytes) {
    content.error = item->path + " can't be read any more";
  } else if (item->is_text) {
    content.content = whole_characters(*bytes, length, offset == 0);
  } else {
    content.content = encode_base64(*bytes);
  }
  return content;
}

ResourceProvider session_resources(std::shared_ptr<Bridge> bridge, engine::Executor executor) {
  ResourceProvider provider;
  provider.list = [bridge, executor](ResourceProvider::Listed listed) {
    auto kept = std::make_shared<ResourceProvider::Listed>(std::move(listed));
    asio::awaitable<void> listing = list(bridge, executor, std::move(kept));
    asio::co_spawn(executor, std::move(listing), asio::detached);
  };
  provider.read = [bridge, executor](const std::string& uri, ResourceProvider::Read read) {
    const std::optional<SessionUri> parsed = parse_session_uri(uri);
    const auto session = parsed ? bridge->find_session(parsed->session) : nullptr;
    if (!session) {
      read(std::nullopt);
    } else if (parsed->is_file) {
      auto kept = std::make_shared<ResourceProvider::Read>(std::move(read));
      asio::awaitable<void> reading = read_file(session, parsed->path, std::move(kept));
      asio::co_spawn(executor, std::move(reading), asio::detached);
    } else {
      read(read_item(session->archive(), *parsed));
    }
  };
  provider.templates = {
      template_definition("headrace://sessions/{session}/files/{+path}", "session-files",
                          "A file that code in run_python left under /workspace. The session is "
                          "'default' where a run names none."),
      template_definition("headrace://sessions/{session}/runs/{run}/{item}", "run-items",
                          "What a run left: all of a long stdout or stderr, pictures, documents."),
  };
  return provider;
}

}  // namespace headrace::server
