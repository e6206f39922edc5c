// inotify round the plan of what to watch, and looking where there is none.
#include <headrace/engine/debounce.hpp>
#include <headrace/engine/fd.hpp>
#include <headrace/engine/path_watch.hpp>
#include <headrace/engine/watch_plan.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <climits>
#ifdef __linux__
#include <sys/inotify.h>
#include <sys/vfs.h>
#endif

#include <asio/posix/stream_descriptor.hpp>

namespace headrace::engine {
namespace {

// Of a path, as far as one look tells.
struct Stamp {
  int error = 0;
  mode_t mode = 0;
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  timespec modified{};
  timespec changed{};

  bool operator==(const Stamp& other) const {
    const auto same = [](const timespec& a, const timespec& b) {
      return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
    };
    return error == other.error && mode == other.mode && device == other.device &&
           inode == other.inode && size == other.size && same(modified, other.modified) &&
           same(changed, other.changed);
  }
};

Stamp stamp_of(const std::string& path) {
  Stamp stamp;
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    stamp.error = errno;
    return stamp;
  }
  stamp.mode = info.st_mode;
  stamp.device = info.st_dev;
  stamp.inode = info.st_ino;
  stamp.size = info.st_size;
#ifdef __APPLE__
  stamp.modified = info.st_mtimespec;
  stamp.changed = info.st_ctimespec;
#else
  stamp.modified = info.st_mtim;
  stamp.changed = info.st_ctim;
#endif
  return stamp;
}

#ifdef __linux__

PathLook look_at(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return {};
  if (S_ISREG(info.st_mode)) return {PathLook::Kind::file, {}};
  if (S_ISDIR(info.st_mode)) return {PathLook::Kind::folder, {}};
  if (!S_ISLNK(info.st_mode)) return {PathLook::Kind::other, {}};
  std::array<char, PATH_MAX> target;
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  if (size <= 0) return {};
  return {PathLook::Kind::link, std::string(target.data(), static_cast<std::size_t>(size))};
}

constexpr std::uint32_t kEntryEvents =
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB;
constexpr std::uint32_t kGoneEvents = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;
constexpr std::uint32_t kFileEvents = IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB;

bool is_on_the_way(const WatchedPlace& place) {
  return !place.is_file && !place.all && place.names.empty();
}

std::uint32_t events_of(const WatchedPlace& place) {
  if (place.is_file) return kFileEvents;
  const std::uint32_t itself = IN_DELETE_SELF | IN_MOVE_SELF;
  return is_on_the_way(place) ? itself : itself | kEntryEvents;
}

PlaceNews news_of(const inotify_event& event) {
  if ((event.mask & kGoneEvents) != 0) return PlaceNews::gone;
  return event.len > 0 ? PlaceNews::entry : PlaceNews::written;
}

// File systems on which others write without our kernel's knowing.
bool is_shared_with_others(const std::string& folder) {
  struct statfs info {};
  if (::statfs(folder.c_str(), &info) != 0) return false;
  // NFS, CIFS, SMB 2, SMB, 9P, FUSE, AFS, Ceph, Coda, VirtualBox
  constexpr std::array<std::uint32_t, 10> remote = {0x6969,     0xFF534D42, 0xFE534D42, 0x517B,
                                                    0x01021997, 0x65735546, 0x5346414F, 0x00C36400,
                                                    0x73757245, 0x786F4256};
  return std::find(remote.begin(), remote.end(), static_cast<std::uint32_t>(info.f_type)) !=
         remote.end();
}

#endif

}  // namespace

struct PathWatch::State {
  State(const Executor& executor, std::function<void()> hook, const PathWatchOptions& opts)
      : on_change(std::move(hook)),
        options(opts),
        gathered(opts.quiet, opts.longest),
        timer(executor),
        waiting(executor) {}

  // -- watching; in a system without inotify nothing of it is used

  void plan_anew();
  void drain();

  // -- looking

  void look(std::string why) {
    looking = std::move(why);
    places.clear();
    stop_waiting();
    inotify.reset();
    stamps = look_at_all();
    pause = options.interval;
  }

