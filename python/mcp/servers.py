"""A module for each MCP server: `from mcp.servers.<alias> import <tool>`."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from headrace_runtime.catalogue import catalogue
from headrace_runtime.tools import make_tool

__path__: list = []  # a package whose modules come from the finder below
_PREFIX = __name__ + "."


class ServerModule(ModuleType):
    """The tools of one server as async functions. The list is asked for when it is needed."""

    @property
    def TOOLS(self) -> list:
        return catalogue.tools_sync(self.__dict__["_server"])

    @property
    def TOOL_MAP(self) -> dict:
        return {_alias(tool): tool for tool in self.TOOLS}

    @property
    def __all__(self) -> list:
        return ["TOOLS", "TOOL_MAP", *map(_alias, self.TOOLS)]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        function = make_tool(self.__dict__["_server"], name, self.__name__)
        setattr(self, name, function)
        return function

    def __dir__(self) -> list:
        return self.__all__


def _alias(tool: Any) -> str:
    return str(tool.get("alias") or tool["name"])


class _Finder:
    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        if not name.startswith(_PREFIX):
            return None
        server = catalogue.names_by_alias.get(name[len(_PREFIX) :])
        if server is None:
            return None
        return ModuleSpec(name, _Loader(server), origin=f"MCP server {server}")


class _Loader:
    def __init__(self, server: str) -> None:
        self._server = server

    def create_module(self, spec: Any) -> ModuleType:
        entry = catalogue.by_name.get(self._server) or {}
        module = ServerModule(spec.name, entry.get("description") or None)
        module.__dict__["_server"] = self._server
        return module

    def exec_module(self, module: ModuleType) -> None:
        pass


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return list(catalogue.names_by_alias)
    if name in catalogue.names_by_alias:
        from importlib import import_module

        return import_module(_PREFIX + name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list:
    return list(catalogue.names_by_alias)


def forget(aliases: Any) -> None:
    """Drops the modules of servers that are gone or have become others."""
    for alias in aliases:
        sys.modules.pop(_PREFIX + alias, None)
        globals().pop(alias, None)


sys.meta_path.insert(0, _Finder)
