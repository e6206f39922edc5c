"""What is measured and how it is spoken to: Headrace as its client sees it, and the plain programs
that set the floors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Process:
    """A program on pipes, one line out for each line in."""

    def __init__(self, argv: list, env: dict | None = None) -> None:
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [str(word) for word in argv], env=env, bufsize=0, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE if env else None,
        )
        self.rest = b""

    def send(self, line: str) -> None:
        self.process.stdin.write(line.encode() + b"\n")

    def line(self) -> bytes:
        while b"\n" not in self.rest:
            data = os.read(self.process.stdout.fileno(), 1 << 18)
            if not data:
                raise RuntimeError(f"{self.process.args[0]} ended; its stderr: {self.last_words()}")
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return line

    def last_words(self) -> str:
        self.process.kill()
        stderr = self.process.stderr
        return stderr.read()[-2000:].decode(errors="replace") if stderr else "(see above)"

    def ask(self, line: str) -> object:
        self.send(line)
        return json.loads(self.line())

    def age(self) -> float:
        """Seconds since just before it was started."""
        return time.perf_counter() - self.began

    def memory(self) -> dict[str, float]:
        """MB that are resident, and of those what no other process shares."""
        values = {}
        for line in Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()[1:]:
            name, size, _ = line.split()
            values[name] = int(size) * 1024 / 1e6
        return {"resident": values["Rss:"], "private": values["Private_Dirty:"] + values["Private_Clean:"]}

    def end(self) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        if self.process.stderr:
            self.process.stderr.close()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *unused: object) -> None:
        self.end()


class McpServer(Process):
    """A program that speaks MCP; `initialize` is answered when this is made."""

    def __init__(self, argv: list, env: dict | None = None) -> None:
        super().__init__(argv, env)
        self.number = 0
        client = {"name": "bench", "version": "1"}
        parameters = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}
        self.request("initialize", parameters)
        self.initialized_after = self.age()
        self.send('{"jsonrpc":"2.0","method":"notifications/initialized"}')

    def request(self, method: str, params: dict) -> dict:
        self.number += 1
        message = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}
        self.send(json.dumps(message, separators=(",", ":")))
        while True:
            answer = json.loads(self.line())
            if answer.get("id") == self.number:
                if "result" not in answer:
                    raise RuntimeError(f"{method} was refused: {answer['error']}")
                return answer["result"]

    def run(self, code: str) -> str:
        """Runs code with run_python; what it printed."""
        result = self.request("tools/call", {"name": "run_python", "arguments": {"code": code, "timeout": 120}})
        text = "\n".join(block.get("text", "") for block in result["content"])
        if result.get("isError"):
            raise RuntimeError(f"the code failed: {text}")
        return text

    def cancelled_run(self, code: str, runs_for: float) -> float:
        """Seconds from the cancellation of a run under way until the session has run another."""
        self.number += 1
        call = {"name": "run_python", "arguments": {"code": code, "timeout": 120}}
        message = {"jsonrpc": "2.0", "id": self.number, "method": "tools/call", "params": call}
        self.send(json.dumps(message))
        time.sleep(runs_for)
        began = time.perf_counter()
        cancel = {"requestId": self.number, "reason": "measured"}
        self.send(json.dumps({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancel}))
        self.run("pass")
        return time.perf_counter() - began

    def timed_run(self, code: str) -> float:
        began = time.perf_counter()
        self.run(code)
        return time.perf_counter() - began


class Setting:
    """The programs, and a home folder in which 20 servers are configured."""

    SERVERS = 20

    def __init__(self, build: Path, program: Path | None, image: str) -> None:
        self.program = program or build / "server" / "headrace"
        self.echo = build / "bench" / "headrace_bench_echo_server"
        self.relay = build / "bench" / "headrace_bench_relay"
        self.hop = build / "bench" / "headrace_bench_hop"
        for path in (self.program, self.echo, self.relay, self.hop):
            if not path.is_file():
                raise SystemExit(f"{path} is not there: build it, or name the build with --build")
        self.image = image
        self._folder = tempfile.TemporaryDirectory(prefix="headrace-bench-")
        home = Path(self._folder.name)
        (home / "MCPs").mkdir()
        names = ["echo"] + [f"server_{number}" for number in range(2, self.SERVERS + 1)]
        servers = {name: {"command": str(self.echo), "args": []} for name in names}
        (home / "MCPs" / "servers.json").write_text(json.dumps({"mcpServers": servers}))
        silent = {"command": sys.executable, "args": ["-B", str(HERE / "programs" / "silent_server.py")]}
        self.silent = home / "silent.json"
        self.silent.write_text(json.dumps({"mcpServers": {"silent": silent}}))
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MCP_")},
            "HOME": str(home), "MCP_BRIDGE_TIMEOUT": "120",
        }
        self.environment.pop("XDG_CONFIG_HOME", None)
        if image:
            self.environment["MCP_BRIDGE_IMAGE"] = image

    def headrace(self, runtime: str | None = None, **settings: str) -> McpServer:
        chosen = {"MCP_BRIDGE_RUNTIME": runtime, **settings} if runtime else settings
        return McpServer([self.program], {**self.environment, **chosen})

    def direct(self, *arguments: object) -> Process:
        return Process([sys.executable, "-B", HERE / "programs" / "direct.py", *arguments])

    def bare_sandbox(self, runtime: str, python: str) -> list[str]:
        """The least that brings a Python with asyncio and json up in a sandbox of this kind."""
        code = [python, "-I", "-B", "-c", "import asyncio, json, os; os.write(1, b'up\\n')"]
        if runtime == "bwrap":
            words = "--ro-bind / / --unshare-all --die-with-parent --proc /proc --dev /dev --tmpfs /tmp"
            return ["bwrap", *words.split(), *code]
        words = (
            "run --rm -i --network none --read-only --cap-drop ALL --security-opt no-new-privileges "
            "--memory 512m --pids-limit 128"
        )
        return [runtime, *words.split(), self.image, *code]
