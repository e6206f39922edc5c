"""`runtime.progress(…)`: how far the code is, told to the host a few times a second at most."""

from __future__ import annotations

from _thread import allocate_lock
from math import isfinite
from time import monotonic
from typing import Any

from headrace_runtime import session
from headrace_runtime.wire import encode_text

INTERVAL = 0.05  # seconds between two frames
_LONGEST_MESSAGE = 1000

_lock = allocate_lock()
_next = 0.0  # when one may be sent again
_waiting = b""  # the latest that came before that


def _number(name: str, value: Any) -> str:
    if isinstance(value, (str, bytes, bytearray)) or not hasattr(type(value), "__float__"):
        raise TypeError(f"progress: {name} must be a number, not {type(value).__name__}")
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if not isfinite(number):
        raise ValueError(f"progress: {name} must be a finite number")
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)


def progress(done: Any, total: Any = None, message: str | None = None) -> None:
    """Tells the client how far this run is: `progress(3, 10, "third page")`."""
    global _next, _waiting
    head = f'"done":{_number("done", done)}'
    if total is not None:
        head += f',"total":{_number("total", total)}'
    if message is not None:
        if not isinstance(message, str):
            raise TypeError(f"progress: message must be a str, not {type(message).__name__}")
        message = message[:_LONGEST_MESSAGE].encode("utf-8", "backslashreplace").decode("utf-8")
        head += f',"message":{encode_text(message)}'
    run = session.current.capture.run
    if not run:
        return  # nobody waits
    words = f'{{"jsonrpc":"2.0","method":"progress","params":{{"run":{run},{head}}}}}\n'
    frame = words.encode("utf-8")
    now = monotonic()
    with _lock:
        if now < _next:
            _waiting = frame
            session.current.interrupts.on_tick = send_waiting
            return
        _waiting, _next = b"", now + INTERVAL
        session.current.channel.send(frame)


def send_waiting(at_once: bool = False) -> None:
    """Sends what was held back, when its time has come or, `at_once`, because the run ends."""
    global _next, _waiting
    if not _waiting:
        return
    now = monotonic()
    with _lock:
        if _waiting and (at_once or now >= _next):
            data, _waiting, _next = _waiting, b"", now + INTERVAL
            session.current.channel.send(data)


def renew_in_child() -> None:
    """After a fork, in the child: who held the lock is not there to release it."""
    global _lock, _waiting
    _lock, _waiting = allocate_lock(), b""
