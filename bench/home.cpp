// Makes the folder, and an environment without what the caller has set.
#include <headrace/bench/home.hpp>
#include <headrace/framing/json_writer.hpp>

#include <filesystem>
#include <unistd.h>

namespace headrace::bench {
namespace {

std::string configuration(const std::vector<ConfiguredServer>& servers) {
  std::string json;
  framing::JsonWriter writer(json);
  writer.begin_object().key("mcpServers").begin_object();
  for (const ConfiguredServer& server : servers) {
    writer.key(server.name).begin_object().member("command", server.command.at(0));
    writer.key("args").begin_array();
    for (std::size_t i = 1; i < server.command.size(); ++i)
      writer.value(server.command[i]);
    writer.end_array().end_object();
  }
  writer.end_object().end_object();
  return json;
}

}  // namespace

std::vector<ConfiguredServer> echo_servers(const Setting& setting, std::size_t count) {
  std::vector<ConfiguredServer> servers;
  for (std::size_t i = 1; i <= count; ++i) {
    const std::string name = i == 1 ? "echo" : "server_" + std::to_string(i);
    servers.push_back({name, {setting.echo_server}});
  }
  return servers;
}

Home::Home(const Setting& setting, const std::vector<ConfiguredServer>& servers) {
  std::filesystem::create_directory(folder() + "/MCPs");
  write("MCPs/servers.json", configuration(servers));
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (text.starts_with("MCP_")) environment_[std::string(text.substr(0, text.find('=')))] = "";
  }
  environment_["HOME"] = folder();
  environment_["XDG_CONFIG_HOME"] = "";
  environment_["XDG_CACHE_HOME"] = "";
  environment_["MCP_BRIDGE_TIMEOUT"] = "120";
  if (!setting.image.empty()) environment_["MCP_BRIDGE_IMAGE"] = setting.image;
}

Environment Home::environment(const std::string& runtime) const {
  Environment result = environment_;
  result["MCP_BRIDGE_RUNTIME"] = runtime;
  return result;
}

std::string Home::write(std::string_view name, std::string_view text) const {
  std::string path = folder() + "/" + std::string(name);
  write_file(path, text);
  return path;
}

}  // namespace headrace::bench
