"""The session: boot, runs one after the other, and the state that lasts between them."""

from __future__ import annotations

import builtins
import contextvars
import faulthandler
import gc
import json
import os
import sys
from _thread import start_new_thread
from inspect import CO_COROUTINE
from types import ModuleType
from typing import Any

from headrace_runtime import loops, process
from headrace_runtime.capture import Capture
from headrace_runtime.channel import Channel
from headrace_runtime.interrupts import Interrupts
from headrace_runtime.usage import Meter
from headrace_runtime.wire import encode_text, to_utf8

_eval, _exec, _isinstance, _BaseException = eval, exec, isinstance, BaseException
_exit, _getpid, _dumps = os._exit, os.getpid, json.dumps
_setrecursionlimit, _getrecursionlimit = sys.setrecursionlimit, sys.getrecursionlimit
_setswitchinterval, _getswitchinterval = sys.setswitchinterval, sys.getswitchinterval
_RECURSION, _SWITCHING = _getrecursionlimit(), _getswitchinterval()
_WARM_UP_AFTER = 0.03  # seconds without a run
_REASONS = ("timeout", "cancelled")
_FILES = ("list_files", "read_file")
_PYPLOT = "matplotlib.pyplot"
_copy_context = contextvars.copy_context
_settrace, _setprofile = sys.settrace, sys.setprofile


def _input(prompt: object = "", /) -> str:
    """Fails at once: nobody types into the sandbox."""
    if getattr(sys.stdin, "name", None) != os.devnull:
        return _real_input(prompt)  # user code has put something there
    raise EOFError("input() has nobody to ask here: put the values into the code")


_real_input, builtins.input = input, _input
_input.__name__ = _input.__qualname__ = "input"
_builtins = dict(vars(builtins))
_modules = sys.modules

current: Session | None = None


