// The texts.
#include <headrace/framing/json_writer.hpp>
#include <headrace/server/capabilities.hpp>

namespace headrace::server {

std::string capabilities_definition() {
  std::string json;
  framing::JsonWriter(json)
      .begin_object()
      .member("uri", capabilities_uri)
      .member("name", "code-execution-capabilities")
      .member("title", "Code execution: helpers")
      .member("description", "How code in run_python finds, reads about and calls MCP tools.")
      .member("mimeType", "text/markdown")
      .end_object();
  return json;
}

std::string servers_definition() {
  std::string json;
  framing::JsonWriter(json)
      .begin_object()
      .member("uri", servers_uri)
      .member("name", "servers")
      .member("title", "Code execution: servers")
      .member("description", "The MCP servers that code in run_python can call.")
      .member("mimeType", "application/json")
      .end_object();
  return json;
}

std::string_view instructions() noexcept {
  return "run_python runs Python in a sandbox that can call the tools of other MCP servers. Find "
         "them from the code with runtime.search_tool_docs(query), call them with "
         "await mcp_<server>.<tool>(...), combine many calls in one run, and print what you need.";
}

std::string capabilities_text() {
  return R"md(# Code execution

`run_python` runs Python in a locked-down sandbox: no network, a read-only file system (`/tmp` and
`/workspace` can be written), and nothing of the host. Its way out is the tools of MCP servers.
Variables, imports and functions last from run to run. `await` works at the top level, and the value
of a last expression is shown.

## Find

    await runtime.search_tool_docs("list issues", limit=5)            # over all servers
    await runtime.search_tool_docs("list issues", detail="signature")  # and how to call each
    help(mcp_jira.get_issue)                                          # all about one
    await runtime.query_tool_docs("jira", tool="get_issue", detail="full")  # with its schema
    runtime.discovered_servers()                                      # names
    await runtime.list_tools("jira")

`detail` is `"summary"`, `"signature"` or `"full"`. What a search finds also says how good it is
(`score`) and whether its server is `running`; one that is not starts when it is called.
`dir(mcp_jira)` names all tools of a server, and `inspect.signature` works on each. Plain functions
of the same name end in `_sync` (`search_tool_docs_sync`, `query_tool_docs_sync`, `list_tools_sync`,
`list_servers_sync`); also `describe_server(name)` and `list_loaded_server_metadata()`.

## Call

    issue = await mcp_jira.get_issue(id="A-1")           # a global for each server
    issue = await mcp_servers["jira"].get_issue(id="A-1")  # by its real name
    from mcp.servers.jira import get_issue               # as a module
    issue = await runtime.call_tool("jira", "get_issue", {"id": "A-1"})
    issue = runtime.call_tool_sync("jira", "get_issue", {"id": "A-1"})

    import asyncio
    pages = await asyncio.gather(*(mcp_web.fetch(url=u) for u in urls))  # all at once

A result is the raw MCP result (`r["content"]`, `r["structuredContent"]`) and its data as well:
`print(r)` shows its text, `r.data` is what the tool returned, `r.images` its pictures; iteration,
`in`, indexing and attributes reach through to the data. A call that fails raises `MCPError`.

    def hear(progress, total, message): ...              # or a coroutine function
    await mcp_web.crawl(url=u, on_progress=hear)         # for tools that tell how far they are

## Read

    for each in await runtime.list_resources("web"): print(each.uri, each.mime_type)
    page = await runtime.read_resource("web", "web://page/1")   # str, or bytes if it is binary
    await runtime.list_resource_templates("web")         # URIs with places to fill in
    await runtime.list_prompts("web")
    prompt = await runtime.get_prompt("web", "review", {"url": u})  # .messages, .text

A resource of several parts is a list of `str` and `bytes`; each has `.mime_type`, `.uri`, `.text`,
`.data` and the raw `.contents`. These helpers have a `_sync` form as well.

## Show

    display(fig)              # pictures, SVG, Markdown, HTML: as a notebook shows them
    df                        # a last expression is shown as well, and so are open figures
    runtime.progress(3, 10, "third page")       # for a client that shows progress

What is printed reaches the client while the code runs. Of a very long output the answer has both
ends and a link to the whole.

## Files and sessions

Files under `/workspace` last as long as the session; those that a run made or changed are linked
from its answer and can be read as resources, `headrace://sessions/default/files/NAME`. The argument
`session="name"` of `run_python` is another, independent interpreter; `runtime.reset()` lets the next
run start afresh. Code that takes too long is interrupted and keeps its variables.

## Servers

Without `servers` every configured server can be reached and starts when it is first used. With
`servers=["jira"]` those alone can be reached, and they start at once.

## Keep

`save_tool(func)` keeps a function for later sessions; `runtime.saved_tools()` lists what is kept, and
`runtime.delete_tool(name)` forgets one.
)md";
}

}  // namespace headrace::server
