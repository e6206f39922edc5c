// Splits requirements as a shell would, and looks for signs in what pip wrote.
#include <headrace/sandbox/package_requirements.hpp>

#include <algorithm>
#include <array>
#include <cctype>

namespace headrace::sandbox {
namespace {

constexpr std::string_view comparison = "<>=!~";
constexpr std::string_view blank = " \t\r\n";

bool begins_comparison(char c) {
  return comparison.find(c) != std::string_view::npos;
}

bool is_requirement(std::string_view word) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
  return std::isalnum(static_cast<unsigned char>(word.front())) != 0 &&
         word.find('/') >= word.find('@') && std::none_of(word.begin(), word.end(), control);
}

// The words, before those that are pieces of one requirement are joined.
std::optional<std::vector<std::string>> split_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  char quote = 0;
  int brackets = 0;
  const auto finish = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (const char c : text) {
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (brackets == 0 && (c == ',' || blank.find(c) != std::string_view::npos)) {
      finish();
    } else {
      if (c == '[') ++brackets;
      if (c == ']' && brackets > 0) --brackets;
      word += c;
    }
  }
  finish();
  if (quote != 0 || brackets != 0) return std::nullopt;
  return words;
}

struct KnownFailure {
  std::string_view sign;
  std::string_view meaning;
};

constexpr std::array network_signs = {
    std::string_view("Temporary failure in name resolution"),
    std::string_view("Name or service not known"),
    std::string_view("nodename nor servname"),
    std::string_view("Failed to establish a new connection"),
    std::string_view("Network is unreachable"),
    std::string_view("Connection refused"),
    std::string_view("ConnectTimeoutError"),
    std::string_view("ReadTimeoutError"),
    std::string_view("ProxyError"),
};

// The first match wins.
constexpr std::array known_failures = {
    KnownFailure{"No space left on device", "the disk is full: free some space"},
    KnownFailure{"Disk quota exceeded", "the disk quota is used up: free some space"},
    KnownFailure{"CERTIFICATE_VERIFY_FAILED",
                 "the certificate of the package index is not trusted: name a file with the right "
                 "one in PIP_CERT"},
    KnownFailure{"Invalid requirement", "write each as pip does, e.g. name==1.2"},
    KnownFailure{"ResolutionImpossible",
                 "these versions don't go together: leave some of them open"},
    KnownFailure{"Could not open requirements file",
                 "a requirements.txt may not name other files: put all into one"},
};

constexpr std::string_view pip_crash = "ERROR: Exception:";

constexpr std::array build_signs = {
    std::string_view("Failed building wheel"), std::string_view("Failed to build"),
    std::string_view("metadata-generation-failed"),
    std::string_view("subprocess-exited-with-error"), std::string_view("unable to execute")};

constexpr std::array missing_signs = {std::string_view("No matching distribution found"),
                                      std::string_view("Could not find a version")};

bool holds_any(std::string_view text, const auto& signs) {
  return std::any_of(signs.begin(), signs.end(), [text](std::string_view sign) {
    return text.find(sign) != std::string_view::npos;
  });
}

// Lines that pip marks as errors; the last ones if it marks none.
std::string last_words(std::string_view text) {
  constexpr std::size_t most_lines = 4;
  constexpr std::size_t longest_line = 300;
  std::vector<std::string_view> errors;
  std::vector<std::string_view> all;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    std::string_view line = text.substr(0, std::min(end, longest_line));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(blank) == std::string_view::npos) continue;
    all.push_back(line);
    if (line.find("ERROR") != std::string_view::npos) errors.push_back(line);
  }
  const bool traceback = !errors.empty() && errors.back().find(pip_crash) != std::string_view::npos;
  const std::vector<std::string_view>& lines = errors.empty() || traceback ? all : errors;
  std::string words;
  for (std::size_t i = lines.size() - std::min(lines.size(), most_lines); i < lines.size(); ++i) {
    words += '\n';
    words += lines[i];
  }
  return words;
}

std::string meaning(int exit_code, std::string_view output, bool wheels_only) {
  if (exit_code == 124) return "pip was not done in time: try again, or ask for less at once";
  for (const KnownFailure& failure : known_failures) {
    if (output.find(failure.sign) != std::string_view::npos) return std::string(failure.meaning);
  }
  if (is_network_failure(output)) {
    return "the package index can't be reached: check the network; a proxy or an index of your own "
           "is named by HTTPS_PROXY or PIP_INDEX_URL in Headrace's environment";
  }
  if (holds_any(output, missing_signs)) {
    return std::string("there is no such package, or none in this version for this Python") +
           (wheels_only ? " that needs no building (only wheels are installed here)" : "") +
           ": check the name, the version and the network";
  }
  if (holds_any(output, build_signs)) {
    return "a package has to be compiled, and that failed: take a version that has a wheel for "
           "this "
           "Python, or an image with a compiler";
  }
  return {};
}

}  // namespace

std::optional<std::vector<std::string>> split_packages(std::string_view text) {
  const std::optional<std::vector<std::string>> words = split_words(text);
  if (!words) return std::nullopt;
  std::vector<std::string> requirements;
  for (const std::string& word : *words) {
    if (requirements.empty() ||
        !(begins_comparison(word.front()) || begins_comparison(requirements.back().back()))) {
      requirements.push_back(word);
      continue;
    }
    std::string& last = requirements.back();
    if (begins_comparison(word.front()) && last.find_first_of(comparison) != std::string::npos) {
      last += ',';
    }
    last += word;
  }
  if (!std::all_of(requirements.begin(), requirements.end(), is_requirement)) return std::nullopt;
  return requirements;
}

std::string fingerprint(const std::vector<std::string>& parts) {
  // FNV-1a over 128 bits would need wider multiplication; two of 64 with different seeds do as
  // well, since nobody but the user chooses what goes in.
  std::array<std::uint64_t, 2> hashes = {0xcbf29ce484222325ULL, 0x84222325cbf29ce4ULL};
  const auto add = [&hashes](char c) {
    for (std::uint64_t& hash : hashes)
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  };
  for (const std::string& part : parts) {
    std::for_each(part.begin(), part.end(), add);
    add('\0');
  }
  std::string text;
  for (std::uint64_t hash : hashes) {
    for (int digit = 0; digit < 16; ++digit, hash >>= 4)
      text += "0123456789abcdef"[hash & 15];
  }
  return text;
}

bool is_network_failure(std::string_view pip_output) {
  return holds_any(pip_output, network_signs);
}

bool has_crashed(std::string_view pip_output) {
  return pip_output.find(pip_crash) != std::string_view::npos;
}

std::string explain_pip_failure(int exit_code, std::string_view pip_output, bool wheels_only) {
  std::string text = meaning(exit_code, pip_output, wheels_only);
  const std::string words = last_words(pip_output);
  if (text.empty()) text = "pip ended with status " + std::to_string(exit_code);
  if (!words.empty()) text += ". The end of what pip said:" + words;
  return text;
}

}  // namespace headrace::sandbox
