// Runs one command of a runtime to its end and keeps what it said.
#pragma once

#include <headrace/engine/asio.hpp>
#include <headrace/engine/deadline.hpp>
#include <headrace/engine/process_guard.hpp>
#include <headrace/sandbox/runtime.hpp>

#include <functional>
#include <memory>

namespace headrace::sandbox {

/// The end of each stream is kept, 64 KiB of it. A command that can't be started, or is not done by
/// the deadline (it is killed then), has exit code 127 or 124 and says why in `err`. `on_output` is
/// given each chunk of either stream as it comes; may be empty. It inherits our environment.
asio::awaitable<CommandResult> run_command(engine::Executor executor, Command argv,
                                           engine::Deadline deadline,
                                           std::shared_ptr<engine::ProcessGuard> guard,
                                           std::function<void(std::string_view)> on_output = {});

/// What a command finds on its stdin: the text, then what is in the file.
struct CommandInput {
  std::string text;
  std::string file;
};

/// The same with something to read.
asio::awaitable<CommandResult> feed_command(engine::Executor executor, Command argv,
                                            CommandInput input, engine::Deadline deadline,
                                            std::shared_ptr<engine::ProcessGuard> guard,
                                            std::function<void(std::string_view)> on_output);

}  // namespace headrace::sandbox
