"""Saving a function for later sessions: its source, and what it uses of the session."""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
import textwrap
from types import ModuleType
from typing import Any, Callable

from headrace_runtime import namespace, saved, session, sources
from headrace_runtime.errors import MCPError
from headrace_runtime.wire import encode

_LITERALS = (type(None), bool, int, float, complex, str, bytes, tuple, list, dict, set)
_LONGEST_LITERAL = 16384

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


def _literal(value: Any) -> str | None:
    """A constant as source text; None for what has no literal, or a long one."""
    if type(value) not in _LITERALS:
        return None
    try:
        text = repr(value)
        same = len(text) <= _LONGEST_LITERAL and ast.literal_eval(text) == value
    except Exception:
        return None
    return text if same else None


def _import_of(name: str, value: Any) -> str | None:
    """A statement that imports a value, where a module has it under its own name."""
    if isinstance(value, ModuleType):
        return f"import {value.__name__} as {name}"
    module, own = getattr(value, "__module__", None), getattr(value, "__name__", None)
    if not isinstance(module, str) or not isinstance(own, str) or module == "__sandbox__":
        return None
    if getattr(sys.modules.get(module), own, None) is not value:
        return None
    return f"from {module} import {own} as {name}"


class _Parts:
    """What a saved source is made of, and names of what it lacks."""

    def __init__(self, scope: dict) -> None:
        self.scope = scope
        self.imports: dict[str, None] = {}
        self.constants: dict[str, str] = {}
        self.functions: dict[str, str] = {}
        self.lacking: dict[str, None] = {}

    def add(self, function: Callable) -> None:
        """Adds a function's source, and what that needs, before it."""
        own, scope = function.__name__, self.scope
        text, node = _own_source(function)
        self.functions[own] = ""  # known, so that recursion ends; its place comes later
        local = {*function.__code__.co_varnames, *function.__code__.co_cellvars}
        local.difference_update(_global_names(node.args))  # defaults are evaluated outside
        for name in _global_names(node):
            if name in self.functions or name in local or name not in scope:
                continue
            value = scope[name]
            if inspect.isfunction(value) and value.__globals__ is scope and value.__name__ == name:
                self.add(value)
            elif not namespace.is_given(name, value) and not hasattr(builtins, name):
                self._add_value(name, value)
        del self.functions[own]
        self.functions[own] = text

    def _add_value(self, name: str, value: Any) -> None:
        statement = _imports.get(name) or _import_of(name, value)
        literal = None if statement else _literal(value)
        if statement:
            self.imports[statement] = None
        elif literal is not None:
            self.constants[name] = literal
        else:
            self.lacking[name] = None

    def source(self) -> str:
        statements = [*self.imports, *(f"{name} = {text}" for name, text in self.constants.items())]
        head = ["".join(f"{statement}\n" for statement in statements)] if statements else []
        return "\n\n".join(head + list(self.functions.values()))


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
    try:
        saved.check_name(name)
    except saved.Unfit as error:
        raise ValueError(f"{name} is not saved: {error}") from None
    parts = _Parts(function.__globals__)
    parts.add(function)
    source = parts.source()
    _try_out(name, source)
    params = encode({"name": name, "source": source})
    answer = session.current.channel.request_sync("save_tool", params)
    saved.note_saved(name, source, function)
    version = answer.get("version") if isinstance(answer, dict) else None
    number = f" as version {version}" if type(version) is int else ""
    words = f"Saved {name!r}{number}: every later session has it from the start."
    if not parts.lacking:
        return words
    return f"{words} Not saved with it, so define it there first: {', '.join(parts.lacking)}."


def _try_out(name: str, source: str) -> None:
    """Runs what would be kept as a new session will, so that no such session fails on it."""
    filename = f"<tool:{name}>"
    scope = namespace.given()
    try:
        code = saved.compiled(name, source, filename)[1]
        sources.remember(filename, source)
        exec(code, scope)
    except saved.Unfit as error:
        raise ValueError(f"{name} is not saved: {error}") from None
    except BaseException as error:
        if session.current.interrupts.pending():
            raise
        raise ValueError(
            f"{name} is not saved, since its source fails where there is nothing else of this "
            f"session: {type(error).__name__}: {error}"
        ) from None
    if not callable(scope.get(name)):
        raise ValueError(f"{name} is not saved, since its source does not define it as a function")
