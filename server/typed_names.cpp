// Servers and tools by the names that people type.
#include <headrace/discovery/ascii.hpp>
#include <headrace/discovery/nearest_name.hpp>
#include <headrace/server/plain_text.hpp>
#include <headrace/server/typed_names.hpp>

#include <span>

namespace headrace::server {
namespace {

using discovery::CatalogueServer;
using discovery::ToolDoc;

// What may have been meant, as the end of a sentence: a name that is near, else one of which a part
// was given.
std::string suggestion(std::string_view wanted, std::span<const std::string_view> names) {
  const std::size_t near = discovery::nearest_name(wanted, names);
  std::string_view meant = near < names.size() ? names[near] : std::string_view();
  constexpr std::size_t shortest_part = 3;
  if (meant.empty() && wanted.size() >= shortest_part) {
    const std::string lower = discovery::ascii_lower(wanted);
    for (const std::string_view name : names) {
      if (discovery::ascii_lower(name).find(lower) == std::string::npos) continue;
      meant = name;
      break;
    }
  }
  return meant.empty() ? std::string() : "; did you mean " + in_quotes(meant) + "?";
}

}  // namespace

const CatalogueServer* find_server(CommandRun& run, const std::string& name) {
  const discovery::Catalogue& catalogue = run.registry().catalogue();
  if (const CatalogueServer* server = catalogue.find_server(name)) return server;
  std::vector<std::string_view> names;
  for (const CatalogueServer& server : catalogue.servers()) {
    names.push_back(server.spec().name);
    for (const discovery::OtherName& other : server.spec().other_names)
      names.push_back(other.name);
  }
  complain(run.registry().why_unavailable(name) + suggestion(name, names) +
           "\n`headrace servers` shows which there are");
  return nullptr;
}

void complain_of_tool(const CatalogueServer& server, const std::string& tool) {
  std::vector<std::string_view> names;
  for (const ToolDoc& other : server.tools())
    names.push_back(other.name);
  complain("server " + in_quotes(server.spec().name) + " has no tool " + in_quotes(tool) +
           suggestion(tool, names) + "\n`headrace docs " + in_quotes(server.spec().name) +
           "` shows which it has");
}

}  // namespace headrace::server