  std::map<std::string, Stamp> look_at_all() const {
    std::map<std::string, Stamp> found;
    for (const std::string& path : paths)
      found.emplace(path, stamp_of(path));
    return found;
  }

  void look_again() {
    const Clock::time_point began = Clock::now();
    std::map<std::string, Stamp> found = look_at_all();
    const Clock::time_point now = Clock::now();
    if (found != stamps) gathered.note(now);
    stamps = std::move(found);
    // It shall never take more than a hundredth of the time.
    pause = std::max<Clock::duration>(options.interval, 100 * (now - began));
  }

  void tell_if_due() {
    if (!gathered.take(Clock::now())) return;
    // A copy: it may close us.
    if (const auto call = on_change) call();
  }

  // It is known to the reactor only while it is waited for: else each event would wake the thread,
  // although nobody wants to hear of it yet.
  void stop_waiting() {
    if (waiting.is_open()) waiting.release();
  }

  void wake() {
    timer.cancel();
    stop_waiting();
  }

  std::function<void()> on_change;
  PathWatchOptions options;
  std::vector<std::string> paths;
  Debounce gathered;
  asio::steady_timer timer;
  Fd inotify;
  asio::posix::stream_descriptor waiting;  // the same
  std::map<int, WatchedPlace> places;      // by the system's number of the watch
  std::string looking;
  std::map<std::string, Stamp> stamps;
  Clock::duration pause{};  // until the next look
  bool unsettled = false;   // things moved faster than a plan could be made
  bool following = false;
  bool closed = false;

 private:
#ifdef __linux__
  enum class Applied { yes, moved_meanwhile, no };
  bool open();
  Applied apply(const WatchPlan& plan);
#endif
};

#ifdef __linux__

bool PathWatch::State::open() {
  if (!inotify) inotify = Fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  return static_cast<bool>(inotify);
}

// Begins to watch all that is in the plan, and nothing else.
PathWatch::State::Applied PathWatch::State::apply(const WatchPlan& plan) {
  std::map<int, WatchedPlace> now;
  bool moved = false;
  for (const auto& [path, place] : plan) {
    std::uint32_t flags = IN_DONT_FOLLOW | IN_EXCL_UNLINK;
    if (!place.is_file) flags |= IN_ONLYDIR;
    const int watch = ::inotify_add_watch(inotify.get(), path.c_str(), events_of(place) | flags);
    if (watch < 0) {
      if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) {
        moved = true;
      } else if (errno != EACCES || (!place.is_file && !is_on_the_way(place))) {
        // What can't be read need not be watched, if the folder tells when that changes.
        return Applied::no;
      }
      continue;
    }
    const auto [known, fresh] = now.emplace(watch, place);
    if (fresh) continue;
    // One folder by two ways, as with a bind mount: the second call took the first one's place.
    known->second.all = known->second.all || place.all;
    known->second.names.insert(place.names.begin(), place.names.end());
    ::inotify_add_watch(inotify.get(), path.c_str(),
                        events_of(known->second) | flags | IN_MASK_ADD);
  }
  for (const auto& [watch, place] : places) {
    if (!now.contains(watch)) ::inotify_rm_watch(inotify.get(), watch);
  }
  places = std::move(now);
  return moved ? Applied::moved_meanwhile : Applied::yes;
}

void PathWatch::State::plan_anew() {
  if (options.only_look) return look("it was asked to");
  // Between making the plan and watching, things may move; what moves later is told.
  constexpr int attempts = 5;
  WatchPlan plan = plan_watches(paths, look_at);
  for (int i = 0; i < attempts; ++i) {
    if (plan.size() > options.most_watches) {
      return look("there are " + std::to_string(plan.size()) + " places to watch");
    }
    for (const auto& [path, place] : plan) {
      if (!is_on_the_way(place) && is_shared_with_others(path))
        return look("'" + path + "' is on a file system that others may write to");
    }
    if (!open()) {
      return look("the system has no inotify for it: " + std::generic_category().message(errno));
    }
    looking.clear();
    const Applied applied = apply(plan);
    if (applied == Applied::no) {
      return look("the system can't watch all of it: " + std::generic_category().message(errno));
    }
    WatchPlan after = plan_watches(paths, look_at);
    if (applied == Applied::yes && after == plan) return;
    plan = std::move(after);
  }
  unsettled = true;
  gathered.note(Clock::now());
}

