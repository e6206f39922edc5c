"""Helpers for code in the sandbox: find MCP servers and their tools, and call them."""

from __future__ import annotations

from typing import Any, Callable

from headrace_runtime import session as _session
from headrace_runtime.catalogue import catalogue as _catalogue
from headrace_runtime.errors import MCPError
from headrace_runtime.tools import call_head as _call_head
from headrace_runtime.tools import listened as _listened
from headrace_runtime.tools import unusual_result as _result
from headrace_runtime.wire import encode as _encode
from headrace_runtime.wire import encode_arguments as _encode_arguments

from mcp.result import ToolResult
from mcp.result import records as _records

__all__ = [
    "MCPError",
    "ToolResult",
    "call_tool",
    "call_tool_sync",
    "list_resources",
    "list_resources_sync",
    "list_resource_templates",
    "list_resource_templates_sync",
    "read_resource",
    "read_resource_sync",
    "list_prompts",
    "list_prompts_sync",
    "get_prompt",
    "get_prompt_sync",
    "list_tools",
    "list_tools_sync",
    "list_servers",
    "list_servers_sync",
    "discovered_servers",
    "describe_server",
    "list_loaded_server_metadata",
    "query_tool_docs",
    "query_tool_docs_sync",
    "search_tool_docs",
    "search_tool_docs_sync",
    "capability_summary",
    "display",
    "progress",
    "reset",
    "reload",
    "add_server",
    "remove_server",
    "save_tool",
    "saved_tools",
    "delete_tool",
]


class _Names(tuple):
    """A tuple that may be awaited too: plain helpers are often taken for coroutines."""

    __slots__ = ()

    def __await__(self) -> Any:
        return self
        yield


class _Words(str):
    """A sentence that may be awaited too."""

    __slots__ = ()

    def __await__(self) -> Any:
        return self
        yield


class _List(list):
    """A list that may be awaited too."""

    __slots__ = ()

    def __await__(self) -> Any:
        return self
        yield


# -- calls ---------------------------------------------------------------------------------------


def _call_params(server: str, tool: str, arguments: Any) -> str:
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, dict):
        try:
            arguments = dict(arguments)
        except (TypeError, ValueError):
            raise MCPError("'arguments' must be an object", -32602) from None
    if not isinstance(tool, str):
        raise MCPError("'tool' must be a string", -32602)
    head = _call_head(_catalogue.resolve(server), tool)
    return f"{head}{_encode_arguments(arguments)}}}"


async def call_tool(
    server: str, tool: str, arguments: dict | None = None, on_progress: Callable | None = None
) -> ToolResult:
    """Calls a tool; MCPError when it fails. Calls under asyncio.gather run at the same time.
    `on_progress(progress, total, message)`, a function or a coroutine function, is called with how
    far it is, if the tool tells: the last two may be None."""
    params = _call_params(server, tool, arguments)
    if on_progress is not None:
        from headrace_runtime import listening

        answer = await listening.request("call_tool", _listened(params), on_progress)
        return _result(answer, server, tool)
    return _result(await _session.current.channel.request("call_tool", params), server, tool)


def call_tool_sync(
    server: str, tool: str, arguments: dict | None = None, on_progress: Callable | None = None
) -> ToolResult:
    """`call_tool` for plain functions and threads."""
    params = _call_params(server, tool, arguments)
    if on_progress is not None:
        from headrace_runtime import listening

        answer = listening.request_sync("call_tool", _listened(params), on_progress)
        return _result(answer, server, tool)
    return _result(_session.current.channel.request_sync("call_tool", params), server, tool)


# -- resources and prompts -----------------------------------------------------------------------


def _about() -> Any:
    from headrace_runtime import resources

    return resources


async def list_resources(server: str) -> list:
    """The resources of a server: uri, name, description, mimeType."""
    return await _about().listing("resources", server).ask()


def list_resources_sync(server: str) -> list:
    """`list_resources` for plain functions."""
    return _about().listing("resources", server).ask_sync()


async def list_resource_templates(server: str) -> list:
    """URIs with places to fill in, for resources that are not listed: uriTemplate, name, …"""
    return await _about().listing("resource_templates", server).ask()


def list_resource_templates_sync(server: str) -> list:
    """`list_resource_templates` for plain functions."""
    return _about().listing("resource_templates", server).ask_sync()


async def read_resource(server: str, uri: str) -> Any:
    """A resource: a str if it is text, bytes if it is binary, a list of these if the server sent
    several parts. Each of them has text, data (bytes), mime_type, uri, json(), save(path), and
    contents, which is raw."""
    return await _about().reading(server, uri).ask()


