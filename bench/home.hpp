// A home folder for a Headrace that is measured, so that nobody's own servers are in it.
#pragma once

#include <headrace/bench/setting.hpp>
#include <headrace/bench/target.hpp>
#include <headrace/bench/temporary_folder.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::bench {

/// A server of a configuration: its name and command.
struct ConfiguredServer {
  std::string name;
  std::vector<std::string> command;
};

/// `echo`, `server_2`, … `server_<count>`: the echo server under so many names, each a process.
std::vector<ConfiguredServer> echo_servers(const Setting& setting, std::size_t count);

/// A folder below $TMPDIR with these servers in `MCPs/servers.json`; removed with this.
class Home {
 public:
  Home(const Setting& setting, const std::vector<ConfiguredServer>& servers);

  const std::string& folder() const noexcept { return folder_.path(); }
  /// What a Headrace gets so that it reads this home and no setting of the caller's.
  const Environment& environment() const noexcept { return environment_; }
  /// The same, and with sandboxes of that kind.
  Environment environment(const std::string& runtime) const;
  /// Writes a file into it; its path.
  std::string write(std::string_view name, std::string_view text) const;

 private:
  TemporaryFolder folder_;
  Environment environment_;
};

}  // namespace headrace::bench
