"""Servers as objects, `mcp_x` and `mcp_servers["x"]`, whose attributes are their tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from headrace_runtime.catalogue import catalogue
from headrace_runtime.errors import UnknownServer

if TYPE_CHECKING:
    from mcp.result import Tool

_NOT_TOOLS = ("_repr_", "_ipython_", "_ipy")


class ServerProxy:
    """One MCP server: each attribute is a tool. `dir()` lists them; `await x.list_tools()` too."""

    def __init__(self, entry: dict) -> None:
        state = self.__dict__
        state["_name"] = entry["name"]
        state["_alias"] = entry.get("alias") or entry["name"]
        _describe(self, entry)

    async def list_tools(self) -> list[Tool]:
        return list(await catalogue.tools(self._name))

    def __getattr__(self, name: str) -> Callable:
        if name.startswith("__") or name.startswith(_NOT_TOOLS):
            raise AttributeError(name)
        from headrace_runtime.tools import make_tool

        function = self.__dict__[name] = make_tool(self._name, name)
        return function

    def __getitem__(self, name: str) -> Callable:
        """A tool whose name is no identifier: `mcp_x["read-file"]`."""
        if not isinstance(name, str):
            raise TypeError("a tool's name is a string")
        from headrace_runtime.tools import make_tool

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


def _describe(proxy: ServerProxy, entry: dict) -> None:
    description = entry.get("description")
    proxy.__dict__["__doc__"] = description if isinstance(description, str) else None


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
        if old is None or old._alias != alias:
            servers[name] = ServerProxy(entry)
        else:
            servers[name] = old
            _describe(old, entry)
