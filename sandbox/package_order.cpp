// Settings of the host's environment go into the order; what names files of the host can't.
#include <headrace/framing/json_writer.hpp>
#include <headrace/sandbox/package_order.hpp>

#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <simdjson.h>

namespace headrace::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_file = std::size_t{4} << 20;

// What pip in a container is told of the host's settings. Those that name files mean nothing there.
constexpr std::array<const char*, 17> passed_on = {"PIP_INDEX_URL",
                                                   "PIP_EXTRA_INDEX_URL",
                                                   "PIP_TRUSTED_HOST",
                                                   "PIP_PROXY",
                                                   "PIP_PRE",
                                                   "PIP_TIMEOUT",
                                                   "PIP_DEFAULT_TIMEOUT",
                                                   "PIP_RETRIES",
                                                   "PIP_NO_BINARY",
                                                   "PIP_ONLY_BINARY",
                                                   "PIP_PREFER_BINARY",
                                                   "HTTP_PROXY",
                                                   "HTTPS_PROXY",
                                                   "NO_PROXY",
                                                   "http_proxy",
                                                   "https_proxy",
                                                   "no_proxy"};

std::string certificates() {
  for (const char* name : {"PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"}) {
    const char* const path = std::getenv(name);
    if (path == nullptr) continue;
    std::string text = read_small_file(path);
    if (!text.empty()) return text;
  }
  return {};
}

}  // namespace

std::string order_line(const PackageOrder& order) {
  std::string line;
  framing::JsonWriter writer(line);
  writer.begin_object().member("requirements", order.requirements);
  if (order.in_container) {
    writer.key("environment").begin_object();
    for (const char* name : passed_on) {
      if (const char* const value = std::getenv(name)) writer.member(name, value);
    }
    writer.end_object();
    writer.member("certificates", certificates());
  }
  if (!order.target.empty()) writer.member("target", order.target);
  if (!order.python_facts.empty()) writer.raw_member("for", order.python_facts);
  if (!order.archive.empty()) writer.member("archive", order.archive);
  writer.end_object();
  return line + '\n';
}

std::string facts_line(std::string_view output) {
  const std::size_t begin = output.rfind("\n{");
  if (begin != std::string_view::npos) output.remove_prefix(begin + 1);
  const std::string line(output.substr(0, output.find('\n')));
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  return parser.parse(line).get(object) == simdjson::SUCCESS ? line : std::string();
}

std::string read_small_file(const fs::path& path) {
  std::error_code error;
  if (path.empty() || !fs::is_regular_file(path, error)) return {};
  if (fs::file_size(path, error) > longest_file || error) return {};
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace headrace::sandbox
