// The commands of each runtime, word by word, and what is read out of the probes' answers.
#include <headrace/sandbox/runtime.hpp>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <sys/stat.h>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::sandbox {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSubsetOf;
using ::testing::Not;

HostView ordinary_host() {
  HostView host;
  host.hostname = "here";
  host.search_path = "/usr/bin:/bin";
  host.nproc_per_namespace = true;
  return host;
}

LaunchRequest request_for(std::string image) {
  LaunchRequest request;
  request.spec.image = std::move(image);
  request.spec.name = "headrace-o-1";
  request.spec.owner = "o";
  request.arguments = {"-I", "-c", "LOADER"};
  return request;
}

std::string joined(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    line += (line.empty() ? "" : " ") + word;
  }
  return line;
}

// True if `option value` stands somewhere in argv.
bool has(const std::vector<std::string>& argv, const std::string& option,
         const std::string& value) {
  const std::vector<std::string> pair = {option, value};
  return std::search(argv.begin(), argv.end(), pair.begin(), pair.end()) != argv.end();
}

const Runtime& named(std::string_view name) {
  const Runtime* const runtime = find_runtime(name);
  if (runtime == nullptr) throw std::runtime_error("no such runtime");
  return *runtime;
}

TEST(Runtimes, AreTriedInTheDocumentedOrder) {
  std::vector<std::string> names;
  for (const Runtime* runtime : all_runtimes())
    names.emplace_back(runtime->name);
  EXPECT_THAT(names, ElementsAre("podman", "docker", "bwrap"));
}

TEST(Runtimes, AreFoundByName) {
  EXPECT_EQ(find_runtime("bubblewrap"), find_runtime("bwrap"));
  EXPECT_EQ(find_runtime("runc"), nullptr);
  EXPECT_EQ(find_runtime(""), nullptr);
  for (const Runtime* runtime : all_runtimes()) {
    EXPECT_EQ(find_runtime(runtime->name), runtime);
    EXPECT_THAT(std::string(runtime->install_hint), HasSubstr("install"));
  }
}

TEST(Runtimes, StartTheInterpreterIsolated) {
  EXPECT_THAT(interpreter_arguments("x = 1", "stdio"),
              ElementsAre("-I", "-B", "-u", "-X", "utf8", "-c", "x = 1", "stdio"));
}

TEST(Podman, LocksTheContainerDown) {
  RuntimeFacts facts;
  facts.executable = "/usr/bin/podman";
  facts.init = facts.memory_limit = facts.swap_limit = facts.pids_limit = true;
  LaunchRequest request = request_for("python:3.14-slim");
  request.spec.limits.cpus = "1.5";
  const Launch launch = named("podman").launch(facts, ordinary_host(), request);
  EXPECT_EQ(
      joined(launch.argv),
      "/usr/bin/podman run --rm --interactive --name headrace-o-1 --label headrace.owner=o "
      "--pull never --log-driver none --stop-timeout 0 --network none --hostname sandbox "
      "--read-only --tmpfs /tmp:rw,noexec,nosuid,nodev,mode=1777,U,size=67108864 "
      "--tmpfs /workspace:rw,noexec,nosuid,nodev,mode=1777,U,size=134217728 "
      "--workdir /workspace --cap-drop ALL --security-opt no-new-privileges --user 65534:65534 "
      "--pids-limit 128 --memory 536870912 --entrypoint python3 --no-healthcheck "
      "--memory-swap 536870912 --cpus 1.5 --init --env HOME=/workspace --env LANG=C.UTF-8 "
      "--env PYTHONDONTWRITEBYTECODE=1 --env PYTHONUNBUFFERED=1 --env PYTHONUTF8=1 "
      "--http-proxy=false --read-only-tmpfs=false --systemd=false "
      "--image-volume=ignore --no-hosts --env-host=false --security-opt seccomp=/proc/self/fd/10 "
      "python:3.14-slim -I -c LOADER");
  ASSERT_EQ(launch.files.size(), 1u);
  EXPECT_EQ(launch.files[0].child_number(), 10);
  EXPECT_EQ(launch.limits, InterpreterLimits{});
  EXPECT_FALSE(launch.environment.has_value());
  EXPECT_EQ(launch.working_directory, "/proc");
  EXPECT_FALSE(launch.watch_usage);
}

