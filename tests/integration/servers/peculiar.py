"""A server without any library, whose tools have odd names and answers. Its first argument is a file
that gets a line for each process, the second a file without which it does not list its tools."""

import json
import os
import sys

TOOLS = {
    "grüße": "Says hello.\nIn two lines.",
    "evil\x1b[31m\nname": "Its description \x1b]0;title\x07steers terminals.\r\n\u2028And its lines\x9b.",
    "steer": "Answers what steers a terminal.",
    "refuse": "Answers with an error of the protocol.",
    "structured": "Answers with structured content alone.",
    "arguments": "Answers what it was given.",
    "long": "W" * 100_000,
}


def result_of(name, arguments):
    if name == "steer":
        return {"content": [{"type": "text", "text": "red \x1b[31m\ttab\r\nnext"}]}
    if name == "structured":
        return {"content": [], "structuredContent": {"deep": [{"n": 1}]}}
    return {"content": [{"type": "text", "text": json.dumps(arguments, ensure_ascii=False)}]}


def schema_of(name):
    if name != "arguments":
        return {"type": "object"}
    return {"type": "object", "properties": {"text": {"type": "string"}, "n": {"type": "number"}}}


def main():
    if len(sys.argv) > 1:
        with open(sys.argv[1], "a") as file:
            file.write(f"{os.getpid()}\n")
    for line in sys.stdin:
        message = json.loads(line)
        id, method, params = message.get("id"), message.get("method"), message.get("params", {})
        if id is None:
            continue
        answer = {"result": {}}
        if method == "initialize":
            answer["result"] = {"protocolVersion": params["protocolVersion"],
                                "capabilities": {"tools": {}},
                                "serverInfo": {"name": "peculiar", "version": "1"}}
        elif method == "tools/list":
            if len(sys.argv) > 2 and not os.path.exists(sys.argv[2]):
                answer = {"error": {"code": -32603, "message": "the list is \x1b[1mlost"}}
            else:
                answer["result"] = {"tools": [
                    {"name": name, "description": text, "inputSchema": schema_of(name)}
                    for name, text in TOOLS.items()]}
        elif method == "tools/call" and params["name"] == "refuse":
            answer = {"error": {"code": -32602, "message": "not like that\x1b[2J",
                                "data": {"why": "no"}}}
        elif method == "tools/call":
            answer["result"] = result_of(params["name"], params.get("arguments"))
        elif method != "ping":
            answer = {"error": {"code": -32601, "message": "Method not found"}}
        print(json.dumps({"jsonrpc": "2.0", "id": id, **answer}), flush=True)


main()
