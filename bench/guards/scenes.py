"""The work that is counted: each takes the command that counts, and how often to do it."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from counting import Failed

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SERVER = [sys.executable, "-I", "-S", str(HERE / "lockstep_server.py")]
PATIENCE = 300  # seconds; only a fault waits so long


def environment(home, **settings):
    kept = {name: os.environ[name] for name in ("PATH", "XDG_RUNTIME_DIR") if name in os.environ}
    return {**kept, "HOME": str(home), "LC_ALL": "C.UTF-8", **settings}


class Program:
    """On pipes, spoken to in lines."""

    def __init__(self, argv, home, **settings):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [str(word) for word in argv], env=environment(home, **settings), cwd=home, bufsize=0,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
        self.rest = b""

    def lines(self, count):
        while self.rest.count(b"\n") < count:
            data = os.read(self.process.stdout.fileno(), 1 << 20)
            if not data:
                self.process.kill()
                raise Failed(f"{self.process.args} ended; its stderr:\n{self.last_words()}")
            self.rest += data
        *lines, self.rest = self.rest.split(b"\n")
        return lines

    def ask(self, data, count=1):
        self.process.stdin.write(data)
        return self.lines(count)

    def request(self, number, method, params):
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        [answer] = self.ask(json.dumps(message).encode() + b"\n")
        answer = json.loads(answer)
        if "error" in answer or answer["result"].get("isError"):
            raise Failed(f"{method} failed: {json.dumps(answer)[:2000]}")
        return answer["result"]

    def last_words(self):
        self.errors.seek(0)
        return self.errors.read()[-2000:].decode(errors="replace")

    def end(self):
        self.process.stdin.close()
        code = self.process.wait(PATIENCE)
        self.process.stdout.close()
        if code != 0:
            raise Failed(f"{self.process.args} exited with {code}; its stderr:\n{self.last_words()}")
        self.errors.close()


def inside(build, *arguments):
    """Work of one process alone."""

    def work(counter, times):
        program = build / "bench" / "headrace_guard_work"
        done = subprocess.run([*counter, program, *arguments, str(times)], capture_output=True,
                              text=True, timeout=PATIENCE, check=False)
        if done.returncode != 0:
            raise Failed(f"{program} exited with {done.returncode}:\n{done.stderr[-2000:]}")

    return work


def call_in_turns(program, tool, width, times):
    """Calls, `width` of them in flight, which are written at once."""
    for first in range(0, times * width, width):
        # Ids of one length, so that each call costs the same.
        program.ask(b"".join(
            b'{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"%s",'
            b'"arguments":{"text":"%s"}}}\n' % (100000 + number, tool, b"x" * 100)
            for number in range(first, first + width)), width)


def hop(build, width):
    """Calls through `headrace proxy`."""

    def work(counter, times):
        with tempfile.TemporaryDirectory() as home:
            program = Program([*counter, build / "server/headrace", "proxy", "--", *SERVER, width],
                              home)
            call_in_turns(program, b"echo", width, times)
            program.end()

    return work


def configured(home, width):
    """What makes the server the only one that is configured."""
    config = Path(home) / "servers.json"
    command, *arguments = [*SERVER, str(width)]
    config.write_text(json.dumps(
        {"mcpServers": {"lockstep": {"command": command, "args": arguments}}}))
    return {"MCP_BRIDGE_SOURCES": "none", "MCP_SERVERS_CONFIG": str(config),
            "MCP_BRIDGE_LOG_LEVEL": "ERROR"}


def greet(program):
    program.request(1, "initialize", {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "guards", "version": "1"}})


def gateway_hop(build, width):
    """Calls through `headrace gateway`."""

    def work(counter, times):
        with tempfile.TemporaryDirectory() as home:
            program = Program([*counter, build / "server/headrace", "gateway"], home,
                              **configured(home, width))
            greet(program)
            [tool] = program.request(2, "tools/list", {})["tools"]
            call_in_turns(program, tool["name"].encode(), width, times)
            program.end()

    return work


CODE = """
import asyncio
for _ in range({times}):
    if {width} == 1:
        await mcp_lockstep.echo(text="{text}")
    else:
        await asyncio.gather(*[mcp_lockstep.echo(text="{text}") for _ in range({width})])
"""


def call_from_code(build, width):
    """Tool calls of code in a sandbox: what the host does for them."""

    def work(counter, times):
        with tempfile.TemporaryDirectory() as home:
            program = Program([*counter, build / "server/headrace"], home,
                              MCP_BRIDGE_RUNTIME="bwrap", MCP_BRIDGE_WARM="0",
                              MCP_BRIDGE_MAX_TIMEOUT="600", **configured(home, width))
            greet(program)
            code = CODE.format(times=times, width=width, text="x" * 100)
            program.request(2, "tools/call", {"name": "run_python",
                                              "arguments": {"code": code, "timeout": 600}})
            program.end()

    return work


def call_in_interpreter():
    """The interpreter's side of awaited calls, against a host that answers at once."""
    sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests/python")]
    import python_channel  # noqa: PLC0415

    def work(counter, times):
        process, ours, _ = python_channel.start(sys.executable, counter)
        ours.settimeout(PATIENCE)
        code = f"for _ in range({times}): await mcp_echo.echo(text='hello')"
        server = {"name": "echo", "alias": "echo", "description": "", "cwd": None}
        ours.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "run", "params": {
            "run": 1, "code": code, "servers": [server], "loaded": []}}).encode() + b"\n")
        python_channel.serve(ours)
        ours.close()
        process.wait(PATIENCE)
        process.stdin.close()

    return work
