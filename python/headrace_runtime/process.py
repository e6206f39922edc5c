"""What the interpreter does to its own process: private descriptors and limits."""

from __future__ import annotations

import fcntl
import os
import resource
from typing import Any

_PRIVATE_FROM = 100  # protocol descriptors live up here, out of the way of user code
_OPEN_FILES = 4096


def private(fd: int) -> int:
    """The same descriptor under a high number, close-on-exec; the old number is closed."""
    try:
        moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _PRIVATE_FROM)
    except OSError:
        moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(fd)
    return moved


class Descriptors:
    """What the interpreter and the process that watches over it share."""

    def __init__(self, reader: int, writer: int) -> None:
        self.reader, self.writer = take_channel(reader, writer)
        self.captured = (_pipe(), _pipe())  # reading and writing end, of stdout and stderr
        self.held = -1  # of the interpreter alone: its end of file says that it is gone


def _pipe() -> tuple[int, int]:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    return private(reader), private(writer)


def take_channel(reader: int, writer: int) -> tuple[int, int]:
    """The protocol's descriptors, non-blocking and private; /dev/null on 0 and 1."""
    if reader == writer:
        reader = writer = private(reader)
    else:
        reader, writer = private(reader), private(writer)
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1):
        if null != fd:
            os.dup2(null, fd, True)
    if null > 1:
        os.close(null)
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    return reader, writer


def _lower(limit: int, value: int) -> None:
    hard = resource.getrlimit(limit)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    try:
        resource.setrlimit(limit, (value, value))
    except (OSError, ValueError):
        pass  # the runtime's own limits stay


def set_limits(options: dict[str, Any]) -> None:
    """Limits that hold for user code and its children; each only ever goes down.

    Memory is RLIMIT_DATA: it counts what is writable, so that the address space that malloc arenas
    and thread libraries reserve without using it (numpy: gigabytes) does not.
    """
    _lower(resource.RLIMIT_CORE, 0)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft > _OPEN_FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, hard))
    for name, limit in (
        ("memory_limit", resource.RLIMIT_DATA),
        ("process_limit", resource.RLIMIT_NPROC),
        ("file_size_limit", resource.RLIMIT_FSIZE),
    ):
        value = options.get(name)
        if isinstance(value, int) and value > 0:
            _lower(limit, value)
