"""A server without any library whose calls are answered with the very text that they bring: `answer`
with its `result`, `refuse` with its `error`, `repeat` with the line that came, `process` with its
number. The first definition has all that one can have."""

import json
import os
import sys

TOOLS = [
    {"name": "answer", "title": "Answer", "description": "Answers with `result`.",
     "inputSchema": {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
                     "properties": {"result": {"type": "string", "x-order": 1}}},
     "outputSchema": {"type": "object", "properties": {"n": {"type": "number"}}},
     "annotations": {"title": "An answer", "readOnlyHint": True},
     "icons": [{"src": "data:image/png;base64,AAAA", "mimeType": "image/png", "sizes": ["16x16"]}],
     "_meta": {"example.com/ui": {"resourceUri": "ui://answer", "sizes": [1, 2]}}},
    {"name": "refuse", "inputSchema": {"type": "object"}},
    {"name": "repeat", "inputSchema": {"type": "object"}},
    {"name": "process", "inputSchema": {"type": "object"}},
]


def write(data):
    while data:
        data = data[os.write(1, data):]


def main():
    for line in sys.stdin.buffer:
        message = json.loads(line)
        id, method, params = message.get("id"), message.get("method"), message.get("params", {})
        if id is None:
            continue
        head = f'{{"jsonrpc":"2.0","id":{json.dumps(id)},'
        name, arguments = params.get("name"), params.get("arguments", {})
        if method == "initialize":
            answer = '"result":' + json.dumps({
                "protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}},
                "serverInfo": {"name": "verbatim", "version": "1"}})
        elif method == "tools/list":
            answer = '"result":' + json.dumps({"tools": TOOLS})
        elif method != "tools/call":
            answer = '"error":{"code":-32601,"message":"Method not found"}'
        elif name == "refuse":
            answer = f'"error":{arguments["error"]}'
        elif name == "answer":
            answer = f'"result":{arguments["result"]}'
        else:
            told = line.decode() if name == "repeat" else str(os.getpid())
            answer = '"result":' + json.dumps({"content": [{"type": "text", "text": told}]})
        write(f"{head}{answer}}}\n".encode())


if __name__ == "__main__":
    main()
