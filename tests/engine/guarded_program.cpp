// A program that starts children under a ProcessGuard and then waits to be killed.
#include <headrace/engine/child.hpp>
#include <headrace/engine/process_guard.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "support.hpp"

namespace {

using namespace headrace::engine;  // NOLINT: a program of one file

std::unique_ptr<Child> start_child(asio::io_context& context,
                                   const std::shared_ptr<ProcessGuard>& guard, int tether) {
  Diagnostics diagnostics;
  SpawnSpec spec;
  spec.argv = {"/bin/sh", "-c", "trap '' TERM HUP; sleep 1000 & while :; do sleep 1000; done"};
  spec.environment = test::basic_environment();
  spec.fds = {{9, tether}};
  auto child = Child::start(context.get_executor(), spec, {}, guard, diagnostics);
  if (!child) std::exit(1);
  return child;
}

}  // namespace

// argv: what to do at the end ("wait" or "return"), a folder for the marks of the commands.
// Descriptor 3 is held by the children that are guarded, 4 by the one that was let go.
int main(int, char** argv) {
  const std::string folder = argv[2];
  asio::io_context context;
  auto guard = std::make_shared<ProcessGuard>();
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < 3; ++i)
    children.push_back(start_child(context, guard, 3));
  guard->add_command("kept", {"/bin/sh", "-c", "echo \"$1\" > \"$0\"", folder + "/kept",
                              "it's $HOME \"quoted\" * \\"});
  guard->add_command("removed", {"/usr/bin/touch", folder + "/removed"});
  guard->add_command("also_kept", {"/usr/bin/touch", folder + "/also kept"});
  guard->remove_command("removed");
  guard->remove_command("never_added");
  children.push_back(start_child(context, guard, 4));
  guard->remove_group(children.back()->pid());

  if (std::string(argv[1]) == "return") {
    // The orderly end: everything is taken off the list, and the guard has nothing to do.
    for (auto& child : children) {
      const pid_t pid = child->pid();
      child.reset();
      test::run_until(context, [pid] { return ::kill(pid, 0) != 0; });
    }
    guard->remove_command("kept");
    guard->remove_command("also_kept");
    return 0;
  }
  std::printf("ready %d\n", static_cast<int>(children.back()->pid()));
  std::fflush(stdout);
  for (;;)
    ::pause();
}
