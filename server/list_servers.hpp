// `headrace servers`: what is configured, where each came from, and what stands in its way.
#pragma once

#include <headrace/discovery/catalogue.hpp>
#include <headrace/discovery/sources.hpp>

#include <chrono>
#include <string>

namespace headrace::server {

/// For people: a line a server, and below it what is to be known of it; then what can't be used,
/// and why. `known` holds what is known of their tools.
std::string describe_servers(const discovery::Discovery& found, const discovery::Catalogue& known);

/// `{"servers":[{"name","alias","command","args","cwd","description","state","tools","listedAt",
/// "error","source","otherNames"}],"unreachable":[{"name","reason","source"}],
/// "shadowed":[{"name","line","source","hiddenBy":{"file","line","agent"}}],
/// "faults":[{"severity","file","line","server","message"}]}`, with a newline. Values of
/// environments are never shown. `tools` is how many there are, where that is known, and `error`
/// how the last attempt to ask for them has failed, if it has.
std::string servers_json(const discovery::Discovery& found, const discovery::Catalogue& known);

/// "just now", "5 minutes ago".
std::string readable_age(std::chrono::seconds age);

}  // namespace headrace::server
