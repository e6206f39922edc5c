// podman and docker understand all of these alike.
#include <headrace/sandbox/bootstrap.hpp>
#include <headrace/sandbox/container.hpp>
#include <headrace/sandbox/package_commands.hpp>

namespace headrace::sandbox {
namespace {

Command container(const RuntimeFacts& facts, const SandboxSpec& spec) {
  return {facts.executable,
          "run",
          "--interactive",
          "--pull",
          "never",
          "--log-driver",
          "none",
          "--entrypoint",
          "python3",
          "--user",
          "0:0",
          "--label",
          std::string(owner_label) + "=" + spec.owner,
          "--no-healthcheck",
          "--name",
          spec.name};
}

Command in_folder(const RuntimeFacts& facts, const std::string& folder) {
  return {facts.executable,
          "--unshare-all",
          "--die-with-parent",
          "--ro-bind",
          folder,
          "/",
          "--proc",
          "/proc",
          "--dev",
          "/dev"};
}

void append(Command& command, std::initializer_list<std::string> words) {
  command.insert(command.end(), words);
}

}  // namespace

Command image_id_command(const RuntimeFacts& facts, const std::string& image) {
  return {facts.executable, "image", "inspect", "--format", "{{.Id}}", image};
}

Command installing_container(const RuntimeFacts& facts, const SandboxSpec& spec,
                             const std::string& mode) {
  Command command = container(facts, spec);
  // The machine's own network: a proxy or an index may listen on its loopback.
  append(command, {"--network", mode == "install" ? "host" : "none", "--workdir", "/", spec.image,
                   "-c", std::string(package_installer()), mode});
  return command;
}

Command commit_command(const RuntimeFacts& facts, const std::string& container,
                       const std::string& image) {
  return {facts.executable, "commit",        "--change", "CMD [\"python3\"]",
          "--change",       "ENTRYPOINT []", container,  image};
}

Command remove_image_command(const RuntimeFacts& facts, const std::string& image) {
  return {facts.executable, "rmi", image};
}

Command container_facts_command(const RuntimeFacts& facts, const SandboxSpec& spec) {
  Command command = container(facts, spec);
  append(command, {"--rm", "--network", "none", spec.image, "-c", std::string(package_installer()),
                   "facts"});
  return command;
}

Command folder_facts_command(const RuntimeFacts& facts, const std::string& folder) {
  Command command = in_folder(facts, folder);
  append(command, {"--", "python3", "-c", std::string(package_installer()), "facts"});
  return command;
}

Command folder_compile_command(const RuntimeFacts& facts, const std::string& folder,
                               const std::string& packages) {
  Command command = in_folder(facts, folder);
  // Under the name that it will have in sandboxes, which tracebacks show.
  append(command, {"--bind", packages, "/tmp", "--", "python3", "-m", "compileall", "-qq", "-s",
                   "/tmp", "-p", std::string(package_directory), "/tmp"});
  return command;
}

}  // namespace headrace::sandbox
