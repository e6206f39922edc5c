// A child with an empty stdin, and its output read to the end.
#include <headrace/engine/child.hpp>
#include <headrace/sandbox/command_runner.hpp>

#include <array>
#include <csignal>

extern char** environ;  // NOLINT: POSIX

namespace headrace::sandbox {
namespace {

using engine::Child;
using engine::Deadline;

constexpr std::size_t kept_output = 64 << 10;

struct Output {
  explicit Output(const engine::Executor& executor) : ended(executor) {}
  std::string text;
  engine::Event ended;
};

asio::awaitable<void> read_all(asio::posix::stream_descriptor stream,
                               std::shared_ptr<Output> output,
                               std::function<void(std::string_view)> on_output) {
  std::array<char, 4096> chunk;
  const asio::mutable_buffer buffer = asio::buffer(chunk);
  for (;;) {
    auto [error, size] = co_await stream.async_read_some(buffer, engine::use_tuple);
    if (error) break;
    const std::string_view text(chunk.data(), size);
    if (on_output) on_output(text);
    output->text.append(text);
    if (output->text.size() > 2 * kept_output) {
      output->text.erase(0, output->text.size() - kept_output);
    }
  }
  output->ended.set();
}

}  // namespace

std::vector<std::string> own_environment() {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry)
    environment.emplace_back(*entry);
  return environment;
}

asio::awaitable<CommandResult> run_command(engine::Executor executor, Command argv,
                                           Deadline deadline,
                                           std::shared_ptr<engine::ProcessGuard> guard,
                                           std::function<void(std::string_view)> on_output) {
  CommandResult result;
  engine::SpawnSpec spec;
  spec.argv = std::move(argv);
  spec.environment = own_environment();
  engine::ChildOptions options;
  options.stderr_tail = kept_output;
  options.on_stderr = on_output;
  engine::Diagnostics diagnostics;
  const std::unique_ptr<Child> child =
      Child::start(executor, spec, std::move(options), guard, diagnostics);
  if (!child) {
    result.exit_code = 127;
    result.err = diagnostics.message;
    co_return result;
  }
  child->take_input().close();
  const auto output = std::make_shared<Output>(executor);
  asio::awaitable<void> reading = read_all(child->take_output(), output, std::move(on_output));
  asio::co_spawn(executor, std::move(reading), asio::detached);
  const bool done = co_await child->async_wait(deadline);
  if (!done) {
    child->signal_group(SIGKILL);
    co_await child->async_wait();
  }
  // Grandchildren may hold the pipes, but what the command itself wrote is in them by now.
  const Deadline last_words = Deadline::after(std::chrono::milliseconds(200));
  co_await output->ended.async_wait(last_words);
  co_await child->async_wait_stderr(last_words);
  result.out = output->text;
  result.err = child->stderr_tail();
  const engine::ExitStatus status = child->exit_status().value_or(engine::ExitStatus{});
  result.exit_code = status.signal != 0 ? 128 + status.signal : status.code;
  if (!done) {
    result.exit_code = 124;
    result.err += "\n'" + spec.argv.front() + "' was not done in time";
  }
  co_return result;
}

}  // namespace headrace::sandbox
