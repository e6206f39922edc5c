"""Compiling a run's code, and keeping its text so that tracebacks and `inspect` can show it."""

from __future__ import annotations

import ast
import linecache
from types import CodeType
from typing import Any

_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_KEPT_TEXT = 8 * 1024 * 1024
_kept: dict[str, int] = {}


def remember(filename: str, source: str) -> None:
    """Puts a source into `linecache`; the oldest go when all take too much."""
    if type(linecache.cache) is not dict:
        linecache.cache = {}
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    _kept.pop(filename, None)
    _kept[filename] = len(source)
    total = sum(_kept.values()) if len(_kept) % 16 == 0 or len(source) > 65536 else 0
    while total > _KEPT_TEXT and len(_kept) > 1:
        oldest = next(iter(_kept))
        total -= _kept.pop(oldest)
        linecache.cache.pop(oldest, None)


def _open_main_guards(body: list) -> None:
    """Lets `if __name__ == "__main__":` at the top run its code: who writes it means this run."""
    for node in body:
        test = getattr(node, "test", None)
        if not isinstance(node, ast.If) or not isinstance(test, ast.Compare):
            continue
        if len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq):
            continue
        for one, other in ((test.left, test.comparators[0]), (test.comparators[0], test.left)):
            if isinstance(one, ast.Name) and one.id == "__name__":
                if isinstance(other, ast.Constant) and other.value == "__main__":
                    other.value = "__sandbox__"


def compile_run(source: str, filename: str) -> tuple[CodeType | None, CodeType | None, ast.Module]:
    """Code for the statements, and for the last one when it is an expression to be shown."""
    source = source.removeprefix("\ufeff")  # what some editors put first
    tree = compile(source, filename, "exec", ast.PyCF_ONLY_AST | _FLAGS, dont_inherit=True)
    body: list[Any] = tree.body
    _open_main_guards(body)
    last = None
    if body and isinstance(body[-1], ast.Expr) and not source.rstrip().endswith(";"):
        expression = ast.Expression(body[-1].value)
        last = compile(expression, filename, "eval", _FLAGS, dont_inherit=True)
        rest = ast.Module(body[:-1], tree.type_ignores)
        # Nothing but a docstring or nothing at all needs no code of its own.
        code = compile(rest, filename, "exec", _FLAGS, dont_inherit=True) if body[:-1] else None
        return code, last, tree
    return compile(tree, filename, "exec", _FLAGS, dont_inherit=True), None, tree
