// How many descriptors this process may have open: each server takes several.
#pragma once

#include <optional>
#include <sys/resource.h>

namespace headrace::engine {

/// Raises the soft limit to the hard one (at most to 1,048,576). For programs, before they start
/// threads; a library leaves its program's limits alone. Children that spawn() starts get the limit
/// as it was: some programs use select(), which knows no more than 1,024 descriptors, and others
/// go through all that there could be.
void raise_open_files() noexcept;

/// While it lives, the soft limit is what it was before raise_open_files(). Descriptors that are
/// open stay so. Does nothing where nothing was raised.
class EarlierOpenFiles {
 public:
  EarlierOpenFiles() noexcept;
  ~EarlierOpenFiles();
  EarlierOpenFiles(const EarlierOpenFiles&) = delete;
  EarlierOpenFiles& operator=(const EarlierOpenFiles&) = delete;

 private:
  std::optional<rlimit> raised_;
};

}  // namespace headrace::engine
