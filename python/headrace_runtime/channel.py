"""The protocol's descriptor: requests out and answers in, from any thread and any event loop.

Nothing here may be left half-way: while a frame of this module is on the stack, the interrupt
handler waits (see `interrupts`). Only the holder of the read lock reads; whoever waits for an
answer may take it and then dispatches for everyone.
"""

from __future__ import annotations

import asyncio
import os
import re
import select
from _thread import allocate_lock, get_ident
from itertools import count
from typing import Any, Callable

from headrace_runtime.errors import CLOSED, MCPError
from headrace_runtime.wire import FRAME_LIMIT, decode_line, to_utf8

IN_FLIGHT_LIMIT = 1000
INCOMING_LIMIT = FRAME_LIMIT + 1024 * 1024
CODE_SERVER_FAILED = -32012
CODE_CANCELLED = -32001

_READ_SIZE = 64 * 1024
_BULK_READ_SIZE = 1024 * 1024
_PATIENCE_MS = 50  # how long a blocked wait goes without looking at interrupts and its lock
_ID_PREFIX = re.compile(rb'\s*\{\s*"jsonrpc"\s*:\s*"2\.0"\s*,\s*"id"\s*:\s*(\d{1,18})\s*,')

_read, _write, _fstat, _exit = os.read, os.write, os.fstat, os._exit
_get_running_loop = asyncio.get_running_loop
_Cancelled = asyncio.CancelledError
_MCPError = MCPError


class SyncCall:
    """One blocking call: where its answer is put, and the lock that its thread sleeps on."""

    __slots__ = ("done", "error", "result", "_lock")

    def __init__(self) -> None:
        self.done = False
        self.result: Any = None
        self.error: MCPError | None = None
        self._lock = allocate_lock()
        self._lock.acquire()

    def settle(self, result: Any, error: MCPError | None, loop: Any) -> None:
        self.result, self.error = result, error
        self.done = True
        self.wake()

    def wake(self) -> None:
        try:
            self._lock.release()
        except RuntimeError:
            pass  # woken twice

    def sleep(self, seconds: float) -> None:
        self._lock.acquire(True, seconds)


class StayingCall:
    """An awaited call whose task has not been suspended yet; once it is, `future` gets the answer.
    One side sets `done` and looks at `future`, the other does it in turn: neither can miss.
    Whoever settles it away from its loop wakes the loop: it may be waiting for just those bytes
    that somebody else has read."""

    __slots__ = ("done", "error", "future", "home", "result")

    def __init__(self, home: Any) -> None:
        self.done = False
        self.future: Any = None
        self.home = home

    def settle(self, result: Any, error: MCPError | None, loop: Any) -> None:
        self.result, self.error = result, error
        self.done = True
        if self.future is not None:
            self.pass_on(loop)
        elif loop is not self.home:
            Channel._elsewhere(self.home, int)

    def pass_on(self, loop: Any) -> None:
        owner = self.future.get_loop()
        if owner is loop:
            _settle(self.future, self.result, self.error)
        else:
            Channel._elsewhere(owner, _settle, self.future, self.result, self.error)

    def cancel(self) -> None:
        if self.future is not None:
            Channel._elsewhere(self.future.get_loop(), self.future.cancel)


def _settle(future: asyncio.Future, result: Any, error: MCPError | None) -> None:
    if not future.done():
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


