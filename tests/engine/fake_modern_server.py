"""An MCP server of the modern era, or of both, that misbehaves on demand: the first argument says how
it begins, the name of the tool that is called says what it does. Standard library only."""
import json
import os
import sys
import time

MODE = sys.argv[1] if len(sys.argv) > 1 else "modern"
VERSION = "io.modelcontextprotocol/protocolVersion"
seen = []
cancelled = []
watchers = []
listening = None
tasks = {}
asked = {}
initialized = False


def write(text):
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()


def send(message):
    write(json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":")) + "\n")


def answer(request_id, result, kind="complete"):
    send({"id": request_id, "result": {"resultType": kind, **result}})


def refuse(request_id, code, message, data=None):
    error = {"code": code, "message": message}
    send({"id": request_id, "error": error if data is None else {**error, "data": data}})


def linger():
    while True:
        time.sleep(1000)


def discover(request_id):
    if MODE == "silent_legacy":
        return
    if MODE == "exits_on_discover":
        sys.exit(9)
    if MODE == "late_modern":
        # Only when something else has come.
        held.append(request_id)
        return
    if MODE == "newer":
        refuse(request_id, -32022, "no", {"supported": ["2031-01-01"], "requested": "2026-07-28"})
        return
    if MODE in ("legacy", "refuses_both"):
        refuse(request_id, -32601, "Method not found")
        return
    versions = {"only_old": ["2025-11-25"], "dual": ["2026-07-28", "2025-11-25"]}
    answer(request_id, {"supportedVersions": versions.get(MODE, ["2026-07-28"]),
                        "capabilities": {"tools": {"listChanged": True},
                                         "prompts": {"listChanged": True}, "resources": {}},
                        "instructions": "use it", "ttlMs": 0, "cacheScope": "private",
                        "_meta": {"io.modelcontextprotocol/serverInfo":
                                  {"name": "fake", "version": str(os.getpid())}}})


def initialize(request_id, params):
    global initialized
    for discover_id in held:
        answer_discover_late(discover_id)
    held.clear()
    if MODE in ("modern", "late_modern", "refuses_both"):
        refuse(request_id, -32601, "unsupported: this server speaks 2026-07-28")
        return
    initialized = True
    send({"id": request_id, "result": {
        "protocolVersion": params["protocolVersion"], "serverInfo": {"name": "fake", "version": "1"},
        "capabilities": {"tools": {}, "tasks": {"requests": {"tools": {"call": {}}}}}}})


held = []


def answer_discover_late(request_id):
    answer(request_id, {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}})


def question(text="?"):
    return {"method": "elicitation/create",
            "params": {"mode": "form", "message": text,
                       "requestedSchema": {"type": "object", "properties": {}}}}


def call_tool(request_id, params):
    name = params["name"]
    arguments = params["arguments"]
    token = params.get("_meta", {}).get("progressToken")
    if name == "echo":
        answer(request_id, {"echo": arguments})
    elif name == "meta":
        answer(request_id, {"meta": params["_meta"]})
    elif name == "seen":
        answer(request_id, {"seen": seen})
    elif name == "silent":
        pass
    elif name == "hang":
        linger()
    elif name == "die":
        os._exit(3)
    elif name == "await_cancel":
        watchers.append(request_id)
        tell_cancelled()
    elif name == "ask":
        # One round, with two questions.
        given = params.get("inputResponses")
        if given is None:
            send({"id": request_id, "result": {
                "resultType": "input_required", "requestState": "opaque \u00e4 \"state\"",
                "inputRequests": {"one": question("one"), "two": question("two")}}})
        else:
            answer(request_id, {"given": given, "state": params.get("requestState"),
                                "again": request_id})
    elif name == "ask_forever":
        send({"id": request_id, "result": {"resultType": "input_required",
                                           "inputRequests": {"k": question()}}})
    elif name == "ask_roots":
        given = params.get("inputResponses")
        if given is None:
            send({"id": request_id, "result": {"resultType": "input_required",
                                               "inputRequests": {"r": {"method": "roots/list"}}}})
        else:
            answer(request_id, {"given": given})
    elif name == "later":
        rounds = int(params.get("requestState", "0"))
        if rounds < 2:
            send({"id": request_id, "result": {"resultType": "input_required",
                                               "requestState": str(rounds + 1)}})
        else:
            answer(request_id, {"rounds": rounds})
    elif name == "progress":
        def tell(token, n, **more):
            send({"method": "notifications/progress",
                  "params": {"progressToken": token, "progress": n, **more}})
        tell(token, 1, total=3, message="one")
        tell("unknown", 7)
        tell(-1, 7)
        tell(token, "two")
        tell(token, 2.5)
        answer(request_id, {"token": token is not None})
        tell(token, 3)
    elif name == "task":
        task = {"taskId": "t-%d" % request_id, "status": "working", "ttl": None, "ttlMs": None,
                "pollInterval": 1, "pollIntervalMs": 1}
        tasks[task["taskId"]] = {"polls": 0, "kind": arguments.get("kind", "plain"), "given": None}
        if initialized:
            if "task" not in params:
                refuse(request_id, -32601, "must be called as a task")
            else:
                send({"id": request_id, "result": {"task": task}})
        else:
            answer(request_id, task, "task")
    elif name == "changes":
        for _ in range(7):
            send({"method": "notifications/tools/list_changed",
                  "params": {"_meta": {"io.modelcontextprotocol/subscriptionId": listening}}})
        send({"method": "notifications/prompts/list_changed"})
        send({"method": "notifications/resources/updated", "params": {"uri": "file:///x"}})
        send({"method": "notifications/elicitation/complete", "params": {"elicitationId": "e"}})
        answer(request_id, {})
    elif name == "end_listening":
        answer(listening, {})
        answer(request_id, {})
    elif name == "cancel_listening":
        send({"method": "notifications/cancelled", "params": {"requestId": listening}})
        answer(request_id, {})
    elif name == "elicit":
        # Legacy: a request of its own, whose answer is the call's.
        asked["q"] = request_id
        send({"id": "q", "method": "elicitation/create", "params": question("legacy?")["params"]})
    elif name == "elicit_url":
        asked["q"] = request_id
        send({"id": "q", "method": "elicitation/create",
              "params": {"mode": "url", "message": "m", "elicitationId": "e", "url": "https://x"}})
    elif name == "take_back":
        send({"id": "gone", "method": "elicitation/create", "params": question()["params"]})
        send({"method": "notifications/cancelled", "params": {"requestId": "gone"}})
        answer(request_id, {})
    elif name == "ask_and_die":
        send({"id": "q", "method": "elicitation/create", "params": question()["params"]})
        time.sleep(0.05)
        os._exit(4)
    elif name == "refused":
        refuse(request_id, -32042, "open the page", {"elicitations": []})
    else:
        refuse(request_id, -32602, "Unknown tool: " + name)


