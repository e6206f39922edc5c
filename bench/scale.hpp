// The curves of the scene `scale`, one function each: how cost grows, up to what limit.
#pragma once

#include <headrace/bench/report.hpp>
#include <headrace/bench/setting.hpp>

#include <cstddef>
#include <sys/types.h>

namespace headrace::bench {

/// Descriptors that a process has open.
std::size_t open_descriptors(pid_t pid);

void scale_servers(const Setting& setting, Report& report);
void scale_sessions(const Setting& setting, Report& report);
void scale_calls(const Setting& setting, Report& report);
void scale_sizes(const Setting& setting, Report& report);
void scale_tools(const Setting& setting, Report& report);

}  // namespace headrace::bench
