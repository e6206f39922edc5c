// Probe, pull, launch, sweep.
#include <headrace/sandbox/bootstrap.hpp>
#include <headrace/sandbox/command_runner.hpp>
#include <headrace/sandbox/failure.hpp>
#include <headrace/sandbox/launcher.hpp>
#include <headrace/sandbox/owner.hpp>

#include <algorithm>

namespace headrace::sandbox {
namespace {

using engine::Deadline;
using engine::Diagnostics;
using engine::LogLevel;

constexpr auto probe_limit = std::chrono::seconds(20);
// For a start that nobody has said can succeed.
constexpr engine::Clock::duration guess_limit = std::chrono::seconds(20);
// To ask beside a start is not to hold it up: by then its command has told the engine what to do,
// and waits for a multiple of this.
constexpr auto before_confirming = std::chrono::milliseconds(50);
// Tidying up is not to compete with the first run.
constexpr auto before_sweeping = std::chrono::seconds(1);
constexpr std::string_view source = "sandbox";

std::string install_hints(const std::vector<const Runtime*>& missing) {
  std::string text;
  for (const Runtime* runtime : missing) {
    text += text.empty() ? " Install one: " : "; or ";
    text += runtime->install_hint;
  }
  return text;
}

}  // namespace

/// Somebody who waits for a start, for as long as that takes.
class Launcher::Listening {
 public:
  Listening(Launcher& launcher, Progress progress) : launcher_(launcher) {
    if (progress && !launcher.told_.empty()) progress(launcher.told_);
    place_ = launcher.listeners_.insert(launcher.listeners_.end(), std::move(progress));
  }
  ~Listening() {
    launcher_.listeners_.erase(place_);
    if (launcher_.listeners_.empty()) launcher_.told_.clear();
  }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

 private:
  Launcher& launcher_;
  std::list<Progress>::iterator place_;
};

/// An attempt is over also when something throws, or nobody could ever start one again.
class Launcher::Attempting {
 public:
  Attempting(Launcher& launcher, std::shared_ptr<Attempt>& slot)
      : launcher_(launcher), slot_(slot), attempt_(std::make_shared<Attempt>(launcher.executor_)) {
    attempt_->failure = "the attempt to start a sandbox that this one waited for failed";
    slot_ = attempt_;
  }
  ~Attempting() {
    slot_.reset();
    launcher_.told_.clear();
    attempt_->done.set();
  }
  Attempting(const Attempting&) = delete;
  Attempting& operator=(const Attempting&) = delete;
  const std::shared_ptr<Attempt>& attempt() const noexcept { return attempt_; }

