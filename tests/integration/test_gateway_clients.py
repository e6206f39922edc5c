"""The gateway between official clients and real servers, in each mix of eras: tools are listed under
both names and called, servers ask, tell how far they are, and are cancelled."""

import json

import official
import pytest
import trace_files
from official import converse  # noqa: F401


@pytest.fixture
def servers(home, node):
    home.add_python("asking", "asking.py")
    home.add("both-eras", official.needs_modern_python(), "-B",
             official.PROGRAMS.parent / "servers" / "both_eras.py")
    home.add_node("every", "server-everything")
    home.add_python("growing", "growing.py")


@pytest.fixture
def recorded_program(recorded_program):
    """As a client has it in its configuration: with the word `gateway` behind the program."""
    script = recorded_program.with_name("gateway")
    script.write_text(f'#!/bin/sh\nexec "{recorded_program}" gateway "$@"\n')
    script.chmod(0o755)
    return script


def of(report, method):
    return [each.get("params") for each in report["asked"] if each["method"] == method]


def said_to(home, server):
    return [json.loads(record.line) for path in sorted(home.traces.glob("*"))
            for record in trace_files.read(path)
            if record.peer == f"server '{server}'" and record.direction == "out"]


@pytest.mark.parametrize("which", official.CLIENTS)
def test_a_whole_conversation(converse, servers, home, which):
    report = converse("gateway", which)
    assert report["modern"] is (which in official.MODERN)
    # In the order of the servers, each by its own list; those of one client's capabilities too.
    prefixes = [name.split("__")[0] for name in report["tools"]]
    assert sorted(set(prefixes)) == ["asking", "both_eras", "every", "growing"]
    assert prefixes == sorted(prefixes), "servers are not mixed up"
    assert {"asking__confirm", "both_eras__travel", "every__get-structured-content",
            "every__trigger-elicitation-request", "growing__grow"} <= set(report["tools"])
    assert report["echo"]["inputSchema"]["properties"]["message"]["type"] == "string"
    assert report["echo"]["title"] == "Echo Tool"
    assert report["answers"] == ["accept True", "decline"]
    assert report["model"] == "a-model: <What now?>"
    assert report["roots"] == ["file:///srv/shared", "file:///srv/shared"]
    assert report["together"] == [
        "accept True", "Ada, 3 days in Rome: <Plan 3 days in Rome for Ada>", "Echo: meanwhile"]
    assert report["climb"] == "at the top"
    # Some clients drop what they read in one go with the answer.
    assert report["steps"] == [{"progress": step, "total": 3, "message": f"step {step}"}
                               for step in range(1, len(report["steps"]) + 1)]
    assert "error" in report["cancelled"]
    assert report["afterwards"] == "Echo: still there"
    assert report["structured"] == {"temperature": 36, "conditions": "Light rain / drizzle",
                                    "humidity": 82}
    assert report["unknown"]["code"] == -32602
    assert "every__echo" in report["unknown"]["message"]
    # What does not fit the server says itself.
    assert "every__echo" not in str(report["refused"]) and "message" in str(report["refused"])
    assert (report["grown"], report["leaf"]) == ("grown", "leaf was called")
    messages = [form["message"] for form in of(report, "elicitation/create")]
    assert sorted(messages) == [
        "Server 'asking' asks: No?", "Server 'asking' asks: Really?",
        "Server 'asking' asks: Really?",
        "Server 'both-eras' asks: Who travels to Rome, and for how long?"]
    assert len(of(report, "sampling/createMessage")) == 2
    assert len(of(report, "roots/list")) >= 2
    # Nor do these know any more what it was of.
    assert [fault for fault in report["protocolErrors"]
            if "progress notification for an unknown token" not in fault] == []
    to_every = said_to(home, "every")
    call, = [each for each in to_every if each.get("params", {}).get("name") ==
             "trigger-long-running-operation"]
    assert [each["params"]["requestId"] for each in to_every
            if each.get("method") == "notifications/cancelled"] == [call["id"]]
