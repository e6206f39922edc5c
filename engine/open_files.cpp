// getrlimit and setrlimit, and what was there before.
#include <headrace/engine/open_files.hpp>

#include <algorithm>

namespace headrace::engine {
namespace {

constexpr rlim_t enough = rlim_t{1} << 20;

// Like the limit itself, of the whole process. 0: it was not raised.
rlim_t earlier = 0;

}  // namespace

void raise_open_files() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = std::min(limit.rlim_max, enough);
  if (limit.rlim_cur <= before) return;
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) earlier = before;
}

EarlierOpenFiles::EarlierOpenFiles() noexcept {
  rlimit limit{};
  if (earlier == 0 || ::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  raised_ = limit;
  limit.rlim_cur = std::min(earlier, limit.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

EarlierOpenFiles::~EarlierOpenFiles() {
  if (raised_) ::setrlimit(RLIMIT_NOFILE, &*raised_);
}

}  // namespace headrace::engine
