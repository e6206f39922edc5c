// What the command line asks for.
#include <headrace/bench/in_code.hpp>
#include <headrace/bench/options.hpp>
#include <headrace/bench/rivals.hpp>
#include <headrace/bench/scenes.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <stdexcept>

#include <CLI/CLI.hpp>

namespace headrace::bench {

namespace {

namespace fs = std::filesystem;

constexpr auto about =
    "Measures what stands between an MCP client and its servers: Headrace, the floors below it, "
    "and any other program.";

constexpr auto explanation = R"(What the figures mean:
  floor    The same work with less in between; what a figure can reach at best.
  p50 ...  Half of all values are not above p50, 99 of 100 not above p99, 999 of
           1,000 not above p99.9. min is the least: what a busy machine disturbs last.
  ratio    p50 over that of the baseline (direct pipes: the same client and server
           with nothing between) in the same round: its middle and its range. All
           subjects take turns, round by round, so that what drifts hits all alike.
  closed loop  So many calls are always in flight; the next is sent when one is
           answered. Answers the question: how long does a call take, how many fit?
  open loop    Calls are due at a constant rate, answered or not, and each counts
           from when it was due: one stall counts for all whom it has kept waiting.
  pinned   Client, proxy and server share one core (--core), so that no time is
           spent on waking another one, which on virtual machines hides all else.
           Proxies that wait for their turn are on the other cores meanwhile: what
           they still collect and close would count for others.
           --core -1 measures without.
  the client's own cost  Processor time that measuring itself takes for each call.

Measure your own proxy (say what it starts by {server}):
  headrace-bench proxy --rival 'mine=my-proxy --stdio -- {server}' --only-rival mine

Others:
  headrace-bench floor
  headrace-bench proxy --rivals FOLDER --json proxy.json --plot proxy.svg
  headrace-bench rivals install --rivals FOLDER
  headrace-bench page proxy.json start.json --to bench/RESULTS.md
)";

fs::path own_folder() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path(".") : self.parent_path();
}

// In the build tree, `headrace` is beside the folder that this program is in.
std::string headrace_beside(const fs::path& folder) {
  const fs::path built = folder.parent_path() / "server" / "headrace";
  std::error_code error;
  return fs::exists(built, error) ? built.string() : "headrace";
}

std::vector<std::string> runtimes_here() {
  std::vector<std::string> found{"podman", "docker", "bwrap"};
  std::erase_if(found, [](const std::string& name) { return !missing_runtime(name).empty(); });
  return found;
}

std::vector<std::string> named_runtimes() {
  const char* named = std::getenv("HEADRACE_TEST_RUNTIMES");
  return named == nullptr ? runtimes_here() : split_words(named);
}

std::string first_set(std::initializer_list<const char*> names, const char* otherwise) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return otherwise;
}

std::string as_typed(int argc, char** argv) {
  std::string all = "headrace-bench";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool plain = !word.empty() && word.find_first_of(" \t\"'\\$*{}[]()|&;<>") == word.npos;
    all += plain ? " " + word : " '" + word + "'";
  }
  return all;
}

// What is given by commands, and of the folders those that are wanted.
void choose_rivals(Wanted& wanted, const std::vector<std::string>& commands,
                   const std::vector<std::string>& only) {
  Setting& setting = wanted.setting;
  // Who does not ask for them need not read that they are missing.
  const bool wants_folders = !wanted.installed.empty() || !only.empty();
  if (wants_folders) {
    setting.rivals = rivals_in(wanted.definitions, wanted.installed, setting.echo_server);
  }
  for (const std::string& command : commands)
    setting.rivals.push_back(rival_by_command(command, setting.echo_server));
  if (only.empty()) return;
  const auto is = [](const std::string& name) {
    return [&name](const Rival& rival) { return rival.key == name || rival.name == name; };
  };
  std::vector<Rival> chosen;
  for (const std::string& name : only) {
    const auto found = std::find_if(setting.rivals.begin(), setting.rivals.end(), is(name));
    if (found == setting.rivals.end()) {
      throw std::runtime_error("--only-rival " + name + ": there is none of that name");
    }
    chosen.push_back(*found);
  }
  setting.rivals = std::move(chosen);
}

void expect_program(const std::string& path) {
  if (::access(path.c_str(), X_OK) != 0) {
    throw std::runtime_error(path +
                             " can't be run: it is built with headrace-bench, and looked "
                             "for beside it");
  }
}

Wanted usual(int argc, char** argv) {
  Wanted wanted;
  Setting& setting = wanted.setting;
  const fs::path folder = own_folder();
  setting.headrace = headrace_beside(folder);
  setting.echo_server = folder / "headrace_bench_echo_server";
  setting.epoll_relay = folder / "headrace_bench_epoll_relay";
  setting.asio_relay = folder / "headrace_bench_asio_relay";
  setting.scripts = folder / "programs";
  setting.python = "python3";
  setting.runtimes = named_runtimes();
  setting.image = first_set({"HEADRACE_TEST_IMAGE", "MCP_BRIDGE_IMAGE"}, "python:3.14-slim");
  wanted.definitions = folder / "rivals";
  wanted.command = as_typed(argc, argv);
  return wanted;
}

