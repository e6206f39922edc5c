// Which scenes there are: a line for each.
#include <headrace/bench/scenes.hpp>

namespace headrace::bench {

namespace {

constexpr auto sandbox_figures = R"(Figures, for each runtime:
  call       One tool call from sandboxed code, awaited one at a time, as the code
             sees it. Floor: an asyncio client on the direct pipes of the same
             server. Headrace can be below it: a lone call is waited for where it
             is made, without a turn of the event loop.
  sync_call  The same, blocking.
  gather     100 calls under asyncio.gather; the time for each.
  next_run   print('hi') on a session that is there. Floor: a Python behind two
             pipes that compiles and runs the code, with nothing in between.
  cancel_*   From the cancellation of code that computes, sleeps, awaits or waits
             for a tool to the answer of another run of the same session. Floor:
             that other run alone.
  all/...    The first, third and fourth once more, with all rivals that run code.
With podman and docker a second series has MCP_BRIDGE_CHANNEL=stdio: frames go
through the engine, as they do where it is on another machine. Which road was
taken is seen by what Headrace has open, and noted. A docker container's daemon
decides where that starts, so the code in it pins itself.
)";

constexpr auto start_figures = R"(Figures:
  initialize      From the start of the process, with 20 servers configured, to the
                  answer to initialize. Floor: the same of a server that does
                  nothing else.
  first_run_cold  print('hi') as the first request of a fresh process: finds the
                  runtime, starts a sandbox and the interpreter in it. Floor: the
                  runtime's bare command with a Python that imports asyncio, json.
  first_run_warm  The same when a spare interpreter has come up meanwhile, as it has
                  three seconds after the handshake. Floor: a Python that is there.
  all/hello       From the start of the process to the first hello, with all rivals
                  that run code.
)";

constexpr auto framing_figures =
    R"(Figures: the time for a line, over reads of 64 KiB that hold many.
  Headrace splits the lines, finds id, method and where the body begins and ends,
  and has checked that it can be put into another message. Floor: the bytes are
  copied once (as the kernel does), and memchr looks for the newlines. Other series
  have the kernels of simdjson that slower processors get.
)";

constexpr auto search_figures = R"(Figures:
  1000 ...        discovery::search() of each of the questions of search_quality/, in
                  process, over a catalogue of real servers' tools, repeated until
                  it is so large.
  after_a_change  The first search after a server has a new list: it joins the words
                  of all servers.
  code            runtime.search_tool_docs() as code in a sandbox sees it, with the
                  docs of its hits. Floor: the search alone.
)";

constexpr auto memory_figures =
    R"(Figures: resident bytes of the process itself, unless they say otherwise.
  idle     20 servers configured, none started. Floor: an asyncio client.
  used     After calls to each of them and 1,000 at once.
  session  What each further session takes that no other process shares: in its
           interpreter, in Headrace, and (bubblewrap, whose processes are all ours)
           in all processes.
)";

constexpr auto scale_figures =
    R"(Curves; beside the last point of each is the line through it, by least squares of
the relative error ("2.1 ms + 130 µs × servers"), how much of the curve that explains
(R²), and the power with which it grows (1: in proportion, 0: not at all).
  in_flight      1 to 1,024 calls at once: one hop (until a call is answered), and
                 from code (until all are).
  answer_size, request_size   100 B to 16 MB, at one hop and from code.
  servers        1 to 200: first call with the start, next call, start of all at
                 once, memory, descriptors. "beyond": what the line says of 500
                 and 1,000, beside what is measured.
  sessions       1 to 64: start and memory of each.
  tools          100 to 100,000: reading their list and making it searchable; search.
)";

constexpr Scene known[] = {
    {"floor", "what one hop costs at least: direct pipes, a relay in C, one in Asio",
     measure_floor},
    {"proxy", "one hop through headrace and through others", measure_proxy},
    {"sandbox", "what code in a sandbox waits for: calls, the next run, the end of a cancelled one",
     measure_sandbox, sandbox_figures},
    {"start", "from the start of a process to its first answers, cold and warm", measure_start,
     start_figures},
    {"framing", "what the bytes cost: lines, ids, methods, slices", measure_framing,
     framing_figures},
    {"search", "how long it takes to find a tool among many", measure_search, search_figures},
    {"memory", "idle, with servers in use, for each session", measure_memory, memory_figures},
    {"scale", "how cost grows with servers, sessions, calls in flight, sizes, tools", measure_scale,
     scale_figures},
};

}  // namespace

std::span<const Scene> scenes() {
  return known;
}

}  // namespace headrace::bench
