// headrace_sandbox_argv: runs a runtime's probe, then becomes the very command that the product
// would start, so that tests look at the real sandbox from inside.
//
//   headrace_sandbox_argv run RUNTIME IMAGE NAME [OPTION=VALUE…] -- PYTHON-ARGUMENT…
//   headrace_sandbox_argv print RUNTIME IMAGE NAME [OPTION=VALUE…] -- PYTHON-ARGUMENT…
//   headrace_sandbox_argv usage PID EXACT-ABOVE
//   headrace_sandbox_argv leftovers RUNTIME
//   headrace_sandbox_argv owner
//
// `print` writes a JSON object: argv, limits, facts. Options: memory, pids, tmp, workspace, user,
// owner, channel=descriptor, socket_directory.
#include <headrace/sandbox/owner.hpp>
#include <headrace/sandbox/runtime.hpp>
#include <headrace/sandbox/usage.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace {

namespace sandbox = headrace::sandbox;
using sandbox::Command;
using sandbox::CommandResult;

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> result;
  for (const std::string& word : words)
    result.push_back(const_cast<char*>(word.c_str()));
  result.push_back(nullptr);
  return result;
}

// Output goes to files, since a test may look at either stream in any order.
CommandResult run(const Command& command) {
  std::FILE* const out = std::tmpfile();
  std::FILE* const err = std::tmpfile();
  if (out == nullptr || err == nullptr) throw std::runtime_error("no temporary file");
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(::open("/dev/null", O_RDONLY), 0);
    ::dup2(::fileno(out), 1);
    ::dup2(::fileno(err), 2);
    ::execv(command[0].c_str(), pointers(command).data());
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CommandResult result;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  const auto text = [](std::FILE* file) {
    std::string all(static_cast<std::size_t>(::lseek(::fileno(file), 0, SEEK_END)), '\0');
    if (::pread(::fileno(file), all.data(), all.size(), 0) < 0) all.clear();
    std::fclose(file);
    return all;
  };
  result.out = text(out);
  result.err = text(err);
  return result;
}

struct Found {
  const sandbox::Runtime* runtime;
  sandbox::HostView host;
  sandbox::RuntimeFacts facts;
};

Found find(const std::string& name) {
  Found found{sandbox::find_runtime(name), sandbox::look_at_host(), {}};
  if (found.runtime == nullptr) throw std::runtime_error("no runtime is called " + name);
  const std::string executable =
      sandbox::find_on_path(std::string(found.runtime->executable), found.host.search_path);
  if (executable.empty()) throw std::runtime_error(name + " is not installed");
  std::vector<CommandResult> results;
  for (const Command& command : found.runtime->probe(executable, found.host)) {
    results.push_back(run(command));
  }
  const sandbox::ProbeVerdict verdict = found.runtime->read_probe(executable, found.host, results);
  if (!verdict.facts) throw std::runtime_error(verdict.reason);
  found.facts = *verdict.facts;
  return found;
}

void set_option(sandbox::LaunchRequest& request, const std::string& key, const std::string& value) {
  sandbox::SandboxSpec& spec = request.spec;
  if (key == "memory") {
    spec.limits.memory = std::stoull(value);
  } else if (key == "pids") {
    spec.limits.pids = std::stoull(value);
  } else if (key == "tmp") {
    spec.limits.tmp_size = std::stoull(value);
  } else if (key == "workspace") {
    spec.limits.workspace_size = std::stoull(value);
  } else if (key == "user") {
    spec.user = value;
  } else if (key == "owner") {
    spec.owner = value;
  } else if (key == "channel" && value == "descriptor") {
    request.channel = sandbox::Channel::descriptor;
  } else if (key == "socket_directory") {
    request.channel = sandbox::Channel::socket_file;
    request.socket_directory = value;
  } else {
    throw std::runtime_error("no option is called " + key);
  }
}

