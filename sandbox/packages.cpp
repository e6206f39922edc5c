// Finds what was made earlier, or has it made: in a container with the image's own pip, or with
// the host's.
#include <headrace/sandbox/bootstrap.hpp>
#include <headrace/sandbox/host_python.hpp>
#include <headrace/sandbox/package_commands.hpp>
#include <headrace/sandbox/package_order.hpp>
#include <headrace/sandbox/package_requirements.hpp>
#include <headrace/sandbox/packages.hpp>

#include <cctype>
#include <iterator>

namespace headrace::sandbox {
namespace {

namespace fs = std::filesystem;
using engine::Deadline;
using engine::Diagnostics;
using engine::LogLevel;

constexpr std::string_view source = "packages";
constexpr auto look_limit = std::chrono::seconds(30);
constexpr auto commit_limit = std::chrono::minutes(5);
constexpr auto others_pause = std::chrono::milliseconds(200);
constexpr std::size_t kept = 5;
constexpr int no_pip = 3;
/// To be changed with what is made: what an older Headrace left is not used then.
constexpr const char* format = "1";

bool is_engine(const PackageTarget& target) {
  return !target.runtime->image_present(target.facts, target.spec.image).empty();
}

bool is_folder(const std::string& image) {
  std::error_code ignored;
  return image.starts_with('/') && fs::is_directory(image, ignored);
}

// The Python that bubblewrap will run, where it is the host's.
HostPython host_python(const PackageTarget& target) {
  return target.spec.image.starts_with('/')
             ? describe_host_python(target.spec.image, target.host.root)
             : find_host_python(target.host.search_path, target.host.root);
}

// Changes when another Python is put in its place.
std::string identity(const fs::path& file) {
  std::error_code error;
  const fs::path real = fs::canonical(file, error);
  const auto time = fs::last_write_time(real, error).time_since_epoch().count();
  return real.string() + "@" + std::to_string(error ? 0 : time);
}

// Lists of strings are made here: g++ 12 may destroy twice what a coroutine makes of braces.
std::string fingerprint_of(std::string what, std::string requirements) {
  return fingerprint({format, std::move(what), std::move(requirements)});
}

Command remove_command(const fs::path& first, const fs::path& second) {
  return {"rm", "-rf", "--", first.string(), second.string()};
}

Command install_command(const std::string& python) {
  return {python, "-c", std::string(package_installer()), "install"};
}

// What it makes must be open to whom a sandbox runs as.
Command with_open_umask(Command command) {
  Command wrapped = {"/bin/sh", "-c", "umask 022; exec \"$@\"", "sh"};
  wrapped.insert(wrapped.end(), std::make_move_iterator(command.begin()),
                 std::make_move_iterator(command.end()));
  return wrapped;
}

std::string last_line(std::string_view text) {
  constexpr std::size_t longest = 200;
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.remove_suffix(1);
  }
  const std::size_t newline = text.find_last_of("\r\n");
  if (newline != std::string_view::npos) text.remove_prefix(newline + 1);
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin != std::string_view::npos) text.remove_prefix(begin);
  return std::string(text.substr(0, longest));
}

// Letters, digits and underscores, as the guard's keys have to be.
std::string guard_key(const std::string& name) {
  std::string key = "install_" + name;
  for (char& c : key)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return key;
}

}  // namespace

/// One preparation: where for, what of, and how it went.
struct Packages::Job {
  PackageTarget target;
  std::string requirements;
  std::string key;
  std::string result;  ///< The image, or the folder.
  std::string failure;
  Deadline deadline;
  bool try_host = false;  ///< The pip in the image is of no use here.
};

Packages::Packages(engine::Executor executor, PackageOptions options,
                   std::shared_ptr<engine::ProcessGuard> guard, engine::Logger logger)
    : executor_(std::move(executor)),
      options_(std::move(options)),
      guard_(std::move(guard)),
      logger_(std::move(logger)),
      prepared_or_not_(executor_) {}

bool Packages::wanted() const {
  return !requirements_text().empty();
}

std::string Packages::requirements_text() const {
  std::string text;
  for (const std::string& requirement : options_.requirements)
    text += requirement + "\n";
  const std::string file = read_small_file(options_.requirements_file);
  // One that says nothing costs nothing.
  bool comment = false;
  for (const char c : file) {
    if (c == '\n') comment = false;
    if (c == '#') comment = true;
    if (!comment && std::isspace(static_cast<unsigned char>(c)) == 0) return text + file;
  }
  return text;
}

