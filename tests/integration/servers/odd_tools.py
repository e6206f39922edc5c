"""A server whose tools are as odd as the protocol lets them be; with a number as its argument it has
so many more. Each says by which name and with which arguments it was called."""

import json
import sys

TREE = {"$ref": "#/$defs/Node", "$defs": {"Node": {
    "type": "object", "required": ["name"], "properties": {
        "name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}}}}
ROUND = {"type": "object", "properties": {"self": {"$ref": "#"}},
         "allOf": [{"$ref": "#"} for _ in range(40)]}
OBJECT = {"type": "object"}

TOOLS = [
    {"name": "anything", "inputSchema": True, "description": "Its schema is true."},
    {"name": "empty", "inputSchema": {}, "description": "Its schema is empty."},
    {"name": "tree", "inputSchema": TREE, "description": "Plants a conifer."},
    {"name": "round", "inputSchema": ROUND, "description": "Its schema is part of itself."},
    {"name": "class", "inputSchema": {"type": "object", "required": ["from"], "properties": {
        "from": {"type": "string"}, "links": {"type": "array", "items": {
            "type": "object", "properties": {"import": {"type": "string"}}}}}},
     "description": "A keyword."},
    {"name": "None", "inputSchema": OBJECT},
    {"name": "__init__", "inputSchema": OBJECT, "description": "A dunder."},
    {"name": "__getattr__", "inputSchema": OBJECT},
    {"name": "list_tools", "inputSchema": OBJECT, "description": "Named as what each server has."},
    {"name": "_name", "inputSchema": OBJECT},
    {"name": "_repr_html_", "inputSchema": OBJECT},
    {"name": "日本語", "inputSchema": OBJECT, "description": "桜を植える。"},
    {"name": "größe", "inputSchema": OBJECT},
    {"name": "한국어", "inputSchema": OBJECT},
    {"name": "a b\tc\n\"d'\\", "inputSchema": OBJECT, "description": "Every kind of gap."},
    {"name": "x" * 5000, "inputSchema": OBJECT},
    {"name": "control", "inputSchema": OBJECT,
     "description": "Rings \u0000 the \u001b[31mbell\u0007\r\n\u2028\u202e twice."},
    {"name": "long", "inputSchema": OBJECT, "description": "Begins zebra. " + "yak " * 250_000},
]


def answer(id, result):
    sys.stdout.buffer.write(json.dumps({"jsonrpc": "2.0", "id": id, "result": result}).encode() + b"\n")
    sys.stdout.buffer.flush()


def main(more):
    tools = TOOLS + [{"name": f"tool_{n}", "description": f"Polishes pebble number {n}.",
                      "inputSchema": {"type": "object", "properties": {"n": {"type": "integer"}}}}
                     for n in range(more)]
    for line in sys.stdin.buffer:
        message = json.loads(line)
        id, method, params = message.get("id"), message.get("method"), message.get("params", {})
        if id is None:
            continue
        if method == "initialize":
            answer(id, {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}},
                        "serverInfo": {"name": "odd", "version": "1"}})
        elif method == "tools/list":
            answer(id, {"tools": tools})
        elif method == "tools/call":
            told = json.dumps([params["name"], params.get("arguments")])
            answer(id, {"content": [{"type": "text", "text": told}]})
        elif method == "ping":
            answer(id, {})
        else:
            error = {"code": -32601, "message": "unknown"}
            sys.stdout.buffer.write(
                json.dumps({"jsonrpc": "2.0", "id": id, "error": error}).encode() + b"\n")
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
