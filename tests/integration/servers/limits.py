"""A server without any library, whose one tool says how many descriptors it may have open."""

import json
import resource
import sys

RESULTS = {
    "initialize": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                   "serverInfo": {"name": "limits", "version": "1"}},
    "tools/list": {"tools": [{"name": "open_files", "inputSchema": {"type": "object"}}]},
    "ping": {},
}

for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    answer = {"jsonrpc": "2.0", "id": message["id"]}
    if message["method"] == "tools/call":
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        answer["result"] = {"content": [{"type": "text", "text": json.dumps(limits)}]}
    elif message["method"] in RESULTS:
        answer["result"] = RESULTS[message["method"]]
    else:
        answer["error"] = {"code": -32601, "message": "Method not found"}
    print(json.dumps(answer), flush=True)
