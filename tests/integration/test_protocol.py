"""The protocol on the client's side, message by message."""

import json

import pytest

import processes

VERSIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]


@pytest.fixture
def headrace(start):
    """Without a runtime of its own choice: what these tests send runs no code."""
    return start(None)


# --- greeting ---


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_is_spoken(start, version):
    result = start(None, initialize=False).initialize(version)
    assert result["protocolVersion"] == version
    assert result["serverInfo"]["name"] == "headrace"
    assert set(result["capabilities"]) >= {"tools", "resources", "logging"}
    assert len(result["instructions"]) < 2048


def test_an_unknown_version_is_answered_with_ours(start):
    result = start(None, initialize=False).initialize("1999-01-01")
    assert result["protocolVersion"] == VERSIONS[-1]


def test_ping_and_tools_before_initialize(start, some_runtime):
    headrace = start(some_runtime, initialize=False)
    assert headrace.call("ping") == {}
    assert headrace.output("print('at once')") == "at once"
    assert headrace.initialize()["protocolVersion"] == "2025-06-18"
    assert headrace.output("print('again')") == "again"


# --- lists ---


def test_the_list_of_tools_is_small_and_complete(headrace):
    """925 bytes are what the existing bridge takes."""
    id = headrace.request("tools/list")
    answer = headrace.wait(id)
    line = json.dumps(answer, separators=(",", ":"), ensure_ascii=False)
    assert len(line.encode()) <= 925
    tool, = answer["result"]["tools"]
    schema = tool["inputSchema"]
    assert tool["name"] == "run_python" and tool["title"]
    assert schema["required"] == ["code"] and schema["type"] == "object"
    assert set(schema["properties"]) >= {"code", "servers", "timeout"}
    assert schema["properties"]["code"]["type"] == "string"
    assert schema["properties"]["servers"] == {
        **schema["properties"]["servers"], "type": "array", "items": {"type": "string"}}
    assert schema["properties"]["timeout"]["default"] == 30
    assert tool["annotations"]["destructiveHint"] and tool["annotations"]["openWorldHint"]


def servers_of(client):
    content, = client.call("resources/read", {"uri": "headrace://servers"})["contents"]
    return len(json.loads(content["text"])["servers"])


def test_the_list_of_tools_is_the_same_for_any_number_of_servers(start, home):
    told = []
    for count in (0, 1, 200):
        entries = {f"server {n}": {"command": "/does/not/exist", "description": "words " * 50}
                   for n in range(count)}
        (home.servers / "many.json").write_text(json.dumps({"mcpServers": entries}))
        client = start(None)
        processes.eventually(lambda: servers_of(client) == count, f"{count} servers are known")
        told.append(client.wait(client.request("tools/list", id=1000)))
    assert told[0] == told[1] == told[2]
    assert len(json.dumps(told[0], separators=(",", ":"), ensure_ascii=False).encode()) <= 925


def test_the_resources(headrace):
    resource, servers = headrace.call("resources/list")["resources"]
    assert servers["uri"] == "headrace://servers" and servers["mimeType"] == "application/json"
    content, = headrace.call("resources/read", {"uri": servers["uri"]})["contents"]
    assert isinstance(json.loads(content["text"])["servers"], list)
    assert resource["uri"] == "resource://mcp-server-code-execution-mode/capabilities"
    assert resource["name"] == "code-execution-capabilities"
    assert resource["mimeType"] == "text/markdown"
    content, = headrace.call("resources/read", {"uri": resource["uri"]})["contents"]
    assert content["uri"] == resource["uri"] and content["mimeType"] == "text/markdown"
    for word in ("search_tool_docs", "query_tool_docs", "save_tool", "mcp_servers", "servers="):
        assert word in content["text"]
    templates = headrace.call("resources/templates/list")["resourceTemplates"]
    assert [template["uriTemplate"] for template in templates] == [
        "headrace://sessions/{session}/files/{+path}",
        "headrace://sessions/{session}/runs/{run}/{item}"]


# --- what is wrong is answered by name ---


@pytest.mark.parametrize("method, params, code, words", [
    ("no/such", None, -32601, "no/such"),
    ("tools/call", {"name": "other", "arguments": {}}, -32602, "other"),
    ("tools/call", {"arguments": {}}, -32602, "name"),
    ("tools/call", {"name": 3}, -32602, "name"),
    ("tools/call", {"name": "run_python", "arguments": [1]}, -32602, "arguments"),
    ("tools/call", None, -32602, "name"),
    ("resources/read", {"uri": "resource://x"}, -32602, "Unknown resource: resource://x"),
    ("resources/read", {}, -32602, "uri"),
    ("tools/list", {"cursor": "made up"}, -32602, "cursor"),
    ("logging/setLevel", {"level": "loud"}, -32602, "level"),
    ("prompts/list", None, -32601, "prompts/list"),
])
def test_errors(headrace, method, params, code, words):
    error = headrace.error(method, params)
    assert error["code"] == code and words in error["message"]
    assert headrace.call("ping") == {}


