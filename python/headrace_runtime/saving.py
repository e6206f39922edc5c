"""Saving a function for later sessions: its source, and the imports that it uses."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any, Callable

from headrace_runtime import session
from headrace_runtime.errors import MCPError
from headrace_runtime.wire import encode

_imports: dict[str, str] = {}  # bound name -> statement, over all runs of the session


def note_import(node: Any) -> None:
    """Remembers a top-level `import` or `from … import` statement."""
    for each in node.names:
        bound = each.asname or each.name
        if each.name == "*":
            continue
        if isinstance(node, ast.Import):
            bound = bound if each.asname else each.name.partition(".")[0]
            only: Any = ast.Import([each])
        else:
            only = ast.ImportFrom(node.module, [each], node.level)
        _imports[bound] = ast.unparse(only)


def _own_source(function: Callable) -> tuple[str, Any]:
    """The dedented source of a function, without a @save_tool on top, and its syntax tree."""
    try:
        text = textwrap.dedent(inspect.getsource(function))
        tree = ast.parse(text)
    except (OSError, TypeError, SyntaxError) as error:
        raise MCPError(f"The source of {function.__name__!r} cannot be found: {error}") from None
    node = tree.body[0] if tree.body else None
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        raise ValueError("save_tool expects a function made with def")
    lines = text.splitlines(True)
    dropped = set()
    for decorator in list(node.decorator_list):
        name = decorator.attr if isinstance(decorator, ast.Attribute) else None
        if "save_tool" in (name, getattr(decorator, "id", None)):
            dropped.update(range(decorator.lineno - 1, decorator.end_lineno))
            node.decorator_list.remove(decorator)
    text = "".join(line for number, line in enumerate(lines) if number not in dropped)
    return text.rstrip() + "\n", node


def _global_names(node: Any) -> list[str]:
    """Names that the function reads, in order of appearance."""
    names = {}
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load):
            names[each.id] = None
    return list(names)


def _gather(function: Callable, imports: dict, sources: dict, scope: dict) -> None:
    """Collects a function's source, its imports, and the session's functions that it calls."""
    text, node = _own_source(function)
    sources[function.__name__] = ""  # known, so that recursion ends; its place comes later
    for name in _global_names(node):
        if name in sources:
            continue
        value = scope.get(name)
        if name in _imports and name in scope:
            imports[_imports[name]] = None
        elif inspect.isfunction(value) and value.__globals__ is scope and value.__name__ == name:
            _gather(value, imports, sources, scope)
    del sources[function.__name__]
    sources[function.__name__] = text


def save(function: Any) -> str:
    """Sends a function's source to the host; a sentence that says so."""
    if isinstance(function, type) or not callable(function):
        raise ValueError("save_tool expects a function")
    function = inspect.unwrap(function)
    if not inspect.isfunction(function) or function.__name__ == "<lambda>":
        raise ValueError("save_tool expects a function made with def")
    name = function.__name__
    if function.__code__.co_freevars:
        free = ", ".join(function.__code__.co_freevars)
        raise ValueError(f"{name} uses variables of the function around it ({free}): pass them in")
    imports: dict[str, None] = {}
    sources: dict[str, str] = {}
    _gather(function, imports, sources, function.__globals__)
    parts = ["".join(f"{statement}\n" for statement in imports)] if imports else []
    source = "\n\n".join(parts + list(sources.values()))
    compile(source, f"<tool:{name}>", "exec", dont_inherit=True)
    params = encode({"name": name, "source": source})
    session.current.channel.request_sync("save_tool", params)
    return f"Saved {name!r}: every later session has it from the start."
