// Finds out which runtime really works here, sees to the image, and starts interpreters.
#pragma once

#include <headrace/engine/logger.hpp>
#include <headrace/sandbox/interpreter.hpp>
#include <headrace/sandbox/packages.hpp>
#include <headrace/sandbox/runtime.hpp>

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include <asio/steady_timer.hpp>

namespace headrace::sandbox {

struct LauncherOptions {
  /// "auto", or the name of a runtime. One that is not installed falls through to the others; one
  /// that is installed and does not work is an error, since it was asked for.
  std::string runtime = "auto";
  std::string image = "python:3.14-slim";
  SandboxLimits limits;
  std::string user = "65534:65534";
  std::size_t frame_limit = std::size_t{64} << 20;
  std::string server_name = "headrace";
  std::string server_version;
  /// From the start of the command to the interpreter's `ready`.
  engine::Clock::duration start_limit = std::chrono::seconds(60);
  engine::Clock::duration pull_limit = std::chrono::minutes(10);
  /// False: always stdin and stdout, which work everywhere.
  bool fast_channel = true;
  /// What sandboxes are to have beside the image's own.
  PackageOptions packages;
  /// Where all that is said with interpreters is copied to; null for nowhere.
  std::shared_ptr<engine::Trace> trace;
};

/// Not thread-safe. Nothing is looked at before the first start. Held by shared_ptr: its coroutines
/// keep it alive.
class Launcher : public std::enable_shared_from_this<Launcher> {
 public:
  using Progress = std::function<void(std::string_view message)>;

  Launcher(engine::Executor executor, LauncherOptions options,
           std::shared_ptr<engine::ProcessGuard> guard, engine::Logger logger);

  /// A ready interpreter; null, with a sentence for the user, when there can be none. The first one
  /// that comes up decides the runtime for the rest of the program's life. `progress` hears of
  /// what takes long, such as a pull; starts that wait for the same share it, and its failure.
  /// Never throws.
  asio::awaitable<std::unique_ptr<Interpreter>> async_start(engine::Diagnostics& diagnostics,
                                                            Progress progress = {});

  /// Leaves what killed Headraces left behind to the next one, if that has not begun.
  void close() { sweep_timer_.cancel(); }

  /// The runtime in use; null before the first start.
  const Runtime* runtime() const noexcept { return chosen_ ? chosen_->runtime : nullptr; }
  /// For people: "podman 4.3.1", or without the version where nobody had to ask for it.
  std::string description() const { return chosen_ ? chosen_->facts.description : std::string(); }

 private:
  struct Choice {
    const Runtime* runtime;
    RuntimeFacts facts;
    Channel channel;
  };
  enum class ImageState { present, pulled, missing };
  // What one start does and others wait for.
  struct Attempt {
    explicit Attempt(const engine::Executor& executor) : done(executor) {}
    engine::Event done;
    ImageState image = ImageState::present;
    std::string failure;
  };
  class Listening;
  class Attempting;

  asio::awaitable<std::unique_ptr<Interpreter>> start(engine::Diagnostics& diagnostics,
                                                      Progress progress);
  asio::awaitable<std::unique_ptr<Interpreter>> choose(engine::Diagnostics& diagnostics);
  asio::awaitable<std::unique_ptr<Interpreter>> try_runtime(const Runtime& runtime,
                                                            std::string executable,
                                                            std::string& reason);
  asio::awaitable<std::unique_ptr<Interpreter>> launch(const Choice& choice,
                                                       const Progress& progress,
                                                       engine::Deadline limit,
                                                       engine::Diagnostics& diagnostics);
  struct Probing;
  static asio::awaitable<void> probe(std::shared_ptr<Launcher> self,
                                     std::shared_ptr<Probing> probing,
                                     engine::Clock::duration delay);
  Choice make_choice(const Runtime& runtime, const RuntimeFacts& facts) const;
  engine::Deadline start_limit() const { return engine::Deadline::after(options_.start_limit); }
  void settle_on(Choice choice);
  /// Pulls the image if it is not here. `reason` is set when it can't be had.
  asio::awaitable<ImageState> fetch_image(const Choice& choice, std::string& reason);
  asio::awaitable<void> pull(Choice choice, std::shared_ptr<Attempt> attempt);
  /// To every start under way, and to those that come while it lasts.
  void tell(std::string message);
  /// For what is done on behalf of all of them.
  Progress everybody();
  /// Has the packages that were asked for added to `spec`.
  asio::awaitable<PackagesState> add_packages(const Choice& choice, SandboxSpec& spec,
                                              const Progress& progress,
                                              engine::Diagnostics& diagnostics);
  static asio::awaitable<void> sweep(std::shared_ptr<Launcher> self, Choice choice);
  std::vector<const Runtime*> candidates(std::string& reason) const;

  engine::Executor executor_;
  LauncherOptions options_;
  std::shared_ptr<engine::ProcessGuard> guard_;
  engine::Logger logger_;
  std::shared_ptr<Packages> packages_;
  /// Why they can't be installed: another runtime would not help.
  std::string package_failure_;
  HostView host_;
  std::string owner_;
  std::uint64_t next_name_ = 1;
  std::optional<Choice> chosen_;
  std::shared_ptr<Attempt> choosing_;
  std::shared_ptr<Attempt> fetching_;
  std::list<Progress> listeners_;
  std::string told_;
  asio::steady_timer sweep_timer_;
};

}  // namespace headrace::sandbox
