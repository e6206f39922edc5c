"""The tools that were saved: how they come into a session, a list, and how one is deleted."""

from __future__ import annotations

import ast
import keyword
from types import CodeType
from typing import Any

from headrace_runtime import namespace, report, session, sources
from headrace_runtime.wire import encode

_loaded: dict[str, str] = {}  # sources by name, as last executed, of broken ones too
_functions: dict[str, Any] = {}  # what these have put into the globals
_waiting: dict[str, str] = {}  # sources by name, for which an interrupted run had no time
_DEFINITIONS = ("FunctionDef", "AsyncFunctionDef", "ClassDef")
_ASSIGNMENTS = ("Assign", "AnnAssign", "AugAssign", "TypeAlias")
_HARMLESS = ("Import", "ImportFrom", "Pass", *_DEFINITIONS, *_ASSIGNMENTS)
_BLOCKS = ("If", "Try", "TryStar")
_NEVER_RUNS = ("__name__ == '__main__'", "'__main__' == __name__")


class Unfit(ValueError):
    """What a source has that a saved tool must not have, in words."""


def compiled(name: str, source: str, filename: str) -> tuple[ast.Module, CodeType]:
    """The syntax tree and the code of a tool; raises Unfit for one that could harm a session."""
    check_name(name)
    tree = compile(source, filename, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    _check(tree.body, True)
    return tree, compile(tree, filename, "exec", dont_inherit=True)


def check_name(name: str) -> None:
    """Raises Unfit for a name that has a meaning in every session already."""
    if keyword.iskeyword(name):
        raise Unfit(f"{name!r} is a word of Python's own: give it another name")
    if name in session._builtins or name in ("__builtins__", "__annotations__"):
        raise Unfit(f"{name!r} is a name of Python's own: give it another one")
    if name.startswith("mcp_"):
        raise Unfit(f"{name!r} is a name as servers have it, with mcp_: give it another one")
    if name in namespace.given():
        raise Unfit(f"every session has its own {name!r}: give it another name")


def _check(body: list, names_count: bool) -> None:
    """Every session runs this before its first code, so it must have no effects to speak of."""
    for node in body:
        kind = type(node).__name__
        if kind in _BLOCKS:
            if kind != "If" or ast.unparse(node.test) not in _NEVER_RUNS:
                _check(node.body, names_count)
            _check(node.orelse, names_count)
            _check(getattr(node, "finalbody", []), names_count)
            for handler in getattr(node, "handlers", ()):
                _check(handler.body, names_count)
            continue
        docstring = kind == "Expr" and isinstance(node.value, ast.Constant)
        if kind not in _HARMLESS and not docstring:
            text = ast.unparse(node).partition("\n")[0]
            text = text if len(text) <= 80 else text[:79] + "…"
            raise Unfit(
                f"line {node.lineno}, `{text}`: outside its functions a saved tool has only "
                "imports, definitions and assignments"
            )
        if names_count:
            for name in _bound(node, kind):
                check_name(name)
        if kind == "ClassDef":
            _check(node.body, False)


def _bound(node: Any, kind: str) -> list[str]:
    """The names that a definition or an assignment gives something to."""
    if kind in _DEFINITIONS:
        return [node.name]
    if kind not in _ASSIGNMENTS:
        return []  # an import of what has such a name may well be the thing itself
    targets = getattr(node, "targets", None) or [getattr(node, "target", None) or node.name]
    names = (each for target in targets for each in ast.walk(target))
    return [each.id for each in names if isinstance(each, ast.Name) and type(each.ctx) is ast.Store]


def load(scope: dict[str, Any], tools: list[dict] | None) -> None:
    """Runs the sources that are new, or still wait; a broken one is reported and skipped."""
    if tools is not None:
        _waiting.clear()
        for tool in tools:
            name, source = tool.get("name"), tool.get("source")
            if isinstance(name, str) and isinstance(source, str) and _loaded.get(name) != source:
                _waiting[name] = source
    pending = session.current.interrupts.pending
    while _waiting:
        if pending():
            raise KeyboardInterrupt  # before the next one could be blamed for it
        name = next(iter(_waiting))
        _loaded[name] = source = _waiting.pop(name)
        try:
            _run(name, source, scope)
        except Unfit as error:
            report.write(
                f"The saved tool {name!r} could not be loaded: {error}. "
                f"runtime.delete_tool({name!r}) removes it.\n"
            )
        except BaseException as error:
            if pending():
                report.write(
                    f"The saved tool {name!r} took too long to load and is skipped from now on; "
                    f"runtime.delete_tool({name!r}) removes it.\n"
                )
                raise
            report.write(f"The saved tool {name!r} could not be loaded:\n")
            report.show(error)
        if pending():
            raise KeyboardInterrupt  # the tool has swallowed its own


def _run(name: str, source: str, scope: dict[str, Any]) -> None:
    filename = f"<tool:{name}>"
    tree, code = compiled(name, source, filename)
    sources.remember(filename, source)
    namespace.note_imports(tree, source)
    exec(code, scope)
    _functions[name] = scope.get(name)


def note_saved(name: str, source: str, function: Any) -> None:
    """The session that saved a tool has it: running its source would undo later assignments."""
    _waiting.pop(name, None)
    _loaded[name], _functions[name] = source, function


def _forget(name: str, scope: dict[str, Any]) -> None:
    """Takes a deleted tool out of the globals, unless code has given its name to another thing."""
    _waiting.pop(name, None)
    _loaded.pop(name, None)
    function = _functions.pop(name, None)
    if function is not None and scope.get(name) is function:
        del scope[name]


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
    _forget(name, session.current.globals)
    return f"Deleted {name!r}: no later session has it."
