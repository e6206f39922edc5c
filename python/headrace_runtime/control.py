"""Which servers there are, changed from within: the configuration read again, servers added and
removed. The host decides what is allowed."""

from __future__ import annotations

from typing import Any

from headrace_runtime import namespace, session
from headrace_runtime.catalogue import catalogue
from headrace_runtime.errors import MCPError
from headrace_runtime.wire import encode


def reload() -> str:
    _ask("reload", {})
    count = len(catalogue.by_name)
    return f"{count} server{'' if count == 1 else 's'} can be reached from here."


def add_server(name: Any, config: Any) -> str:
    if not isinstance(name, str) or not name.strip():
        raise MCPError("'name' must be a string that names the new server", -32602)
    if not isinstance(config, dict):
        raise MCPError(
            "'config' must be an object, as {'command': 'npx', 'args': ['-y', 'package']}", -32602
        )
    notes = _ask("add_server", {"name": name, "config": config}).get("notes")
    said = f"Added {name!r}; this run can't reach it."
    if name in catalogue.by_name:
        said = f"Added {name!r}: it is here as mcp_{catalogue.alias_of(name)}."
    for note in notes if isinstance(notes, list) else ():
        said += f" Note: {note}."
    return said


def remove_server(name: Any) -> str:
    name = catalogue.resolve(name)
    _ask("remove_server", {"name": name})
    return f"Removed {name!r}."


def _ask(method: str, params: dict) -> dict:
    """The request, and the servers that its answer names put into the globals of this run."""
    answer = session.current.channel.request_sync(method, encode(params))
    if not isinstance(answer, dict):
        return {}
    servers = answer.get("run_servers")
    if isinstance(servers, list):
        namespace.renew_servers(session.current.globals, servers)
    return answer