void Packages::tell(std::string_view message) const {
  const std::string line = last_line(message);
  if (line.empty()) return;
  const std::vector<Progress> listeners = listeners_;
  for (const Progress& listener : listeners)
    listener("installing packages: " + line);
}

asio::awaitable<PackagesState> Packages::async_prepare(PackageTarget target, SandboxSpec& spec,
                                                       Progress progress,
                                                       Diagnostics& diagnostics) {
  const std::shared_ptr<Packages> self = shared_from_this();
  Job job;
  job.requirements = requirements_text();
  if (job.requirements.empty()) co_return PackagesState::ready;
  job.target = std::move(target);
  const bool engine = is_engine(job.target);
  const std::string wanted =
      std::string(job.target.runtime->name) + '\n' + spec.image + '\n' + job.requirements;
  while (preparing_) {
    if (progress) listeners_.push_back(progress);
    co_await prepared_or_not_.async_wait();
    // Who waited for the same shares its fate.
    if (prepared_for_ == wanted && prepared_.empty() && state_ != PackagesState::ready) {
      diagnostics.message = failure_;
      co_return state_;
    }
  }
  if (prepared_for_ != wanted || prepared_.empty()) {
    struct Preparing {
      Packages& packages;
      ~Preparing() {
        packages.preparing_ = false;
        packages.listeners_.clear();
        packages.prepared_or_not_.set();
      }
    };
    preparing_ = true;
    prepared_or_not_.reset();
    const Preparing preparing{*this};
    if (progress) listeners_.push_back(std::move(progress));
    prepared_for_ = wanted;
    prepared_.clear();
    job.deadline = Deadline::after(options_.limit);
    state_ = PackagesState::failed;
    try {
      const bool done = co_await prepare(job);
      if (done) prepared_ = job.result;
      if (done) state_ = PackagesState::ready;
      if (job.key.empty()) state_ = PackagesState::no_image;
    } catch (const std::exception& error) {
      job.failure = error.what();
    }
    if (prepared_.empty()) {
      std::string asked_by = options_.requirements.empty() ? "" : "MCP_BRIDGE_PACKAGES";
      if (asked_by.empty()) asked_by = options_.requirements_file.string();
      failure_ = "The packages that " + asked_by + " asks for can't be installed: " + job.failure;
      diagnostics.message = failure_;
      co_return state_;
    }
  }
  (engine ? spec.image : spec.packages) = prepared_;
  co_return PackagesState::ready;
}

asio::awaitable<bool> Packages::prepare(Job& job) {
  if (options_.cache.empty()) options_.cache = default_package_cache(job.target.host.root);
  const bool known = co_await find_key(job);
  if (!known) co_return false;
  if (options_.cache.empty()) {
    job.failure = "there is no folder to keep them in: set HOME or XDG_CACHE_HOME";
    co_return false;
  }
  std::error_code error;
  fs::create_directories(options_.cache, error);
  if (error) {
    job.failure = "the folder " + options_.cache.string() + " can't be made: " + error.message();
    co_return false;
  }
  // Ours of earlier would keep us from making it again.
  lock_ = PackageLock();
  for (bool told = false;; told = true) {
    PackageLock lock = PackageLock::try_exclusive(options_.cache, job.key);
    const bool ours = static_cast<bool>(lock);
    if (!ours) lock = PackageLock::try_shared(options_.cache, job.key);
    if (lock) {
      bool there = co_await is_there(job);
      if (!there && ours) {
        there = co_await make(job);
        if (!there) co_return false;
      }
      if (there) {
        lock.share();
        lock_ = std::move(lock);
        co_return true;
      }
      lock = PackageLock();
    }
    if (job.deadline.passed()) {
      job.failure = "another Headrace has been installing the same for too long";
      co_return false;
    }
    if (!told) tell("waiting for another Headrace that installs the same");
    asio::steady_timer pause(executor_, others_pause);
    co_await pause.async_wait(engine::use_tuple);
  }
}