void PathWatch::State::drain() {
  if (!inotify) return;
  alignas(inotify_event) std::array<char, 16384> buffer;
  bool changed = false;
  bool replan = std::exchange(unsettled, false);
  // Whoever makes events faster than they are read is read on later.
  for (int rounds = 0; rounds < 16; ++rounds) {
    const ssize_t size = ::read(inotify.get(), buffer.data(), buffer.size());
    if (size <= 0) break;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* name = buffer.data() + at + sizeof event;
      at += sizeof event + event.len;
      if ((event.mask & IN_Q_OVERFLOW) != 0) {
        changed = replan = true;
        continue;
      }
      const auto place = places.find(event.wd);
      if (place == places.end()) continue;
      const std::string_view told(name, ::strnlen(name, event.len));
      const NewsMeaning meaning = meaning_of(place->second, news_of(event), told);
      changed = changed || meaning.changed;
      replan = replan || meaning.replan;
      if ((event.mask & IN_IGNORED) != 0) places.erase(place);
    }
  }
  if (replan) plan_anew();
  if (changed) gathered.note(Clock::now());
}

#else

void PathWatch::State::plan_anew() {
  look("this system has no inotify");
}

void PathWatch::State::drain() {}

#endif

PathWatch::PathWatch(Executor executor, std::function<void()> on_change, PathWatchOptions options)
    : state_(std::make_shared<State>(executor, std::move(on_change), options)) {}

PathWatch::~PathWatch() {
  close();
}

void PathWatch::set_paths(std::vector<std::string> paths) {
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  if (state_->closed || (state_->following && paths == state_->paths)) return;
  state_->paths = std::move(paths);
  state_->plan_anew();
  // What happened until now nobody has told.
  state_->gathered.note(Clock::now());
  state_->wake();
  if (std::exchange(state_->following, true)) return;
  asio::awaitable<void> following = follow(state_);
  asio::co_spawn(state_->timer.get_executor(), std::move(following), asio::detached);
}

const std::string& PathWatch::why_looking() const noexcept {
  return state_->looking;
}

std::size_t PathWatch::watches() const noexcept {
  return state_->places.size();
}

void PathWatch::close() {
  if (std::exchange(state_->closed, true)) return;
  state_->on_change = nullptr;
  state_->wake();
  state_->inotify.reset();
}

asio::awaitable<void> PathWatch::follow(std::shared_ptr<State> state) {
  constexpr auto wait_read = asio::posix::stream_descriptor::wait_read;
  while (!state->closed) {
    if (state->gathered.pending()) {
      state->timer.expires_at(state->gathered.due());
      co_await state->timer.async_wait(use_tuple);
    } else if (!state->looking.empty()) {
      state->timer.expires_after(state->pause);
      co_await state->timer.async_wait(use_tuple);
    } else {
      std::error_code refused;
      state->waiting.assign(state->inotify.get(), refused);
      if (refused) {
        state->look(refused.message());
        continue;
      }
      auto [error] = co_await state->waiting.async_wait(wait_read, use_tuple);
      if (state->closed) co_return;
      state->stop_waiting();
      if (error && error != asio::error::operation_aborted) state->look(error.message());
      state->drain();
      if (!state->gathered.pending()) {
        // Others are busy there. One does not want to hear of each of their steps.
        state->timer.expires_after(state->options.quiet);
        co_await state->timer.async_wait(use_tuple);
      }
    }
    if (state->closed) co_return;
    if (!state->looking.empty()) state->look_again();
    state->drain();
    state->tell_if_due();
  }
}

}  // namespace headrace::engine
