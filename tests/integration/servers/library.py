"""A server without any library that has pages of resources and no prompts, and that tells how far its
tools are: in a burst, step by step as code allows, and after the answer."""

import base64
import json
import os
import sys

PAGES = {
    None: (["book://1", "book://2"], ""),  # an empty cursor is one
    "": (["book://3"], "last"),
    "last": (["book://4"], None),
}
RESOURCES = {
    "book://1": [{"text": "one"}],
    "book://2": [{"blob": base64.b64encode(bytes(range(256))).decode()}],
    "book://3": [{"text": "three"}, {"blob": "AAECAw==", "mimeType": "image/x-none"}],
    "book://4": [],
}
TOOLS = [{"name": name, "description": name, "inputSchema": {"type": "object"}}
         for name in ("burst", "steps", "step", "cancelled")]
CAPABILITIES = {"tools": {}, "resources": {}}
END = object()


def say(message):
    data = json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
    while data:
        data = data[os.write(1, data):]


def text_result(text):
    return {"content": [{"type": "text", "text": text}]}


def listed(params):
    uris, after = PAGES[params.get("cursor")]
    page = {"resources": [{"uri": uri, "name": uri[7:], "x-shelf": True} for uri in uris]}
    return page if after is None else {**page, "nextCursor": after}


def main():
    cancelled, steps, ids = [], [], {}
    for line in sys.stdin.buffer:
        message = json.loads(line)
        id, method, params = message.get("id"), message.get("method"), message.get("params") or {}
        result = END
        if method == "notifications/cancelled":
            cancelled.append(ids.get(params["requestId"]))
        if id is None:
            continue
        ids[id] = params.get("uri", params.get("name"))
        token = params.get("_meta", {}).get("progressToken")

        def tell(progress, token=token, **more):
            if token is not None:
                say({"method": "notifications/progress",
                     "params": {"progressToken": token, "progress": progress, **more}})

        if method == "initialize":
            result = {"protocolVersion": params["protocolVersion"], "capabilities": CAPABILITIES,
                      "serverInfo": {"name": "library", "version": "1"}}
        elif method == "ping":
            result = {}
        elif method == "tools/list":
            result = {"tools": TOOLS}
        elif method == "resources/list":
            result = listed(params)
        elif method == "resources/templates/list":
            result = {"resourceTemplates": [{"uriTemplate": "book://{number}", "name": "book"}]}
        elif method == "resources/read" and params["uri"] in RESOURCES:
            result = {"contents": [{"uri": params["uri"], **each}
                                   for each in RESOURCES[params["uri"]]]}
        elif method == "resources/read" and params["uri"] == "book://never":
            continue
        elif method == "tools/call" and params["name"] == "burst":
            for number in range(1, 1001):
                tell(number, total=1000, message=f"number {number}")
            say({"id": id, "result": text_result("asked" if token is not None else "not asked")})
            tell(1001)
            continue
        elif method == "tools/call" and params["name"] == "steps":
            # Goes on when the code says so, which it does when it has heard of the step before.
            steps.append((id, tell))
            tell(1)
            continue
        elif method == "tools/call" and params["name"] == "step":
            waiting, tell_waiting = steps[0]
            if params["arguments"]["to"] < 4:
                tell_waiting(params["arguments"]["to"])
            else:
                say({"id": waiting, "result": text_result("through")})
            result = text_result("ok")
        elif method == "tools/call" and params["name"] == "cancelled":
            result = {**text_result(""), "structuredContent": {"result": cancelled}}
        if result is END:
            say({"id": id, "error": {"code": -32602, "message": f"nothing here: {ids[id]}",
                                     "data": {"uri": ids[id]}}})
        else:
            say({"id": id, "result": result})


main()
