// Keeps the registry in step with the configuration's files while nobody runs code.
#pragma once

#include <headrace/engine/path_watch.hpp>
#include <headrace/server/registry.hpp>

#include <memory>

namespace headrace::server {

/// Not thread-safe; held by shared_ptr.
class ConfigWatch : public std::enable_shared_from_this<ConfigWatch> {
 public:
  ConfigWatch(engine::Executor executor, std::shared_ptr<Registry> registry, engine::Logger logger);

  /// From now on changes are noticed, the first ones after half a second. Called again it does
  /// nothing.
  void start();

  /// For good.
  void close();

 private:
  void look();
  void look_after(engine::Clock::duration delay);

  engine::Executor executor_;
  std::shared_ptr<Registry> registry_;
  engine::Logger logger_;
  asio::steady_timer again_;  // the first look, and when what is half-written is no longer excused
  std::unique_ptr<engine::PathWatch> watch_;
  std::string why_looking_;
  bool closed_ = false;
};

}  // namespace headrace::server
