// What the demonstration runs: pieces of Python as a model would write them.
#pragma once

#include <array>
#include <string_view>

namespace demo {

struct Step {
  std::string_view title;
  std::string_view code;
  /// Stands in the answer when all is well.
  std::string_view expected;
  int timeout = 20;  ///< In seconds.
};

inline constexpr std::array<Step, 8> steps{{
    {"Find out what can be called",
     R"(for tool in await runtime.search_tool_docs("task list"):
    print(f"mcp_{tool['serverAlias']}.{tool['toolAlias']}: {tool['description']}"))",
     "mcp_tasks.add_task"},
    {"Call a tool 500 times, all at once",
     R"(import asyncio, time
begin = time.perf_counter()
tasks = await asyncio.gather(*(mcp_tasks.add_task(title=f"task {n}") for n in range(500)))
spent = time.perf_counter() - begin
print(f"{len(tasks)} calls in {spent * 1e3:.1f} ms, {spent / len(tasks) * 1e6:.0f} µs a call"))",
     "500 calls in"},
    {"Variables are still there in the next run",
     R"(print("the last one:", tasks[-1].title)
print("open:", len([task for task in await mcp_tasks.list_tasks() if not task.done])))",
     "open: 500"},
    {"Calls really run side by side: one waits here for what the other does",
     R"(waited, _ = await asyncio.gather(mcp_tasks.wait_for_task(id=7), mcp_tasks.complete_task(id=7))
print(waited.title, "is done:", waited.done))",
     "is done: True"},
    {"A tool that fails is an exception like any other",
     R"(await mcp_tasks.complete_task(id=4711))", "there is no task 4711"},
    {"The sandbox has no network, and nothing of this machine's files",
     R"(import os, socket
print("home:", os.listdir("/home") if os.path.exists("/home") else "there is none")
socket.create_connection(("192.0.2.1", 80), timeout=2))",
     "OSError"},
    {"Code that hangs is interrupted after its second",
     R"(while True:
    pass)",
     "timed out", 1},
    {"…and what was there before it is there still", "len(tasks)", "500"},
}};

}  // namespace demo