int start(const std::vector<std::string>& words) {
  if (words.size() < 4) throw std::runtime_error("run RUNTIME IMAGE NAME [OPTION…] -- ARGUMENT…");
  const Found found = find(words[1]);
  sandbox::LaunchRequest request;
  request.spec.image = words[2];
  request.spec.name = words[3];
  request.spec.owner = sandbox::this_process_owner();
  std::size_t next = 4;
  for (; next < words.size() && words[next] != "--"; ++next) {
    const std::size_t equals = words[next].find('=');
    set_option(request, words[next].substr(0, equals), words[next].substr(equals + 1));
  }
  for (++next; next < words.size(); ++next)
    request.arguments.push_back(words[next]);
  const sandbox::Launch launch = found.runtime->launch(found.facts, found.host, request);

  if (words[0] == "print") {
    const nlohmann::json document = {
        {"argv", launch.argv},
        {"memory_limit", launch.limits.memory},
        {"process_limit", launch.limits.processes},
        {"watch_usage", launch.watch_usage},
        {"user", launch.user ? static_cast<long long>(launch.user->user) : -1},
        {"description", found.facts.description},
        {"init", found.facts.init},
        {"remove", found.runtime->remove(found.facts, std::vector{request.spec.name})},
    };
    std::cout << document.dump() << '\n';
    return 0;
  }
  // Above all of their numbers first: one could be overwritten before its turn.
  std::vector<std::pair<int, int>> moved;
  for (const sandbox::InheritedFile& file : launch.files) {
    moved.emplace_back(::fcntl(file.fd(), F_DUPFD_CLOEXEC, 100), file.child_number());
  }
  for (const auto& [from, to] : moved) {
    if (::dup2(from, to) < 0) throw std::runtime_error("dup2 failed");
  }
  if (const auto& user = launch.user) {
    if (::setgroups(0, nullptr) != 0 || ::setresgid(user->group, user->group, user->group) != 0 ||
        ::setresuid(user->user, user->user, user->user) != 0) {
      throw std::runtime_error("can't step down from root");
    }
  }
  if (!launch.working_directory.empty() && ::chdir(launch.working_directory.c_str()) != 0) {
    throw std::runtime_error("can't go to " + launch.working_directory);
  }
  if (launch.environment) {
    ::execve(launch.argv[0].c_str(), pointers(launch.argv).data(),
             pointers(*launch.environment).data());
  } else {
    ::execv(launch.argv[0].c_str(), pointers(launch.argv).data());
  }
  throw std::runtime_error("can't execute " + launch.argv[0] + ": " + std::strerror(errno));
}

int tell_usage(const std::vector<std::string>& words) {
  const sandbox::Usage usage =
      sandbox::measure_usage(std::stoi(words.at(1)), std::stoull(words.at(2)));
  std::cout << nlohmann::json{{"memory", usage.memory},
                              {"processes", usage.processes},
                              {"threads", usage.threads},
                              {"largest_peak", usage.largest_peak}}
                   .dump()
            << '\n';
  return 0;
}

int tell_leftovers(const std::vector<std::string>& words) {
  const Found found = find(words.at(1));
  const Command command = found.runtime->list(found.facts);
  nlohmann::json gone = nlohmann::json::array();
  if (!command.empty()) {
    for (const sandbox::Leftover& leftover : sandbox::parse_leftovers(run(command).out)) {
      if (sandbox::owner_is_gone(leftover.owner)) gone.push_back(leftover.name);
    }
  }
  std::cout << gone.dump() << '\n';
  return 0;
}

}  // namespace

int main(int count, char** values) try {
  const std::vector<std::string> words(values + 1, values + count);
  const std::string verb = words.empty() ? "" : words[0];
  if (verb == "run" || verb == "print") return start(words);
  if (verb == "usage") return tell_usage(words);
  if (verb == "leftovers") return tell_leftovers(words);
  if (verb == "owner") {
    std::cout << sandbox::this_process_owner() << '\n';
    return 0;
  }
  std::cerr << "usage: headrace_sandbox_argv run|print|usage|leftovers|owner …\n";
  return 2;
} catch (const std::exception& error) {
  std::cerr << "headrace_sandbox_argv: " << error.what() << '\n';
  return 2;
}