TEST(Podman, AtTheOtherEndOfASocketGetsNoDescriptors) {
  RuntimeFacts facts;
  facts.executable = "/usr/bin/podman";
  facts.remote = true;
  EXPECT_EQ(best_channel(named("podman"), facts), Channel::stdio);
  const Launch launch = named("podman").launch(facts, ordinary_host(), request_for("image"));
  EXPECT_THAT(launch.files, IsEmpty());
  EXPECT_THAT(joined(launch.argv), Not(HasSubstr("seccomp")));
  // Such a command has no option of that name, and would not start.
  EXPECT_THAT(joined(launch.argv), Not(HasSubstr("env-host")));
  EXPECT_EQ(launch.working_directory, "");
}

TEST(Podman, PassesASocketOn) {
  RuntimeFacts facts;
  facts.executable = "/usr/bin/podman";
  EXPECT_EQ(best_channel(named("podman"), facts), Channel::descriptor);
  LaunchRequest request = request_for("image");
  request.channel = Channel::descriptor;
  EXPECT_THAT(named("podman").launch(facts, ordinary_host(), request).argv,
              Contains("--preserve-fds=1"));
}

TEST(Podman, LeavesLimitsToTheInterpreterWhereItHasNone) {
  HostView host = ordinary_host();
  const std::vector<CommandResult> results = {{0, R"({"Client":{"Version":"4.3.1"}})", ""}};
  const ProbeVerdict verdict = named("podman").read_probe("/usr/bin/podman", host, results);
  ASSERT_TRUE(verdict.facts);
  EXPECT_TRUE(verdict.facts->rootless);
  EXPECT_EQ(verdict.facts->description, "podman 4.3.1, rootless");
  const Launch launch = named("podman").launch(*verdict.facts, host, request_for("image"));
  EXPECT_EQ(launch.limits.memory, 512ULL << 20);
  EXPECT_EQ(launch.limits.processes, 128u);

  host.delegated_memory = host.delegated_pids = true;
  const ProbeVerdict delegated = named("podman").read_probe("/usr/bin/podman", host, results);
  EXPECT_EQ(named("podman").launch(*delegated.facts, host, request_for("image")).limits,
            InterpreterLimits{});
}

TEST(Podman, IsRemoteIfAServerAnswers) {
  const std::vector<CommandResult> results = {
      {0, R"({"Client":{"Version":"5.0.0"},"Server":{"Version":"5.0.0"}})", ""}};
  const ProbeVerdict verdict = named("podman").read_probe("/opt/podman", ordinary_host(), results);
  ASSERT_TRUE(verdict.facts);
  EXPECT_TRUE(verdict.facts->remote);
  EXPECT_FALSE(verdict.facts->init);
  EXPECT_TRUE(verdict.facts->memory_limit);
}

#ifdef __linux__
TEST(Podman, IsTakenForWhatALocalOneIsWithoutBeingAsked) {
  HostView host = ordinary_host();
  host.delegated_memory = host.podman_init = true;
  const std::vector<CommandResult> results = {{0, R"({"Client":{"Version":"4.3.1"}})", ""}};
  for (const bool root : {false, true}) {
    host.root = root;
    const std::optional<Guess> guess = named("podman").guess("/usr/bin/podman", host);
    ASSERT_TRUE(guess);
    EXPECT_FALSE(guess->to_confirm);
    const ProbeVerdict verdict = named("podman").read_probe("/usr/bin/podman", host, results);
    EXPECT_TRUE(same_abilities(guess->facts, *verdict.facts));
    EXPECT_EQ(guess->facts.description, root ? "podman" : "podman, rootless");
  }
  host.podman_host = "ssh://elsewhere/run/podman.sock";
  EXPECT_FALSE(named("podman").guess("/usr/bin/podman", host));
}

TEST(Podman, ThatIsElsewhereRefusesWhatALocalOneIsGiven) {
  const std::optional<Guess> guess = named("podman").guess("/usr/bin/podman", ordinary_host());
  ASSERT_TRUE(guess);
  const Launch launch = named("podman").launch(guess->facts, ordinary_host(), request_for("i"));
  EXPECT_THAT(launch.argv, Contains("--env-host=false"));
}
#endif

TEST(Podman, SaysWhyItCanNotBeUsed) {
  const std::vector<CommandResult> results = {
      {125, "", "Error: no subuid ranges found for user \"x\" in /etc/subuid\n"}};
  const ProbeVerdict verdict = named("podman").read_probe("podman", ordinary_host(), results);
  EXPECT_FALSE(verdict.facts);
  EXPECT_THAT(verdict.reason, HasSubstr("--add-subuids"));
}