void add_options(CLI::App& app, Wanted& wanted) {
  Setting& setting = wanted.setting;
  app.add_option("--rounds", setting.rounds, "in how many turns (default: 10)")
      ->check(CLI::Range(1, 10'000));
  app.add_option("--core", setting.core, "pin all to this core; -1: none (default: 0)")
      ->check(CLI::Range(-1, 4'095));
  app.add_option("--scale", setting.scale, "of all counts; 0.1 for a quick look (default: 1)")
      ->check(CLI::Range(0.0001, 1000.0));
  app.add_flag("--tiny", setting.tiny, "just enough to see that it works");
  app.add_option("--json", wanted.json, "write a report for machines to this file; -: stdout");
  app.add_option("--plot", wanted.plot, "draw an SVG into this file");
  app.add_option("--runtimes", setting.runtimes, "sandboxes: podman, docker, bwrap")
      ->delimiter(',')
      ->expected(0, 3);
  app.add_option("--image", setting.image, "the image for containers")->capture_default_str();
  app.add_option("--headrace", setting.headrace, "the program")->capture_default_str();
  app.add_option("--python", setting.python, "for what is measured in Python")
      ->capture_default_str();
}

CLI::Option* add_words(CLI::App& app, const char* name, std::vector<std::string>& words,
                       const char* about_it) {
  return app.add_option(name, words, about_it)->expected(1)->take_all()->allow_extra_args(false);
}

// What is neither an option nor a command.
void refuse_the_rest(const CLI::App& app) {
  const std::vector<std::string> rest = app.remaining(true);
  if (rest.empty()) return;
  std::string known;
  for (const Scene& scene : scenes())
    known += std::string(scene.name) + ", ";
  throw std::runtime_error("what is \"" + rest.front() + "\"? There are " + known +
                           "all, page and rivals, and --help");
}

}  // namespace

Wanted read_options(int argc, char** argv) {
  Wanted wanted = usual(argc, argv);
  CLI::App app(about, "headrace-bench");
  app.footer(explanation);
  app.allow_extras();
  app.fallthrough();
  app.get_formatter()->column_width(28);
  add_options(app, wanted);
  std::vector<std::string> commands;
  std::vector<std::string> only;
  app.add_option("--rivals", wanted.installed, "where the rivals are installed");
  add_words(app, "--rival", commands,
            "one more: 'NAME=command' or 'NAME[tool]=command', {server}: the server behind it");
  add_words(app, "--only-rival", only, "leave out all others; may be repeated");

  std::map<std::string, const CLI::App*> by_name;
  for (const Scene& scene : scenes())
    by_name[scene.name] = app.add_subcommand(scene.name, scene.about)->footer(scene.figures);
  const CLI::App* all = app.add_subcommand("all", "all of these");
  CLI::App* page = app.add_subcommand("page", "write a page and its plot from reports");
  page->add_option("reports", wanted.reports, "files that --json has written")->required();
  page->add_option("--to", wanted.page, "the page; its plot becomes NAME.svg beside it")
      ->required();
  CLI::App* rivals = app.add_subcommand("rivals", "other programs, to measure against");
  rivals->require_subcommand(1);
  CLI::App* install = rivals->add_subcommand("install", "install them below --rivals FOLDER");
  install->add_option("names", wanted.rivals, "which; default: all");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    wanted.status = app.exit(error) == EXIT_SUCCESS ? EXIT_SUCCESS : exit_usage;
    return wanted;
  }
  refuse_the_rest(app);
  if (page->parsed()) {
    wanted.what = Wanted::What::page;
    return wanted;
  }
  if (install->parsed()) {
    if (wanted.installed.empty()) throw std::runtime_error("say where to: --rivals FOLDER");
    wanted.what = Wanted::What::install;
    return wanted;
  }
  // --runtimes '' is none.
  std::erase(wanted.setting.runtimes, "");
  for (const Scene& scene : scenes()) {
    if (all->parsed() || by_name[scene.name]->parsed()) wanted.scenes.emplace_back(scene.name);
  }
  if (wanted.scenes.empty()) throw std::runtime_error("say what: a scene, all, or --help");
  Setting& setting = wanted.setting;
  if (setting.tiny) {
    setting.rounds = app.count("--rounds") > 0 ? setting.rounds : 2;
    setting.scale = std::min(setting.scale, 0.01);
  }
  for (const std::string& program : {setting.echo_server, setting.epoll_relay, setting.asio_relay})
    expect_program(program);
  if (app.count("--headrace") > 0 && ::access(setting.headrace.c_str(), X_OK) != 0) {
    throw std::runtime_error("--headrace " + setting.headrace + ": " + std::strerror(errno));
  }
  choose_rivals(wanted, commands, only);
  wanted.what = Wanted::What::measure;
  return wanted;
}

}  // namespace headrace::bench
