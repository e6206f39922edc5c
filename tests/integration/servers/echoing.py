"""A server without any library that answers each call with the arguments as they came. Its schemas
are of all kinds; the tool `change` gives `read` another one. Or the tools are those in the file that is
its argument."""

import json
import sys

STRING, INTEGER = {"type": "string"}, {"type": "integer"}


def tool(name, schema):
    return {"name": name, "description": f"Answers what {name} was given.", "inputSchema": schema}


def tools(changed):
    path = "file" if changed else "path"
    return [
        tool("read", {"type": "object", "required": [path], "properties": {
            path: STRING, "head": INTEGER, "from": STRING, "user-id": STRING,
            "mode": {"type": "string", "enum": ["text", "binary"]},
            "paths": {"type": "array", "items": STRING}, "deep": {"type": "boolean"}}}),
        tool("closed", {"type": "object", "additionalProperties": False,
                        "properties": {"filePath": STRING, "maxResults": {"type": "number"}}}),
        tool("open", {"type": "object", "additionalProperties": True,
                      "properties": {"path": STRING}}),
        tool("by_pattern", {"type": "object", "patternProperties": {"^pat": {}},
                            "properties": {"path": STRING}}),
        tool("either", {"type": "object", "oneOf": [{"properties": {"path": {}}},
                                                    {"properties": {"paths": {}}}]}),
        tool("filled_in", {"type": "object", "required": ["level"],
                           "properties": {"level": {"type": "string", "default": "info"}}}),
        tool("anything", {}),
        tool("truth", True),
        tool("bare", {"type": "object"}),
        tool("nothing", {"type": "object", "properties": {}, "additionalProperties": False}),
        tool("change", {"type": "object", "properties": {}}),
    ]


def say(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def main(file=None):
    changed = False
    listed = None
    if file is not None:
        with open(file, encoding="utf-8") as opened:
            listed = json.load(opened)
    for line in sys.stdin:
        message = json.loads(line)
        id, method, params = message.get("id"), message.get("method"), message.get("params", {})
        if id is None:
            continue
        if method == "initialize":
            say({"id": id, "result": {"protocolVersion": params["protocolVersion"],
                                      "capabilities": {"tools": {"listChanged": True}},
                                      "serverInfo": {"name": "echoing", "version": "1"}}})
        elif method == "tools/list":
            say({"id": id, "result": {"tools": listed or tools(changed)}})
        elif method == "tools/call":
            if params["name"] == "change":
                changed = True
                say({"method": "notifications/tools/list_changed"})
            say({"id": id, "result": {"content": [], "structuredContent": {
                "arguments": params["arguments"]}}})
        else:
            say({"id": id, "error": {"code": -32601, "message": "unknown"}})


if __name__ == "__main__":
    main(*sys.argv[1:])