TEST(Docker, LocksTheContainerDown) {
  RuntimeFacts facts;
  facts.executable = "/usr/bin/docker";
  facts.memory_limit = facts.pids_limit = true;
  const Launch launch =
      named("docker").launch(facts, ordinary_host(), request_for("python:3.14-slim"));
  EXPECT_EQ(
      joined(launch.argv),
      "/usr/bin/docker run --rm --interactive --name headrace-o-1 --label headrace.owner=o "
      "--pull never --log-driver none --stop-timeout 0 --network none --hostname sandbox "
      "--read-only "
      "--tmpfs /tmp:rw,noexec,nosuid,nodev,mode=1777,uid=65534,gid=65534,size=67108864 "
      "--tmpfs /workspace:rw,noexec,nosuid,nodev,mode=1777,uid=65534,gid=65534,size=134217728 "
      "--workdir /workspace --cap-drop ALL --security-opt no-new-privileges --user 65534:65534 "
      "--pids-limit 128 --memory 536870912 --entrypoint python3 --no-healthcheck "
      "--env HOME=/workspace --env LANG=C.UTF-8 --env PYTHONDONTWRITEBYTECODE=1 "
      "--env PYTHONUNBUFFERED=1 --env PYTHONUTF8=1 --dns 0.0.0.0 --dns-search . "
      "--security-opt seccomp=/proc/self/fd/10 --env ALL_PROXY= --env FTP_PROXY= "
      "--env HTTP_PROXY= --env HTTPS_PROXY= --env NO_PROXY= --env all_proxy= --env ftp_proxy= "
      "--env http_proxy= --env https_proxy= --env no_proxy= "
      "python:3.14-slim -I -c LOADER");
  EXPECT_EQ(launch.limits, InterpreterLimits{});
}

TEST(Docker, GivesFoldersToUsersByNumber) {
  RuntimeFacts facts;
  LaunchRequest request = request_for("image");
  const auto workspace_of = [&](const std::string& user) {
    request.spec.user = user;
    for (const std::string& word : named("docker").launch(facts, ordinary_host(), request).argv) {
      if (word.starts_with("/workspace:")) return word;
    }
    return std::string();
  };
  EXPECT_EQ(workspace_of("1:2"),
            "/workspace:rw,noexec,nosuid,nodev,mode=1777,uid=1,gid=2,size=134217728");
  EXPECT_EQ(workspace_of("7"), "/workspace:rw,noexec,nosuid,nodev,mode=1777,uid=7,size=134217728");
  EXPECT_EQ(workspace_of("nobody"), "/workspace:rw,noexec,nosuid,nodev,mode=1777,size=134217728");
}

TEST(Docker, MountsASocketsFolder) {
  RuntimeFacts facts;
  EXPECT_EQ(best_channel(named("docker"), facts), Channel::socket_file);
  LaunchRequest request = request_for("image");
  request.channel = Channel::socket_file;
  request.socket_directory = "/run/user/1/x";
  EXPECT_TRUE(has(named("docker").launch(facts, ordinary_host(), request).argv, "--mount",
                  "type=bind,readonly,source=/run/user/1/x,target=/run/headrace"));
  request.socket_directory = "/tmp/a,b";
  EXPECT_THROW(named("docker").launch(facts, ordinary_host(), request), std::runtime_error);
}

TEST(Docker, ReadsWhatItsDaemonSaysOfItself) {
  const std::string info =
      R"({"ServerVersion":"28.1","OSType":"linux","MemoryLimit":true,"SwapLimit":false,)"
      R"("PidsLimit":true,"InitBinary":"docker-init","InitCommit":{"ID":"de40ad0"},)"
      R"("SecurityOptions":["name=seccomp,profile=builtin","name=rootless"],"Name":"here"})";
  const std::vector<CommandResult> results = {{0, info, ""}};
  const ProbeVerdict verdict =
      named("docker").read_probe("/usr/bin/docker", ordinary_host(), results);
  ASSERT_TRUE(verdict.facts) << verdict.reason;
  EXPECT_TRUE(verdict.facts->init);
  EXPECT_TRUE(verdict.facts->memory_limit);
  EXPECT_FALSE(verdict.facts->swap_limit);
  EXPECT_TRUE(verdict.facts->rootless);
  EXPECT_FALSE(verdict.facts->remote);
  EXPECT_EQ(best_channel(named("docker"), *verdict.facts), Channel::stdio);
}

