// Which era each server command was last seen to speak, so that it need not be probed again.
#pragma once

#include <headrace/engine/mcp/protocol.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::engine::mcp {

/// Shared by the servers of a program; an owner that keeps it over restarts writes to_json() when
/// `on_change` is called. What is remembered is a hint: where it turns out wrong, it is forgotten
/// and the server is probed.
class EraMemory {
 public:
  /// More are not kept.
  static constexpr std::size_t most_entries = 1000;

  /// The same for the same command in the same folder, in every run of the program.
  static std::string key(const std::vector<std::string>& argv, std::string_view cwd);

  std::optional<Era> find(std::string_view key) const;
  void remember(const std::string& key, Era era);
  void forget(std::string_view key);
  std::size_t size() const noexcept { return eras_.size(); }

  /// `{"<key>":"legacy","<key>":"modern"}`.
  std::string to_json() const;
  /// Takes over what to_json() wrote; what is unreadable is left out. Does not call `on_change`.
  void load(std::string_view json);

  /// Something is remembered, or forgotten, that was not before.
  std::function<void()> on_change;

 private:
  std::map<std::string, Era, std::less<>> eras_;
};

}  // namespace headrace::engine::mcp
