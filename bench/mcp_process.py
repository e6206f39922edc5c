"""A program that speaks MCP on pipes, asked one thing at a time."""

from __future__ import annotations

import json
import os
import subprocess


class McpServer:
    """`initialize` is answered when this is made."""

    def __init__(self, argv: list, env: dict) -> None:
        self.process = subprocess.Popen(
            [str(word) for word in argv], env=env, bufsize=0, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        self.rest = b""
        self.number = 0
        client = {"name": "bench", "version": "1"}
        parameters = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}
        self.request("initialize", parameters)
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def send(self, message: dict) -> None:
        self.process.stdin.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")

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
        return self.process.stderr.read()[-2000:].decode(errors="replace")

    def request(self, method: str, params: dict) -> dict:
        self.number += 1
        self.send({"jsonrpc": "2.0", "id": self.number, "method": method, "params": params})
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

    def end(self) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def __enter__(self) -> McpServer:
        return self

    def __exit__(self, *unused: object) -> None:
        self.end()
