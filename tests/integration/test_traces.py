"""MCP_BRIDGE_TRACE: what is in a trace of the whole program, and that nothing depends on it."""

import json
from collections import Counter

import trace_files
import validation
from raw_client import text_of


def lines(path, peer, direction):
    return [json.loads(record.line) for record in trace_files.read(path)
            if record.peer == peer and record.direction == direction]


def test_all_streams_are_in_it(start, home, some_runtime):
    home.add_python("plain", "plain.py")
    client = start(some_runtime)
    assert client.output("print(len(await mcp_plain.list_tools()))", servers=["plain"])
    client.close()
    path, = home.traces.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    asked = lines(path, "the client", "in")
    assert [message["method"] for message in asked] == [
        "initialize", "notifications/initialized", "tools/call"]
    answers = [message for message in lines(path, "the client", "out") if "id" in message]
    assert answers == [client.wait(1), client.wait(2)]
    told = [message.get("method") for message in lines(path, "server 'plain'", "out")]
    assert "initialize" in told and "tools/list" in told
    assert any("result" in message for message in lines(path, "server 'plain'", "in"))
    assert any(message.get("method") == "run"
               for message in lines(path, "the interpreter", "out"))
    assert list(validation.faults(path, counts := Counter())) == []
    assert counts["messages"] >= len(answers) + len(told)


def test_a_long_frame_passes_whole_and_is_cut_in_the_trace(start, home, some_runtime):
    client = start(some_runtime)
    text = "x" * (3 << 20)
    assert client.output(f"print(len('{text}'))") == str(len(text))
    client.close()
    path, = home.traces.iterdir()
    cut, = [record for record in trace_files.read(path)
            if record.peer == "the client" and record.cut]
    assert len(cut.line) == 1 << 20


def test_without_a_folder_it_goes_on(start, home, some_runtime):
    (home.path / "file").write_text("")
    client = start(some_runtime, MCP_BRIDGE_TRACE="~/file/traces")
    client.wait_stderr("nothing is traced: '")
    assert text_of(client.run("print(6 * 7)")) == "42"


def test_nothing_is_written_without_the_variable(start, home, some_runtime):
    client = start(some_runtime, MCP_BRIDGE_TRACE=None)
    assert client.output("print(1)") == "1"
    client.close()
    assert not home.traces.exists()
