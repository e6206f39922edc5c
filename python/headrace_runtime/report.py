"""How an exception of user code is shown: its own frames and those beneath, not ours."""

from __future__ import annotations

import sys
import traceback
from typing import Any

_OURS = ("<headrace_", "<mcp", "<string>")
_ERROR_LIMIT = 8192
_TracebackException = traceback.TracebackException


def _is_ours(filename: str) -> bool:
    return filename.startswith(_OURS)


def _trim(report: Any, seen: set) -> None:
    if report is None or id(report) in seen:
        return
    seen.add(id(report))
    report.stack[:] = [frame for frame in report.stack if not _is_ours(frame.filename)]
    _trim(report.__cause__, seen)
    _trim(report.__context__, seen)
    for inner in getattr(report, "exceptions", None) or ():
        _trim(inner, seen)


def describe(error: BaseException) -> tuple[str, str]:
    """The whole report, and its final line (`ValueError: x`)."""
    frames = error.__traceback__
    while frames is not None and _is_ours(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    try:
        report = _TracebackException(type(error), error, frames)
        _trim(report, set())
        lines = list(report.format_exception_only())
        short = [line for line in lines if not line.startswith((" ", "\t"))]
        final = short[0].strip() if short else type(error).__name__
        whole = "".join(report.format())
        if not report.stack:
            whole = whole.replace("Traceback (most recent call last):\n", "", 1)
    except Exception:  # an exception that cannot even be formatted
        final = f"{type(error).__name__}: <unprintable>"
        whole = final + "\n"
    if len(final) > _ERROR_LIMIT:
        final = final[:_ERROR_LIMIT] + "…"
    return whole, final


def show(error: BaseException) -> str:
    """Prints the report to stderr; its final line."""
    whole, final = describe(error)
    write(whole)
    return final


def write(text: str) -> None:
    """Text to stderr, or nowhere when user code has made that impossible."""
    try:
        sys.stderr.write(text)
    except Exception:
        pass


def show_interrupted(error: BaseException, reason: str | None) -> None:
    """Where an interrupted run was."""
    whole = describe(error)[0].rstrip("\n")
    head = whole.rpartition("\n")[0]
    write(f"{head}\nInterrupted: {reason}\n" if head else f"Interrupted: {reason}\n")