def tell_cancelled():
    if cancelled:
        for request_id in watchers:
            answer(request_id, {"cancelled": cancelled})
        watchers.clear()


def on_task(request_id, method, params):
    task = tasks.get(params["taskId"])
    if task is None:
        refuse(request_id, -32602, "no such task")
        return
    if method == "tasks/cancel":
        cancelled.append(params["taskId"])
        answer(request_id, {})
        tell_cancelled()
        return
    if method == "tasks/update":
        task["given"] = params["inputResponses"]
        answer(request_id, {})
        return
    if method == "tasks/result":
        if task["kind"] == "asks" and task["given"] is None:
            asked["task"] = (request_id, task)
            send({"id": "task", "method": "elicitation/create", "params": {
                **question("task?")["params"],
                "_meta": {"io.modelcontextprotocol/related-task": {"taskId": params["taskId"]}}}})
            return
        send({"id": request_id, "result": {"content": [], "given": task["given"]}})
        return
    task["polls"] += 1
    state = {"taskId": params["taskId"], "status": "working", "pollInterval": 1,
             "pollIntervalMs": 1}
    if task["kind"] == "endless":
        pass
    elif task["kind"] == "fails":
        state.update(status="failed", error={"code": -32000, "message": "it broke"})
    elif task["kind"] == "asks" and task["given"] is None:
        state["status"] = "input_required"
        if not initialized:
            state["inputRequests"] = {"k": question("task?")}
    elif task["polls"] > 1:
        state.update(status="completed", result={"content": [], "given": task["given"]})
    answer(request_id, state)


def on_answer(message):
    waiting = asked.pop(message.get("id"), None)
    what = message.get("result", message.get("error"))
    if isinstance(waiting, tuple):
        waiting[1]["given"] = what
        send({"id": waiting[0], "result": {"content": [], "given": what}})
    elif waiting is not None:
        send({"id": waiting, "result": {"answer": what}})


def listen(message):
    global listening
    listening = message["id"]
    send({"method": "notifications/subscriptions/acknowledged", "params": {
        "_meta": {"io.modelcontextprotocol/subscriptionId": listening},
        "notifications": message["params"]["notifications"]}})


def main():
    for line in sys.stdin.buffer:
        message = json.loads(line)
        method = message.get("method")
        params = message.get("params") or {}
        if method is None:
            on_answer(message)
            continue
        seen.append(method)
        modern = VERSION in params.get("_meta", {})
        if "id" not in message:
            if method == "notifications/cancelled":
                cancelled.append(params["requestId"])
                tell_cancelled()
        elif method == "server/discover":
            discover(message["id"])
        elif method == "initialize":
            initialize(message["id"], params)
        elif not modern and not initialized:
            refuse(message["id"], -32602, "no protocol version in _meta")
        elif method == "tools/call":
            call_tool(message["id"], params)
        elif method.startswith("tasks/"):
            on_task(message["id"], method, params)
        elif method == "subscriptions/listen":
            listen(message)
        elif method == "tools/list":
            answer(message["id"], {"tools": [{"name": "t"}], "ttlMs": 5000})
        elif method == "prompts/list":
            answer(message["id"], {"prompts": [{"name": "p"}]})
        elif method == "prompts/get":
            if "inputResponses" not in params:
                send({"id": message["id"], "result": {"resultType": "input_required",
                                                      "inputRequests": {"k": question("prompt?")}}})
            else:
                answer(message["id"], {"messages": [], "given": params["inputResponses"]})
        else:
            refuse(message["id"], -32601, "Method not found: " + method)


main()
