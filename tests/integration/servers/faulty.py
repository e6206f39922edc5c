"""A server that misbehaves on demand, since real ones can't be made to: its argument says how it
starts, the tool that is called says what goes wrong then.

The tools answer at once unless their line says otherwise; `ok` tells which process it is.
"""

import json
import os
import signal
import subprocess
import sys
import time

TOOLS = {
    "ok": "All is well.",
    "exit": "Says something on stderr and exits with 7 instead of an answer.",
    "killed": "Is killed by a signal instead of an answer.",
    "silent": "Never answers; what comes next is served.",
    "cancelled": "The ids of the calls that were cancelled.",
    "called": "The tools that were called before.",
    "flood": "Writes 32 MB to stderr before it answers.",
    "chatter": "Writes blank lines and lines that are not JSON before it answers.",
    "wrong_id": "Answers another call, that nobody made, and never this one.",
    "twice": "Answers twice, the second time with something else.",
    "half_then_exit": "Writes half an answer and exits.",
    "half_then_silent": "Writes half an answer; the other half never comes, nor anything else.",
    "not_json": "Its answer is cut, but the line ends.",
    "not_utf8": "Its answer holds bytes that are no text.",
    "neither": "Its answer has neither a result nor an error.",
    "no_object": "Its result is a number.",
    "late": "Answers when the next call has come.",
    "deaf": "Stops reading for good, and answers nothing.",
    "close_stdout": "Closes its stdout and lives on.",
}


def write(data):
    while data:
        data = data[os.write(1, data):]


def text_result(text):
    return {"content": [{"type": "text", "text": text}]}


def frame(id, result):
    return json.dumps({"jsonrpc": "2.0", "id": id, "result": result}).encode() + b"\n"


def wait_for_ever():
    while True:
        time.sleep(3600)


class Server:
    def __init__(self, list_when=None):
        self.list_when = list_when
        self.cancelled = []
        self.called = []
        self.late = None

    def call(self, id, tool):
        answer = frame(id, text_result(f"{tool} by {os.getpid()}"))
        if tool == "exit":
            print("the disk is on fire", file=sys.stderr, flush=True)
            os._exit(7)
        elif tool == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        elif tool == "silent":
            return
        elif tool == "cancelled":
            answer = frame(id, text_result(json.dumps(self.cancelled)))
        elif tool == "called":
            answer = frame(id, text_result(json.dumps(self.called)))
        elif tool == "flood":
            line = b"e" * 1023 + b"\n"
            for _ in range(32):
                left = line * 1024
                while left:
                    left = left[os.write(2, left):]
        elif tool == "chatter":
            write(b"\n\r\n   \nWARNING: this is not JSON\n{\"neither\": is this\n[1, 2\n\x00\xff\n")
        elif tool == "wrong_id":
            answer = frame("nobody's", text_result("wrong")) + frame(10**9, text_result("wrong"))
        elif tool == "twice":
            answer += frame(id, text_result("the second answer"))
        elif tool == "half_then_exit":
            write(answer[:len(answer) // 2])
            os._exit(0)
        elif tool == "half_then_silent":
            write(answer[:len(answer) // 2])
            wait_for_ever()
        elif tool == "not_json":
            answer = answer[:-6] + b"\n"
        elif tool == "not_utf8":
            answer = answer.replace(tool.encode(), b"\xff\xfe\xc0")
        elif tool == "neither":
            answer = json.dumps({"jsonrpc": "2.0", "id": id}).encode() + b"\n"
        elif tool == "no_object":
            answer = frame(id, 42)
        elif tool == "late":
            self.late = answer
            return
        elif tool == "deaf":
            wait_for_ever()
        elif tool == "close_stdout":
            os.close(1)
            os.open("/dev/null", os.O_WRONLY)
            return
        if self.late is not None:
            self.late, answer = None, self.late + answer
        write(answer)

    def serve(self):
        for line in sys.stdin.buffer:
            message = json.loads(line)
            id, method, params = message.get("id"), message.get("method"), message.get("params", {})
            if method == "notifications/cancelled":
                self.cancelled.append(params.get("requestId"))
            elif id is None or method is None:
                continue
            elif method == "initialize":
                write(frame(id, {"protocolVersion": params["protocolVersion"],
                                 "capabilities": {"tools": {}},
                                 "serverInfo": {"name": "faulty", "version": "1"}}))
            elif method == "tools/list":
                while self.list_when and not os.path.exists(self.list_when):
                    time.sleep(0.01)
                write(frame(id, {"tools": [
                    {"name": name, "description": text, "inputSchema": {"type": "object"}}
                    for name, text in TOOLS.items()]}))
            elif method == "ping":
                write(frame(id, {}))
            elif method == "tools/call":
                self.call(id, params["name"])
                self.called.append(params["name"])
            else:
                write(json.dumps({"jsonrpc": "2.0", "id": id, "error": {
                    "code": -32601, "message": "Method not found: " + method}}).encode() + b"\n")


def main(how):
    if how == "exit_at_once":
        print("no licence found", file=sys.stderr, flush=True)
        sys.exit(3)
    elif how == "hang":
        wait_for_ever()
    elif how == "exit_first_time":
        # Each start makes two processes of one that ends before it has said which era it speaks:
        # sys.argv[2] is a file of as many lines as there were processes.
        with open(sys.argv[2], "a+") as started:
            started.write("\n")
            started.seek(0)
            if len(started.readlines()) <= 2:
                sys.exit(4)
    elif how == "banner":
        write(b"\n\n*** Welcome to FAULTY 1.0! ***\r\n\r\nListening on stdio...\n{}\n[]\n")
    elif how == "refuse":
        for line in sys.stdin:
            write(json.dumps({"jsonrpc": "2.0", "id": json.loads(line)["id"], "error": {
                "code": -32000, "message": "no such key in my vault"}}).encode() + b"\n")
        wait_for_ever()
    elif how == "stubborn":
        # Ignores every polite way to be ended, and has a child that does so too.
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        subprocess.Popen([sys.executable, "-c", "import time\nwhile True: time.sleep(3600)"],
                         stdin=subprocess.DEVNULL)
    # sys.argv[2] is a file: the tools are listed when it is there.
    Server(sys.argv[2] if how == "list_when" else None).serve()
    if how == "stubborn":
        wait_for_ever()


main(sys.argv[1] if len(sys.argv) > 1 else "")
