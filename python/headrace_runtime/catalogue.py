"""Which servers the code may reach, and what is known of their tools so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headrace_runtime import session
from headrace_runtime.errors import MCPError
from headrace_runtime.wire import encode_text

if TYPE_CHECKING:
    from mcp.result import Tool

    from headrace_runtime.docs import ServerDocs


class Catalogue:
    """The servers of the current run; tool lists are asked for on demand and kept for the run."""

    def __init__(self) -> None:
        self.servers: list[dict] = []
        self.by_name: dict[str, dict] = {}
        self.names_by_alias: dict[str, str] = {}
        self.loaded: tuple[str, ...] = ()
        self.docs: dict[str, ServerDocs] = {}  # kept for the run as well
        self._tools: dict[str, list[Tool]] = {}

    def update(self, servers: list[dict] | None, loaded: list[str]) -> bool:
        """Takes what a run came with; whether the servers are other ones than before."""
        self._tools, self.docs = {}, {}
        self.loaded = tuple(name for name in loaded if isinstance(name, str))
        if servers is None or servers == self.servers:
            return False
        self.servers = servers
        usable = [each for each in servers if isinstance(each.get("name"), str)]
        self.by_name = {each["name"]: each for each in usable}
        self.names_by_alias = {each.get("alias") or each["name"]: each["name"] for each in usable}
        return True

    def resolve(self, server: str) -> str:
        """The real name for a name or an alias; anything else as it is, for the host to judge."""
        if not isinstance(server, str):
            server = getattr(server, "_name", server)
            if not isinstance(server, str):
                raise MCPError("'server' must be a string", -32602)
        if server in self.by_name:
            return server
        return self.names_by_alias.get(server, server)

    def require(self, server: str) -> dict:
        """The entry of a server of this run."""
        entry = self.by_name.get(self.resolve(server))
        if entry is None:
            raise MCPError(f"Server {server!r} is not loaded", -32010)
        return entry

    def alias_of(self, name: str) -> str:
        return (self.by_name.get(name) or {}).get("alias") or name

    def known_tools(self, name: str) -> list[Tool] | None:
        return self._tools.get(name)

    async def tools(self, server: str) -> list[Tool]:
        name = self.resolve(server)
        tools = self._tools.get(name)
        if tools is None:
            params = f'{{"server":{encode_text(name)}}}'
            tools = self._keep(name, await session.current.channel.request("list_tools", params))
        return tools

    def tools_sync(self, server: str) -> list[Tool]:
        name = self.resolve(server)
        tools = self._tools.get(name)
        if tools is None:
            params = f'{{"server":{encode_text(name)}}}'
            tools = self._keep(name, session.current.channel.request_sync("list_tools", params))
        return tools

    def _keep(self, name: str, result: Any) -> list[Tool]:
        from mcp.result import Tool

        listed = result.get("tools") if isinstance(result, dict) else None
        tools = []
        for each in listed if isinstance(listed, list) else ():
            if isinstance(each, dict) and isinstance(each.get("name"), str):
                tool = Tool(each)
                if "inputSchema" in tool:
                    tool["input_schema"] = tool.pop("inputSchema")
                tools.append(tool)
        self._tools[name] = tools
        return tools


catalogue = Catalogue()
