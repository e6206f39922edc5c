// What is known of tools, for people at a terminal and for programs.
#pragma once

#include <headrace/discovery/catalogue.hpp>
#include <headrace/discovery/search.hpp>

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace headrace::server {

// What is for people holds no control characters, whatever servers write into names and
// descriptions; what is for programs is one line of JSON. Both end with a newline.

/// Each server with the names of its tools, and a line of words on each. Servers of which none are
/// known are left out.
std::string describe_tools(std::span<const discovery::CatalogueServer* const> servers);
/// The tools that a search has found, best first.
std::string describe_hits(std::span<const discovery::SearchHit> hits);

/// Why servers could not be asked for their tools: names and reasons.
using Failures = std::vector<std::pair<std::string, std::string>>;

/// `{"tools":[{"server","serverAlias","tool","toolAlias","description","score"}],"failed":[{
/// "server","error"}],"unknown":["server"]}`: `score` is there after a search only; `unknown` are
/// those whose tools are not known since nobody asked.
std::string tools_json(std::span<const discovery::CatalogueServer* const> servers,
                       const Failures& failed, const std::vector<std::string>& unknown);
std::string hits_json(std::span<const discovery::SearchHit> hits, const Failures& failed,
                      const std::vector<std::string>& unknown);

/// How one tool is called as Python writes it, the types that names, and all its words; with `full`
/// its schemas too.
std::string describe_tool(const discovery::CatalogueServer& server, const discovery::ToolDoc& tool,
                          bool full);
/// The same of all tools of a server, with a line of words on each if not `full`.
std::string describe_server_tools(const discovery::CatalogueServer& server, bool full);

}  // namespace headrace::server
