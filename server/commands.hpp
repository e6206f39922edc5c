// The subcommands: which servers and tools there are, calling one, and standing before one.
#pragma once

#include <headrace/server/options.hpp>

#include <memory>
#include <string_view>

namespace CLI {
class App;
}

namespace headrace::server {

/// Exit codes beside 0 and those of signals; docs/configuration.md says when.
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;

class Commands {
 public:
  /// Adds them to `app`, which has to outlive this.
  Commands(CLI::App& app, std::string_view version);
  ~Commands();

  /// Whether the command line that `app` has parsed asks for one.
  bool asked() const;

  /// Runs it; what the process is to exit with. May throw what options and configuration throw.
  int run(const Options& options);

 private:
  struct Words;
  std::unique_ptr<Words> words_;
  std::string_view version_;
};

}  // namespace headrace::server
