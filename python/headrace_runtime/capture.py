"""Descriptors 1 and 2 as pipes, and what comes out of them as `output` frames.

User code writes to real pipes at C speed, so the order within a stream is exact whoever writes:
print, os.write, C code or a child. Whoever drains (the watchdog while a run is busy, the loop
between runs, the end of a run) holds the lock; a full pipe slows the writer down.
"""

from __future__ import annotations

import codecs
import fcntl
import io
import os
import sys
from _thread import allocate_lock
from typing import Callable

from headrace_runtime.wire import encode_text

PIPE_SIZE = 1024 * 1024
BATCH_LIMIT = 256 * 1024  # bytes of output read before frames are sent on
_SCANT = 4096  # a batch that fits when user code holds all the memory there may be
_F_SETPIPE_SZ = 1031
_NAMES = ("stdout", "stderr")

_read, _fstat, _dup2 = os.read, os.fstat, os.dup2


class Stream:
    """One captured descriptor: its pipe, its decoder, its Python file object."""

    def __init__(self, fd: int, pipe: tuple[int, int]) -> None:
        self.fd, self.name = fd, _NAMES[fd - 1]
        self.reader, self.writer = pipe
        try:
            fcntl.fcntl(self.writer, _F_SETPIPE_SZ, PIPE_SIZE)
        except OSError:
            pass  # a smaller pipe only means more switching
        self.identity = self._identity(self.writer)
        _dup2(self.writer, fd, True)
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.prefix = ""
        self.open()

    @staticmethod
    def _identity(fd: int) -> tuple[int, int]:
        status = _fstat(fd)
        return (status.st_dev, status.st_ino)

    def open(self) -> None:
        raw = io.FileIO(self.fd, "w", closefd=False)
        buffered = io.BufferedWriter(raw)
        self.file = io.TextIOWrapper(
            buffered, encoding="utf-8", errors="backslashreplace", line_buffering=True
        )
        self.file.mode = "w"
        raw.name = f"<{self.name}>"
        setattr(sys, self.name, self.file)
        setattr(sys, f"__{self.name}__", self.file)

    def restore(self) -> None:
        """Undoes what user code did to the descriptor and the file object of this stream."""
        try:
            intact = self._identity(self.fd) == self.identity
        except OSError:
            intact = False
        if not intact:
            _dup2(self.writer, self.fd, True)
        if self.file.closed or self.file.buffer.closed:
            self.open()
        elif getattr(sys, self.name, None) is not self.file:
            setattr(sys, self.name, self.file)

    def frames(self, data: bytes, run: int, final: bool = False) -> list[str]:
        """Complete frames for bytes that came out of the pipe."""
        text = self.decoder.decode(data, final)
        if not text:
            return []
        head = (
            f'{{"jsonrpc":"2.0","method":"output","params":{{"run":{run},'
            f'"stream":"{self.name}","text":'
        )
        step = 65536 if text.isascii() else 16384
        if len(text) <= step:
            return [head, encode_text(text), "}}\n"]
        out = []
        for start in range(0, len(text), step):
            out += (head, encode_text(text[start : start + step]), "}}\n")
        return out


class Capture:
    """Both streams. `send` writes whole frames to the host and waits while it is behind."""

    def __init__(
        self, send: Callable[[bytes], None], pipes: tuple[tuple[int, int], tuple[int, int]]
    ) -> None:
        self._send = send
        self._lock = allocate_lock()
        self.run = 0
        self.closed = False
        self._batch = BATCH_LIMIT  # bytes read at once; little while memory is short
        self.streams = (Stream(1, pipes[0]), Stream(2, pipes[1]))

    def restore(self) -> None:
        self._batch = BATCH_LIMIT
        for stream in self.streams:
            stream.restore()

    def flush(self) -> None:
        """Empties the buffers of Python's (and C's) file objects into the pipes."""
        files = [getattr(sys, stream.name, None) for stream in self.streams]
        files += [stream.file for stream in self.streams]
        for file in files:
            try:
                file.flush()
            except Exception:
                pass  # closed, replaced by something odd, or its descriptor is gone
        ctypes = sys.modules.get("ctypes")
        if ctypes is not None:
            try:
                ctypes.CDLL(None).fflush(None)
            except Exception:
                pass

    def drain(self) -> int:
        """Sends what is in the pipes now, in bounded pieces; the number of bytes."""
        with self._lock:
            return self._drain()

    def _drain(self) -> int:
        total = 0
        for stream in self.streams:
            for _ in range(PIPE_SIZE // BATCH_LIMIT):
                data = self._pull(stream)
                if not data:
                    break
                total += len(data)
                frames = stream.frames(data, self.run)
                if frames:
                    self._send("".join(frames).encode("utf-8"))
                if len(data) < self._batch:
                    break
        return total

    def show(self, content: bytes) -> bool:
        """A display frame, behind all that was written before; false in a forked child."""
        if self.closed:
            return False
        self.flush()
        with self._lock:
            self._drain()
            head = b'{"jsonrpc":"2.0","method":"display","params":{"run":%d,' % self.run
            self._send(head + content)
        return True

    def finish(self, last: bytes) -> None:
        """The end of a run: everything still in the pipes and then the last frame, in one write
        where that is little. Output after that belongs to no run."""
        with self._lock:
            pieces: list[str] = []
            size = 0
            for stream in self.streams:
                left = PIPE_SIZE  # more than the pipe held comes from somebody who never stops
                while left > 0:
                    data = self._pull(stream)
                    left = left - len(data) if len(data) == self._batch else 0
                    pieces += stream.frames(data, self.run, left <= 0)
                    size += len(data)
                    if size >= self._batch:
                        self._send("".join(pieces).encode("utf-8"))
                        pieces, size = [], 0
            self.run = 0
            self._send("".join(pieces).encode("utf-8") + last if pieces else last)

    def _pull(self, stream: Stream) -> bytes:
        try:
            try:
                return _read(stream.reader, self._batch)
            except MemoryError:
                self._batch = _SCANT
                return _read(stream.reader, _SCANT)
        except (BlockingIOError, InterruptedError):
            return b""

    def close_in_child(self) -> None:
        self._lock = allocate_lock()
        self.closed = True
        for stream in self.streams:
            for fd in (stream.reader, stream.writer):
                try:
                    os.close(fd)
                except OSError:
                    pass