class Channel:
    """One end of the session protocol. `on_message(message, loop)` gets what is not an answer; it
    runs in whichever thread reads and must neither block nor write."""

    def __init__(
        self, read_fd: int, write_fd: int, on_message: Callable[[dict, Any], None]
    ) -> None:
        self.read_fd, self.write_fd = read_fd, write_fd
        self.closed = False
        self.home: Any = None
        self.interrupted: Callable[[], bool] = bool
        self._on_message = on_message
        self._main_thread = get_ident()
        self._numbers = count(1)
        self.last_number = 0
        self._pending: dict[int, Any] = {}
        self._backlog: dict[int, bytes] = {}
        self._outbox: list[bytes] = []
        self._sync_calls: dict[int, SyncCall] = {}
        self._listeners: dict[int, Any] = {}
        self._read_lock, self._write_lock = allocate_lock(), allocate_lock()
        self._parts: list[bytes] = []
        self._parts_size = 0
        self._discarding = False
        self._foreign: list[Any] = []
        self._poller = select.poll()
        self._poller.register(read_fd, select.POLLIN)

    # -- requests ------------------------------------------------------------------------------

    async def request(self, method: str, params: str, listener: Any = None) -> Any:
        """Sends a request whose params are JSON text; its result, or MCPError. A `listener` hears
        of its progress until it is released."""
        if self.closed:
            raise MCPError(CLOSED)
        loop = _get_running_loop()
        if loop is not self.home:
            self._attach(loop)
        number = self.last_number = next(self._numbers)
        data = self._frame(number, method, params)
        if listener is not None:
            self._listen(number, listener)
        if not self._pending and loop is self.home and not loop._ready and not loop._scheduled:
            selector = loop._selector
            if not selector.others:
                call = self._stay(number, data, loop, selector)
                if call.done:
                    if call.error is not None:
                        raise call.error
                    return call.result
                try:
                    return await call.future
                except _Cancelled:
                    self.abandon(number)
                    raise
        future = loop.create_future()
        self._pending[number] = future
        if len(self._pending) - len(self._backlog) > IN_FLIGHT_LIMIT:
            self._backlog[number] = data
        elif loop is self.home and loop._ready:
            # Others are about to run: their requests go out with this one.
            if not self._outbox:
                loop.call_soon(self.flush)
            self._outbox.append(data)
        else:
            self.send(data)
        try:
            return await future
        except _Cancelled:
            self.abandon(number)
            raise

    def _stay(self, number: int, data: bytes, loop: Any, selector: Any) -> StayingCall:
        """A request when nothing else could run: the wait that the loop would come to takes place
        right here, which saves half the time. Afterwards the call is done, or its future waits."""
        call = StayingCall(loop)
        self._pending[number] = call
        self.send(data)
        if selector.wait_for(self.read_fd) and self._read_lock.acquire(False):
            try:
                self._read_once(loop)
            finally:
                self._read_lock.release()
        if not call.done:
            call.future = loop.create_future()
            if call.done:
                call.pass_on(loop)
                call.done = False
        return call

    def request_sync(self, method: str, params: str, listener: Any = None) -> Any:
        """`request` for plain code, in any thread; blocks, and can be interrupted."""
        if self.closed:
            raise MCPError(CLOSED)
        call = SyncCall()
        number = self.last_number = next(self._numbers)
        data = self._frame(number, method, params)
        if listener is not None:
            self._listen(number, listener)
        self._pending[number] = call
        if len(self._pending) - len(self._backlog) > IN_FLIGHT_LIMIT:
            self._backlog[number] = data
        else:
            self.send(data)
        self._sync_calls[number] = call
        try:
            self._wait(call, listener)
        finally:
            del self._sync_calls[number]
            if not call.done:
                self.abandon(number)
            if self._sync_calls:
                self._promote()
        if call.error is not None:
            raise call.error
        return call.result

    def abandon(self, number: int) -> None:
        """Nobody waits for this call any more: forgets it and tells the host."""
        if self._pending.pop(number, None) is None or self.closed:
            return
        if self._backlog.pop(number, None) is None:
            self.send(
                b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%d}}\n'
                % number
            )
        if self._backlog:
            self._advance()

    def cancel_since(self, number: int) -> None:
        """Ends every call made after `number`: their run was interrupted."""
        for pending in [each for each in list(self._pending) if each > number]:
            waiter = self._pending.get(pending)
            self.abandon(pending)
            if type(waiter) is SyncCall:
                waiter.settle(None, MCPError("The run was interrupted", CODE_CANCELLED), None)
            elif type(waiter) is StayingCall:
                waiter.cancel()
            elif waiter is not None:
                self._elsewhere(waiter.get_loop(), waiter.cancel)

    def _listen(self, number: int, listener: Any) -> None:
        listener.number = number
        self._listeners[number] = listener

    def release(self, listener: Any) -> None:
        self._listeners.pop(listener.number, None)

    def hear(self, params: dict, loop: Any) -> None:
        """Takes word of how far a call is; its listener passes it on where the call was made."""
        number = params.get("call")
        listener = self._listeners.get(number) if type(number) is int else None
        if listener is None or number not in self._pending:
            return
        listener.events.append(params)
        if listener.loop is None:
            call = self._sync_calls.get(number)
            if call is not None:
                call.wake()
        elif listener.loop is loop:
            loop.call_soon(listener.pass_on)
        else:
            self._elsewhere(listener.loop, listener.pass_on)

    def _frame(self, number: int, method: str, params: str) -> bytes:
        data = to_utf8(f'{{"jsonrpc":"2.0","id":{number},"method":"{method}","params":{params}}}\n')
        if len(data) > FRAME_LIMIT:
            raise MCPError(
                f"This {method} request takes {len(data):,} bytes and the limit is "
                f"{FRAME_LIMIT:,}: send less at once",
                -32602,
            )
        return data

    # -- writing -------------------------------------------------------------------------------

    def flush(self) -> None:
        if self._outbox:
            self.send(b"")

    def send(self, data: bytes) -> None:
        """Writes whole frames, after those still in the outbox; waits while the host is behind."""
        with self._write_lock:
            if self._outbox:
                waiting, self._outbox = self._outbox, []
                waiting.append(data)
                data = b"".join(waiting)
            if self.closed or not data:
                return
            try:
                written = _write(self.write_fd, data)
            except BlockingIOError:
                written = 0
            except OSError:
                self._host_is_gone()
            if written < len(data):
                self._send_rest(memoryview(data)[written:])

    def wait_for_writers(self) -> None:
        """Before an exit: no frame is half written afterwards."""
        self._write_lock.acquire(True, 1.0)

    def _send_rest(self, rest: memoryview) -> None:
        """Goes on writing; reads meanwhile, since the host may be waiting for just that."""
        poller = select.poll()
        poller.register(self.write_fd, select.POLLOUT)
        reader = select.poll()
        reader.register(self.write_fd, select.POLLOUT)
        if self.read_fd == self.write_fd:
            reader.modify(self.read_fd, select.POLLOUT | select.POLLIN)
        else:
            reader.register(self.read_fd, select.POLLIN)
        while rest:
            try:
                rest = rest[_write(self.write_fd, rest) :]
                continue
            except BlockingIOError:
                pass
            except OSError:
                self._host_is_gone()
            if self._read_lock.acquire(False):
                try:
                    for _, events in reader.poll(_PATIENCE_MS):
                        if events & ~select.POLLOUT:
                            self._read_once(None)
                            break
                finally:
                    self._read_lock.release()
            else:
                poller.poll(_PATIENCE_MS)

    def _advance(self) -> None:
        """Sends queued requests, as many as may be in flight now."""
        while self._backlog and len(self._pending) - len(self._backlog) < IN_FLIGHT_LIMIT:
            try:
                number = next(iter(self._backlog))
                data = self._backlog.pop(number)
            except (StopIteration, KeyError, RuntimeError):
                return  # another thread took it
            self.send(data)

    # -- reading -------------------------------------------------------------------------------

    def attach_home(self, loop: Any) -> None:
        self.home = loop
        loop.add_reader(self.read_fd, self._on_readable, loop)

    def _attach(self, loop: Any) -> None:
        """Lets an event loop of the user's (asyncio.run, a thread's) read while it runs."""
        if any(loop is known for known in self._foreign):
            return
        self._foreign = [known for known in self._foreign if not known.is_closed()] + [loop]
        try:
            loop.add_reader(self.read_fd, self._on_readable, loop)
        except (NotImplementedError, AttributeError):
            pass  # other readers serve it

    def _on_readable(self, loop: Any) -> None:
        if not self._read_lock.acquire(False) and not self._read_lock.acquire(True, 0.001):
            return
        try:
            self._read_once(loop)
        finally:
            self._read_lock.release()
        if self._backlog:
            self._advance()

    def poll(self) -> None:
        """Reads what has come, if anything and if nobody else does."""
        if self._read_lock.acquire(False):
            try:
                if self._poller.poll(0):
                    self._read_once(None)
            finally:
                self._read_lock.release()
            if self._backlog:
                self._advance()

    def _wait(self, call: SyncCall, listener: Any) -> None:
        main = get_ident() == self._main_thread
        while not call.done:
            if self._read_lock.acquire(False):
                try:
                    if not call.done and self._poller.poll(_PATIENCE_MS):
                        self._read_once(None)
                finally:
                    self._read_lock.release()
                if self._backlog:
                    self._advance()
            else:
                call.sleep(_PATIENCE_MS / 1000)
            if listener is not None and listener.events:
                listener.pass_on()
            if main and not call.done and self.interrupted():
                raise KeyboardInterrupt
            if self.closed and not call.done:
                raise MCPError(CLOSED)

    def _promote(self) -> None:
        """Wakes one blocked thread so that it reads for the others."""
        for call in list(self._sync_calls.values()):
            call.wake()
            return

    def _read_once(self, loop: Any) -> None:
        """One read and the dispatch of what it completed. Under the read lock."""
        if self.closed:
            return
        try:
            data = _read(self.read_fd, _BULK_READ_SIZE if self._parts_size else _READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._host_is_gone()
        if not data:
            self._host_is_gone()
        self.feed(data, loop)

    def feed(self, data: bytes, loop: Any) -> None:
        """Takes bytes that came; dispatches whole lines, keeps the rest."""
        if b"\n" not in data:
            self._keep(data)
            return
        lines = data.split(b"\n")
        rest = lines.pop()
        if self._parts:
            self._parts.append(lines[0])
            lines[0] = b"".join(self._parts)
            self._parts, self._parts_size = [], 0
        if self._discarding:
            self._discarding = False
            del lines[0]
        for line in lines:
            self._dispatch(line, loop)
        if rest:
            self._keep(rest)

    def _keep(self, data: bytes) -> None:
        if self._discarding:
            return
        self._parts.append(data)
        self._parts_size += len(data)
        if self._parts_size > INCOMING_LIMIT:
            self._fail_line(b"".join(self._parts[:8]), "the answer is over the frame limit", None)
            self._parts, self._parts_size = [], 0
            self._discarding = True

    def _dispatch(self, line: bytes, loop: Any) -> None:
        try:
            message = decode_line(line)
            number = message.get("id")
        except (ValueError, RecursionError, AttributeError, MemoryError) as error:
            if line.strip():
                self._fail_line(line[:200], f"the answer is not readable JSON ({error})", loop)
            return
        if "method" in message:
            self._on_message(message, loop)
        elif type(number) is int:
            error = message.get("error")
            if error is None:
                self._answer(number, message.get("result"), None, loop)
            else:
                self._answer(number, None, _error(error), loop)

    def _fail_line(self, head: bytes, reason: str, loop: Any) -> None:
        match = _ID_PREFIX.match(head)
        if match:
            self._answer(int(match[1]), None, MCPError(reason, CODE_SERVER_FAILED), loop)

    def _answer(self, number: int, result: Any, error: MCPError | None, loop: Any) -> None:
        waiter = self._pending.pop(number, None)
        if waiter is None:
            return  # abandoned
        if type(waiter) in _CALLS:
            waiter.settle(result, error, loop)
            return
        owner = waiter.get_loop()
        if owner is loop:
            _settle(waiter, result, error)
        else:
            self._elsewhere(owner, _settle, waiter, result, error)

    @staticmethod
    def _elsewhere(loop: Any, function: Callable, *args: Any) -> None:
        try:
            loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            pass  # that loop is closed, and with it whoever waited

    # -- the end -------------------------------------------------------------------------------

    def _host_is_gone(self) -> Any:
        if not self.closed:
            try:
                _fstat(self.read_fd), _fstat(self.write_fd)
            except OSError:
                _exit(70)  # user code has closed them
            _exit(0)
        raise MCPError(CLOSED)

    def close_in_child(self) -> None:
        """After a fork, in the child: the protocol belongs to the parent alone."""
        self.closed = True
        for fd in {self.read_fd, self.write_fd}:
            try:
                os.close(fd)
            except OSError:
                pass
        self._read_lock, self._write_lock = allocate_lock(), allocate_lock()
        self._outbox, self._backlog = [], {}
        pending, self._pending = self._pending, {}
        for waiter in pending.values():
            error = MCPError(CLOSED)
            if type(waiter) in _CALLS:
                waiter.settle(None, error, None)
            elif not waiter.done():
                waiter.set_exception(error)


_CALLS = frozenset((SyncCall, StayingCall))


def _error(error: Any) -> MCPError:
    if not isinstance(error, dict):
        return MCPError(str(error))
    message = error.get("message")
    return MCPError(
        message if isinstance(message, str) and message else "The call failed",
        error.get("code"),
        error.get("data"),
    )
