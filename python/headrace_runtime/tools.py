"""The tools of a server as functions: `await tool(a=1)`, or `tool.sync(a=1)`."""

from __future__ import annotations

from functools import partial
from types import MethodType
from typing import Any

from mcp.result import Tool, ToolResult

from headrace_runtime import session
from headrace_runtime.catalogue import catalogue
from headrace_runtime.errors import MCPError
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


def _takes_dict(args: tuple) -> bool:
    """Whether a call was given all its arguments as one dict."""
    return len(args) == 1 and isinstance(args[0], dict) and not isinstance(args[0], ToolResult)


def _by_position(
    spec: Tool | None, tool: str, args: tuple, named: dict[str, Any]
) -> dict[str, Any]:
    """Arguments given by position, in the order of the tool's signature: required ones first."""
    from headrace_runtime.docs import parameter_alias

    schema = spec.get("input_schema") if spec else None
    properties = schema.get("properties") if isinstance(schema, dict) else None
    required = schema.get("required") if isinstance(schema, dict) else None
    names = list(properties) if isinstance(properties, dict) else []
    needed = [name for name in names if isinstance(required, list) and name in required]
    order = needed + [name for name in names if name not in needed]
    order = [name for name in order if name not in named and parameter_alias(name) not in named]
    if len(args) > len(order):
        raise TypeError(f"{tool}() takes keyword arguments: {', '.join(names) or 'see its docs'}")
    return {**dict(zip(order, args)), **named}


class ToolFunction(partial):
    # A function whose documentation is asked for when somebody looks at it. A partial costs calls
    # next to nothing, and for `inspect` it is as asynchronous as what it wraps.

    @property
    def __doc__(self) -> str:
        from headrace_runtime import docs

        return docs.docstring(self.server, self.tool)

    @property
    def __signature__(self) -> Any:
        from headrace_runtime import docs

        return docs.signature(self.server, self.tool)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """As functions have it."""
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<tool {self.tool!r} of MCP server {self.server!r}>"


def _take_listener(arguments: dict[str, Any], spec: Tool | None) -> Any:
    """What `on_progress` names, taken out of the arguments, or None; the tool keeps its own."""
    schema = spec.get("input_schema") if spec else None
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if isinstance(properties, dict) and "on_progress" in properties:
        return None
    given = arguments.pop("on_progress")
    if given is None:
        return None
    from headrace_runtime import listening

    return listening.checked(given)


def listened(params: str) -> str:
    """The params of a call whose progress somebody wants to hear of."""
    return f'{params[:-1]},"progress":true}}'


def make_tool(server: str, tool: str, module: str | None = None) -> ToolFunction:
    """An async function that calls one tool; its `sync` attribute is the blocking form."""
    head = call_head(server, tool)
    channel = session.current.channel
    request, request_sync = channel.request, channel.request_sync

    async def call(*args: Any, **arguments: Any) -> ToolResult:
        listener = None
        if "on_progress" in arguments:
            # A function can't be meant for the tool; of anything else its schema knows.
            function = callable(arguments["on_progress"])
            spec = None if function else _find(await catalogue.tools(server), tool)
            listener = _take_listener(arguments, spec)
        if args and not _takes_dict(args):
            spec = _find(await catalogue.tools(server), tool)
            arguments = _by_position(spec, tool, args, arguments)
        elif args:
            arguments = {**args[0], **arguments}
        params = f"{head}{encode_arguments(arguments)}}}"
        if listener is None:
            result = await request("call_tool", params)
        else:
            from headrace_runtime import listening

            result = await listening.request("call_tool", listened(params), listener)
        if type(result) is dict and not result.get("isError"):
            return ToolResult(result)
        return unusual_result(result, server, tool)

    def sync(*args: Any, **arguments: Any) -> ToolResult:
        listener = None
        if "on_progress" in arguments:
            # A function can't be meant for the tool; of anything else its schema knows.
            function = callable(arguments["on_progress"])
            spec = None if function else _find(catalogue.tools_sync(server), tool)
            listener = _take_listener(arguments, spec)
        if args and not _takes_dict(args):
            spec = _find(catalogue.tools_sync(server), tool)
            arguments = _by_position(spec, tool, args, arguments)
        elif args:
            arguments = {**args[0], **arguments}
        params = f"{head}{encode_arguments(arguments)}}}"
        if listener is None:
            result = request_sync("call_tool", params)
        else:
            from headrace_runtime import listening

            result = listening.request_sync("call_tool", listened(params), listener)
        return unusual_result(result, server, tool)

    made = []
    for function in (call, sync):
        function.__name__ = function.__qualname__ = tool  # "'tool' was never awaited"
        outer = ToolFunction(function)
        outer.__name__ = outer.__qualname__ = tool
        outer.__module__ = module or f"mcp_{catalogue.alias_of(server)}"
        outer.server, outer.tool = server, tool
        made.append(outer)
    made[0].sync = made[1]
    return made[0]