@pytest.mark.parametrize("line", [
    b"this is not JSON", b'{"jsonrpc":"2.0","id":1,', b"\x80\xff\x00", b'"text', b"{]",
])
def test_a_line_that_is_not_json(headrace, line):
    headrace.send_bytes(line + b"\n")
    assert headrace.call("ping") == {}
    error, = [m["error"] for m in headrace.messages if "error" in m]
    assert error["code"] == -32700
    assert all("id" not in m or m["id"] is not None for m in headrace.messages if "error" in m)


def test_a_batch_gets_one_error(headrace):
    headrace.send([{"jsonrpc": "2.0", "id": 1000 + n, "method": "ping"} for n in range(3)])
    assert headrace.call("ping") == {}
    errors = [m for m in headrace.messages if "error" in m]
    assert [e["error"]["code"] for e in errors] == [-32600] and "id" not in errors[0]
    assert not any(headrace.answers(1000 + n) for n in range(3))


@pytest.mark.parametrize("line", [
    b"", b"   ", b"\r", b'{"jsonrpc":"2.0","id":77,"result":{}}',
    b'{"jsonrpc":"2.0","id":"x","error":{"code":1,"message":"m"}}',
    b'{"jsonrpc":"2.0","method":"notifications/no-such"}',
    b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4711}}',
    b'{"jsonrpc":"2.0","method":"notifications/cancelled"}',
    b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":3}',
])
def test_lines_that_need_no_answer(headrace, line):
    before = len(headrace.messages)
    headrace.send_bytes(line + b"\n")
    assert headrace.call("ping") == {}
    assert len(headrace.messages) == before + 1


@pytest.mark.parametrize("line", [
    b"{}", b"[]", b"3", b"null", b'{"id":1}', b'{"jsonrpc":"2.0","id":5}',
    b'{"jsonrpc":"2.0","id":5,"method":3}', b'{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}',
    b'{"jsonrpc":"2.0","id":5,"method":"ping","method":"ping"}',
])
def test_json_that_is_no_message(headrace, line):
    headrace.send_bytes(line + b"\n")
    id = headrace.request("ping", id="after")
    assert headrace.wait(id)["result"] == {}
    assert len([m for m in headrace.messages if m.get("id") == "after"]) == 1


def test_crlf_and_spaces_around_a_message(headrace):
    headrace.send_bytes(b'  {"jsonrpc" : "2.0", "method" : "ping", "id" : 900}  \r\n')
    assert headrace.wait(900)["result"] == {}


def test_a_message_in_many_pieces(headrace):
    for byte in b'{"jsonrpc":"2.0","id":901,"method":"ping"}\n':
        headrace.send_bytes(bytes([byte]))
    assert headrace.wait(901)["result"] == {}


# --- ids ---


@pytest.mark.parametrize("id", [0, -1, 2**53, "0", "", "a\"b\\c\n", "ü€😀", "x" * 1000])
def test_ids_come_back_as_they_were(headrace, id):
    assert headrace.wait(headrace.request("ping", id=id))["id"] == id


def test_runs_with_odd_ids(start, some_runtime):
    headrace = start(some_runtime)
    for id in (0, "0", ""):
        assert headrace.end_of_run(headrace.start_run(f"print({id!r})", id=id))["content"]


def test_an_id_in_use_is_refused_and_the_first_call_goes_on(start, some_runtime):
    headrace = start(some_runtime)
    headrace.start_run("import time\nwhile not __import__('os').path.exists('/tmp/go'): "
                       "time.sleep(0.01)\nprint('first')", id="same", timeout=100)
    headrace.start_run("print('second')", id="same")
    headrace.wait_until(lambda: headrace.answers("same"), "an answer")
    assert headrace.answers("same")[0]["error"]["code"] == -32600
    headrace.notify("notifications/cancelled", {"requestId": "same"})
    assert headrace.output("print('third')") == "third"
    # An id that has been answered may be used anew.
    headrace.start_run("print('fourth')", id="same")
    headrace.wait_until(lambda: len(headrace.answers("same")) == 2, "the second answer")
    assert headrace.answers("same")[1]["result"]["content"][0]["text"] == "fourth"


# --- while a run is busy ---