def read_resource_sync(server: str, uri: str) -> Any:
    """`read_resource` for plain functions."""
    return _about().reading(server, uri).ask_sync()


async def list_prompts(server: str) -> list:
    """The prompts of a server: name, description, arguments."""
    return await _about().listing("prompts", server).ask()


def list_prompts_sync(server: str) -> list:
    """`list_prompts` for plain functions."""
    return _about().listing("prompts", server).ask_sync()


async def get_prompt(server: str, name: str, arguments: dict | None = None) -> Any:
    """A prompt with its arguments filled in: description, messages (role, content), text."""
    return await _about().prompting(server, name, arguments).ask()


def get_prompt_sync(server: str, name: str, arguments: dict | None = None) -> Any:
    """`get_prompt` for plain functions."""
    return _about().prompting(server, name, arguments).ask_sync()


# -- servers -------------------------------------------------------------------------------------


def discovered_servers(detailed: bool = False) -> tuple:
    """Names of the servers that can be reached; with `detailed`, their descriptions as well."""
    if detailed:
        return _Names(
            {"name": name, "description": entry.get("description") or ""}
            for name, entry in _catalogue.by_name.items()
        )
    return _Names(_catalogue.by_name)


def list_servers_sync() -> tuple:
    """Names of the servers that can be reached in this run."""
    return _Names(_catalogue.by_name)


async def list_servers() -> tuple:
    """Names of the servers that can be reached, asked of the host anew."""
    result = await _session.current.channel.request("list_servers", "{}")
    listed = result.get("servers") if isinstance(result, dict) else None
    names = (
        each.get("name") if isinstance(each, dict) else each
        for each in (listed if isinstance(listed, list) else ())
    )
    return tuple(name for name in names if isinstance(name, str))


def describe_server(name: str) -> dict:
    """Name, alias, tools and working directory of a server; starts it if need be."""
    entry = _catalogue.require(name)
    return _metadata(entry, _catalogue.tools_sync(entry["name"]))


def _metadata(entry: dict, tools: list) -> dict:
    return _records(
        {
            "name": entry["name"],
            "alias": entry.get("alias") or entry["name"],
            "tools": [_tool_metadata(tool) for tool in tools],
            "cwd": entry.get("cwd"),
        }
    )


def _tool_metadata(tool: Any) -> Any:
    kept = {key: tool.get(key) for key in ("name", "alias", "description", "input_schema")}
    kept["alias"] = kept["alias"] or kept["name"]
    kept["description"] = kept["description"] or ""
    return type(tool)(kept)


def list_loaded_server_metadata() -> tuple:
    """`describe_server` of each server that this run was asked to load."""
    found = []
    for name in _catalogue.loaded:
        entry = _catalogue.by_name.get(_catalogue.resolve(name))
        if entry is not None:
            found.append(_metadata(entry, _tools_or_none(entry["name"])))
    return _Names(found)


def _tools_or_none(name: str) -> list:
    try:
        return _catalogue.tools_sync(name)
    except MCPError:
        return []  # one server that fails does not hide the others


async def list_tools(server: str) -> list:
    """The tools of a server: name, alias, description, input_schema."""
    return list(await _catalogue.tools(server))


def list_tools_sync(server: str | None = None) -> tuple:
    """`list_tools` for plain functions."""
    if server is None:
        raise MCPError("list_tools_sync(server) needs the name of a server", -32602)
    return _Names(_tool_metadata(tool) for tool in _catalogue.tools_sync(server))


def reload() -> str:
    """Has the host read its configuration again; what changed can be used at once."""
    from headrace_runtime import control

    return _Words(control.reload())


def add_server(name: str, config: dict) -> str:
    """Starts an MCP server on the host for this session, where the user allows it; it ends with the
    session's variables. `config` is an entry as in a configuration file: `{"command": "npx",
    "args": ["-y", "package"], "env": {"NAME": "value"}}`, with values in place of `${NAME}`."""
    from headrace_runtime import control

    return _Words(control.add_server(name, config))


def remove_server(name: str) -> str:
    """Stops a server that `add_server` added, and takes it out of this session."""
    from headrace_runtime import control

    return _Words(control.remove_server(name))


# -- documentation -------------------------------------------------------------------------------


def _detail(detail: Any) -> str:
    detail = str(detail).lower()
    return detail if detail in ("full", "signature") else "summary"


def _query_params(server: str, tool: str | None, detail: Any) -> str:
    params = {"server": _catalogue.resolve(server)}
    if tool is not None:
        if not isinstance(tool, str):
            raise MCPError("'tool' must be a string when provided", -32602)
        params["tool"] = tool
    params["detail"] = _detail(detail)
    return _encode(params)


