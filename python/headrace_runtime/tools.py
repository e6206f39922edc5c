"""The tools of a server as functions: `await tool(a=1)`, or `tool.sync(a=1)`."""

from __future__ import annotations

from typing import Any, Callable

from mcp.result import Tool, ToolResult

from headrace_runtime import session
from headrace_runtime.catalogue import catalogue
from headrace_runtime.errors import MCPError
from headrace_runtime.proxies import servers
from headrace_runtime.wire import encode_arguments, encode_text


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


def _by_position(
    spec: Tool | None, tool: str, args: tuple, named: dict[str, Any]
) -> dict[str, Any]:
    """Arguments given by position, in the order of the tool's schema: required ones first."""
    schema = spec.get("input_schema") if spec else None
    properties = schema.get("properties") if isinstance(schema, dict) else None
    required = schema.get("required") if isinstance(schema, dict) else None
    names = list(properties) if isinstance(properties, dict) else []
    needed = [name for name in names if isinstance(required, list) and name in required]
    order = needed + [name for name in names if name not in needed]
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


def document_all(name: str, tools: list[Tool]) -> None:
    """Describes the functions that exist already, now that the server's list is known."""
    proxy = dict.get(servers, name)
    if proxy is None:
        return
    for function in list(proxy.__dict__.values()):
        if hasattr(function, "sync"):
            spec = _find(tools, function.tool)
            if spec is not None:
                document(function, spec)
