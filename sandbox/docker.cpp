// docker: its command talks to a daemon, here or elsewhere.
#include <headrace/sandbox/container.hpp>
#include <headrace/sandbox/docker.hpp>
#include <headrace/sandbox/failure.hpp>
#include <headrace/sandbox/seccomp_profile.hpp>

#include <array>
#include <stdexcept>

#include <simdjson.h>

namespace headrace::sandbox {
namespace {

// The command fills these in from the user's configuration unless they are given; a proxy's URL
// may hold a password.
constexpr std::array<std::string_view, 10> proxy_variables = {
    "ALL_PROXY", "FTP_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    "all_proxy", "ftp_proxy", "http_proxy", "https_proxy", "no_proxy"};

// A daemon of root's at a socket here, if that is what there is. It starts containers whose limits
// it can't keep, and only says so: what it can do is to be looked at.
std::optional<Guess> guess(const std::string& executable, const HostView& host) {
  const std::string& socket = host.docker_host;
  if (socket.empty() ? host.docker_context : !socket.starts_with("unix://")) return std::nullopt;
  for (const char* other : {"/run/user/", "/.docker/", "/.colima/", "/.rd/", "podman"}) {
    if (socket.find(other) != std::string::npos) return std::nullopt;
  }
  Guess guess{{}, true};
  guess.facts.executable = executable;
  guess.facts.memory_limit = host.memory_controller;
  guess.facts.swap_limit = host.memory_controller && host.swap_accounting;
  guess.facts.pids_limit = host.pids_controller;
  guess.facts.init = host.docker_init;
  return guess;
}

std::vector<Command> probe(const std::string& executable, const HostView&) {
  return {{executable, "info", "--format", "{{json .}}"}};
}

bool flag(const simdjson::dom::element& document, std::string_view key) {
  bool value = false;
  return document[key].get(value) == simdjson::SUCCESS && value;
}

std::string_view text(const simdjson::simdjson_result<simdjson::dom::element>& element) {
  std::string_view value;
  return element.get(value) == simdjson::SUCCESS ? value : std::string_view();
}

bool is_rootless(const simdjson::dom::element& document) {
  simdjson::dom::array options;
  if (document["SecurityOptions"].get(options) != simdjson::SUCCESS) return false;
  for (const simdjson::dom::element option : options) {
    std::string_view value;
    if (option.get(value) == simdjson::SUCCESS && value.starts_with("name=rootless")) return true;
  }
  return false;
}

// The name alone does not tell: a daemon behind a port or another context may be on a machine of
// the same name. To take a local one for remote costs only its faster road.
bool is_remote(const simdjson::dom::element& document, const HostView& host) {
  if (text(document["Name"]) != host.hostname) return true;
  if (!host.docker_host.empty()) return !host.docker_host.starts_with("unix://");
  const std::string_view context = text(document["ClientInfo"]["Context"]);
  return !context.empty() && context != "default" && context != "rootless";
}

ProbeVerdict read_probe(const std::string& executable, const HostView& host,
                        std::span<const CommandResult> results) {
  if (results.empty()) return {std::nullopt, "docker was not asked"};
  const CommandResult& result = results.front();
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  const bool parsed = parser.parse(result.out).get(document) == simdjson::SUCCESS;
  // Some versions print the client's half and exit with 0 when there is no daemon.
  if (result.exit_code != 0 || !parsed || text(document["ServerVersion"]).empty()) {
    return {std::nullopt, explain_failure("docker", result.exit_code, result.err)};
  }
  if (const std::string_view system = text(document["OSType"]); system != "linux") {
    return {std::nullopt, "docker runs " + std::string(system) +
                              " containers here: switch it to "
                              "Linux containers"};
  }
  RuntimeFacts facts;
  facts.executable = executable;
  facts.rootless = is_rootless(document);
  facts.remote = is_remote(document, host);
  facts.memory_limit = flag(document, "MemoryLimit");
  facts.swap_limit = facts.memory_limit && flag(document, "SwapLimit");
  facts.pids_limit = flag(document, "PidsLimit");
  // The daemon asks its init for a version, and says so when it has none.
  const std::string_view init = text(document["InitBinary"]);
  facts.init = !init.empty() && text(document["InitCommit"]["ID"]) != "N/A";
  facts.description = "docker " + std::string(text(document["ServerVersion"])) +
                      (facts.remote     ? ", remote"
                       : facts.rootless ? ", rootless"
                                        : "");
  return {facts, {}};
}

Command image_present(const RuntimeFacts& facts, const std::string& image) {
  return {facts.executable, "image", "inspect", "--format", "{{.Id}}", image};
}

Command pull(const RuntimeFacts& facts, const std::string& image) {
  return {facts.executable, "pull", image};
}

// A user who is given by name has the mode that the image's folder has.
std::string tmpfs_owner(const std::string& user) {
  const std::size_t colon = user.find(':');
  const auto is_number = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  const std::string uid = user.substr(0, colon);
  if (!is_number(uid)) return {};
  const std::string gid = colon == std::string::npos ? std::string() : user.substr(colon + 1);
  return ",uid=" + uid + (is_number(gid) ? ",gid=" + gid : std::string());
}

Launch launch(const RuntimeFacts& facts, const HostView&, const LaunchRequest& request) {
  Launch launch;
  std::vector<std::string>& argv = launch.argv;
  argv = {facts.executable, "run"};
  for (std::string& option :
       container_options(facts, request.spec, tmpfs_owner(request.spec.user))) {
    argv.push_back(std::move(option));
  }
  // Nobody can be asked; the host's own name servers are none of the sandbox's business.
  for (const char* word : {"--dns", "0.0.0.0", "--dns-search", "."})
    argv.emplace_back(word);
  // The command reads the file itself and sends what is in it, also to a daemon elsewhere.
  argv.emplace_back("--security-opt");
  argv.emplace_back(profile_option);
  launch.files.push_back(
      InheritedFile::holding(profile_descriptor, "headrace-seccomp", seccomp_profile_json()));
  for (const std::string_view name : proxy_variables) {
    argv.emplace_back("--env");
    argv.push_back(std::string(name) + "=");
  }
  if (request.channel == Channel::socket_file) {
    if (request.socket_directory.find(',') != std::string::npos) {
      throw std::runtime_error("the directory " + request.socket_directory +
                               " can't be given to docker: its name has a comma");
    }
    argv.emplace_back("--mount");
    argv.push_back("type=bind,readonly,source=" + request.socket_directory +
                   ",target=" + std::string(channel_directory));
  }
  argv.push_back(request.spec.image);
  argv.insert(argv.end(), request.arguments.begin(), request.arguments.end());
  launch.limits = limits_left_to_interpreter(facts, request.spec.limits);
  return launch;
}

Command remove(const RuntimeFacts& facts, std::span<const std::string> names) {
  Command command = {facts.executable, "rm", "--force", "--volumes"};
  command.insert(command.end(), names.begin(), names.end());
  return command;
}

Command list(const RuntimeFacts& facts) {
  return {facts.executable, "ps",        "--all", "--filter", "label=" + std::string(owner_label),
          "--format",       "{{.Names}}"};
}

}  // namespace

const Runtime docker = {
    .name = "docker",
    .executable = "docker",
    .install_hint =
        "sudo apt install docker.io (Debian, Ubuntu), sudo dnf install moby-engine "
        "(Fedora), brew install --cask docker (macOS)",
    .guess = guess,
    .probe = probe,
    .read_probe = read_probe,
    .image_present = image_present,
    .pull = pull,
    .launch = launch,
    .remove = remove,
    .list = list,
};

}  // namespace headrace::sandbox
