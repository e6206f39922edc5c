"""A server without any library, for what the SDKs make slow or impossible: results of any size, and
answers in any order. The number of calls that are answered together is its argument."""

import hashlib
import json
import os
import random
import sys

TOOLS = [
    {"name": "blob", "description": "Text of an exact length.",
     "inputSchema": {"type": "object", "properties": {"size": {"type": "integer"}}}},
    {"name": "digest", "description": "Length and hash of a text.",
     "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}}},
    {"name": "echo", "description": "Answers its number, once enough calls have come.",
     "inputSchema": {"type": "object", "properties": {"number": {"type": "integer"}}}},
]


def blob(size):
    """Text that shows where it was cut or shuffled."""
    line = "{:015d}\n"
    text = "".join(line.format(i) for i in range(size // 16 + 1))
    return text[:size]


def write(data):
    while data:
        data = data[os.write(1, data):]


def answer(id, result):
    return json.dumps({"jsonrpc": "2.0", "id": id, "result": result}).encode() + b"\n"


def text_result(text):
    return {"content": [{"type": "text", "text": text}]}


def main(together):
    waiting = []
    shuffle = random.Random(1).shuffle
    for line in sys.stdin.buffer:
        message = json.loads(line)
        id, method, params = message.get("id"), message.get("method"), message.get("params", {})
        if id is None:
            continue
        if method == "initialize":
            write(answer(id, {"protocolVersion": params["protocolVersion"],
                              "capabilities": {"tools": {}},
                              "serverInfo": {"name": "plain", "version": "1"}}))
        elif method == "tools/list":
            write(answer(id, {"tools": TOOLS}))
        elif method == "ping":
            write(answer(id, {}))
        elif method == "tools/call" and params["name"] == "blob":
            write(answer(id, text_result(blob(params["arguments"]["size"]))))
        elif method == "tools/call" and params["name"] == "digest":
            text = params["arguments"]["text"]
            write(answer(id, text_result(
                f"{len(text)} {hashlib.sha256(text.encode()).hexdigest()}")))
        elif method == "tools/call" and params["name"] == "echo":
            waiting.append(answer(id, {
                "content": [], "structuredContent": {"number": params["arguments"]["number"]}}))
            if len(waiting) == together:
                shuffle(waiting)
                write(b"".join(waiting))
                waiting.clear()
        else:
            write(json.dumps({"jsonrpc": "2.0", "id": id,
                              "error": {"code": -32601, "message": "unknown"}}).encode() + b"\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
