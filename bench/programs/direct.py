"""The floors in Python: what a plain program does straight to a server, with nothing in between.

    direct.py calls SERVER    reads "one N" or "many N WIDTH" lines, calls the server's tool that
                              often, prints the microseconds that each call or batch took
    direct.py runs            reads code as JSON strings, runs it, prints what it printed
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import subprocess
import sys
import time

encode = json.JSONEncoder(separators=(",", ":")).encode  # the echo server knows no spaces


class Server:
    """The least that an asyncio program can do to call a server: no streams, no locks, no limits."""

    def __init__(self, process: subprocess.Popen) -> None:
        self.loop = asyncio.get_running_loop()
        self.reader, self.writer = process.stdout.fileno(), process.stdin.fileno()
        self.pending: dict[int, asyncio.Future] = {}
        self.number = 0
        self.rest = b""
        self.unsent = b""
        # More calls at once than a pipe holds: we must not wait for room where answers wait for us.
        os.set_blocking(self.writer, False)
        self.loop.add_reader(self.reader, self.read)

    def read(self) -> None:
        *lines, self.rest = (self.rest + os.read(self.reader, 1 << 18)).split(b"\n")
        for line in lines:
            message = json.loads(line)
            self.pending.pop(message["id"]).set_result(message["result"])

    def write(self, data: bytes) -> None:
        if self.unsent:
            self.unsent += data
            return
        try:
            written = os.write(self.writer, data)
        except BlockingIOError:
            written = 0
        if written < len(data):
            self.unsent = data[written:]
            self.loop.add_writer(self.writer, self.write_more)

    def write_more(self) -> None:
        self.unsent = self.unsent[os.write(self.writer, self.unsent[: 1 << 16]):]
        if not self.unsent:
            self.loop.remove_writer(self.writer)

    async def request(self, method: str, params: dict) -> dict:
        self.number += 1
        answer = self.pending[self.number] = self.loop.create_future()
        message = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}
        self.write(encode(message).encode() + b"\n")
        return await answer

    async def call(self) -> dict:
        return await self.request("tools/call", {"name": "echo", "arguments": {"text": "hello"}})


async def calls(command: list[str]) -> None:
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    server = Server(process)
    await server.request("initialize", {})
    for line in sys.stdin:
        kind, *numbers = line.split()
        count = int(numbers[0])
        width = int(numbers[1]) if kind == "many" else 1
        times = []
        for _ in range(count):
            began = time.perf_counter()
            if width == 1:
                await server.call()
            else:
                await asyncio.gather(*(server.call() for _ in range(width)))
            times.append((time.perf_counter() - began) * 1e6 / width)
        print(json.dumps(times), flush=True)
    process.stdin.close()
    process.wait()


def runs() -> None:
    for line in sys.stdin:
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile(json.loads(line), "<code>", "exec"), {})
        print(json.dumps(output.getvalue()), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "calls":
        asyncio.run(calls(sys.argv[2:]))
    else:
        runs()
