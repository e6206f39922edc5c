"""A server that says at each start, and with each list, that its tools have changed."""

import json
import sys


def send(message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


for line in sys.stdin:
    request = json.loads(line)
    method = request.get("method")
    if method == "notifications/initialized":
        send({"method": "notifications/tools/list_changed"})
    if "id" not in request:
        continue
    answer = {"error": {"code": -32601, "message": f"no {method}"}}
    if method == "initialize":
        answer = {"result": {"protocolVersion": request["params"]["protocolVersion"],
                             "capabilities": {"tools": {"listChanged": True}},
                             "serverInfo": {"name": "restless", "version": "1"}}}
    elif method == "tools/list":
        send({"method": "notifications/tools/list_changed"})
        tool = {"name": "fidget", "description": "Fidgets.", "inputSchema": {"type": "object"}}
        answer = {"result": {"tools": [tool]}}
    elif method == "tools/call":
        answer = {"result": {"content": [{"type": "text", "text": "done"}]}}
    send({"id": request["id"], **answer})
    if method == "tools/list":
        send({"method": "notifications/tools/list_changed"})
