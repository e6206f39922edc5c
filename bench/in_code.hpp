// Code in a sandbox that calls tools and times itself, and the plain Python that does the same with
// nothing in between.
#pragma once

#include <headrace/bench/figures.hpp>
#include <headrace/bench/home.hpp>
#include <headrace/bench/report.hpp>
#include <headrace/bench/rounds.hpp>
#include <headrace/bench/setting.hpp>
#include <headrace/bench/target.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace headrace::bench {

/// How code calls a tool: awaited one at a time, blocking, or so many at once.
enum class Calling { awaited, blocking, gathered };

/// A program that is up, or why it is not.
struct Started {
  std::shared_ptr<Target> target;
  std::string skipped;
  std::string note;  // which road frames take to the sandbox
};

/// Why this kind of sandbox can't be had at all; empty when it can. (Headrace would take another,
/// and the figures would be those of that.)
std::string missing_runtime(const std::string& runtime);

/// bubblewrap if it is asked for, whose processes are all below us and can be counted too; else the
/// first that is. Empty: none is to be measured.
std::string quickest_runtime(const Setting& setting);
/// The runtimes that what takes long is measured with: of a tiny run, only the quickest.
std::vector<std::string> runtimes_of(const Setting& setting);

/// A Headrace with a session in that kind of sandbox, whose interpreter is pinned as we are and
/// ready to be asked for calls. `more`: settings beyond those of the home.
Started start_session(const Setting& setting, const Home& home, const std::string& runtime,
                      const Environment& more = {});

/// The same calls by an asyncio program on the server's own pipes.
Started start_direct(const Setting& setting);

/// A Python that runs code and does nothing else.
Started start_plain_python(const Setting& setting);

/// `count` calls or batches of `width`, as the code in the session sees them: the time of a call,
/// or of `whole` batches.
Round calls_from_code(Target& session, Calling calling, std::size_t count, std::size_t width = 1,
                      bool whole = false);
Round calls_direct(Target& direct, Calling calling, std::size_t count, std::size_t width = 1,
                   bool whole = false);

/// Runs code in a plain Python; what it printed, as JSON.
std::string run_plainly(Target& python, std::string_view code);

/// Text that is a JSON list of times in microseconds, each to be multiplied. Throws when it is
/// anything else.
Round read_times(std::string_view text, double factor = 1);

/// A subject that is measured by `round` if it has been started.
Subject subject_of(std::string name, Party party, const Started& started,
                   std::function<Round()> round);

/// The command that brings no more than a Python with asyncio and json up in such a sandbox.
std::vector<std::string> bare_sandbox(const Setting& setting, const std::string& runtime,
                                      const std::string& python);

}  // namespace headrace::bench