 private:
  Launcher& launcher_;
  std::shared_ptr<Attempt>& slot_;
  std::shared_ptr<Attempt> attempt_;
};

Launcher::Launcher(engine::Executor executor, LauncherOptions options,
                   std::shared_ptr<engine::ProcessGuard> guard, engine::Logger logger)
    : executor_(std::move(executor)),
      options_(std::move(options)),
      guard_(std::move(guard)),
      logger_(std::move(logger)),
      packages_(std::make_shared<Packages>(executor_, options_.packages, guard_, logger_)),
      sweep_timer_(executor_) {}

Launcher::Progress Launcher::everybody() {
  return [weak = weak_from_this()](std::string_view message) {
    if (const auto self = weak.lock()) self->tell(std::string(message));
  };
}

void Launcher::tell(std::string message) {
  told_ = std::move(message);
  // One of them may leave while it is told.
  const std::vector<Progress> hearing(listeners_.begin(), listeners_.end());
  const std::string text = told_;
  for (const Progress& progress : hearing) {
    if (progress) progress(text);
  }
}

asio::awaitable<std::unique_ptr<Interpreter>> Launcher::async_start(Diagnostics& diagnostics,
                                                                    Progress progress) {
  const std::shared_ptr<Launcher> self = shared_from_this();
  std::unique_ptr<Interpreter> interpreter;
  try {
    const Listening listening(*this, progress);
    interpreter = co_await start(diagnostics, std::move(progress));
  } catch (const std::exception& error) {
    diagnostics.message = std::string("a sandbox can't be started now: ") + error.what();
  }
  co_return interpreter;
}

asio::awaitable<std::unique_ptr<Interpreter>> Launcher::start(Diagnostics& diagnostics,
                                                              Progress progress) {
  if (!chosen_ && !choosing_) {
    const Attempting attempting(*this, choosing_);
    std::unique_ptr<Interpreter> first = co_await choose(diagnostics);
    attempting.attempt()->failure = diagnostics.message;
    co_return first;
  }
  if (const std::shared_ptr<Attempt> attempt = choosing_) {
    co_await attempt->done.async_wait();
    if (!chosen_) {
      diagnostics.message = attempt->failure;
      co_return nullptr;
    }
  }
  const Choice choice = *chosen_;
  std::unique_ptr<Interpreter> next = co_await launch(choice, progress, start_limit(), diagnostics);
  if (!next) {
    // It may have been removed since.
    std::string reason;
    const ImageState image = co_await fetch_image(choice, reason);
    if (image == ImageState::missing) diagnostics.message = reason;
    packages_->look_again();
    if (image == ImageState::pulled || packages_->wanted()) {
      next = co_await launch(choice, progress, start_limit(), diagnostics);
    }
  }
  co_return next;
}

std::vector<const Runtime*> Launcher::candidates(std::string& reason) const {
  const auto all = all_runtimes();
  if (options_.runtime == "auto") return {all.begin(), all.end()};
  const Runtime* wanted = find_runtime(options_.runtime);
  if (wanted == nullptr) return {all.begin(), all.end()};
  const std::string executable = find_on_path(std::string(wanted->executable), host_.search_path);
  if (!executable.empty()) return {wanted};
  reason = std::string(wanted->name) + ": not installed";
  std::vector<const Runtime*> others;
  std::copy_if(all.begin(), all.end(), std::back_inserter(others),
               [wanted](const Runtime* runtime) { return runtime != wanted; });
  return others;
}

asio::awaitable<std::unique_ptr<Interpreter>> Launcher::choose(Diagnostics& diagnostics) {
  host_ = look_at_host();
  owner_ = this_process_owner();
  std::string reasons;
  std::vector<const Runtime*> missing;
  const std::vector<const Runtime*> order = candidates(reasons);
  if (!reasons.empty()) missing.push_back(find_runtime(options_.runtime));
  for (const Runtime* runtime : order) {
    std::string reason = "not installed";
    std::string executable = find_on_path(std::string(runtime->executable), host_.search_path);
    if (!executable.empty()) {
      std::unique_ptr<Interpreter> interpreter =
          co_await try_runtime(*runtime, std::move(executable), reason);
      if (interpreter) co_return interpreter;
      if (!package_failure_.empty()) {
        diagnostics.message = std::exchange(package_failure_, {});
        co_return nullptr;
      }
      logger_.log(LogLevel::warning, source,
                  std::string(runtime->name) + " can't be used: " + reason);
    } else {
      missing.push_back(runtime);
    }
    if (!reasons.empty()) reasons += "; ";
    reasons += std::string(runtime->name) + ": " + reason;
  }
  // One that was asked for and is there needs repair, and no other.
  diagnostics.message =
      "No sandbox can be started here (" + reasons + ")." + install_hints(missing);
  co_return nullptr;
}

/// A look at a runtime, beside which other things may happen.
struct Launcher::Probing {
  Probing(const engine::Executor& executor, const Runtime& of, std::string path)
      : runtime(of), executable(std::move(path)), done(executor) {}
  const Runtime& runtime;
  std::string executable;
  ProbeVerdict verdict;
  engine::Event done;
};

asio::awaitable<void> Launcher::probe(std::shared_ptr<Launcher> self,
                                      std::shared_ptr<Probing> probing,
                                      engine::Clock::duration delay) {
  std::vector<CommandResult> results;
  if (delay > engine::Clock::duration::zero()) {
    asio::steady_timer timer(self->executor_, delay);
    co_await timer.async_wait(engine::use_tuple);
  }
  const std::vector<Command> commands = probing->runtime.probe(probing->executable, self->host_);
  try {
    for (const Command& command : commands) {
      CommandResult result = co_await run_command(self->executor_, command,
                                                  Deadline::after(probe_limit), self->guard_);
      results.push_back(std::move(result));
    }
    probing->verdict = probing->runtime.read_probe(probing->executable, self->host_, results);
  } catch (const std::exception& error) {
    probing->verdict.reason = error.what();
  }
  probing->done.set();
}

Launcher::Choice Launcher::make_choice(const Runtime& runtime, const RuntimeFacts& facts) const {
  Choice choice{&runtime, facts, Channel::stdio};
  // A socket is much faster than stdin through the engine, where it gets through.
  if (options_.fast_channel) choice.channel = best_channel(runtime, facts);
  return choice;
}

void Launcher::settle_on(Choice choice) {
  logger_.log(LogLevel::info, source, "using " + choice.facts.description);
  chosen_ = std::move(choice);
  sweep_timer_.expires_after(before_sweeping);
  sweep_timer_.async_wait([weak = weak_from_this()](std::error_code error) {
    const auto self = weak.lock();
    if (!self || error) return;
    asio::awaitable<void> sweeping = sweep(self, *self->chosen_);
    asio::co_spawn(self->executor_, std::move(sweeping), asio::detached);
  });
}

asio::awaitable<std::unique_ptr<Interpreter>> Launcher::try_runtime(const Runtime& runtime,
                                                                    std::string executable,
                                                                    std::string& reason) {
  const Progress progress = everybody();
  Diagnostics diagnostics;
  std::unique_ptr<Interpreter> interpreter;
  const auto probing = std::make_shared<Probing>(executor_, runtime, executable);
  // Packages are made for what is known for certain.
  std::optional<Guess> guess;
  if (!packages_->wanted()) guess = runtime.guess(executable, host_);
  bool slow = false;
  const bool asked = !guess || guess->to_confirm;
  const auto at_once = engine::Clock::duration::zero();
  if (asked) {
    asio::awaitable<void> asking =
        probe(shared_from_this(), probing, guess ? before_confirming : at_once);
    asio::co_spawn(executor_, std::move(asking), asio::detached);
  }
  if (guess) {
    const Choice choice = make_choice(runtime, guess->facts);
    const Deadline limit = Deadline::after(std::min(options_.start_limit, guess_limit));
    interpreter = co_await launch(choice, progress, limit, diagnostics);
    slow = limit.passed();
    if (interpreter && !guess->to_confirm) {
      settle_on(choice);
      co_return interpreter;
    }
    if (!asked) {
      asio::awaitable<void> asking = probe(shared_from_this(), probing, at_once);
      asio::co_spawn(executor_, std::move(asking), asio::detached);
    }
  }
  co_await probing->done.async_wait();
  const ProbeVerdict& verdict = probing->verdict;
  const bool as_guessed = guess && verdict.facts && same_abilities(guess->facts, *verdict.facts);
  if (interpreter && !as_guessed) {
    co_await interpreter->async_stop(true);
    interpreter.reset();
  }
  if (!verdict.facts) {
    reason = verdict.reason;
    co_return nullptr;
  }
  Choice choice = make_choice(runtime, *verdict.facts);
  if (packages_->wanted()) {
    const ImageState image = co_await fetch_image(choice, reason);
    if (image == ImageState::missing) co_return nullptr;
    SandboxSpec unused;
    const PackagesState state = co_await add_packages(choice, unused, progress, diagnostics);
    if (state == PackagesState::failed) package_failure_ = diagnostics.message;
    reason = diagnostics.message;
    if (state != PackagesState::ready) co_return nullptr;
  }
  // To ask for the image before would delay every start for the sake of one.
  if (!as_guessed) {
    interpreter = co_await launch(choice, progress, start_limit(), diagnostics);
  }
  if (!interpreter) {
    const ImageState image = co_await fetch_image(choice, reason);
    if (image == ImageState::missing) co_return nullptr;
    if (image == ImageState::pulled || (as_guessed && slow)) {
      interpreter = co_await launch(choice, progress, start_limit(), diagnostics);
    }
  }
  if (!interpreter && choice.channel != Channel::stdio) {
    choice.channel = Channel::stdio;
    interpreter = co_await launch(choice, progress, start_limit(), diagnostics);
  }
  if (!interpreter) {
    reason = diagnostics.message;
    co_return nullptr;
  }
  settle_on(std::move(choice));
  co_return interpreter;
}

asio::awaitable<Launcher::ImageState> Launcher::fetch_image(const Choice& choice,
                                                            std::string& reason) {
  std::shared_ptr<Attempt> attempt = fetching_;
  if (attempt) {
    co_await attempt->done.async_wait();
  } else {
    const Attempting attempting(*this, fetching_);
    attempt = attempting.attempt();
    co_await pull(choice, attempt);
  }
  if (attempt->image == ImageState::missing) reason = attempt->failure;
  co_return attempt->image;
}

asio::awaitable<void> Launcher::pull(Choice choice, std::shared_ptr<Attempt> attempt) {
  const Command look = choice.runtime->image_present(choice.facts, options_.image);
  if (look.empty()) co_return;
  const CommandResult present =
      co_await run_command(executor_, look, Deadline::after(probe_limit), guard_);
  // 1 says that it is not there; anything else, that nothing can be found out.
  if (present.exit_code != 1) co_return;
  const std::string what = "pulling the image " + options_.image;
  tell(what);
  // What the command leaves running may write after it has ended.
  std::function<void(std::string_view)> on_output =
      [what, weak_self = weak_from_this(), weak = std::weak_ptr(attempt)](std::string_view text) {
        while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
          text.remove_suffix(1);
        }
        const std::size_t line = text.find_last_of("\r\n");
        if (line != std::string_view::npos) text.remove_prefix(line + 1);
        const auto self = weak_self.lock();
        if (self && !weak.expired() && !text.empty()) self->tell(what + ": " + std::string(text));
      };
  const Command command = choice.runtime->pull(choice.facts, options_.image);
  const CommandResult pulled = co_await run_command(
      executor_, command, Deadline::after(options_.pull_limit), guard_, std::move(on_output));
  attempt->image = pulled.exit_code == 0 ? ImageState::pulled : ImageState::missing;
  if (pulled.exit_code == 0) co_return;
  attempt->failure = "the image '" + options_.image + "' is not here and can't be pulled: " +
                     explain_failure(choice.runtime->name, pulled.exit_code, pulled.err);
}

