"""The globals that user code finds, renewed for each run."""

from __future__ import annotations

import asyncio
import sys
from typing import Any, Callable

import mcp
from mcp import runtime

from headrace_runtime import proxies, report
from headrace_runtime.catalogue import catalogue

_given: dict[str, Any] = {}  # mcp_<alias> names that we have put there
_saved: Any = None  # the module, from when there may be a saved tool
_repr, _write_line = repr, print
# Nothing but their repr to show; others are asked what they have.
_PLAIN = frozenset((str, int, float, bool, list, tuple, dict, set, bytes, complex, range))


def save_tool(func: Callable) -> str:
    """Keeps a function, with the imports it needs, for every later session."""
    return runtime.save_tool(func)


def display(*objects: Any) -> None:
    """Shows each object as a notebook does: a picture, markdown, a table, or its repr."""
    from headrace_runtime import showing

    showing.display(*objects)


def help(*request: Any) -> None:
    """Python's own help; of a server it tells how each tool is called."""
    from headrace_runtime import docs

    docs.show_help(*request)


_fixed = {
    "__name__": "__sandbox__",
    "mcp": mcp,
    "runtime": runtime,
    "mcp_servers": proxies.servers,
    "save_tool": save_tool,
}
_offered = {"asyncio": asyncio, "display": display, "help": help}  # unless code has its own


def refresh(
    scope: dict[str, Any], servers: list[dict] | None, loaded: list[str], tools: list[dict] | None
) -> None:
    """Puts the servers of a run, and saved tools that are new, into the globals."""
    if catalogue.update(servers, loaded):
        _replace_servers(scope)
    for name, value in _offered.items():
        if name not in scope:
            scope[name] = value
    scope.update(_given)
    scope.update(_fixed)  # last: a server may be called "servers"
    scope["LOADED_MCP_SERVERS"] = catalogue.loaded
    if tools or _saved is not None:
        _load_saved(scope, tools)


def _load_saved(scope: dict[str, Any], tools: list[dict] | None) -> None:
    global _saved
    from headrace_runtime import saved as _saved

    _saved.load(scope, tools)


def renew_servers(scope: dict[str, Any], servers: list[dict]) -> None:
    """The same in the midst of a run: names that code may have used are left to it, if not new."""
    before = dict(_given)
    if catalogue.update(servers, list(catalogue.loaded)):
        _replace_servers(scope)
        new = {name: proxy for name, proxy in _given.items() if before.get(name) is not proxy}
        scope.update({name: proxy for name, proxy in new.items() if name not in _fixed})


def _replace_servers(scope: dict[str, Any]) -> None:
    """Makes proxies for the servers of the catalogue, and takes those out that are gone."""
    before = dict(_given)
    proxies.rebuild()
    _given.clear()
    for proxy in proxies.servers.values():
        _given[f"mcp_{proxy._alias}"] = proxy
    gone = [name for name, proxy in before.items() if _given.get(name) is not proxy]
    for name in gone:
        if scope.get(name) is before[name]:
            del scope[name]
    modules = sys.modules.get("mcp.servers")
    if modules is not None:
        modules.forget([name[4:] for name in gone])


def is_given(name: str, value: Any) -> bool:
    """Whether every session has this global from the start."""
    return name.startswith("__") or given().get(name) is value


def given() -> dict[str, Any]:
    """The globals that a session begins with."""
    return {**_offered, **_given, **_fixed, "LOADED_MCP_SERVERS": catalogue.loaded}


def note_imports(tree: Any, source: str) -> None:
    """Remembers the top-level imports of a piece of code, for functions that get saved."""
    for node in tree.body:
        if type(node).__name__ in ("Import", "ImportFrom"):
            from headrace_runtime import saving

            saving.note_import(node)


def show(value: Any) -> None:
    """Shows the value of a run's last expression."""
    if type(value) in _PLAIN:
        _write_line(_repr(value), file=sys.stdout)
    else:
        from headrace_runtime import showing

        showing.show(value)


def warm_up() -> None:
    """Loads what the first calls will need, in time that nobody waits for."""
    from headrace_runtime import saved, showing, tools  # noqa: F401

    for module, name in ((runtime, "call_tool"), (report, "describe"), (tools, "make_tool")):
        getattr(module, name)
