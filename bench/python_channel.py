"""Microseconds per tool call as sandboxed code sees them, against a trivial echo peer.

The real interpreter runs the calls; the peer answers each line with a constant-size result over a
socket pair. Both on one core (--core N, -1 for none) unless told otherwise, since waking another
core costs more than the call.

    python3 bench/python_channel.py [--python EXE] [--calls N] [--core N]
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "python"))

from fake_host import SOURCE, modules  # noqa: E402

RESULT = json.dumps(
    {"content": [{"type": "text", "text": "x" * 120}], "isError": False}, separators=(",", ":")
).encode()

CODE = """
import time
N = %d
def best_of(times, calls):
    walls, cpus = zip(*times)
    return min(walls) / calls * 1e6, min(cpus) / calls * 1e6
class Timer(list):
    def __enter__(self): self.began = time.perf_counter(), time.process_time()
    def __exit__(self, *unused):
        self.append((time.perf_counter() - self.began[0], time.process_time() - self.began[1]))
async def one_by_one():
    timer = Timer()
    for _ in range(10):
        with timer:
            for _ in range(N // 10):
                await mcp_echo.echo(text='hello')
    return best_of(timer, N // 10)
async def at_once(width):
    timer, rounds = Timer(), max(1, N // width // 10)
    for _ in range(10):
        with timer:
            for _ in range(rounds):
                await asyncio.gather(*(mcp_echo.echo(text='hello') for _ in range(width)))
    return best_of(timer, rounds * width)
def blocking():
    timer = Timer()
    for _ in range(10):
        with timer:
            for _ in range(N // 10):
                mcp_echo.echo.sync(text='hello')
    return best_of(timer, N // 10)
def show(name, costs):
    print(f'{name:24} {costs[0]:7.1f} us, of which CPU of the interpreter {costs[1]:.1f}')
show('awaited, one at a time', await one_by_one())
show('awaited, 100 at a time', await at_once(100))
show('blocking', blocking())
"""


def serve(stream: socket.socket) -> None:
    """Answers tool calls and prints output until the run is over; nothing else, and fast."""
    rest = b""
    while True:
        chunk = stream.recv(1 << 18)
        if not chunk:
            return
        *lines, rest = (rest + chunk).split(b"\n")
        out = []
        for line in lines:
            if line.startswith(b'{"jsonrpc":"2.0","id":') and b'"call_tool"' in line:
                number = line[22 : line.index(b",", 22)]
                out.append(b'{"jsonrpc":"2.0","id":%b,"result":%b}\n' % (number, RESULT))
            elif b'"output"' in line:
                sys.stdout.write(json.loads(line)["params"]["text"])
            elif b'"result"' in line:
                return
        if out:
            stream.sendall(b"".join(out))


def start(python: str, counter: list[str] | None = None) -> tuple[subprocess.Popen, socket.socket, float]:
    ours, theirs = socket.socketpair()
    boot = {"method": "boot", "params": {"modules": modules(), "options": {}}}
    began = time.perf_counter()
    process = subprocess.Popen(
        [*(counter or []), python, "-I", "-B", "-u", "-c", (SOURCE / "loader.py").read_text(), str(theirs.fileno())],
        stdin=subprocess.PIPE,
        pass_fds=[theirs.fileno()],
    )
    theirs.close()
    ours.sendall(json.dumps(boot).encode() + b"\n")
    line = b""
    while line.count(b"\n") < 2:  # hello, ready
        line += ours.recv(65536)
    return process, ours, time.perf_counter() - began


def starting(python: str) -> None:
    """Time to `ready` beside that of the bare imports, the best of several."""
    bare, ready = [], []
    for _ in range(12):
        began = time.perf_counter()
        command = [python, "-I", "-B", "-c", "import asyncio, json, os; os.write(1, b'.')"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as imports:
            imports.stdout.read(1)
            bare.append(time.perf_counter() - began)
        process, stream, took = start(python)
        ready.append(took)
        stream.close()
        process.wait()
        process.stdin.close()
    print(f"{'bare asyncio and json':24} {min(bare) * 1e3:7.1f} ms")
    print(f"{'until ready':24} {min(ready) * 1e3:7.1f} ms")


def hello(python: str) -> None:
    """A trivial run on a live session, p50 and best."""
    process, stream, _ = start(python)
    times = []
    for number in range(300):
        params = {"run": number, "code": "print('hi')", "servers": [], "loaded": []}
        message = {"jsonrpc": "2.0", "id": number, "method": "run", "params": params}
        began = time.perf_counter()
        stream.sendall(json.dumps(message).encode() + b"\n")
        data = b""
        while b'"status"' not in data:
            data = stream.recv(65536)
        times.append(time.perf_counter() - began)
    times.sort()
    print(f"{'a trivial run':24} {times[150] * 1e6:7.1f} us p50, {times[0] * 1e6:.1f} best")
    stream.close()
    process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--calls", type=int, default=20000)
    parser.add_argument("--core", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.core >= 0:
        os.sched_setaffinity(0, {arguments.core})
    starting(arguments.python)
    hello(arguments.python)
    process, stream, _ = start(arguments.python)
    server = {"name": "echo", "alias": "echo", "description": "", "cwd": None}
    params = {"run": 1, "code": CODE % arguments.calls, "servers": [server], "loaded": []}
    run = {"jsonrpc": "2.0", "id": 1, "method": "run", "params": params}
    stream.sendall(json.dumps(run).encode() + b"\n")
    serve(stream)
    stream.close()
    process.wait()


if __name__ == "__main__":
    main()