asio::awaitable<PackagesState> Launcher::add_packages(const Choice& choice, SandboxSpec& spec,
                                                      const Progress& progress,
                                                      Diagnostics& diagnostics) {
  PackageTarget target;
  target.runtime = choice.runtime;
  target.facts = choice.facts;
  target.host = host_;
  target.spec.image = options_.image;
  target.spec.owner = owner_;
  target.spec.name = sandbox_name(owner_, next_name_++);
  const PackagesState state =
      co_await packages_->async_prepare(std::move(target), spec, progress, diagnostics);
  co_return state;
}

asio::awaitable<std::unique_ptr<Interpreter>> Launcher::launch(const Choice& choice,
                                                               const Progress& progress,
                                                               Deadline limit,
                                                               Diagnostics& diagnostics) {
  InterpreterPlan plan;
  plan.runtime = choice.runtime;
  plan.facts = choice.facts;
  plan.host = host_;
  plan.server_name = options_.server_name;
  plan.server_version = options_.server_version;
  plan.frame_limit = options_.frame_limit;
  plan.trace = options_.trace;
  plan.request.spec.image = options_.image;
  plan.request.spec.limits = options_.limits;
  plan.request.spec.user = options_.user;
  plan.request.spec.owner = owner_;
  plan.request.spec.name = sandbox_name(owner_, next_name_++);
  plan.request.arguments = interpreter_arguments(loader(), channel_argument(choice.channel));
  plan.request.channel = choice.channel;
  const PackagesState packages =
      co_await add_packages(choice, plan.request.spec, progress, diagnostics);
  if (packages != PackagesState::ready) co_return nullptr;
  std::unique_ptr<Interpreter> interpreter =
      Interpreter::start(executor_, plan, guard_, diagnostics);
  if (!interpreter) co_return nullptr;
  const bool ready = co_await interpreter->async_ready(limit, diagnostics);
  if (!ready) {
    co_await interpreter->async_stop(true);
    co_return nullptr;
  }
  co_return interpreter;
}

asio::awaitable<void> Launcher::sweep(std::shared_ptr<Launcher> self, Choice choice) {
  const Command list = choice.runtime->list(choice.facts);
  if (list.empty()) co_return;
  const CommandResult listed =
      co_await run_command(self->executor_, list, Deadline::after(probe_limit), self->guard_);
  std::vector<std::string> names;
  const std::vector<Leftover> leftovers = parse_leftovers(listed.out);
  for (const Leftover& leftover : leftovers) {
    if (owner_is_gone(leftover.owner)) names.push_back(leftover.name);
  }
  if (names.empty()) co_return;
  self->logger_.log(LogLevel::notice, source,
                    "removing " + std::to_string(names.size()) +
                        " container(s) that a killed Headrace left behind");
  const Command removal = choice.runtime->remove(choice.facts, names);
  co_await run_command(self->executor_, removal, Deadline::after(probe_limit), self->guard_);
}

}  // namespace headrace::sandbox
