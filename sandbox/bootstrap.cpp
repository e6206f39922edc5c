// Writes the boot frame.
#include <headrace/framing/json_writer.hpp>
#include <headrace/sandbox/bootstrap.hpp>
#include <headrace/sandbox/python_sources.hpp>

#include <algorithm>

namespace headrace::sandbox {
namespace {

// Programs of their own, which don't travel in the boot frame.
constexpr std::string_view loader_module = "loader";
constexpr std::string_view installer_module = "package_installer";

std::string_view source_of(std::string_view module) noexcept {
  const auto sources = python_sources();
  const auto found =
      std::find_if(sources.begin(), sources.end(),
                   [module](const PythonSource& source) { return source.module == module; });
  return found->text;
}

void add_modules(framing::JsonWriter& writer, std::string_view bytecode) {
  const auto compiled = python_bytecode();
  const auto found =
      std::find_if(compiled.begin(), compiled.end(),
                   [bytecode](const PythonBytecode& each) { return each.key == bytecode; });
  if (found != compiled.end()) {
    writer.key("bytecode").begin_object();
    writer.member("start", found->start).member("later", found->later).end_object();
    return;
  }
  writer.key("modules").begin_object();
  for (const PythonSource& source : python_sources()) {
    if (source.module == loader_module || source.module == installer_module) continue;
    writer.member(source.module, source.text);
  }
  writer.end_object();
}

}  // namespace

std::string_view loader() noexcept {
  return source_of(loader_module);
}

std::string_view package_installer() noexcept {
  return source_of(installer_module);
}

std::string channel_argument(Channel channel) {
  switch (channel) {
    case Channel::descriptor:
      return std::to_string(channel_descriptor);
    case Channel::socket_file:
      return std::string(channel_directory) + '/' + std::string(channel_file);
    case Channel::stdio:
      break;
  }
  return "stdio";
}

std::string boot_frame(const BootOptions& options, std::string_view bytecode) {
  std::string frame;
  framing::JsonWriter writer(frame);
  writer.begin_object().member("jsonrpc", "2.0").member("method", "boot");
  writer.key("params").begin_object();
  add_modules(writer, bytecode);
  writer.key("options").begin_object();
  writer.member("memory_limit", options.limits.memory)
      .member("process_limit", options.limits.processes)
      .member("file_size_limit", options.limits.file_size)
      .member("server_name", options.server_name)
      .member("server_version", options.server_version);
  if (!options.packages.empty()) writer.member("packages", options.packages);
  writer.end_object().end_object().end_object();
  frame += '\n';
  return frame;
}

}  // namespace headrace::sandbox