asio::awaitable<bool> Packages::find_key(Job& job) {
  const PackageTarget& target = job.target;
  if (is_engine(target)) {
    const Command question = image_id_command(target.facts, target.spec.image);
    const CommandResult id =
        co_await run_command(executor_, question, Deadline::after(look_limit), guard_);
    if (id.exit_code != 0 || id.out.empty()) {
      job.failure = "the image '" + target.spec.image + "' is not here: " + last_line(id.err);
      co_return false;
    }
    const std::string print = fingerprint_of(id.out, job.requirements);
    job.key = std::string(target.runtime->name) + "-" + print;
    job.result = std::string(package_image) + ":" + print;
    co_return true;
  }
  std::string python;
  if (is_folder(target.spec.image)) {
    python = target.spec.image + " " + identity(target.spec.image + "/usr/bin/python3");
  } else {
    const std::string executable = host_python(target).executable;
    if (executable.empty()) {
      job.failure = "there is no Python that bubblewrap could run";
      co_return false;
    }
    python = executable + " " + identity(executable);
  }
  job.key = "folder-" + fingerprint_of(python, job.requirements);
  job.result = options_.cache / job.key;
  co_return true;
}

asio::awaitable<bool> Packages::is_there(Job& job) {
  if (!is_engine(job.target)) {
    std::error_code ignored;
    co_return fs::is_directory(job.result, ignored);
  }
  const Command question = job.target.runtime->image_present(job.target.facts, job.result);
  const CommandResult answer =
      co_await run_command(executor_, question, Deadline::after(look_limit), guard_);
  co_return answer.exit_code == 0;
}

asio::awaitable<bool> Packages::make(Job& job) {
  tell("pip install");
  logger_.log(LogLevel::notice, source, "installing packages for " + job.target.facts.description);
  bool done = false;
  std::string prefix = "folder-";
  if (is_engine(job.target)) {
    prefix = std::string(job.target.runtime->name) + "-";
    done = co_await make_image(job);
  } else {
    done = co_await make_folder(job);
  }
  // What an attempt leaves, this one's or that of one who was killed.
  const Command clean =
      remove_command(options_.cache / (job.key + ".new"), options_.cache / (job.key + ".tar"));
  co_await run_command(executor_, clean, Deadline::after(commit_limit), guard_);
  if (!done) co_return false;
  logger_.log(LogLevel::notice, source, "packages are installed: " + job.result);
  asio::awaitable<void> sweeping = sweep(shared_from_this(), job.target, prefix);
  asio::co_spawn(executor_, std::move(sweeping), asio::detached);
  co_return true;
}

asio::awaitable<CommandResult> Packages::run(Job& job, Command command, CommandInput input) {
  const std::shared_ptr<Packages> self = shared_from_this();
  std::function<void(std::string_view)> on_output = [self](std::string_view text) {
    self->tell(text);
  };
  CommandResult result = co_await feed_command(executor_, std::move(command), std::move(input),
                                               job.deadline, guard_, std::move(on_output));
  co_return result;
}

asio::awaitable<bool> Packages::install_in_container(Job& job, std::string mode,
                                                     CommandInput input) {
  const PackageTarget& target = job.target;
  const Command removal = target.runtime->remove(target.facts, {&target.spec.name, 1});
  const std::string key = guard_key(target.spec.name);
  if (guard_) guard_->add_command(key, removal);
  Command install = installing_container(target.facts, target.spec, mode);
  const CommandResult installed = co_await run(job, std::move(install), std::move(input));
  bool done = installed.exit_code == 0;
  if (done) {
    tell("saving the image");
    const Command commit = commit_command(target.facts, target.spec.name, job.result);
    const CommandResult committed =
        co_await run_command(executor_, commit, Deadline::after(commit_limit), guard_);
    done = committed.exit_code == 0;
    if (!done) job.failure = "the image can't be saved: " + last_line(committed.err);
  } else if (installed.exit_code == no_pip) {
    job.failure.clear();
    job.try_host = true;
  } else {
    job.failure = explain_pip_failure(installed.exit_code, installed.err, false);
    // The engine may be elsewhere, or have no way out; another pip may be newer.
    job.try_host = is_network_failure(installed.err) || has_crashed(installed.err);
  }
  co_await run_command(executor_, removal, Deadline::after(look_limit), guard_);
  if (guard_) guard_->remove_command(key);
  co_return done;
}

