"""The process that watches over the interpreter, and says for it how it ended.

It is forked off before anything heavy is imported, and is the parent: in a container its end is
the end of all. User code can kill it as well; the host then only knows less.
"""

from __future__ import annotations

import _signal
import os
import select
from json.encoder import encode_basestring as encode_text
from typing import Any

from headrace_runtime.process import Descriptors, private

_LAST_OUTPUT = 1 << 20  # of each stream: what the pipe holds
_TEXT = 16384  # characters in a frame
_PATIENCE_MS = 5000  # for a host that does not read
_EXIT_MS = 1000  # between the end of its descriptors and its own
_GONE_MS = 3000  # between the host's end and its own: C code that never ends does not notice
# Where a sandbox finds how many of its processes were killed for memory: cgroup v2, v1.
_COUNTS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")


def watch_over(descriptors: Descriptors) -> None:
    """Returns in a child, which becomes the interpreter; the caller stays here until that ends."""
    kills = _kills()
    alive, held = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(alive)
        descriptors.held = private(held)
        return
    code = 70
    try:
        _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
        os.close(held)
        if descriptors.reader != descriptors.writer:
            os.close(descriptors.reader)
        status = _wait(pid, alive, descriptors.writer)
        if status is None:
            end, code = '"signal":9,"cause":"closed"', 128 + 9
        elif os.WIFSIGNALED(status):
            signal = os.WTERMSIG(status)
            memory = signal == _signal.SIGKILL and _kills() > kills
            end = '"signal":%d%s' % (signal, ',"cause":"memory"' if memory else "")
            code = 128 + signal
        else:
            code = os.WEXITSTATUS(status)
            end = '"exitCode":%d' % code
        # What the interpreter was writing may be torn: a line of its own for what follows.
        _send(descriptors.writer, b"\n")
        for (reader, _), name in zip(descriptors.captured, ("stdout", "stderr")):
            _send_rest(descriptors.writer, reader, name)
        frame = '{"jsonrpc":"2.0","method":"ended","params":{%s}}\n' % end
        _send(descriptors.writer, frame.encode())
    except OSError:
        pass  # the host is gone
    finally:
        os._exit(code)


def _wait(pid: int, alive: int, writer: int) -> Any:
    """Its wait status; None when it had to be killed, for it no longer holds its descriptors (user
    code has closed them all, or put another program in its place), or for the host is gone."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    _signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    _signal.signal(_signal.SIGCHLD, _nothing)
    poller = select.poll()
    poller.register(alive, select.POLLIN)
    poller.register(woken, select.POLLIN)
    poller.register(writer, 0)
    patience = None
    while True:
        status = _reap(pid)
        if status is not None:
            return status
        events = poller.poll(patience)
        if not events:
            os.kill(pid, _signal.SIGKILL)
            os.waitpid(pid, 0)
            return None
        for fd, _ in events:
            if fd == alive:
                poller.unregister(alive)
                patience = _EXIT_MS
            elif fd == writer:
                poller.unregister(writer)
                patience = patience or _GONE_MS
            else:
                os.read(woken, 512)


def _reap(pid: int) -> Any:
    """The status of `pid` if it has ended. Without an init the orphans are ours as well."""
    while True:
        ended, status = os.waitpid(-1, os.WNOHANG)
        if ended == pid:
            return status
        if ended == 0:
            return None


def _nothing(*_: Any) -> None:
    pass


def _kills() -> int:
    for path in _COUNTS:
        try:
            with open(path, "rb") as file:
                for line in file:
                    if line.startswith(b"oom_kill "):
                        return int(line[9:])
        except (OSError, ValueError):
            pass
    return 0


def _send_rest(writer: int, reader: int, name: str) -> None:
    """What was printed and not yet sent, for the run in progress."""
    data = b""
    try:
        while len(data) < _LAST_OUTPUT:
            chunk = os.read(reader, 65536)
            if not chunk:
                break
            data += chunk
    except BlockingIOError:
        pass
    text = data.decode("utf-8", "replace")
    for start in range(0, len(text), _TEXT):
        frame = '{"jsonrpc":"2.0","method":"output","params":{"stream":"%s","text":%s}}\n' % (
            name,
            encode_text(text[start : start + _TEXT]),
        )
        _send(writer, frame.encode())


def _send(writer: int, data: bytes) -> None:
    rest = memoryview(data)
    poller = select.poll()
    poller.register(writer, select.POLLOUT)
    while rest:
        try:
            rest = rest[os.write(writer, rest) :]
        except BlockingIOError:
            if not poller.poll(_PATIENCE_MS):
                raise TimeoutError from None
