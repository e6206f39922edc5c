"""An MCP server that lists the tools in a file of JSON, and answers each call with the same text: it
stands in for a real server whose list was kept."""

import json
import sys


def main(path: str) -> None:
    with open(path, encoding="utf-8") as file:
        kept = json.load(file)
    for line in sys.stdin.buffer:
        message = json.loads(line)
        method, params = message.get("method"), message.get("params") or {}
        if "id" not in message:
            continue
        answer = {"jsonrpc": "2.0", "id": message["id"]}
        if method == "initialize":
            answer["result"] = {"protocolVersion": params["protocolVersion"],
                                "capabilities": {"tools": {}},
                                "serverInfo": {"name": kept["name"], "version": kept["version"]}}
        elif method == "tools/list":
            answer["result"] = {"tools": kept["tools"]}
        elif method == "tools/call":
            text = kept["answers"].get(params["name"], "done")
            answer["result"] = {"content": [{"type": "text", "text": text}]}
        elif method == "ping":
            answer["result"] = {}
        else:
            answer["error"] = {"code": -32601, "message": f"no {method} here"}
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


main(sys.argv[1])
