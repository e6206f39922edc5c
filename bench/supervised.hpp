// Whatever ends a measurement, nothing of it is left running, and no file of it in /tmp.
#pragma once

#include <functional>

namespace headrace::bench {

/// Runs `work` in a child process whose temporary folder ($TMPDIR) is its own, and returns what it
/// returns. When it has ended, or a signal asks us to (SIGINT, SIGTERM, SIGHUP: 128 and its number
/// is returned), all that it has started is told to end, killed if it has not after three seconds,
/// and the folder is removed. Only while there is one thread.
int supervised(const std::function<int()>& work);

}  // namespace headrace::bench