class Session:
    def __init__(self, descriptors: process.Descriptors) -> None:
        self.emergency = os.dup(2)
        os.set_inheritable(self.emergency, False)
        self.emergency = process.private(self.emergency)
        faulthandler.enable(self.emergency)
        self.held = descriptors.held
        self.pid = _getpid()
        self.channel = Channel(descriptors.reader, descriptors.writer, self._on_message)
        self.capture = Capture(self.channel.send, descriptors.captured)
        self.interrupts = Interrupts(self.channel, self.capture, self._cancel_soon)
        self.channel.interrupted = self.interrupts.pending
        self.home: Any = None
        self._new_home()
        self.module = ModuleType("__sandbox__")
        self.globals = self.module.__dict__
        self.run = 0
        self.task: Any = None
        self.servers: list[dict] | None = None
        self.loaded: list[str] = []
        self.tools: list[dict] | None = None
        self._first = True
        self._loop_at_fork: Any = None
        self._calls_before = 0
        self._meter = Meter(process.private)
        self._folder = ""  # of the files that a user sees
        self.workspace: Any = None
        self._context = _copy_context()
        self._namespace: Any = None  # these are imported when first needed
        self._sources: Any = None
        self._report: Any = None
        self._boot_modules = dict(sys.modules)

    # -- life ----------------------------------------------------------------------------------

    def _new_home(self) -> None:
        self.home = loops.new_home_loop()
        self.channel.attach_home(self.home)

    def drive(self) -> None:
        """Turns the home loop for as long as the process lives, whatever comes out of it."""
        failures, turns = 0, -1
        while True:
            try:
                self.home.run_forever()
            except BaseException as error:
                if self.channel.closed:
                    _exit(1)
                if _isinstance(error, OSError):
                    _exit(70)  # user code has closed the loop's descriptors
                if self.home._selector.turns != turns:
                    failures, turns = 0, self.home._selector.turns
                failures += 1
                if failures > 100:
                    words = f"headrace: the event loop is broken: {error!r}\n"
                    os.write(self.emergency, words.encode())
                    _exit(70)
            if self.home.is_closed():
                self._new_home()
            if self.interrupts.pending():
                self._cancel()

    def exit(self, code: int) -> None:
        """`os._exit` of user code: what was written before is not lost."""
        if _getpid() == self.pid and not self.channel.closed:
            self.capture.drain()
            self.channel.wait_for_writers()
        _exit(code)

    def after_fork_in_child(self) -> None:
        self.channel.close_in_child()
        self.capture.close_in_child()
        try:
            os.close(self.held)
        except OSError:
            pass
        self.interrupts.active = False
        progress = _modules.get("headrace_runtime.progress")
        if progress is not None:
            progress.renew_in_child()
        try:
            loops.renew_in_child(self.home, self._loop_at_fork)
        except Exception:
            pass  # the child then has no working loop; plain code goes on

    def before_fork(self) -> None:
        self._loop_at_fork = loops.running()

    # -- messages ------------------------------------------------------------------------------

    def _on_message(self, message: dict, loop: Any) -> None:
        method = message.get("method")
        params = message.get("params")
        if not _isinstance(params, dict):
            params = {}
        if method == "run":
            if loop is self.home:
                self._start_run(message.get("id"), params)
            else:
                self.home.call_soon_threadsafe(self._start_run, message.get("id"), params)
        elif method == "interrupt":
            if params.get("run") == self.run and self.run:
                reason = params.get("reason")
                self.interrupts.request(reason if reason in _REASONS else "cancelled")
        elif method == "call_progress":
            self.channel.hear(params, loop)
        elif method == "shutdown":
            _exit(0)
        elif method in _FILES and "id" in message:
            try:
                start_new_thread(self._answer_files, (method, message["id"], params))
            except RuntimeError:  # no more threads
                self.home.call_soon_threadsafe(self._answer_files, method, message["id"], params)
        elif "id" in message:
            self.home.call_soon_threadsafe(
                self._refuse, message["id"], -32601, f"Unknown method {method}"
            )

    def _answer_files(self, method: str, number: Any, params: dict) -> None:
        """In a thread of its own: code may be busy, and may have filled the folder."""
        try:
            self._find_workspace()
            answer: dict[str, Any] = {"jsonrpc": "2.0", "id": number}
            if method == "list_files":
                answer["result"] = self.workspace.listed()
            else:
                answer["result"] = self.workspace.read(params.get("path"), params.get("limit"))
            frame = to_utf8(_dumps(answer, ensure_ascii=False, separators=(",", ":")) + "\n")
        except Exception as error:
            known = type(error).__name__ == "Refused"
            code, words = (-32602, str(error)) if known else (-32603, repr(error))
            self._refuse(number, code, words)
        else:
            self.channel.send(frame)

    def _find_workspace(self) -> None:
        if self.workspace is None:
            from headrace_runtime.workspace import Workspace

            self.workspace = Workspace(self._folder)

    def _refuse(self, number: Any, code: int, words: str) -> None:
        error = {"code": code, "message": words}
        answer = {"jsonrpc": "2.0", "id": number, "error": error}
        self.channel.send(_dumps(answer).encode() + b"\n")

    # -- runs ----------------------------------------------------------------------------------

    def _start_run(self, number: Any, params: dict) -> None:
        run, code = params.get("run"), params.get("code")
        if self.task is not None:
            self._refuse(number, -32600, "A run is in progress")
        elif type(run) is not int or not _isinstance(code, str):
            self._refuse(number, -32602, "run takes a number and code")
        else:
            self.run = self.capture.run = run
            self._calls_before = self.channel.last_number
            self._meter.begin()
            self.interrupts.begin()
            self.task = self._context.run(
                self.home.create_task, self._execute(number, run, code, params)
            )

    async def _execute(self, number: Any, run: int, code: str, params: dict) -> None:
        result: dict[str, Any] = {"run": run, "status": "success", "exitCode": 0}
        try:
            self._prepare(params)
            await self._run_code(code, run)
            failure = None
        except _BaseException as error:
            failure = error
        if _PYPLOT in _modules and _getpid() == self.pid:
            try:
                self._show_figures()
            except _BaseException as error:
                failure = failure or error
        for _ in "12":
            try:  # tracers of user code would run in ours; one that fails takes itself away
                _settrace(None)
                _setprofile(None)
            except _BaseException:
                pass
        self._put_back()
        if failure is not None:
            self.capture.flush()  # into what user code put in place of our files
            self.capture.restore()  # the report goes to this run, whatever became of them
            self._conclude(failure, result)
            failure = None
        if _getpid() != self.pid:
            self.capture.flush()
            _exit(result["exitCode"])
        self._context = _copy_context()
        try:
            self._finish(number, run, result)
        except _BaseException as error:  # better no interpreter than a run that never ends
            os.write(self.emergency, f"headrace: a run could not be ended: {error!r}\n".encode())
            _exit(70)

    def _prepare(self, params: dict) -> None:
        """Puts right what the last run may have left in disorder, and renews the globals."""
        self.capture.restore()
        self.interrupts.arm()
        if getattr(getattr(sys, "stdin", None), "closed", True):
            sys.stdin = open(os.devnull, encoding="utf-8")
        servers, loaded, tools = params.get("servers"), params.get("loaded"), params.get("tools")
        if self._namespace is None:
            self._import()
        self.workspace.begin_run()
        self._namespace.refresh(
            self.globals,
            servers if _isinstance(servers, list) else None,
            loaded if _isinstance(loaded, list) else [],
            tools if _isinstance(tools, list) else None,
        )

    def _import(self) -> None:
        from headrace_runtime import namespace, report, sources

        self._namespace, self._sources, self._report = namespace, sources, report
        self._find_workspace()

    def _warm_up(self) -> None:
        """An interpreter that waits in a pool loads what its first run will need."""
        if self._first:
            self._import()
            self._namespace.warm_up()
            self._boot_modules = dict(sys.modules)

    def _put_back(self) -> None:
        """Undoes what would get in the way of our own code."""
        if "sys" not in _modules:
            _modules.update(self._boot_modules)
        now = builtins.__dict__
        if now != _builtins:
            for name, value in _builtins.items():
                if now.get(name) is None and value is not None:
                    now[name] = value
        try:
            if _getrecursionlimit() != _RECURSION:
                _setrecursionlimit(_RECURSION)
            if _getswitchinterval() != _SWITCHING:
                _setswitchinterval(_SWITCHING)
        except RecursionError:
            pass

    async def _run_code(self, source: str, run: int) -> None:
        sources, namespace = self._sources, self._namespace
        filename = "<sandbox>" if self._first else f"<sandbox:{run}>"
        self._first = False
        sources.remember(filename, source)
        code, last, tree = sources.compile_run(source, filename)
        namespace.note_imports(tree, source)
        scope = self.globals
        if code is not None:
            if code.co_flags & CO_COROUTINE:
                await _eval(code, scope)
            else:
                _exec(code, scope)
        if last is not None:
            value = _eval(last, scope)
            if last.co_flags & CO_COROUTINE:
                value = await value
            if value is not None:
                namespace.show(value)

    def _show_figures(self) -> None:
        from headrace_runtime import figures

        figures.end_of_run(not self.interrupts.pending())

    def _conclude(self, error: BaseException, result: dict[str, Any]) -> None:
        """What an exception that ended the run means for its result."""
        if self.interrupts.pending():
            self._report.show_interrupted(error, self.interrupts.reason)
            return
        result["status"], result["exitCode"] = "error", 1
        if _isinstance(error, SystemExit):
            code = error.code
            if code is None:
                code = 0
            if not _isinstance(code, int):
                self._report.write(f"{code}\n")
                code = 1
            result["exitCode"] = code = max(-(2**31), min(2**31 - 1, int(code)))
            if code == 0:
                result["status"] = "success"
            else:
                result["error"] = f"SystemExit: {code}"
            return
        result["error"] = self._report.show(error)

    def _finish(self, number: Any, run: int, result: dict[str, Any]) -> None:
        self.capture.flush()
        reason = self.interrupts.reason
        self.interrupts.on_tick(True)
        self.interrupts.end()
        self.task, self.run = None, 0
        if reason is not None:
            result.update(status="interrupted", exitCode=1, interrupt=reason)
            result.pop("error", None)
            self.channel.cancel_since(self._calls_before)
        try:
            changed = self.workspace.changed()
        except Exception:
            changed = []  # user code has broken what that takes
        if changed:
            result["files"] = changed
        frame = _result_frame(number, result, *self._meter.end())
        try:
            self.capture.finish(frame)
        except MemoryError:
            self.capture.run = 0
            self.channel.send(frame)

    def _cancel_soon(self) -> None:
        self.channel._elsewhere(self.home, self._cancel)

    def _cancel(self) -> None:
        if self.task is not None and self.interrupts.pending():
            self.task.cancel()


