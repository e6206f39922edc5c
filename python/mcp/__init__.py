"""MCP servers from inside the sandbox: `mcp.runtime` has the helpers, `mcp.servers` the tools."""

from __future__ import annotations

from typing import Any

__all__ = ["runtime", "servers"]


def __getattr__(name: str) -> Any:
    if name in ("runtime", "servers", "result"):
        from importlib import import_module

        return import_module(f"mcp.{name}")
    if name in ("MCPError", "save_tool", "call_tool"):
        from mcp import runtime

        return getattr(runtime, name)
    raise AttributeError(
        f"module 'mcp' has no attribute {name!r}: in the sandbox it offers mcp.runtime and "
        "mcp.servers, and no MCP SDK"
    )
