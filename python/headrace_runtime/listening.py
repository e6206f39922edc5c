"""`on_progress=`: calls a function of the user's with how far a tool call is, until its answer.

Plain functions are called, and coroutines awaited, one after the other, where the call was made:
on its event loop, or in the thread that it blocks. The call returns when they are through.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from inspect import isawaitable
from typing import Any, Callable

from headrace_runtime import report, session

_KEPT = 1000  # of what a slow coroutine has not seen yet; the oldest go
_Cancelled = asyncio.CancelledError


class Listener:
    """Between the channel, which adds `events` from any thread, and one callback."""

    def __init__(self, callback: Callable, loop: Any) -> None:
        self.loop = loop  # None: the call blocks
        self.number = 0
        self.events: deque[dict] = deque(maxlen=_KEPT)
        self._callback = callback
        self._context = contextvars.copy_context()
        self._task: Any = None  # of the coroutine that is awaited
        self._busy = self._complained = False

    def pass_on(self) -> None:
        """Calls the callback for what has come."""
        if not self._busy and self._task is None:
            self._busy = True  # a callback that makes calls may lead here again
            try:
                self._context.copy().run(self._pass_on)
            finally:
                self._busy = False

    def drop(self) -> None:
        self.events.clear()
        if self._task is not None:
            self._task.cancel()

    async def rest(self) -> None:
        """Sees to the end of what came before the answer."""
        self.pass_on()
        try:
            while self._task is not None:
                await asyncio.wait([self._task])
        finally:
            self.drop()

    def _pass_on(self) -> None:
        while self.events:
            awaitable = self._call()
            if awaitable is None:
                continue
            if self.loop is not None:
                self._task = self.loop.create_task(self._await_all(awaitable))
                return
            try:
                asyncio.run(_await(awaitable))
            except (Exception, _Cancelled) as error:
                self._complain(error)

    async def _await_all(self, awaitable: Any) -> None:
        try:
            while True:
                try:
                    if awaitable is not None:
                        await awaitable
                except Exception as error:
                    self._complain(error)
                if not self.events:
                    return
                awaitable = self._call()
        finally:
            self._task = None

    def _call(self) -> Any:
        """Calls it for the next event; what there is to await."""
        event = self.events.popleft()
        message = event.get("message")
        try:
            returned = self._callback(
                event.get("progress"),
                event.get("total"),
                message if isinstance(message, str) else None,
            )
        except (Exception, _Cancelled) as error:
            self._complain(error)
            return None
        return returned if isawaitable(returned) else None

    def _complain(self, error: BaseException) -> None:
        """Once: the call goes on, and so do the calls of the callback."""
        if not self._complained:
            self._complained = True
            report.write(f"on_progress failed: {report.describe(error)[0]}")


async def _await(awaitable: Any) -> None:
    await awaitable


def checked(callback: Any) -> Callable:
    if not callable(callback):
        raise TypeError(
            f"on_progress takes a function (progress, total, message), not "
            f"{type(callback).__name__}"
        )
    return callback


async def request(method: str, params: str, callback: Any) -> Any:
    """The channel's `request`, for a callback that hears of its progress."""
    channel = session.current.channel
    listener = Listener(checked(callback), asyncio.get_running_loop())
    try:
        answer = await channel.request(method, params, listener)
    except Exception:
        await listener.rest()
        raise
    except BaseException:
        listener.drop()
        raise
    finally:
        channel.release(listener)
    await listener.rest()
    return answer


def request_sync(method: str, params: str, callback: Any) -> Any:
    """The same for plain code, in any thread."""
    channel = session.current.channel
    listener = Listener(checked(callback), None)
    try:
        answer = channel.request_sync(method, params, listener)
    except Exception:
        listener.pass_on()
        raise
    finally:
        channel.release(listener)
    listener.pass_on()
    return answer