asio::awaitable<bool> Packages::make_image(Job& job) {
  PackageOrder order;
  order.requirements = job.requirements;
  order.in_container = true;
  CommandInput input;
  input.text = order_line(order);
  const bool done = co_await install_in_container(job, "install", std::move(input));
  if (done) co_return true;
  // Another pip can help where the image has none, or can't reach the network.
  if (!job.try_host) co_return false;
  const std::string failure = job.failure;
  const fs::path folder = options_.cache / (job.key + ".new");
  const fs::path archive = options_.cache / (job.key + ".tar");
  const bool installed = co_await install_on_host(job, folder, archive);
  if (!installed) {
    if (!failure.empty()) job.failure = failure;
    co_return false;
  }
  CommandInput packed;
  packed.file = archive;
  const bool unpacked = co_await install_in_container(job, "unpack", std::move(packed));
  co_return unpacked;
}

asio::awaitable<bool> Packages::make_folder(Job& job) {
  const fs::path folder = options_.cache / (job.key + ".new");
  const fs::path no_archive;
  const bool installed = co_await install_on_host(job, folder, no_archive);
  if (!installed) co_return false;
  if (is_folder(job.target.spec.image)) {
    Command compile = folder_compile_command(job.target.facts, job.target.spec.image, folder);
    CommandInput nothing;
    // Without it all works too, and is slower.
    co_await run(job, std::move(compile), std::move(nothing));
  }
  std::error_code error;
  fs::rename(folder, job.result, error);
  if (error) job.failure = "the folder " + job.result + " can't be made: " + error.message();
  co_return !error;
}

asio::awaitable<bool> Packages::install_on_host(Job& job, fs::path target, fs::path archive) {
  const PackageTarget& where = job.target;
  PackageOrder order;
  order.requirements = job.requirements;
  order.target = target;
  order.archive = archive;
  std::string python = find_on_path("python3", where.host.search_path);
  if (is_engine(where) || is_folder(where.spec.image)) {
    const Command question = is_engine(where) ? container_facts_command(where.facts, where.spec)
                                              : folder_facts_command(where.facts, where.spec.image);
    const CommandResult facts =
        co_await run_command(executor_, question, Deadline::after(look_limit), guard_);
    order.python_facts = facts_line(facts.out);
    if (order.python_facts.empty()) {
      job.failure = "the Python in '" + where.spec.image +
                    "' can't be asked what it is: " + last_line(facts.err);
      co_return false;
    }
  } else {
    python = host_python(where).executable;
  }
  const std::string nobody_has_pip =
      std::string(is_engine(where) ? "the image '" + where.spec.image +
                                         "' has no pip, and this "
                                         "machine has none"
                                   : "this machine has no pip") +
      ": install one (sudo apt install python3-pip python3-venv)" +
      (is_engine(where) ? ", or name another image in MCP_BRIDGE_IMAGE" : "");
  if (python.empty()) {
    job.failure = nobody_has_pip;
    co_return false;
  }
  Command install = install_command(python);
  const Command removal = remove_command(target, archive.empty() ? target : archive);
  co_await run_command(executor_, removal, Deadline::after(commit_limit), guard_);
  CommandInput input;
  input.text = order_line(order);
  Command open = with_open_umask(std::move(install));
  const CommandResult installed = co_await run(job, std::move(open), std::move(input));
  if (installed.exit_code == 0) co_return true;
  job.failure = installed.exit_code == no_pip
                    ? nobody_has_pip
                    : explain_pip_failure(installed.exit_code, installed.err, true);
  co_return false;
}

asio::awaitable<void> Packages::sweep(std::shared_ptr<Packages> self, PackageTarget target,
                                      std::string prefix) {
  const fs::path cache = self->options_.cache;
  std::vector<UnusedPackages> unused;
  try {
    unused = unused_packages(cache, prefix, kept);
  } catch (const std::exception& error) {
    self->logger_.log(LogLevel::warning, source, error.what());
  }
  for (const UnusedPackages& entry : unused) {
    Command removal = remove_command(cache / entry.key, cache / (entry.key + ".new"));
    if (is_engine(target)) {
      const std::string tag = entry.key.substr(prefix.size());
      removal = remove_image_command(target.facts, std::string(package_image) + ":" + tag);
    }
    co_await run_command(self->executor_, removal, Deadline::after(commit_limit), self->guard_);
    forget(cache, entry);
  }
}

}  // namespace headrace::sandbox
