// `headrace servers`: what is configured, where each came from, and what stands in its way.
#pragma once

#include <headrace/discovery/sources.hpp>

#include <string>

namespace headrace::server {

/// For people: a line a server, and below it what is to be known of it; then what can't be used,
/// and why.
std::string describe_servers(const discovery::Discovery& found);

/// `{"servers":[{"name","alias","command","args","cwd","description","source","otherNames"}],
/// "unreachable":[{"name","reason","source"}],
/// "shadowed":[{"name","line","source","hiddenBy":{"file","line","agent"}}],
/// "faults":[{"severity","file","line","server","message"}]}`, with a newline. Values of
/// environments are never shown.
std::string servers_json(const discovery::Discovery& found);

}  // namespace headrace::server
