"""Servers and their tools as objects: `mcp_x.tool(a=1)`, awaited or with `.sync`."""

from __future__ import annotations

from typing import Any, Callable

from headrace_runtime import session
from headrace_runtime.catalogue import Tool, catalogue
from headrace_runtime.errors import MCPError, UnknownServer
from headrace_runtime.wire import encode_arguments, encode_text
from mcp.result import ToolResult

_NOT_TOOLS = ("_repr_", "_ipython_", "_ipy")


def unusual_result(result: Any, server: str, tool: str) -> ToolResult:
    """A result that is an error, or of a shape no server should send."""
    if not isinstance(result, dict):
        return ToolResult({"content": [], "structuredContent": {"result": result}})
    if result.get("isError"):
        text = ToolResult(result).text or f"Tool {tool!r} of server {server!r} failed"
        raise MCPError(text, result=result)
    return ToolResult(result)


def call_head(server: str, tool: str) -> str:
    """The params of a call up to its arguments."""
    return f'{{"server":{encode_text(server)},"tool":{encode_text(tool)},"arguments":'


def _find(tools: list[Tool], tool: str) -> Tool | None:
    for key in ("name", "alias"):
        for each in tools:
            if each.get(key) == tool:
                return each
    return None


def _by_position(spec: Tool | None, tool: str, args: tuple, named: dict[str, Any]) -> dict[str, Any]:
    """Arguments given by position, in the order of the tool's schema: required ones first."""
    schema = spec.get("input_schema") if spec else None
    properties = schema.get("properties") if isinstance(schema, dict) else None
    required = schema.get("required") if isinstance(schema, dict) else None
    names = list(properties) if isinstance(properties, dict) else []
    needed = [name for name in names if isinstance(required, list) and name in required]
    order = [name for name in needed + [name for name in names if name not in needed]]
    order = [name for name in order if name not in named]
    if len(args) > len(order):
        raise TypeError(f"{tool}() takes keyword arguments: {', '.join(names) or 'see its docs'}")
    return {**dict(zip(order, args)), **named}


def make_tool(server: str, tool: str) -> Callable:
    """An async function that calls one tool; its `sync` attribute is the blocking form."""
    head = call_head(server, tool)
    channel = session.current.channel
    request, request_sync = channel.request, channel.request_sync

    def merged(args: tuple, named: dict[str, Any]) -> dict[str, Any] | None:
        if len(args) == 1 and isinstance(args[0], dict) and not isinstance(args[0], ToolResult):
            return {**args[0], **named}
        return None if args else named

    async def call(*args: Any, **arguments: Any) -> ToolResult:
        if args:
            arguments = merged(args, arguments) or _by_position(
                _find(await catalogue.tools(server), tool), tool, args, arguments
            )
        result = await request("call_tool", f"{head}{encode_arguments(arguments)}}}")
        if type(result) is dict and not result.get("isError"):
            return ToolResult(result)
        return unusual_result(result, server, tool)

    def sync(*args: Any, **arguments: Any) -> ToolResult:
        """The same call for plain code: blocks until the answer is there."""
        if args:
            arguments = merged(args, arguments) or _by_position(
                _find(catalogue.tools_sync(server), tool), tool, args, arguments
            )
        result = request_sync("call_tool", f"{head}{encode_arguments(arguments)}}}")
        return unusual_result(result, server, tool)

    call.sync = sync
    call.server, call.tool = server, tool
    _name_function(call, tool)
    _name_function(sync, tool)
    known = catalogue.known_tools(server)
    document(call, _find(known, tool) if known is not None else None)
    return call


def _name_function(function: Callable, tool: str) -> None:
    function.__name__ = function.__qualname__ = tool


def document(function: Any, spec: Tool | None) -> None:
    """Gives a tool's function the description and the signature of the tool."""
    if spec is None:
        function.__doc__ = (
            f"Tool {function.tool!r} of MCP server {function.server!r}.\n\n"
            f"Its description: runtime.query_tool_docs_sync({function.server!r}, {function.tool!r})"
        )
        return
    function.__doc__ = str(spec.get("description") or "") or f"Tool {function.tool!r}"
    schema = spec.get("input_schema")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if isinstance(properties, dict) and all(str(name).isidentifier() for name in properties):
        function.__signature__ = _signature(properties, schema.get("required") or ())


def _signature(properties: dict, required: Any) -> Any:
    from inspect import Parameter, Signature
    from keyword import iskeyword

    parameters = []
    for name, schema in properties.items():
        if iskeyword(name):
            continue
        default = schema.get("default") if isinstance(schema, dict) else None
        empty = Parameter.empty if isinstance(required, list) and name in required else default
        parameters.append(Parameter(name, Parameter.KEYWORD_ONLY, default=empty))
    return Signature(parameters)


class ServerProxy:
    """One MCP server: each attribute is a tool. `dir()` lists them; `await x.list_tools()` too."""

    def __init__(self, entry: dict) -> None:
        state = self.__dict__
        state["_name"] = entry["name"]
        state["_alias"] = entry.get("alias") or entry["name"]
        description = entry.get("description")
        state["__doc__"] = description if isinstance(description, str) else None

    async def list_tools(self) -> list[Tool]:
        return list(await catalogue.tools(self._name))

    def __getattr__(self, name: str) -> Callable:
        if name.startswith("__") or name.startswith(_NOT_TOOLS):
            raise AttributeError(name)
        function = self.__dict__[name] = make_tool(self._name, name)
        return function

    def __getitem__(self, name: str) -> Callable:
        """A tool whose name is no identifier: `mcp_x["read-file"]`."""
        if not isinstance(name, str):
            raise TypeError("a tool's name is a string")
        return make_tool(self._name, name)

    def __dir__(self) -> list[str]:
        try:
            tools = catalogue.tools_sync(self._name)
        except Exception:
            tools = []
        return ["list_tools", *(str(each.get("alias") or each["name"]) for each in tools)]

    def __repr__(self) -> str:
        tools = catalogue.known_tools(self._name)
        words = "" if tools is None else f", {len(tools)} tools"
        return f"<MCP server {self._name!r}{words}>"


class Servers(dict):
    """Proxies by real name; an alias is understood as well."""

    def __missing__(self, name: Any) -> ServerProxy:
        real = catalogue.names_by_alias.get(name) if isinstance(name, str) else None
        if real is not None and real in self:
            return self[real]
        raise UnknownServer(f"Server {name!r} is not available", -32010)

    def __getattr__(self, name: str) -> ServerProxy:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except UnknownServer as error:
            raise AttributeError(str(error)) from None


servers = Servers()


def rebuild() -> None:
    """Makes proxies for the servers of the catalogue; those that stay keep their identity."""
    kept = dict(servers)
    servers.clear()
    for name, entry in catalogue.by_name.items():
        old = kept.get(name)
        alias = entry.get("alias") or name
        same = old is not None and old._alias == alias
        servers[name] = old if same else ServerProxy(entry)


def _document_all(name: str, tools: list[Tool]) -> None:
    proxy = dict.get(servers, name)
    if proxy is None:
        return
    for function in list(proxy.__dict__.values()):
        if hasattr(function, "sync"):
            spec = _find(tools, function.tool)
            if spec is not None:
                document(function, spec)


catalogue.on_tools = _document_all
