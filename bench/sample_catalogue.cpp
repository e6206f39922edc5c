// Reads the sample, and makes more of it.
#include <headrace/bench/sample_catalogue.hpp>
#include <headrace/discovery/alias.hpp>
#include <headrace/discovery/json_text.hpp>
#include <headrace/framing/json_writer.hpp>

#include <fstream>
#include <sstream>
#include <stdexcept>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace headrace::bench {

using namespace discovery;

std::string read_json_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + " can't be read");
  std::ostringstream text;
  text << file.rdbuf();
  std::string json = text.str();
  if (const auto flaw = find_json_flaw(json)) {
    throw std::runtime_error(path + " is not JSON: " + flaw->what);
  }
  return json;
}

std::vector<SampleServer> read_servers(std::string_view text) {
  std::vector<SampleServer> servers;
  std::string_view each;
  for (JsonElements elements(json_member(json_trim(text), "servers")); elements.next(each);) {
    std::string name = json_string(json_member(each, "name"));
    // A server of the file has its tools where a tools/list result has them.
    ToolsPage page = parse_tools_page(each, name);
    servers.push_back({std::move(name), std::move(page.tools)});
  }
  return servers;
}

std::vector<std::string> read_questions(std::string_view text) {
  std::vector<std::string> questions;
  std::string_view each;
  for (JsonElements elements(json_trim(text)); elements.next(each);)
    questions.push_back(json_string(json_member(each, "question")));
  return questions;
}

Catalogue make_catalogue(const std::vector<SampleServer>& servers) {
  std::vector<std::string_view> names;
  std::vector<ServerSpec> specs;
  for (const SampleServer& server : servers)
    names.push_back(server.name);
  std::vector<std::string> aliases = unique_aliases(names, server_alias);
  for (std::size_t i = 0; i < servers.size(); ++i) {
    ServerSpec spec;
    spec.name = servers[i].name;
    spec.alias = aliases[i];
    specs.push_back(std::move(spec));
  }
  Catalogue catalogue;
  catalogue.set_servers(std::move(specs));
  for (const SampleServer& server : servers)
    catalogue.set_tools(server.name, server.tools);
  return catalogue;
}

std::vector<SampleServer> repeated(const std::vector<SampleServer>& servers, std::size_t wanted,
                                   std::size_t tools) {
  std::vector<SampleServer> result;
  std::size_t next_server = 0;
  std::size_t next_tool = 0;
  for (std::size_t i = 0; i < wanted; ++i) {
    SampleServer server{servers[i % servers.size()].name + "-" + std::to_string(i), {}};
    const std::size_t share = tools / wanted;
    while (server.tools.size() < share) {
      const std::vector<ToolDoc>& from = servers[next_server % servers.size()].tools;
      if (next_tool >= from.size()) {
        ++next_server;
        next_tool = 0;
        continue;
      }
      server.tools.push_back(from[next_tool++]);
      server.tools.back().name += "_" + std::to_string(server.tools.size());
    }
    result.push_back(std::move(server));
  }
  return result;
}

std::size_t heap_in_use() {
#ifdef __GLIBC__
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  return 0;
#endif
}

std::string tools_result(const std::vector<ToolDoc>& tools) {
  std::string json;
  framing::JsonWriter writer(json);
  writer.begin_object().key("tools").begin_array();
  for (const ToolDoc& tool : tools) {
    writer.begin_object().member("name", tool.name).member("description", tool.description);
    writer.raw_member("inputSchema", tool.input_schema).end_object();
  }
  writer.end_array().end_object();
  return json;
}

}  // namespace headrace::bench
