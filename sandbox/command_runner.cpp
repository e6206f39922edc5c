// A child that is given its input, and whose output is read to the end.
#include <headrace/engine/child.hpp>
#include <headrace/sandbox/command_runner.hpp>

#include <array>
#include <csignal>
#include <fstream>

#include <asio/write.hpp>

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

// To its end, or until nobody reads any more.
asio::awaitable<void> feed(asio::posix::stream_descriptor stream, CommandInput input) {
  std::ifstream file;
  if (!input.file.empty()) file.open(input.file, std::ios::binary);
  while (!input.text.empty() || file.good()) {
    if (input.text.empty()) {
      input.text.resize(64 << 10);
      file.read(input.text.data(), static_cast<std::streamsize>(input.text.size()));
      input.text.resize(static_cast<std::size_t>(file.gcount()));
    }
    const asio::const_buffer buffer = asio::buffer(input.text);
    auto [error, size] = co_await asio::async_write(stream, buffer, engine::use_tuple);
    if (error) co_return;
    input.text.clear();
    if (!file.is_open()) co_return;
  }
}

}  // namespace

asio::awaitable<CommandResult> run_command(engine::Executor executor, Command argv,
                                           Deadline deadline,
                                           std::shared_ptr<engine::ProcessGuard> guard,
                                           std::function<void(std::string_view)> on_output) {
  CommandInput nothing;
  return feed_command(std::move(executor), std::move(argv), std::move(nothing), deadline,
                      std::move(guard), std::move(on_output));
}

asio::awaitable<CommandResult> feed_command(engine::Executor executor, Command argv,
                                            CommandInput input, Deadline deadline,
                                            std::shared_ptr<engine::ProcessGuard> guard,
                                            std::function<void(std::string_view)> on_output) {
  CommandResult result;
  engine::SpawnSpec spec;
  spec.argv = std::move(argv);
  spec.environment = engine::own_environment();
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
  if (input.text.empty() && input.file.empty()) {
    child->take_input().close();
  } else {
    asio::awaitable<void> feeding = feed(child->take_input(), std::move(input));
    asio::co_spawn(executor, std::move(feeding), asio::detached);
  }
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
