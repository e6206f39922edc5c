// Makes the folder, and an environment without what the caller has set.
#include <headrace/bench/home.hpp>
#include <headrace/framing/json_writer.hpp>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>
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

std::string make_folder() {
  std::string path = std::filesystem::temp_directory_path() / "headrace-bench-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), path + " can't be made");
  }
  return path;
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

Home::Home(const Setting& setting, const std::vector<ConfiguredServer>& servers)
    : folder_(make_folder()) {
  std::filesystem::create_directory(folder_ + "/MCPs");
  write("MCPs/servers.json", configuration(servers));
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (text.starts_with("MCP_")) environment_[std::string(text.substr(0, text.find('=')))] = "";
  }
  environment_["HOME"] = folder_;
  environment_["XDG_CONFIG_HOME"] = "";
  environment_["XDG_CACHE_HOME"] = "";
  environment_["MCP_BRIDGE_TIMEOUT"] = "120";
  if (!setting.image.empty()) environment_["MCP_BRIDGE_IMAGE"] = setting.image;
}

Home::~Home() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Environment Home::environment(const std::string& runtime) const {
  Environment result = environment_;
  result["MCP_BRIDGE_RUNTIME"] = runtime;
  return result;
}

std::string Home::write(std::string_view name, std::string_view text) const {
  const std::string path = folder_ + "/" + std::string(name);
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw std::runtime_error(path + " can't be written");
  return path;
}

}  // namespace headrace::bench
