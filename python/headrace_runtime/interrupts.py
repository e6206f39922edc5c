"""Stopping user code: a thread that looks after a busy run, and the signal that ends it.

Awaiting code is cancelled; code that computes or blocks gets KeyboardInterrupt from SIGINT, but
only while the code on top of the stack is the user's (or a library's beneath), never ours. C code
that keeps the interpreter's lock to itself (a regular expression that explodes) starves the
thread: for it there is a timer that counts CPU time, so that waiting costs nothing.
"""

from __future__ import annotations

import os
import select
import signal
from _thread import allocate_lock, get_ident, interrupt_main, start_new_thread
from time import monotonic
from types import FrameType
from typing import Any, Callable

from headrace_runtime.process import private

TICK = 0.02  # while a run is active
LINGER = 1.0  # how long ticking goes on after a run, so that the next one need not wake anyone
RETRY = 0.25  # to code that swallowed the last interrupt
DEFER = 0.002  # to code that was in our hands just then
SHELL = 0.2  # to C's system(): it ignores the signal, and waits for a shell
CPU_TICK = 0.05  # seconds of CPU between looks at the channel without the watchdog
_SIGINT, _SIGVTALRM = signal.SIGINT, signal.SIGVTALRM
_setitimer, _ITIMER_VIRTUAL = signal.setitimer, signal.ITIMER_VIRTUAL
_siginterrupt = signal.siginterrupt
# The user's, and those of ours that call whatever code of users and libraries shows an object or
# listens.
USER_FILES = (
    "<sandbox",
    "<tool:",
    "<headrace_runtime.showing",
    "<headrace_runtime.figures",
    "<headrace_runtime.listening",
)
_CRITICAL = frozenset(
    f"<headrace_runtime.{name}>"
    for name in ("channel", "capture", "session", "interrupts", "wire", "progress", "control")
)
_exit, _read, _write = os._exit, os.read, os.write
_kill, _getsignal, _signal = signal.pthread_kill, signal.getsignal, signal.signal


