"""An MCP server with one tool that never answers: what a cancelled call waits for."""

import json
import sys

RESULTS = {
    "initialize": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                   "serverInfo": {"name": "silent", "version": "1"}},
    "tools/list": {"tools": [{"name": "wait", "inputSchema": {"type": "object"}}]},
    "ping": {},
}

for line in sys.stdin:
    message = json.loads(line)
    if message.get("method") in RESULTS and "id" in message:
        answer = {"jsonrpc": "2.0", "id": message["id"], "result": RESULTS[message["method"]]}
        print(json.dumps(answer), flush=True)
    elif "id" in message and message.get("method") != "tools/call":
        error = {"code": -32601, "message": "Method not found"}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "error": error}), flush=True)
