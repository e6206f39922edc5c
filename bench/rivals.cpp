// Who else is measured.
#include <headrace/bench/rivals.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include <simdjson.h>

namespace headrace::bench {

namespace {

namespace fs = std::filesystem;
namespace dom = simdjson::dom;

constexpr int cannot_be_had = 77;

std::string text_of(dom::object object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

Rival described(const fs::path& folder) {
  const std::string file = folder / "rival.json";
  dom::parser parser;
  dom::object object;
  const simdjson::error_code error = parser.load(file).get(object);
  if (error != simdjson::SUCCESS) {
    throw std::runtime_error(file + " is no description: " + simdjson::error_message(error));
  }
  Rival rival;
  rival.key = folder.filename();
  rival.name = text_of(object, "title");
  if (rival.name.empty()) rival.name = rival.key;
  rival.version = text_of(object, "version");
  rival.skipped = text_of(object, "skipped");
  rival.runs_code = text_of(object, "kind") == "code";
  if (const std::string tool = text_of(object, "tool"); !tool.empty()) rival.tool = tool;
  rival.call = text_of(object, "call");
  rival.argument = text_of(object, "argument");
  dom::object pieces;
  if (object["code"].get(pieces) == simdjson::SUCCESS) {
    for (const dom::key_value_pair piece : pieces) {
      std::string_view code;
      if (piece.value.get(code) == simdjson::SUCCESS) rival.code[std::string(piece.key)] = code;
    }
  }
  return rival;
}

std::vector<fs::path> folders_in(const std::string& definitions) {
  std::vector<fs::path> all;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(definitions, error)) {
    if (fs::exists(entry.path() / "rival.json", error)) all.push_back(entry.path());
  }
  std::sort(all.begin(), all.end());
  return all;
}

int status_of(std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, argv[0], nullptr, nullptr, argv.data(), environ);
  if (error != 0) {
    throw std::runtime_error(words[0] + " can't be started: " + std::strerror(error));
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool escapes = c == '\\' && quote != '\'' && i + 1 < text.size();
    if (escapes) {
      word += text[++i];
    } else if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
      continue;
    } else {
      word += c;
    }
    in_word = true;
  }
  if (quote != 0) {
    throw std::runtime_error("a quote is not closed in: " + std::string(text));
  }
  if (in_word) words.push_back(word);
  return words;
}

Rival rival_by_command(const std::string& text, const std::string& echo_server) {
  const std::size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  Rival rival;
  const std::size_t bracket = name.find('[');
  rival.name = rival.key = name.substr(0, bracket);
  if (bracket != std::string::npos && name.ends_with(']')) {
    rival.tool = name.substr(bracket + 1, name.size() - bracket - 2);
  }
  if (equals != std::string::npos) rival.command = split_words(text.substr(equals + 1));
  if (rival.name.empty() || rival.tool.empty() || rival.command.empty()) {
    throw std::runtime_error("--rival " + text +
                             ": write NAME=command or NAME[tool]=command, where {server} stands "
                             "for the server behind it");
  }
  std::replace(rival.command.begin(), rival.command.end(), std::string("{server}"), echo_server);
  return rival;
}

std::vector<Rival> rivals_in(const std::string& definitions, const std::string& installed,
                             const std::string& echo_server) {
  std::vector<Rival> all;
  for (const fs::path& folder : folders_in(definitions)) {
    Rival rival = described(folder);
    std::error_code error;
    const fs::path place = fs::absolute(installed, error) / rival.key;
    if (rival.skipped.empty() && (installed.empty() || !fs::is_directory(place, error))) {
      rival.skipped = "not installed: headrace-bench rivals install " + rival.key +
                      " --rivals FOLDER, then measure with --rivals FOLDER";
    }
    rival.command = {(folder / "run").string(), place.string(), echo_server};
    all.push_back(std::move(rival));
  }
  return all;
}

bool install_rivals(const std::string& definitions, const std::string& installed,
                    const std::vector<std::string>& names) {
  std::vector<fs::path> wanted;
  for (const std::string& name : names) {
    wanted.push_back(fs::path(definitions) / name);
    if (!fs::exists(wanted.back() / "rival.json")) {
      throw std::runtime_error("there is no rival " + name + " in " + definitions);
    }
  }
  if (names.empty()) wanted = folders_in(definitions);
  bool all_well = true;
  for (const fs::path& folder : wanted) {
    const std::string name = folder.filename();
    const std::string skipped = described(folder).skipped;
    if (!skipped.empty()) {
      std::fprintf(stderr, "%s: skipped: %s\n", name.c_str(), skipped.c_str());
      continue;
    }
    const fs::path place = fs::absolute(installed) / name;
    fs::create_directories(place);
    const int status = status_of({(folder / "install").string(), place.string()});
    // A folder is what says that it is installed.
    if (status != 0) fs::remove_all(place);
    const char* how = status == 0               ? "installed"
                      : status == cannot_be_had ? "can't be had here, see above"
                                                : "FAILED, see above";
    std::fprintf(stderr, "%s: %s\n", name.c_str(), how);
    all_well = all_well && (status == 0 || status == cannot_be_had);
  }
  return all_well;
}

}  // namespace headrace::bench