class Interrupts:
    """What the session asks for and the watchdog thread carries out."""

    def __init__(self, channel: Any, capture: Any, cancel: Callable[[], None]) -> None:
        self._channel, self._capture, self._cancel = channel, capture, cancel
        self._main_thread = get_ident()
        self._bell = allocate_lock()
        self._bell.acquire()
        self._wake_reader, self._wake_writer = map(private, os.pipe())
        self.asleep = False
        self.active = False
        self.reason: str | None = None
        self._attempts = 0
        self._next_attempt = 0.0  # of the watchdog to send the signal
        self._shell_at = 0.0  # when the watchdog looks for a shell that is waited for
        self._act_after = 0.0  # for the handler: until then the last interrupt may have its effect
        self._turns = -1
        self.on_tick: Callable[[bool], Any] = bool

    def start(self) -> None:
        self.arm()
        start_new_thread(self._watch_for_ever, ())

    def arm(self) -> None:
        """Takes our signals, again if user code took them meanwhile."""
        if _getsignal(_SIGINT) != self._on_sigint:
            _signal(_SIGINT, self._on_sigint)
        if _getsignal(_SIGVTALRM) != self._on_cpu_tick:
            _signal(_SIGVTALRM, self._on_cpu_tick)
            _siginterrupt(_SIGVTALRM, False)
            _setitimer(_ITIMER_VIRTUAL, CPU_TICK, CPU_TICK)

    def begin(self) -> None:
        self.reason, self._attempts = None, 0
        self.active = True
        if self.asleep:
            self.asleep = False
            _write(self._wake_writer, b"!")

    def end(self) -> None:
        self.active = False

    def request(self, reason: str) -> None:
        """The run in progress is to end. From any thread."""
        if self.active and self.reason is None:
            self._next_attempt = self._act_after = 0.0
            self._shell_at = monotonic() + SHELL
            self.reason = reason
            self._ring()

    def pending(self) -> bool:
        """Whether blocking code of ours should give up now."""
        return self.active and self.reason is not None

    def _ring(self) -> None:
        try:
            self._bell.release()
        except RuntimeError:
            pass  # rung already

    # -- the watchdog thread -------------------------------------------------------------------

    def _watch_for_ever(self) -> None:
        while True:
            try:
                self._watch()
            except MemoryError:
                pass  # user code is about to notice as well
            except BaseException:
                _exit(70)  # its descriptors are gone: nobody could be told anything any more

    def _watch(self) -> None:
        poller = select.poll()
        for stream in self._capture.streams:
            poller.register(stream.reader, select.POLLIN)
        ring, ready = self._bell.acquire, poller.poll
        turns, busy_until, pause = -1, 0.0, TICK
        while True:
            ring(True, pause)
            pause = TICK
            now = monotonic()
            if self.active:
                busy_until = now + LINGER
                selector = self._channel.home._selector
                if not selector.waiting and selector.turns == turns:
                    self._channel.flush()
                    self._channel.poll()
                turns = selector.turns
                self.on_tick(False)
                if self.reason is not None:
                    pause = self._attempt(now)
            if ready(0) and self._capture.drain() > 65536:
                pause = 0.001
            if not self.active and now > busy_until:
                self._rest()
                self.asleep = False
                busy_until = monotonic() + LINGER

    def _rest(self) -> None:
        """Waits for the next run. What the code's tasks and threads print meanwhile goes out from
        here as well: the loop may itself be the one that waits for room in a pipe."""
        poller = select.poll()
        for fd in (self._wake_reader, *(stream.reader for stream in self._capture.streams)):
            poller.register(fd, select.POLLIN)
        while not self.active:
            self.asleep = True  # again, for the run that woke us may be over already
            if self.active:
                break  # it began in between, and may have thought us awake
            for fd, _ in poller.poll():
                if fd == self._wake_reader:
                    _read(fd, 64)
            if not self.active and self._capture.drain() < 65536:
                self._bell.acquire(True, TICK)  # to send little by little costs more

    def _attempt(self, now: float) -> float:
        due = max(self._next_attempt, self._act_after)
        if now >= due:
            due = self._next_attempt = now + DEFER
            _kill(self._main_thread, _SIGINT)
            if now >= self._shell_at:
                self._shell_at = now + SHELL
                _interrupt_shell()
        return max(0.001, min(TICK, due - now))

    # -- the main thread -----------------------------------------------------------------------

    def _on_sigint(self, signum: int, frame: FrameType | None) -> None:
        """Decides by what is on the stack."""
        asked = self.reason is not None
        users = False
        top: FrameType | None = frame
        while top is not None:
            name = top.f_code.co_filename
            if name in _CRITICAL:
                break
            if name.startswith(USER_FILES):
                users = True
                break
            top = top.f_back
        if not asked:
            if users:
                raise KeyboardInterrupt  # the user's own signal
            return
        if not self.active:
            return
        if users:
            self._acted()
            raise KeyboardInterrupt
        if top is not None and not self._is_driver(top) and self._is_stuck():
            return  # ours: the watchdog tries again in a moment
        self._acted()
        if self._attempts > 2 and self._is_stuck():
            raise KeyboardInterrupt
        self._cancel()

    def _on_cpu_tick(self, signum: int, frame: FrameType | None) -> None:
        """Looks for an interrupt when the loop has not come round for a whole tick of CPU time."""
        if not self.active:
            return
        turns, self._turns = self._turns, self._channel.home._selector.turns
        if turns != self._turns or _in_our_hands(frame):
            return
        if self.reason is None:
            self._channel.poll()
        if self.reason is not None and monotonic() >= self._act_after:
            self._on_sigint(_SIGINT, frame)

    def _acted(self) -> None:
        self._attempts += 1
        self._act_after = monotonic() + RETRY

    @staticmethod
    def _is_driver(frame: FrameType) -> bool:
        """The session's own frame beneath the loop: then nothing of ours is in progress above."""
        return frame.f_code.co_name == "drive"

    def _is_stuck(self) -> bool:
        return not self._channel.home._selector.waiting


def _interrupt_shell() -> None:
    """What a terminal does: whom system() waits for gets the signal, too. That it waits shows in
    that the signal is ignored; its child is the one made last."""
    try:
        with open("/proc/self/status", "rb") as file:
            ignored = next(line for line in file if line.startswith(b"SigIgn:"))
        if int(ignored.split()[1], 16) >> (_SIGINT - 1) & 1:
            interrupt_main()  # as soon as it is over, or a loop would begin the next
            _interrupt_tree(max(_children(os.getpid())))
    except (OSError, ValueError, StopIteration):
        pass  # no such files here, or no child


def _children(pid: int) -> list[int]:
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as file:
            found += map(int, file.read().split())
    return found


def _interrupt_tree(pid: int) -> None:
    children = _children(pid)
    os.kill(pid, _SIGINT)
    for child in children:
        _interrupt_tree(child)


def _in_our_hands(frame: FrameType | None) -> bool:
    """Whether our code is on the stack, above any of the user's."""
    while frame is not None:
        name = frame.f_code.co_filename
        if name in _CRITICAL:
            return frame.f_code.co_name != "drive"
        if name.startswith(USER_FILES):
            return False
        frame = frame.f_back
    return False