def _search_params(query: str, limit: Any, detail: Any) -> str:
    if not isinstance(query, str) or not query.strip():
        raise MCPError("Missing 'query' value", -32602)
    if limit is None:
        limit = 5
    if not isinstance(limit, int) or isinstance(limit, bool):
        raise MCPError("'limit' must be an integer", -32602)
    return _encode({"query": query, "limit": max(1, min(20, limit)), "detail": _detail(detail)})


def _docs(result: Any) -> list:
    from headrace_runtime import docs

    return docs.docs_of(result)


async def query_tool_docs(server: str, tool: str | None = None, detail: str = "summary") -> Any:
    """Documentation of a server's tools, or of one. `detail="signature"`: how each is called, in
    the fewest words; `"full"`: with the input schema."""
    params = _query_params(server, tool, detail)
    docs = _docs(await _session.current.channel.request("query_tool_docs", params))
    return docs[0] if tool is not None and len(docs) == 1 else docs


def query_tool_docs_sync(server: str, tool: str | None = None, detail: str = "summary") -> list:
    """`query_tool_docs` for plain functions; always a list."""
    params = _query_params(server, tool, detail)
    return _docs(_session.current.channel.request_sync("query_tool_docs", params))


async def search_tool_docs(query: str, *, limit: int = 5, detail: str = "summary") -> list:
    """The tools that fit some words best, over all servers. `limit`: 1 to 20."""
    params = _search_params(query, limit, detail)
    return _docs(await _session.current.channel.request("search_tool_docs", params))


def search_tool_docs_sync(query: str, *, limit: int = 5, detail: str = "summary") -> list:
    """`search_tool_docs` for plain functions."""
    params = _search_params(query, limit, detail)
    return _docs(_session.current.channel.request_sync("search_tool_docs", params))


_SUMMARY = """\
This is a lasting Python session with MCP tools; variables, imports and functions stay between runs.
Find: runtime.discovered_servers(detailed=True) names the servers; \
await runtime.search_tool_docs("words") finds tools; \
detail="signature" shows how to call what it finds, and await runtime.query_tool_docs(server, \
detail="signature") all of a server; help(mcp_<alias>.<tool>) describes one.
Call: await mcp_<alias>.<tool>(name=value), or mcp_<alias>.<tool>.sync(name=value) in plain \
functions; await runtime.call_tool(server, tool, {...}) by real names. asyncio.gather runs calls \
side by side; on_progress=function hears (progress, total, message). A failed call raises MCPError.
Besides tools: await runtime.read_resource(server, uri) is str or bytes; \
runtime.list_resources(server), list_resource_templates(server), list_prompts(server), \
get_prompt(server, name, {...}).
Read: a result prints as its text and acts like its data (r.text, r.data, r.images).
Show: display(x) and the last expression show pictures, tables and markdown; matplotlib figures \
come by themselves; runtime.progress(done, total, "words"). Files in /workspace last as long as \
the session.
Keep: save_tool(function) makes a function available in every later session; \
runtime.saved_tools(), runtime.delete_tool(name). runtime.reset() starts afresh."""


def capability_summary() -> str:
    """What this sandbox can do, in a few lines."""
    return _SUMMARY


# -- the session ---------------------------------------------------------------------------------


def display(*objects: Any) -> None:
    """Shows each object as a notebook does: a picture, markdown, a table, or its repr."""
    from headrace_runtime import showing

    showing.display(*objects)


def progress(done: float, total: float | None = None, message: str | None = None) -> None:
    """Tells the client how far this run is: `runtime.progress(3, 10, "third page")`."""
    from headrace_runtime import progress

    progress.progress(done, total, message)


def reset() -> str:
    """Starts afresh: the next run has none of this session's variables and files."""
    _session.current.channel.request_sync("reset", "{}")
    return _Words("The next run starts afresh, without any variable or file of this session.")


def save_tool(func: Callable) -> str:
    """Keeps a function, with the imports it needs, for every later session."""
    from headrace_runtime import saving

    return _Words(saving.save(func))


def saved_tools() -> list:
    """The functions that were saved: name, signature, doc, version, saved (when), source."""
    from headrace_runtime import saved

    return _List(_records(saved.listed()))


def delete_tool(name: str) -> str:
    """Removes a saved function, here and for all later sessions."""
    from headrace_runtime import saved

    return _Words(saved.delete(name))


def __dir__() -> list:
    return list(__all__)