def test_a_second_run_waits_its_turn(start, runtime):
    headrace = start(runtime)
    # Each sees what the one before it did, and none begins early.
    ids = [headrace.start_run(f"order = globals().get('order', []) + [{n}]\nprint(order)")
           for n in range(5)]
    texts = [headrace.end_of_run(id)["content"][0]["text"] for id in ids]
    assert texts == [str(list(range(n + 1))) for n in range(5)]


def test_the_client_is_served_while_code_runs(start, runtime):
    headrace = start(runtime)
    headrace.output("kept = 1")
    busy = headrace.start_run("while True: pass", timeout=100)
    assert headrace.call("ping") == {}
    assert headrace.call("tools/list")["tools"]
    assert headrace.call("resources/list")["resources"]
    assert not headrace.answers(busy)
    headrace.notify("notifications/cancelled", {"requestId": busy, "reason": "enough"})
    assert headrace.output("print(kept)") == "1"
    assert not headrace.answers(busy)


def test_a_run_that_waits_can_be_cancelled(start, some_runtime):
    headrace = start(some_runtime)
    busy = headrace.start_run("while True: pass", timeout=100)
    waiting = headrace.start_run("ran = True")
    headrace.notify("notifications/cancelled", {"requestId": waiting})
    headrace.notify("notifications/cancelled", {"requestId": busy})
    assert headrace.output("print('ran' in globals())") == "False"
    assert not headrace.answers(busy) and not headrace.answers(waiting)


def test_a_run_that_was_cancelled_while_it_waited_is_over_at_once(start, some_runtime):
    headrace = start(some_runtime)
    busy = headrace.start_run("while True: pass", timeout=100)
    waiting = headrace.start_run("print('never')", id="used again")
    headrace.notify("notifications/cancelled", {"requestId": waiting})
    headrace.call("ping")
    # Its id is free, though the run before it still runs.
    assert headrace.failure("", id=waiting) == "status: validation_error\nMissing 'code' argument\n" \
        "error: Missing 'code' argument"
    assert not headrace.answers(busy)


def test_cancelling_while_the_sandbox_starts(start, runtime):
    headrace = start(runtime)
    first = headrace.start_run("print('never')")
    headrace.notify("notifications/cancelled", {"requestId": first})
    assert headrace.output("print('next')") == "next"
    assert not headrace.answers(first)


def test_a_cancelled_run_cancels_its_calls(start, some_runtime, home):
    home.add_python("office", "office.py")
    headrace = start(some_runtime)
    headrace.output("await mcp_office.nap(seconds=0)")
    busy = headrace.start_run("await mcp_office.nap(seconds=100)", timeout=100)
    headrace.notify("notifications/cancelled", {"requestId": busy})
    assert headrace.output("print(await mcp_office.nap(seconds=0))") == "rested"


# --- progress and logs ---


def test_progress_rises_and_stops_with_the_answer(start, some_runtime):
    headrace = start(some_runtime)
    id = headrace.start_run("import time; time.sleep(3)", progress_token="token")
    headrace.end_of_run(id)
    headrace.call("ping")
    kinds = [m.get("method", m.get("id")) for m in headrace.messages]
    last = len(kinds) - 1 - kinds[::-1].index("notifications/progress")
    assert last < kinds.index(id)
    updates = [m["params"] for m in headrace.messages
               if m.get("method") == "notifications/progress"]
    steps = [update["progress"] for update in updates]
    assert all(update["progressToken"] == "token" for update in updates)
    assert all(a < b for a, b in zip(steps, steps[1:]))


@pytest.mark.parametrize("token", [0, "0"])
def test_a_progress_token_comes_back_as_it_was(start, some_runtime, token):
    headrace = start(some_runtime)
    headrace.end_of_run(headrace.start_run("1", progress_token=token))
    update = headrace.notifications("notifications/progress")[0]
    assert update["params"]["progressToken"] == token


def test_no_progress_without_a_token(start, some_runtime):
    headrace = start(some_runtime)
    headrace.output("import time; time.sleep(2.5)")
    assert headrace.notifications("notifications/progress") == []


def test_log_messages_obey_the_level(start, some_runtime, home):
    home.add_python("office", "office.py")
    headrace = start(some_runtime)
    assert headrace.call("logging/setLevel", {"level": "error"}) == {}
    headrace.output("await mcp_office.grumble(text='too quiet')")
    assert headrace.call("logging/setLevel", {"level": "warning"}) == {}
    headrace.output("await mcp_office.grumble(text='now heard')")
    entry = headrace.wait_notification(
        "notifications/message", lambda params: "now heard" in json.dumps(params))
    assert entry["level"] == "warning" and "office" in entry["logger"]
    assert "too quiet" not in json.dumps(headrace.notifications("notifications/message"))
