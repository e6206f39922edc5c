// Sees to it that sandboxes have the packages that the user asked for: made once, on the host's
// side, since a sandbox has no network.
#pragma once

#include <headrace/engine/error.hpp>
#include <headrace/engine/event.hpp>
#include <headrace/engine/logger.hpp>
#include <headrace/engine/process_guard.hpp>
#include <headrace/sandbox/command_runner.hpp>
#include <headrace/sandbox/package_cache.hpp>
#include <headrace/sandbox/runtime.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace headrace::sandbox {

struct PackageOptions {
  std::vector<std::string> requirements;    ///< From split_packages().
  std::filesystem::path requirements_file;  ///< Read before each start; need not be there.
  std::filesystem::path cache;              ///< Empty: default_package_cache().
  engine::Clock::duration limit = std::chrono::minutes(10);
};

/// Where packages are to be installed.
struct PackageTarget {
  const Runtime* runtime = nullptr;
  RuntimeFacts facts;
  HostView host;
  SandboxSpec spec;  ///< The image, the owner, and a name for one container.
};

enum class PackagesState {
  ready,
  failed,    ///< They can't be installed: a matter between the user and pip.
  no_image,  ///< What they would be added to can't be looked at, and so could not be started.
};

/// Not thread-safe. Held by shared_ptr: its coroutines keep it alive.
class Packages : public std::enable_shared_from_this<Packages> {
 public:
  using Progress = std::function<void(std::string_view message)>;

  Packages(engine::Executor executor, PackageOptions options,
           std::shared_ptr<engine::ProcessGuard> guard, engine::Logger logger);

  /// Whether any were asked for. Looks at the requirements file.
  bool wanted() const;

  /// Changes `spec` so that sandboxes started from it have the packages: its image for an engine,
  /// `packages` for bubblewrap. The first call makes what is not there yet, which takes minutes and
  /// is told to the `progress` of everybody who waits. When it can't be done there are words for
  /// the user, and the next call tries again. Without packages it does nothing.
  asio::awaitable<PackagesState> async_prepare(PackageTarget target, SandboxSpec& spec,
                                               Progress progress, engine::Diagnostics& diagnostics);

  /// Somebody may have removed what was prepared: the next call makes sure.
  void look_again() { prepared_.clear(); }

 private:
  struct Job;
  asio::awaitable<bool> prepare(Job& job);
  asio::awaitable<bool> find_key(Job& job);
  asio::awaitable<bool> is_there(Job& job);
  asio::awaitable<bool> make(Job& job);
  asio::awaitable<bool> make_image(Job& job);
  asio::awaitable<bool> install_in_container(Job& job, std::string mode, CommandInput input);
  asio::awaitable<bool> make_folder(Job& job);
  asio::awaitable<bool> install_on_host(Job& job, std::filesystem::path target,
                                        std::filesystem::path archive);
  asio::awaitable<CommandResult> run(Job& job, Command command, CommandInput input);
  static asio::awaitable<void> sweep(std::shared_ptr<Packages> self, PackageTarget target,
                                     std::string prefix);
  std::string requirements_text() const;
  void tell(std::string_view message) const;

  engine::Executor executor_;
  PackageOptions options_;
  std::shared_ptr<engine::ProcessGuard> guard_;
  engine::Logger logger_;
  /// What was prepared last, for which requirements.
  std::string prepared_for_;
  std::string prepared_;  ///< Empty: it failed.
  std::string failure_;
  PackagesState state_ = PackagesState::ready;
  PackageLock lock_;
  bool preparing_ = false;
  engine::Event prepared_or_not_;
  std::vector<Progress> listeners_;
};

}  // namespace headrace::sandbox
