"""An MCP server that misbehaves on demand: the first argument says how it starts, the name of the
tool that is called says what it does. Standard library only."""
import json
import os
import random
import sys
import time

MODE = sys.argv[1] if len(sys.argv) > 1 else "normal"
cancelled = []
cancelled_watchers = []
held = []
asked = {}
asked_call = None


def write(text):
    sys.stdout.buffer.write(text.encode() if isinstance(text, str) else text)
    sys.stdout.buffer.flush()


def send(message):
    write(json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":")) + "\n")


def answer(request_id, result):
    send({"id": request_id, "result": result})


def complain(text):
    sys.stderr.write(text)
    sys.stderr.flush()


def linger():
    while True:
        time.sleep(1000)


def initialize(request_id, params):
    if MODE == "mute":
        return
    if MODE == "refuse":
        send({"id": request_id, "error": {"code": -32000, "message": "no licence"}})
    elif MODE == "unknown_version":
        answer(request_id, {"protocolVersion": "1999-01-01"})
    elif MODE == "not_an_object":
        answer(request_id, [1, 2])
    elif MODE == "unreadable":
        write('{"jsonrpc":"2.0","id":%d,"result":{"broken":}\n' % request_id)
    else:
        answer(request_id, {"protocolVersion": params["protocolVersion"],
                            "capabilities": {"tools": {"listChanged": True}},
                            "serverInfo": {"name": "fake", "version": str(os.getpid())}})


def list_tools(request_id, params):
    cursor = (params or {}).get("cursor")
    page = {"tools": [{"name": "page of %r" % cursor}]}
    following = {"pages": {None: "", "": "b", "b": None},
                 "same_cursor": {None: "a", "a": "a"},
                 "cursor_circle": {None: "a", "a": "b", "b": "a"},
                 "endless": None}.get(MODE, {None: None})
    if following is None:
        page["nextCursor"] = str(int(cursor or "0") + 1)
    elif following.get(cursor) is not None:
        page["nextCursor"] = following[cursor]
    if MODE == "failing_page" and cursor is None:
        page["nextCursor"] = "x"
    elif MODE == "failing_page":
        send({"id": request_id, "error": {"code": -32602, "message": "bad cursor"}})
        return
    answer(request_id, page)


def call_tool(request_id, name, arguments):
    global asked_call
    if name == "echo":
        answer(request_id, {"echo": arguments})
    elif name == "die":
        complain("first words\n" + "last words\n")
        os._exit(arguments.get("code", 1))
    elif name == "killed":
        os.kill(os.getpid(), 9)
    elif name == "silent":
        complain("heard\n")
    elif name == "hang":
        linger()
    elif name == "await_cancel":
        cancelled_watchers.append((request_id, arguments["count"]))
        report_cancelled()
    elif name == "flood":
        for _ in range(300):
            complain("x" * 9999 + "\n")
        answer(request_id, {})
    elif name == "noise":
        write("Welcome to the server!\n\n\r\n   \n{\"half\": \n\xff\xfe\n")
        write(b"\xff\xfe\x00\n")
        write(json.dumps({"jsonrpc": "2.0", "id": request_id, "result": {"ok": True}}) + "\r\n")
    elif name == "wrong_id":
        for wrong in (request_id + 1000, str(request_id), -1, 0, None, request_id + 0.5):
            send({"id": wrong, "result": {"wrong": True}})
        answer(request_id, {"ok": True})
    elif name == "twice":
        answer(request_id, {"n": 1})
        answer(request_id, {"n": 2})
    elif name == "unreadable":
        write('{"jsonrpc":"2.0","id":%d,"result":{"broken":}\n' % request_id)
    elif name == "refused":
        send({"id": request_id, "error": {"code": -32602, "message": "bad arguments"}})
    elif name == "half_then_exit":
        write('{"jsonrpc":"2.0","id":%d,"result":{"half' % request_id)
        os._exit(5)
    elif name == "half_then_stop":
        write('{"jsonrpc":"2.0","id":%d,"result":{"half' % request_id)
        linger()
    elif name == "half_close":
        # Nothing can be written to it any more, and it does not go away.
        os.close(0)
        answer(request_id, {})
        linger()
    elif name == "big":
        size = arguments["size"]
        prefix = '{"jsonrpc":"2.0","id":%d,"result":{"text":"' % request_id
        write(prefix)
        piece = "0123456789abcdef" * 65536
        while size > 0:
            write(piece[:size])
            size -= len(piece)
        write('"}}\n')
    elif name == "hold":
        held.append((request_id, arguments))
        if len(held) == arguments["of"]:
            random.shuffle(held)
            for number, what in held:
                answer(number, what)
            held.clear()
    elif name == "ask":
        asked_call = request_id
        for method in ("ping", "roots/list", "sampling/createMessage", "elicitation/create", "x/y"):
            asked["q-" + method] = None
            send({"id": "q-" + method, "method": method, "params": {}})
    elif name == "tell":
        send({"method": "notifications/message",
              "params": {"level": "error", "logger": "l", "data": "from the server"}})
        send({"method": "notifications/tools/list_changed"})
        send({"method": "notifications/progress", "params": {"progressToken": "none"}})
        answer(request_id, {})
    else:
        send({"id": request_id, "error": {"code": -32602, "message": "Unknown tool: " + name}})


def report_cancelled():
    for watcher in list(cancelled_watchers):
        if len(cancelled) >= watcher[1]:
            cancelled_watchers.remove(watcher)
            answer(watcher[0], {"cancelled": cancelled})


def on_answer(message):
    if message.get("id") not in asked:
        return
    error = message.get("error")
    asked[message["id"]] = error["code"] if error else message["result"]
    if None not in asked.values():
        answer(asked_call, asked)


def main():
    if MODE == "exit":
        complain("can't find my configuration\n")
        sys.exit(7)
    if MODE == "exit_first":
        # Fails the first time, and leaves a mark.
        if not os.path.exists(sys.argv[2]):
            open(sys.argv[2], "w").close()
            sys.exit(3)
    if MODE == "banner":
        write("Fake server 1.0\n\nlistening on stdio\n")
    if MODE == "ignores_eof":
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for line in sys.stdin.buffer:
        message = json.loads(line)
        method = message.get("method")
        params = message.get("params") or {}
        if method is None:
            on_answer(message)
        elif method == "initialize":
            initialize(message["id"], params)
        elif method == "ping":
            answer(message["id"], {})
        elif method == "tools/list":
            list_tools(message["id"], params)
        elif method == "tools/call":
            call_tool(message["id"], params["name"], params["arguments"])
        elif method == "notifications/cancelled":
            cancelled.append(params["requestId"])
            report_cancelled()
        elif "id" in message and MODE != "mute":
            send({"id": message["id"], "error": {"code": -32601, "message": "Unknown: " + method}})
    if MODE == "ignores_eof":
        linger()


main()
