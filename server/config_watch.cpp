// Keeps the registry in step with the configuration's files while nobody runs code.
#include <headrace/discovery/source_file.hpp>
#include <headrace/server/config_watch.hpp>

#include <algorithm>
#include <filesystem>

namespace headrace::server {
namespace {

// A folder with many entries takes the kernel ten milliseconds, which the first run need not wait
// for: whoever runs code looks at the files anyway.
constexpr auto before_watching = std::chrono::milliseconds(500);

std::vector<std::string> absolute(std::vector<std::string> paths) {
  for (std::string& path : paths) {
    if (path.starts_with('/')) continue;
    std::error_code nowhere;
    path = std::filesystem::absolute(path, nowhere).string();
  }
  return paths;
}

}  // namespace

ConfigWatch::ConfigWatch(engine::Executor executor, std::shared_ptr<Registry> registry,
                         engine::Logger logger)
    : executor_(std::move(executor)),
      registry_(std::move(registry)),
      logger_(std::move(logger)),
      again_(executor_) {}

void ConfigWatch::start() {
  if (watch_ || closed_) return;
  watch_ = std::make_unique<engine::PathWatch>(executor_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look();
  });
  registry_->refresh();
  if (!closed_) look_after(before_watching);
}

void ConfigWatch::look() {
  registry_->refresh();
  // Whoever is told of the change may have closed us.
  if (closed_) return;
  watch_->set_paths(absolute(registry_->watched_paths()));
  if (watch_->why_looking() != why_looking_) {
    why_looking_ = watch_->why_looking();
    if (!why_looking_.empty()) {
      logger_.log(
          engine::LogLevel::info, "config",
          "changes of configuration files are looked for from time to time, since " + why_looking_);
    }
  }
  const auto held_until = registry_->held_until();
  if (!held_until) return;
  // By the wall clock, which may be set back: never later than what is excused at most.
  constexpr std::chrono::system_clock::duration most = discovery::kHalfWrittenLimit;
  constexpr std::chrono::system_clock::duration least = std::chrono::milliseconds(10);
  const auto left = *held_until - std::chrono::system_clock::now();
  look_after(std::chrono::duration_cast<engine::Clock::duration>(std::clamp(left, least, most)));
}

void ConfigWatch::look_after(engine::Clock::duration delay) {
  again_.expires_after(delay);
  again_.async_wait([weak = weak_from_this()](std::error_code error) {
    const auto self = weak.lock();
    if (!error && self && !self->closed_) self->look();
  });
}

void ConfigWatch::close() {
  closed_ = true;
  again_.cancel();
  if (watch_) watch_->close();
}

}  // namespace headrace::server