TEST(Docker, BehindAPortOrAnotherContextIsRemoteWhateverItsName) {
  const auto facts_of = [](const std::string& host, const std::string& context) {
    HostView view = ordinary_host();
    view.docker_host = host;
    const std::string info = R"({"ServerVersion":"28.1","OSType":"linux","Name":"here",)"
                             R"("ClientInfo":{"Context":")" +
                             context + "\"}}";
    const std::vector<CommandResult> results = {{0, info, ""}};
    return named("docker").read_probe("docker", view, results).facts;
  };
  for (const auto& [host, context, channel] :
       {std::tuple("", "default", Channel::socket_file),
        {"unix:///run/docker.sock", "default", Channel::socket_file},
        {"", "rootless", Channel::socket_file},
        {"tcp://127.0.0.1:2375", "default", Channel::stdio},
        {"ssh://me@here", "default", Channel::stdio},
        {"", "elsewhere", Channel::stdio}}) {
    const std::optional<RuntimeFacts> facts = facts_of(host, context);
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->remote, channel == Channel::stdio) << host << ' ' << context;
    EXPECT_EQ(best_channel(named("docker"), *facts), channel) << host << ' ' << context;
  }
}

TEST(Docker, IsGuessedAtOnlyBehindASocketHereAndHasToConfirm) {
  HostView host = ordinary_host();
  host.docker_init = host.memory_controller = host.pids_controller = true;
  for (const char* socket : {"", "unix:///var/run/docker.sock", "unix:///srv/docker.sock"}) {
    host.docker_host = socket;
    const std::optional<Guess> guess = named("docker").guess("/usr/bin/docker", host);
    ASSERT_TRUE(guess) << socket;
    EXPECT_TRUE(guess->to_confirm);
    EXPECT_EQ(best_channel(named("docker"), guess->facts), Channel::socket_file);
    const std::string info =
        R"({"ServerVersion":"28.1","OSType":"linux","InitBinary":"docker-init","Name":"here",)"
        R"("MemoryLimit":true,"PidsLimit":true,"InitCommit":{"ID":"de40ad0"},)"
        R"("ClientInfo":{"Context":"default"}})";
    const std::vector<CommandResult> results = {{0, info, ""}};
    const ProbeVerdict verdict = named("docker").read_probe("/usr/bin/docker", host, results);
    ASSERT_TRUE(verdict.facts);
    EXPECT_TRUE(same_abilities(guess->facts, *verdict.facts));
    RuntimeFacts unlimited = *verdict.facts;
    unlimited.memory_limit = false;
    EXPECT_FALSE(same_abilities(guess->facts, unlimited));
  }
  for (const char* socket :
       {"tcp://elsewhere:2375", "ssh://elsewhere", "npipe:////./pipe/docker",
        "unix:///run/user/1000/docker.sock", "unix:///home/u/.docker/desktop/docker.sock",
        "unix:///run/podman/podman.sock"}) {
    host.docker_host = socket;
    EXPECT_FALSE(named("docker").guess("/usr/bin/docker", host)) << socket;
  }
  host.docker_host.clear();
  host.docker_context = true;
  EXPECT_FALSE(named("docker").guess("/usr/bin/docker", host));
}

TEST(Docker, WithoutInitRunsWithout) {
  const std::string info = R"({"ServerVersion":"28.1","OSType":"linux","InitBinary":"docker-init",)"
                           R"("InitCommit":{"ID":"N/A"},"Name":"elsewhere"})";
  const std::vector<CommandResult> results = {{0, info, ""}};
  const ProbeVerdict verdict = named("docker").read_probe("docker", ordinary_host(), results);
  ASSERT_TRUE(verdict.facts);
  EXPECT_FALSE(verdict.facts->init);
  EXPECT_TRUE(verdict.facts->remote);
  EXPECT_EQ(named("docker").launch(*verdict.facts, ordinary_host(), request_for("i")).limits.memory,
            512ULL << 20);
}

