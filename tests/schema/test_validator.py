"""The validator finds what it is there for, and lets good conversations through."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import published  # noqa: E402
import strictness  # noqa: E402
import trace_files  # noqa: E402
import validation  # noqa: E402

META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {}}
TOOL = {"name": "t", "inputSchema": {"type": "object", "x-own": None}}


def request(id, method, params=None):
    return {"jsonrpc": "2.0", "id": id, "method": method, **({} if params is None else {"params": params})}


def notification(method, params=None):
    return {"jsonrpc": "2.0", "method": method, **({} if params is None else {"params": params})}


def result(id, value):
    return {"jsonrpc": "2.0", "id": id, "result": value}


def error(id, code, message="no", **more):
    return {"jsonrpc": "2.0", **({} if id is None else {"id": id}),
            "error": {"code": code, "message": message, **more}}


def initialize(version="2025-06-18", id=1):
    return [("in", request(id, "initialize", {"protocolVersion": version, "capabilities": {},
                                              "clientInfo": {"name": "c", "version": "1"}})),
            ("out", result(id, {"protocolVersion": version, "capabilities": {},
                                "serverInfo": {"name": "s", "version": "1"}})),
            ("in", notification("notifications/initialized"))]


def turned(lines):
    return [("out" if direction == "in" else "in", message) for direction, message in lines]


def faults(folder, lines, peer="the client"):
    path = folder / "one.jsonl"
    with open(path, "w") as file:
        file.write('{"trace":1,"headrace":"1","pid":1,"began":"x"}\n')
        for direction, message in lines:
            line = message if isinstance(message, str) else json.dumps(message)
            file.write(json.dumps({"at": 0, "stream": 1, "peer": peer, "direction": direction,
                                   "line": line}) + "\n")
        file.write(json.dumps({"at": 0, "stream": 1, "peer": peer, "closed": True}) + "\n")
        file.write('{"at":1,"str')  # as one that was killed leaves it
    return list(validation.faults(path))


def call(answer, version="2025-06-18", **params):
    return [*initialize(version), ("in", request(2, "tools/call", {"name": "t", **params})),
            ("out", answer)]


def modern(method, value, id=2, **params):
    return [("in", request(id, method, {"_meta": META, **params})), ("out", result(id, value))]


DISCOVERED = {"resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": {},
              "ttlMs": 0, "cacheScope": "public"}
ASKING = {"resultType": "input_required", "requestState": "s", "inputRequests": {"a": {
    "method": "elicitation/create", "params": {
        "mode": "form", "message": "m", "requestedSchema": {"type": "object", "properties": {}}}}}}

GOOD = {
    "every version's handshake": [line for version in published.VERSIONS[:4]
                                  for line in initialize(version)],
    "a tool's answer": call(result(2, {"content": [{"type": "text", "text": "x"}]})),
    "one id twice at a time, answered in any order": [
        *initialize(), ("in", request(7, "tools/list", {"_meta": META})),
        ("in", request(7, "tools/call", {"name": "t"})), ("out", result(7, {"content": []})),
        ("out", result(7, {"resultType": "complete", "ttlMs": 0, "cacheScope": "public",
                           "tools": []}))],
    "before a handshake": [("in", request("a", "ping")), ("out", result("a", {}))],
    "tools with what is in them": [*initialize(), ("in", request(0, "tools/list")),
                                   ("out", result(0, {"tools": [TOOL]}))],
    "progress": [*initialize(), ("in", request(2, "tools/call", {
        "name": "t", "_meta": {"progressToken": 0}})),
        ("out", notification("notifications/progress", {"progressToken": 0, "progress": 1})),
        ("out", notification("notifications/progress", {"progressToken": 0, "progress": 1.5})),
        ("out", result(2, {"content": []}))],
    "errors": [*initialize(), ("in", request("x", "no/such")), ("out", error("x", -32601)),
               ("in", "{nonsense"), ("out", error(None, -32700)),
               ("in", '[{"id":7}]'), ("out", error(None, -32600)),
               ("in", '{"jsonrpc":"2.0","id":9,"method":7}'), ("out", error(9, -32600))],
    "requests of the server": [*initialize(), ("out", request(1, "roots/list")),
                               ("in", result(1, {"roots": []}))],
    "the modern era": [*modern("server/discover", DISCOVERED),
                       *modern("tools/call", {"resultType": "complete", "content": []}, name="t"),
                       *modern("tools/call", ASKING, name="t"),
                       ("in", request(3, "ping", {"_meta": META})), ("out", error(3, -32601))],
    "both eras on one stream": [*modern("server/discover", DISCOVERED), *initialize(),
                                ("out", notification("notifications/tools/list_changed"))],
    "a version that there is not": [
        ("in", request(1, "tools/list", {"_meta": {**META, published.MODERN: 1,
                                                   list(META)[0]: "2099-01-01"}})),
        ("out", error(1, -32022, data={"supported": ["2026-07-28"], "requested": "2099-01-01"}))],
}

BAD = {
    "an answer to another id": (call(result("2", {"content": []})), "nobody waits for"),
    "two answers": (call(result(2, {"content": []})) + [("out", result(2, {"content": []}))],
                    "nobody waits for"),
    "a missing member": (call(result(2, {})), "'content' is a required property"),
    "a misspelt member": (call(result(2, {"content": [], "isEror": True})), "isEror"),
    "a misspelt member of content": (
        call(result(2, {"content": [{"type": "text", "text": "", "mimetype": "x"}]})), "not valid"),
    "a null": (call(result(2, {"content": [], "isError": None})), "is null"),
    "another null": (call(result(2, {"content": [], "_meta": None, "nextCursor": None})),
                     "nextCursor is null"),
    "an extra key outside": (call({**result(2, {"content": []}), "ok": True}), "do not belong"),
    "an error with more": (call(error(2, -32000, reason="x")) + [], "reason"),
    "base64 that is none": (
        call(result(2, {"content": [{"type": "image", "mimeType": "image/png", "data": "a-b"}]})),
        "a-b"),
    "a number that is none": (
        call('{"jsonrpc":"2.0","id":2,"result":{"content":[],"_meta":{"a":NaN}}}'), "NaN"),
    "a repeated member": (call('{"jsonrpc":"2.0","id":2,"id":2,"result":{"content":[]}}'),
                          "repeated"),
    "half a line": (call('{"jsonrpc":"2.0","id":2'), "is no JSON"),
    "a null id": ([*initialize(), ("in", "{"), ("out", '{"jsonrpc":"2.0","id":null,"error":'
                                                '{"code":-32700,"message":"m"}}')], ".id is null"),
    "an error without an id": (call(error(None, -32000)), "without an id"),
    "a batch": (call("[]"), "is no message"),
    "a wrong name in _meta": (call(result(2, {"content": [], "_meta": {"-a": 1}})), "'-a'"),
    "a reserved name in _meta": (
        call(result(2, {"content": [], "_meta": {"io.modelcontextprotocol/mine": 1}})), "reserved"),
    "progress that nobody wants": (
        [*initialize(), ("out", notification("notifications/progress",
                                             {"progressToken": 1, "progress": 1}))], "no request"),
    "progress after the answer": (
        [*call(result(2, {"content": []}), _meta={"progressToken": 5}),
         ("out", notification("notifications/progress", {"progressToken": 5, "progress": 1}))],
        "no request"),
    "progress that stands still": (
        [*initialize(), ("in", request(2, "tools/call", {"name": "t", "_meta": {"progressToken": 0}})),
         *[("out", notification("notifications/progress", {"progressToken": 0, "progress": 1}))] * 2],
        "after 1"),
    "a notification of the other side": (
        [*initialize(), ("out", notification("notifications/initialized"))], "that a server sends"),
    "a request that there was not yet": (
        [*initialize("2025-03-26"), ("out", request(1, "elicitation/create", {
            "message": "m", "requestedSchema": {"type": "object", "properties": {}}}))],
        "has no request 'elicitation/create'"),
    "the same id twice": ([*initialize(), ("out", request(1, "ping")), ("out", request(1, "ping"))],
                          "earlier request"),
    "a request in the modern era": (
        [*modern("server/discover", DISCOVERED), ("out", request(1, "roots/list"))],
        "not been initialised"),
    "no resultType": (modern("tools/call", {"content": []}, name="t"), "resultType"),
    "no ttlMs": (modern("tools/list", {"resultType": "complete", "tools": [],
                                       "cacheScope": "private"}), "ttlMs"),
    "asking on a list": (modern("tools/list", ASKING), "asks back on"),
    "a modern answer to a legacy method": (modern("ping", {"resultType": "complete"}),
                                           "does not have"),
    "a legacy error": ([("in", request(1, "resources/read", {"_meta": META, "uri": "a:b"})),
                        ("out", error(1, -32002))], "-32002"),
    "an error without what belongs to it": (
        [("in", request(1, "tools/list", {"_meta": META})), ("out", error(1, -32022))], "data"),
}

BAD_CLIENT = {
    "a request without _meta": (
        [("out", request(1, "server/discover", {"_meta": META})), ("in", result(1, DISCOVERED)),
         ("out", request(2, "tools/list", {"_meta": {list(META)[0]: "2026-07-28"}}))],
        "clientCapabilities"),
    "no parameters": ([*turned(initialize()), ("out", request(2, "tools/call"))], "params"),
    "a client's answer": ([*turned(initialize()), ("in", request("r", "roots/list")),
                           ("out", result("r", {"roots": [{"uri": 3}]}))], "not of type"),
    "an unknown version": (turned(initialize("1999-01-01"))[:1], "1999-01-01"),
    "an uri that is none": ([*turned(initialize()), ("out", request(2, "resources/read", {
        "uri": "not one"}))], "not a 'uri'"),
}


@pytest.mark.parametrize("name", GOOD)
def test_good(tmp_path, name):
    assert faults(tmp_path, GOOD[name]) == []
    assert faults(tmp_path, turned(GOOD[name]), "the interpreter") == []


@pytest.mark.parametrize("name", BAD)
def test_bad(tmp_path, name):
    lines, words = BAD[name]
    found = faults(tmp_path, lines)
    assert any(words in fault for fault in found), found
    assert faults(tmp_path, lines, "the interpreter") == []


def test_a_good_client(tmp_path):
    lines = [*turned(initialize()), ("out", request(2, "tools/list")),
             ("in", result(2, {"tools": "anything"})),
             ("out", request(3, "tools/call", {"name": "t", "arguments": {"none": None}})),
             ("in", request("r", "roots/list")),
             ("out", result("r", {"roots": [{"uri": "file:///a"}]})),
             ("in", request("s", "sampling/createMessage", {})), ("out", error("s", -32601)),
             ("out", notification("notifications/cancelled", {"requestId": 3, "reason": "x"}))]
    assert faults(tmp_path, lines, "server 'x'") == []


@pytest.mark.parametrize("name", BAD_CLIENT)
def test_a_bad_client(tmp_path, name):
    lines, words = BAD_CLIENT[name]
    found = faults(tmp_path, lines, "server 'x'")
    assert any(words in fault for fault in found), found


def test_what_is_too_long_is_counted_and_still_answered(tmp_path):
    path = tmp_path / "long.jsonl"
    rows = [{"line": json.dumps(message), "direction": direction}
            for direction, message in call(result(2, {"content": []}))]
    rows[-1]["line"] = rows[-1]["line"].replace(" ", "")[:30]
    rows[-1]["size"] = 5_000_000
    path.write_text("".join(json.dumps({"at": 0, "stream": 1, "peer": "the client", **row}) + "\n"
                            for row in rows))
    counts = validation.Counter()
    assert list(validation.faults(path, counts)) == []
    assert counts == {"messages": 1, "too long to look at": 1}


def test_every_version_has_what_the_validator_looks_up():
    for name in published.VERSIONS:
        version = published.version(name)
        for sender, other in (("Client", "Server"), ("Server", "Client")):
            for method in version.requests[sender]:
                definition = version.result(sender, method)
                assert definition in version.names, (name, method, definition)
        assert version.notifications["Server"] and version.notifications["Client"]
    assert sorted(published.version("2026-07-28").errors) == [-32022, -32021, -32020]


def test_the_program_says_what_it_found(tmp_path):
    def validate(*arguments):
        return subprocess.run([sys.executable, "-B", HERE / "validate", *arguments],
                              capture_output=True, text=True)
    faults(tmp_path, BAD["a null"][0])
    done = validate(tmp_path)
    assert done.returncode == 1 and "is null" in done.stdout
    faults(tmp_path, GOOD["progress"])
    assert validate(tmp_path / "one.jsonl").returncode == 0
    (tmp_path / "one.jsonl").write_text("")
    assert validate(tmp_path).returncode == 1, "nothing was looked at"
    assert validate().returncode == 2


def test_unfinished_lines_are_no_messages(tmp_path):
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps({"stream": 1, "peer": "the client", "direction": "out",
                                "line": '{"jsonrpc', "unfinished": True}))
    assert list(validation.faults(path)) == []
    record, = trace_files.read(path)
    assert record.unfinished


def test_deep_nesting_is_a_fault_and_no_crash():
    with pytest.raises(ValueError):
        strictness.parse("[" * 100_000 + "]" * 100_000)
