"""A bare MCP client on a Headrace's stdio: it shows every byte and can send any."""

import itertools
import json
import os
import signal
import subprocess
import threading
import time

PATIENCE = 120  # seconds; a test that waits longer for an answer has found a hang


class RawClient:
    """Starts a program and speaks newline-delimited JSON-RPC with it.

    `bad_lines` holds what it wrote to stdout that is not a JSON-RPC message; `messages` all that is,
    in order; `errors` its stderr so far.
    """

    def __init__(self, argv, env, cwd=None, stdin=subprocess.PIPE, start_reading=True):
        self.process = subprocess.Popen(argv, env=env, cwd=cwd, stdin=stdin,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.messages = []
        self.bad_lines = []
        self.errors = ""
        self._answers = {}
        self._ids = itertools.count(1)
        self._changed = threading.Condition()
        self._ended = False
        self._readers = [threading.Thread(target=self._read_errors, daemon=True)]
        self._readers[0].start()
        if start_reading:
            self.start_reading()

    # --- reading ---

    def start_reading(self):
        reader = threading.Thread(target=self._read_messages, daemon=True)
        self._readers.append(reader)
        reader.start()

    def _read_errors(self):
        for chunk in iter(lambda: os.read(self.process.stderr.fileno(), 65536), b""):
            with self._changed:
                self.errors += chunk.decode(errors="replace")
                self._changed.notify_all()

    def _read_messages(self):
        for line in self.process.stdout:
            with self._changed:
                try:
                    message = json.loads(line)
                    good = isinstance(message, dict) and message.get("jsonrpc") == "2.0"
                except ValueError:
                    good = False
                if not good:
                    self.bad_lines.append(line)
                else:
                    self.messages.append(message)
                    if "method" not in message:
                        self._answers.setdefault(json.dumps(message.get("id")), []).append(message)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_until(self, condition, what, timeout=PATIENCE):
        """Waits until condition() is true; it is looked at whenever something was received."""
        end = time.monotonic() + timeout
        with self._changed:
            while True:
                value = condition()
                if value:
                    return value
                left = end - time.monotonic()
                assert not self._ended, (
                    f"the program ended while waiting for {what}; its stderr:\n{self.errors[-3000:]}")
                assert left > 0, f"never: {what}; stderr:\n{self.errors[-3000:]}"
                self._changed.wait(left)

    def answers(self, id):
        """All answers to an id so far."""
        with self._changed:
            return list(self._answers.get(json.dumps(id), ()))

    def wait(self, id, timeout=PATIENCE):
        """The whole answer to a request."""
        key = json.dumps(id)
        return self.wait_until(lambda: self._answers.get(key), f"the answer to {id!r}", timeout)[0]

    def notifications(self, method):
        with self._changed:
            return [m for m in self.messages if m.get("method") == method]

    def wait_notification(self, method, fits=lambda params: True, timeout=PATIENCE):
        def found():
            return [m for m in self.messages
                    if m.get("method") == method and fits(m.get("params", {}))]
        return self.wait_until(found, method, timeout)[0]["params"]

    def wait_stderr(self, text, timeout=PATIENCE):
        self.wait_until(lambda: text in self.errors, f"'{text}' on stderr", timeout)

    # --- writing ---

    def send_bytes(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message):
        self.send_bytes(json.dumps(message).encode() + b"\n")

    def notify(self, method, params=None):
        self.send({"jsonrpc": "2.0", "method": method,
                   **({} if params is None else {"params": params})})

    def request(self, method, params=None, id=None):
        """Sends a request; its id."""
        if id is None:
            id = next(self._ids)
        self.send({"jsonrpc": "2.0", "id": id, "method": method,
                   **({} if params is None else {"params": params})})
        return id

    def call(self, method, params=None, timeout=PATIENCE):
        """A request's result; an error fails the test."""
        answer = self.wait(self.request(method, params), timeout)
        assert "result" in answer, answer
        return answer["result"]

    def error(self, method, params=None):
        """The error that a request must be answered with."""
        answer = self.wait(self.request(method, params))
        assert "error" in answer, answer
        return answer["error"]

    def initialize(self, version="2025-06-18", capabilities=None):
        result = self.call("initialize", {
            "protocolVersion": version, "capabilities": capabilities or {},
            "clientInfo": {"name": "raw", "version": "1"}})
        self.notify("notifications/initialized")
        return result

    # --- the tool ---

    def start_run(self, code, *, id=None, progress_token=None, **arguments):
        params = {"name": "run_python", "arguments": {"code": code, **arguments}}
        if progress_token is not None:
            params["_meta"] = {"progressToken": progress_token}
        return self.request("tools/call", params, id)

    def end_of_run(self, id, timeout=PATIENCE):
        answer = self.wait(id, timeout)
        assert "result" in answer, answer
        return answer["result"]

    def run(self, code, **arguments):
        """The CallToolResult of a run, whatever came of it."""
        return self.end_of_run(self.start_run(code, **arguments))

    def output(self, code, **arguments):
        """The text of a run that must succeed."""
        result = self.run(code, **arguments)
        assert not result.get("isError"), text_of(result)
        return text_of(result)

    def failure(self, code, **arguments):
        """The text of a run that must fail."""
        result = self.run(code, **arguments)
        assert result.get("isError"), text_of(result)
        return text_of(result)

    def json(self, code, **arguments):
        """The JSON document that a successful run prints last."""
        return json.loads(self.output(code, **arguments).splitlines()[-1])

    # --- the end ---

    @property
    def pid(self):
        return self.process.pid

    def close_stdin(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass

    def close(self, timeout=PATIENCE):
        """End of file, then its exit code."""
        if self.process.stdin is not None:
            self.close_stdin()
        return self.wait_exit(timeout)

    def wait_exit(self, timeout=PATIENCE):
        code = self.process.wait(timeout)
        for reader in self._readers:
            reader.join(timeout)
        return code

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def text_of(result):
    """The text blocks of a CallToolResult."""
    return "\n".join(block["text"] for block in result["content"] if block["type"] == "text")