TEST(Docker, WithoutADaemonIsNotUsed) {
  const std::vector<std::vector<CommandResult>> answers = {
      {{0, R"({"ServerVersion":"","ServerErrors":["Cannot connect"]})",
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock."}},
      {{1, "", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock."}},
      {{1, "nonsense", "Cannot connect to the Docker daemon"}}};
  for (const std::vector<CommandResult>& results : answers) {
    const ProbeVerdict verdict = named("docker").read_probe("docker", ordinary_host(), results);
    EXPECT_FALSE(verdict.facts);
    EXPECT_THAT(verdict.reason, HasSubstr("the docker daemon is not running"));
  }
}

TEST(Docker, OfWindowsIsNotUsed) {
  const std::vector<CommandResult> results = {
      {0, R"({"ServerVersion":"28.1","OSType":"windows"})", ""}};
  const ProbeVerdict verdict = named("docker").read_probe("docker", ordinary_host(), results);
  EXPECT_FALSE(verdict.facts);
  EXPECT_THAT(verdict.reason, HasSubstr("windows"));
}

#ifdef __linux__

RuntimeFacts bubblewrap_facts() {
  RuntimeFacts facts;
  facts.executable = "/usr/bin/bwrap";
  facts.disable_userns = true;
  return facts;
}

TEST(Bubblewrap, StartsFromNothing) {
  const Launch launch =
      named("bwrap").launch(bubblewrap_facts(), ordinary_host(), request_for("python:3.14-slim"));
  const std::vector<std::string>& argv = launch.argv;
  EXPECT_THAT(
      joined(argv),
      ::testing::StartsWith(
          "/usr/bin/bwrap --unshare-user --unshare-ipc --unshare-pid --unshare-net --unshare-uts "
          "--unshare-cgroup-try --disable-userns --new-session --die-with-parent --cap-drop ALL "
          "--hostname sandbox --uid 65534 --gid 65534 --proc /proc --dev /dev "
          "--perms 1777 --size 67108864 --tmpfs /dev/shm --perms 1777 --size 67108864 --tmpfs /tmp "
          "--perms 1777 --size 134217728 --tmpfs /workspace --ro-bind /usr /usr"));
  EXPECT_THAT(
      joined(argv),
      ::testing::MatchesRegex(
          ".* --remount-ro /dev --remount-ro /proc --remount-ro / --chdir /workspace --clearenv "
          "--setenv PATH [^ ]+ --setenv HOME /workspace --setenv LANG C.UTF-8 "
          "--setenv PYTHONDONTWRITEBYTECODE 1 --setenv PYTHONUNBUFFERED 1 --setenv PYTHONUTF8 1 "
          "--seccomp 10 -- /[^ ]*python3[^ ]* -I -c LOADER"));
  // The environment of its process 1 can be read from inside.
  ASSERT_TRUE(launch.environment.has_value());
  EXPECT_THAT(*launch.environment, IsEmpty());
  EXPECT_TRUE(launch.watch_usage);
  EXPECT_EQ(launch.limits.memory, 512ULL << 20);
  EXPECT_EQ(launch.limits.processes, 128u);
  EXPECT_TRUE(launch.ends_with_us);
  EXPECT_FALSE(launch.user);
  std::set<int> numbers;
  for (const InheritedFile& file : launch.files) {
    EXPECT_TRUE(numbers.insert(file.child_number()).second) << file.child_number() << " twice";
    struct stat status {};
    ASSERT_EQ(::fstat(file.fd(), &status), 0);
    EXPECT_TRUE(S_ISREG(status.st_mode) && (status.st_mode & S_IROTH) != 0)
        << "what only root may read would be copied";
  }
  for (const int number : {10, 11, 12, 13, 14})
    EXPECT_TRUE(numbers.contains(number)) << number;
}

TEST(Bubblewrap, BindsNothingWritable) {
  const Launch launch =
      named("bwrap").launch(bubblewrap_facts(), ordinary_host(), request_for("python:3.14-slim"));
  EXPECT_THAT(launch.argv, Not(Contains("--bind")));
  EXPECT_THAT(launch.argv, Not(Contains("--dev-bind")));
  EXPECT_THAT(launch.argv, Not(Contains("--share-net")));
  for (const char* secret : {"/", "/etc", "/home", "/root", "/run", "/var", "/etc/shadow"}) {
    EXPECT_FALSE(has(launch.argv, "--ro-bind", secret)) << secret;
  }
}

TEST(Bubblewrap, StepsDownFromRoot) {
  HostView host = ordinary_host();
  host.root = true;
  LaunchRequest request = request_for("python:3.14-slim");
  const auto whom = [&] {
    const Launch launch = named("bwrap").launch(bubblewrap_facts(), host, request);
    EXPECT_EQ(launch.argv.front(), "/usr/bin/bwrap");
    const engine::UserIds user = launch.user.value_or(engine::UserIds{0, 0});
    return std::pair(user.user, user.group);
  };
  EXPECT_EQ(whom(), std::pair(65534u, 65534u));
  // Root inside is nobody outside.
  request.spec.user = "0:0";
  EXPECT_EQ(whom(), std::pair(65534u, 65534u));
  request.spec.user = "1000:1001";
  EXPECT_EQ(whom(), std::pair(1000u, 1001u));
}

TEST(Bubblewrap, NeedsNumbersForUsers) {
  LaunchRequest request = request_for("python:3.14-slim");
  for (const char* user : {"nobody", "", "1:", ":1", "1:x", "-1:1", "99999999999:1"}) {
    request.spec.user = user;
    EXPECT_THROW(named("bwrap").launch(bubblewrap_facts(), ordinary_host(), request),
                 std::runtime_error)
        << user;
  }
}

TEST(Bubblewrap, LeavesProcessesUncountedWhereTheKernelWouldCountTheUsers) {
  HostView host = ordinary_host();
  host.nproc_per_namespace = false;
  EXPECT_EQ(named("bwrap").launch(bubblewrap_facts(), host, request_for("x")).limits.processes, 0u);
}

TEST(Bubblewrap, IsUsedFromTheVersionThatBoundsSizes) {
  const auto verdict_on = [](const std::string& version) {
    const std::vector<CommandResult> results = {{0, version, ""}};
    return named("bwrap").read_probe("/usr/bin/bwrap", ordinary_host(), results);
  };
  EXPECT_TRUE(verdict_on("bubblewrap 0.8.0\n").facts);
  EXPECT_TRUE(verdict_on("bubblewrap 0.8.0\n").facts->disable_userns);
  EXPECT_TRUE(verdict_on("bubblewrap 1.0\n").facts->disable_userns);
  EXPECT_FALSE(verdict_on("bubblewrap 0.7.0\n").facts->disable_userns);
  EXPECT_THAT(verdict_on("bubblewrap 0.6.1\n").reason, HasSubstr("0.7 or newer"));
  EXPECT_FALSE(verdict_on("").facts);
}

TEST(Bubblewrap, IsTakenForANewOneThatAnOldOneCanNotPassFor) {
  const HostView host = ordinary_host();
  const std::optional<Guess> guess = named("bwrap").guess("/usr/bin/bwrap", host);
  ASSERT_TRUE(guess);
  EXPECT_FALSE(guess->to_confirm);
  const Launch launch = named("bwrap").launch(guess->facts, host, request_for("/"));
  EXPECT_THAT(launch.argv, Contains("--disable-userns"));
}

#endif

TEST(Runtimes, SurviveAnythingForAnAnswer) {
  for (const Runtime* runtime : all_runtimes()) {
    for (const char* text : {"", "{", "[]", "null", "{\"Client\":3}", "{\"ServerVersion\":[]}",
                             "bubblewrap x", "\xff\xfe", "bubblewrap 99999999999999.1"}) {
      for (std::size_t count = 0; count < 3; ++count) {
        const std::vector<CommandResult> results(count, CommandResult{0, text, text});
        const ProbeVerdict verdict = runtime->read_probe("/x", ordinary_host(), results);
        EXPECT_TRUE(verdict.facts || !verdict.reason.empty()) << runtime->name << ": " << text;
      }
    }
  }
}

TEST(Runtimes, RemoveByForce) {
  RuntimeFacts facts;
  facts.executable = "/x";
  const std::vector<std::string> names = {"a", "b"};
  EXPECT_EQ(joined(named("podman").remove(facts, names)), "/x rm --force --ignore --volumes a b");
  EXPECT_EQ(joined(named("docker").remove(facts, names)), "/x rm --force --volumes a b");
  EXPECT_EQ(joined(named("podman").list(facts)),
            "/x ps --all --filter label=headrace.owner --format {{.Names}}");
  EXPECT_EQ(named("docker").list(facts), named("podman").list(facts));
  EXPECT_THAT(named("bwrap").remove(facts, names), IsEmpty());
}

TEST(Leftovers, AreReadFromNames) {
  const std::string owner = "4cbe917292f2.pid4026531836.17.2069";
  const std::vector<Leftover> leftovers =
      parse_leftovers(sandbox_name(owner, 12) + "\nother\nheadrace-\nheadrace-x\nheadrace-x-\n" +
                      "headrace-x-1y\n\nheadrace-a-b-3");
  ASSERT_EQ(leftovers.size(), 2u);
  EXPECT_EQ(leftovers[0].owner, owner);
  EXPECT_EQ(leftovers[0].name, "headrace-" + owner + "-12");
  EXPECT_EQ(leftovers[1].owner, "a-b");
  EXPECT_THAT(parse_leftovers(""), IsEmpty());
}

}  // namespace
}  // namespace headrace::sandbox
