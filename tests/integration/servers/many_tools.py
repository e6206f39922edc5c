"""A server with as many tools as its first argument says, a page of as many as its second says at a
time. Each answers its own name."""

import json
import os
import sys


def tool(n):
    return {"name": f"tool_{n}", "title": f"Tool {n}",
            "description": f"Does the {n}th of many things with a widget.",
            "inputSchema": {"type": "object", "properties": {
                "widget": {"type": "string", "description": f"The widget of kind {n % 97}."},
                "count": {"type": "integer"}}, "required": ["widget"]}}


def page(tools, size, cursor):
    begin = int(cursor or 0)
    result = {"tools": [tool(n) for n in range(begin, min(begin + size, tools))]}
    if begin + size < tools:
        result["nextCursor"] = str(begin + size)
    return result


def write(data):
    while data:
        data = data[os.write(1, data):]


def main(tools, size):
    for line in sys.stdin.buffer:
        message = json.loads(line)
        id, method, params = message.get("id"), message.get("method"), message.get("params", {})
        if id is None:
            continue
        answer = {"jsonrpc": "2.0", "id": id}
        if method == "initialize":
            answer["result"] = {"protocolVersion": params["protocolVersion"],
                                "capabilities": {"tools": {}},
                                "serverInfo": {"name": "many", "version": "1"}}
        elif method == "tools/list":
            answer["result"] = page(tools, size, params.get("cursor"))
        elif method == "tools/call":
            text = f"{params['name']} was called"
            answer["result"] = {"content": [{"type": "text", "text": text}]}
        else:
            answer["error"] = {"code": -32601, "message": "Method not found"}
        write(json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
