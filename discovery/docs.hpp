// Writes what the interpreter asks about servers and tools (docs/session-protocol.md) as JSON.
#pragma once

#include <headrace/discovery/catalogue.hpp>
#include <headrace/discovery/search.hpp>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace headrace::discovery {

enum class Detail {
  summary,    ///< Names and description.
  full,       ///< And the input schema.
  signature,  ///< How to call it as Python writes it, the types that names, and one line of words.
};

/// `full` and `signature`, in any case; anything else is a summary.
Detail parse_detail(std::string_view text) noexcept;

/// A longer description is cut there, with a notice that says how long it is.
inline constexpr std::size_t kMaxDocDescription = 16 * 1024;

/// Whether a server's process is up.
using RunningPredicate = std::function<bool(const CatalogueServer&)>;

// Each function appends one JSON value on one line to `out`.

/// `[{"name","alias","description","cwd"}…]`, as a run's `servers`; a server without `cwd` has
/// null, and one of several names stands there under each.
void append_run_servers(std::string& out, std::span<const CatalogueServer* const> servers);

/// `{"servers":[{"name","alias","description","cwd","loaded","tools","error"}…]}`: the result of
/// `list_servers`. `loaded`: its tools are known, and `tools` says how many there are; `error`: why
/// it could not be asked the last time.
void append_server_list(std::string& out, std::span<const CatalogueServer* const> servers);

/// `{"tools":[{"name","alias","description","inputSchema"}…]}`: the result of `list_tools`.
void append_tool_list(std::string& out, const CatalogueServer& server);

/// `{"docs":[…]}` of all tools of a server: the result of `query_tool_docs` without a tool.
void append_docs(std::string& out, const CatalogueServer& server, Detail detail);

/// `{"docs":[…]}` of one tool, which is one of `server`'s.
void append_docs(std::string& out, const CatalogueServer& server, const ToolDoc& tool,
                 Detail detail);

/// `{"docs":[…]}` of what a search found: the result of `search_tool_docs`. Each has a `score` as
/// well, of three digits, and whether its server is `running`, where that can be told. Servers
/// whose tools could not be looked at are named, where there are any:
/// `"unlisted":[{"server","reason"}…]`.
void append_docs(std::string& out, std::span<const SearchHit> hits, Detail detail,
                 const RunningPredicate& running = {},
                 std::span<const CatalogueServer* const> unlisted = {});

/// `{"name","alias","tools":[{"name","alias","description","input_schema"}…],"cwd"}`: a server as
/// sandboxed code sees it; an absent schema or `cwd` is null.
void append_metadata(std::string& out, const CatalogueServer& server);

}  // namespace headrace::discovery