def _result_frame(number: Any, result: dict[str, Any], cpu: float, memory: int) -> bytes:
    if type(number) is int and len(result) == 3:
        return (
            '{"jsonrpc":"2.0","id":%d,"result":{"run":%d,"status":"%s","exitCode":%d,'
            '"usage":{"cpu":%.6f,"memory":%d}}}\n'
            % (number, result["run"], result["status"], result["exitCode"], cpu, memory)
        ).encode()
    result["usage"] = {"cpu": round(cpu, 6), "memory": memory}
    answer = {"jsonrpc": "2.0", "id": number, "result": result}
    return to_utf8(_dumps(answer, ensure_ascii=False, separators=(",", ":")) + "\n")


def start(options: dict[str, Any], rest: bytes, descriptors: process.Descriptors) -> None:
    """Says `ready` and serves; never returns."""
    global current
    session = current = Session(descriptors)
    sys.modules["__sandbox__"] = session.module
    session._folder = options.get("workspace") or "/workspace"
    sys.argv = [""]
    loops.allow_nesting(session.channel.flush)
    os.register_at_fork(before=session.before_fork, after_in_child=session.after_fork_in_child)
    os._exit = session.exit
    sys.stdin = open(os.devnull, encoding="utf-8")
    sys.path.append("")
    session.interrupts.start()
    process.set_limits(options)
    gc.freeze()  # all of it stays: no collection need look at it
    gc.enable()
    version = encode_text(sys.version.split()[0])
    session.channel.send(
        (
            '{"jsonrpc":"2.0","method":"ready","params":{"protocol":1,"python":%s,'
            '"implementation":%s,"pid":%d}}\n'
            % (version, encode_text(sys.implementation.name), session.pid)
        ).encode()
    )
    if rest:
        session.home.call_soon(session.channel.feed, rest, session.home)
    session.home.call_later(_WARM_UP_AFTER, session._warm_up)
    session.drive()
