"""The tools that were saved: a list with signatures, and how one is deleted."""

from __future__ import annotations

import ast
from typing import Any

from headrace_runtime import namespace, session
from headrace_runtime.wire import encode


def listed() -> list[dict]:
    answer = session.current.channel.request_sync("saved_tools", "{}")
    tools = answer.get("tools") if isinstance(answer, dict) else None
    return [
        _described(tool)
        for tool in (tools if isinstance(tools, list) else ())
        if isinstance(tool, dict) and isinstance(tool.get("name"), str)
    ]


def _described(tool: dict) -> dict:
    """What a person wants to know of a saved tool; the signature says how it is called."""
    name, source = tool["name"], tool.get("source")
    signature = doc = None
    try:
        functions = [
            node
            for node in ast.parse(source).body
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name
        ]
        if functions:
            node = functions[-1]
            kind = "await " if isinstance(node, ast.AsyncFunctionDef) else ""
            returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
            signature = f"{kind}{name}({ast.unparse(node.args)}){returns}"
            doc = ast.get_docstring(node)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        pass  # a broken one is listed as well: it can be deleted
    return {
        "name": name,
        "signature": signature,
        "doc": doc,
        "version": tool.get("version"),
        "saved": tool.get("saved"),
        "source": source,
    }


def delete(name: Any) -> str:
    """Has the host forget a tool; the session's own function of that name goes if it is that."""
    name = getattr(name, "__name__", name)
    if not isinstance(name, str):
        raise TypeError("delete_tool expects the name of a saved tool")
    session.current.channel.request_sync("delete_tool", encode({"name": name}))
    namespace.forget_saved(name, session.current.globals)
    return f"Deleted {name!r}: no later session has it."
