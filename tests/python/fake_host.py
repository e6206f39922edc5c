"""A small host for tests: starts the real interpreter over real pipes and answers its requests."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "python"
PYTHON = os.environ.get("HEADRACE_TEST_PYTHON", sys.executable)
PATIENCE = 20.0  # a test that waits longer has failed

FILES = {"name": "filesystem", "alias": "filesystem", "description": "Files", "cwd": "/srv"}
JIRA = {"name": "Jira Cloud", "alias": "jira_cloud", "description": "Issues", "cwd": None}


def modules() -> dict:
    found = {}
    for path in SOURCE.rglob("*.py"):
        if path.name != "loader.py":
            name = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
            found[name[: -len(".__init__")] if name.endswith(".__init__") else name] = path.read_text()
    return found


def text_result(text: str, **more: object) -> dict:
    return {"content": [{"type": "text", "text": text}], **more}


class RpcError(Exception):
    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message}
        if data is not None:
            self.error["data"] = data


class Outcome:
    def __init__(self, answer: dict, outputs: list, displays: list, progress: list) -> None:
        self.answer = answer
        self.result = answer.get("result") or {}
        self.status = self.result.get("status")
        self.error = self.result.get("error")
        self.exit_code = self.result.get("exitCode")
        self.interrupt = self.result.get("interrupt")
        self.files = self.result.pop("files", None)
        self.usage = self.result.pop("usage", None)
        self.outputs, self.displays, self.progress = outputs, displays, progress
        self.stdout = "".join(text for stream, text in outputs if stream == "stdout")
        self.stderr = "".join(text for stream, text in outputs if stream == "stderr")

    def __repr__(self) -> str:
        return f"{self.answer} stdout={self.stdout[:3000]!r} stderr={self.stderr[:3000]!r}"


class Host:
    """One interpreter. `tools[(server, tool)]` is a function of the arguments; `handlers[method]`
    one of the params. What nobody handles is put into `requests` for the test to answer."""

    def __init__(
        self,
        python: str = PYTHON,
        options: dict | None = None,
        channel: str = "stdio",
        bytecode: dict | None = None,
        **popen: object,
    ) -> None:
        self.tools: dict = {}
        self.handlers: dict = {}
        self.cancelled: list = []
        self.saved: list = []
        self.bad_lines: list = []
        self.torn = b""
        self.between: list = []
        self.calls = 0
        self.ended: dict | None = None
        self.requests: queue.Queue = queue.Queue()
        self._answers: queue.Queue = queue.Queue()
        self._outputs: list = []
        self._displays: list = []
        self._progress: list = []
        self._run = 0
        self._lock = threading.Lock()
        self.ready_event = threading.Event()
        self.hello: dict = {}
        self.ready: dict = {}
        loader = (SOURCE / "loader.py").read_text()
        self.process = subprocess.Popen(
            [python, "-I", "-B", "-u", "-c", loader, channel],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            **popen,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.errors = b""
        self._drainer = threading.Thread(target=self._drain, daemon=True)
        self._drainer.start()
        carried = {"bytecode": bytecode} if bytecode else {"modules": modules()}
        boot = {"jsonrpc": "2.0", "method": "boot", "params": {**carried, "options": options or {}}}
        if channel == "stdio":
            self.send(boot)
        else:
            self.boot = boot  # for whoever holds the other end

    # -- the wire ------------------------------------------------------------------------------

    def send(self, message: object) -> None:
        self.send_raw(json.dumps(message).encode() + b"\n")

    def send_raw(self, data: bytes) -> None:
        with self._lock:
            view = memoryview(data)
            while view:
                view = view[os.write(self.process.stdin.fileno(), view) :]

    def answer(self, request: dict, result: object) -> None:
        self.send({"jsonrpc": "2.0", "id": request["id"], "result": result})

    def answer_error(self, request: dict, code: int, message: str, data: object = None) -> None:
        error = RpcError(code, message, data).error
        self.send({"jsonrpc": "2.0", "id": request["id"], "error": error})

    def tell(self, request: dict, progress: float, **more: object) -> None:
        """How far a call is."""
        params = {"call": request["id"], "progress": progress, **more}
        self.send({"jsonrpc": "2.0", "method": "call_progress", "params": params})

    def _drain(self) -> None:
        for chunk in iter(lambda: self.process.stderr.read(65536), b""):
            self.errors += chunk

    def _read(self) -> None:
        parts: list = []
        while True:
            chunk = os.read(self.process.stdout.fileno(), 1 << 20)
            if not chunk:
                break
            parts.append(chunk)
            if b"\n" in chunk:
                *lines, rest = b"".join(parts).split(b"\n")
                parts = [rest]
                for line in lines:
                    self._line(line)
        self.torn = self.torn or b"".join(parts)
        self._answers.put(None)
        self.requests.put(None)

    def _line(self, line: bytes) -> None:
        if not line:
            return  # before the last words of the supervisor
        try:
            message = json.loads(line.decode("utf-8"))
            assert message["jsonrpc"] == "2.0"
        except Exception:
            self.bad_lines.append(line)
            return
        method = message.get("method")
        params = message.get("params")
        if method is None:
            self._answers.put(message)
        elif method == "hello":
            self.hello = params
        elif method == "ready":
            self.ready = params
            self.ready_event.set()
        elif method == "ended":
            self.ended = params
            if self.bad_lines:  # the interpreter ended in the midst of it; its watcher ends the line
                self.torn = self.bad_lines.pop()
        elif method == "output":
            assert len(params["text"].encode()) <= 65536
            item = (params["stream"], params["text"])
            ours = params.get("run", self._run) == self._run
            (self._outputs if ours else self.between).append(item)
        elif method == "display":
            # With how much had been printed by then.
            printed = sum(len(text) for stream, text in self._outputs if stream == "stdout")
            self._displays.append({**params, "printed": printed})
        elif method == "progress":
            self._progress.append(params)
        elif method == "notifications/cancelled":
            self.cancelled.append(params["requestId"])
        else:
            self._request(message, method, params)

    def _request(self, message: dict, method: str, params: dict) -> None:
        handler = self.handlers.get(method)
        if method == "call_tool":
            self.calls += 1
            tool = self.tools.get((params["server"], params["tool"]))
            if tool is not None:
                handler = lambda params: tool(params["arguments"])  # noqa: E731
        elif method == "save_tool" and handler is None:
            handler = self._save
        if handler is None:
            self.requests.put(message)
            return
        try:
            self.answer(message, handler(params))
        except RpcError as error:
            self.send({"jsonrpc": "2.0", "id": message["id"], "error": error.error})
        except BrokenPipeError:
            pass

    def _save(self, params: dict) -> dict:
        self.saved.append(params)
        version = sum(each["name"] == params["name"] for each in self.saved)
        return {"path": f"/state/{params['name']}.py", "version": version}

    def next_request(self) -> dict:
        request = self.requests.get(timeout=PATIENCE)
        assert request is not None, f"the interpreter is gone: {self.errors.decode()}"
        return request

    # -- runs ----------------------------------------------------------------------------------

    def wait_ready(self) -> dict:
        assert self.ready_event.wait(PATIENCE), self.errors.decode()
        return self.ready

    def start(self, code: str, **params: object) -> int:
        self._run += 1
        self._outputs, self._displays, self._progress = [], [], []
        message = {"run": self._run, "code": code, "servers": [FILES, JIRA], "loaded": []}
        message.update(params)
        kept = {key: value for key, value in message.items() if value is not None}
        self.send({"jsonrpc": "2.0", "id": 1000 + self._run, "method": "run", "params": kept})
        return self._run

    def finish(self, timeout: float = PATIENCE) -> Outcome:
        answer = self._answers.get(timeout=timeout)
        assert answer is not None, f"the interpreter is gone: {self.errors.decode()}"
        assert answer["id"] == 1000 + self._run, answer
        return Outcome(answer, self._outputs, self._displays, self._progress)

    def run(self, code: str, **params: object) -> Outcome:
        self.start(code, **params)
        return self.finish()

    def interrupt(self, reason: str = "timeout", run: int | None = None) -> None:
        params = {"run": self._run if run is None else run, "reason": reason}
        self.send({"jsonrpc": "2.0", "method": "interrupt", "params": params})

    def wait_exit(self, timeout: float = PATIENCE) -> int:
        return self.process.wait(timeout)

    def wait_until(self, condition) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.005)

    def wait_output(self, text: str) -> None:
        self.wait_until(lambda: text in "".join(part for _, part in list(self._outputs)))

    def close(self) -> None:
        try:
            self.process.stdin.close()
        except OSError:
            pass
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        self._reader.join(5)
        self._drainer.join(5)
        self.process.stdout.close()
        self.process.stderr.close()
