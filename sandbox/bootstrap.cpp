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

}  // namespace

std::string_view loader() noexcept {
  return source_of(loader_module);
}

std::string_view package_installer() noexcept {
  return source_of(installer_module);
}

std::string boot_frame(const BootOptions& options) {
  std::string frame;
  framing::JsonWriter writer(frame);
  writer.begin_object().member("jsonrpc", "2.0").member("method", "boot");
  writer.key("params").begin_object();
  writer.key("modules").begin_object();
  for (const PythonSource& source : python_sources()) {
    if (source.module == loader_module || source.module == installer_module) continue;
    writer.member(source.module, source.text);
  }
  writer.end_object();
  writer.key("options").begin_object();
  writer.member("memory_limit", options.limits.memory)
      .member("process_limit", options.limits.processes)
      .member("file_size_limit", options.limits.file_size);
  if (options.channel == Channel::descriptor) {
    writer.member("channel", channel_descriptor);
  } else if (options.channel == Channel::socket_file) {
    writer.member("channel", std::string(channel_directory) + '/' + std::string(channel_file));
  } else {
    writer.member("channel", "stdio");
  }
  writer.member("server_name", options.server_name)
      .member("server_version", options.server_version);
  if (!options.packages.empty()) writer.member("packages", options.packages);
  writer.end_object().end_object().end_object();
  frame += '\n';
  return frame;
}

}  // namespace headrace::sandbox
