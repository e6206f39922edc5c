"""The session's event loop, and what lets `asyncio.run(...)` work inside code that it runs."""

from __future__ import annotations

import asyncio
import asyncio.base_events
import asyncio.runners
import asyncio.tasks
import functools
import selectors
from typing import Any, Callable

_get_running_loop, _set_running_loop = asyncio._get_running_loop, asyncio._set_running_loop
_current_task = asyncio.tasks.current_task
_swap = getattr(asyncio.tasks, "_swap_current_task", None)
_enter, _leave = asyncio.tasks._enter_task, asyncio.tasks._leave_task
_BaseLoop = asyncio.base_events.BaseEventLoop


class WatchedSelector(selectors.EpollSelector):
    """A selector that shows whether its loop still comes round."""

    waiting = False
    turns = 0
    others = False  # events were seen that only `select` can deliver
    _skipped = False

    def select(self, timeout: float | None = None) -> list:
        self.turns += 1
        if timeout is not None and timeout <= 0 and not self._skipped:
            # Handles are ready and run first; every second time the descriptors are looked at.
            self._skipped = True
            return _NOTHING
        self._skipped = self.others = False
        self.waiting = True
        try:
            return _select(self, timeout)
        finally:
            self.waiting = False

    def wait_for(self, fd: int) -> bool:
        """Waits as `select` would for a loop that has nothing ready and nothing scheduled;
        whether `fd` has become readable."""
        self.turns += 1
        self.waiting = True
        try:
            events = self._selector.poll(-1, 8)
        finally:
            self.waiting = False
        self.others = len(events) != 1 or events[0][0] != fd
        return any(ready == fd for ready, _ in events)


_NOTHING: list = []
_select = selectors.EpollSelector.select


def new_home_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.SelectorEventLoop(WatchedSelector())
    asyncio.set_event_loop(loop)
    return loop


def running() -> Any:
    """The loop that runs in this thread, or None."""
    return _get_running_loop()


def renew_in_child(home: Any, active: Any) -> None:
    """After a fork, in the child: its loops poll for themselves, not with the parent's
    descriptors, and the one that ran goes on running."""
    for loop in {home, active} - {None}:
        old = loop._selector
        loop._selector = WatchedSelector()
        loop._ssock.close()
        loop._csock.close()
        loop._internal_fds = 0
        loop._make_self_pipe()
        old.close()
    _set_running_loop(active)


class _Outside:
    """While it lasts, the thread looks as if no loop and no task were running in it."""

    def __enter__(self) -> None:
        self.loop = _get_running_loop()
        self.task = _current_task(self.loop)
        if self.task is not None:
            if _swap is not None:
                _swap(self.loop, None)
            else:
                _leave(self.loop, self.task)
        _set_running_loop(None)

    def __exit__(self, *unused: object) -> None:
        _set_running_loop(self.loop)
        if self.task is not None:
            if _swap is not None:
                _swap(self.loop, self.task)
            else:
                _enter(self.loop, self.task)


def _drive(loop: Any, future: Any) -> Any:
    """`loop.run_until_complete` on a loop that is running already: turns it from within."""
    future = asyncio.ensure_future(future, loop=loop)
    outer = len(loop._ready)
    try:
        while not future.done():
            with _Outside():
                _set_running_loop(loop)
                loop._run_once()
    finally:
        # The turn that called us will take as many more handles as it saw: it must find them.
        handle = asyncio.Handle(len, ((),), loop)
        handle.cancel()
        loop._ready.extend([handle] * outer)
    return future.result()


def allow_nesting(before: Callable[[], None]) -> None:
    """Patches asyncio so that running a coroutine to its end works where a loop runs already.
    `before` is called first: the outer loop will not turn for a while."""

    def outside(function: Callable) -> Callable:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if _get_running_loop() is None:
                return function(*args, **kwargs)
            before()
            with _Outside():
                return function(*args, **kwargs)

        return call

    run_until_complete = _BaseLoop.run_until_complete

    @functools.wraps(run_until_complete)
    def run_nested(self: Any, future: Any) -> Any:
        running = _get_running_loop()
        if running is None:
            return run_until_complete(self, future)
        before()
        if running is self:
            return _drive(self, future)
        with _Outside():
            return run_until_complete(self, future)

    _BaseLoop.run_until_complete = run_nested
    asyncio.run = asyncio.runners.run = outside(asyncio.run)
    if hasattr(asyncio, "Runner"):
        asyncio.Runner.run = outside(asyncio.Runner.run)
