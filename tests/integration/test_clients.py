"""The official clients, as users have them: connect, list, read, run, fail, cancel, close."""

import base64
import json
import subprocess

import official
import pytest
from official import converse  # noqa: F401

RESOURCE = "resource://mcp-server-code-execution-mode/capabilities"


@pytest.mark.parametrize("which", official.CLIENTS)
def test_a_conversation(converse, home, which):
    home.add_python("office", "office.py")
    report = converse("session", which)
    modern = which in official.MODERN
    assert report["version"] == ("2026-07-28" if modern else "2025-11-25")
    assert report["server"] == "headrace" or which == "python 2 modern"
    assert report["tools"] == ["run_python"]
    assert report["resources"][0] == RESOURCE
    assert "search_tool_docs" in report["resource"]
    assert report["templates"] == ["headrace://sessions/{session}/files/{+path}",
                                   "headrace://sessions/{session}/runs/{run}/{item}"]
    assert report["output"] == "42"
    assert report["structured"]["stdout"] == ["42"]
    assert report["failed"]["isError"] is True
    assert "ZeroDivisionError: division by zero" in report["failed"]["text"]
    assert report["unknownTool"]["code"] == -32602
    assert "no_such_tool" in report["unknownTool"]["message"]
    assert report["unknownResource"]["code"] == -32602
    assert "Unknown resource: resource://none" in report["unknownResource"]["message"]
    steps = [update["progress"] for update in report["progress"]]
    assert steps == sorted(set(steps)) and steps
    assert "error" in report["cancelled"]
    # The session's state outlives the run that was cut short.
    assert report["afterwards"] == "42 KeyboardInterrupt"
    assert report["grumbled"] == ["logged", "logged"]
    words = [log["data"] for log in report["logs"] if log["level"] == "warning"]
    assert words == ["a grave matter"]
    assert report["files"] == 250 and report["different"] is True
    assert 0 < report["links"] <= 251
    assert report["text"] == "file 249"
    assert base64.b64decode(report["blob"]) == bytes(range(256))
    assert report["badCursor"]["code"] == -32602
    assert report.get("ping", {}) == {} and ("ping" in report) is not modern
    assert report["protocolErrors"] == []


def test_auto_asks_a_sibling_what_we_are(converse, home, recorded_program):
    """Version 2 of the TypeScript SDK starts a process to ask it for its era, and ends it."""
    home.add_python("office", "office.py")
    assert converse("session", "typescript 2 auto")["version"] == "2026-07-28"
    assert len((home.path / "headrace.pids").read_text().split()) == 2


@pytest.fixture
def inspector(home, node, runtime, recorded_program):
    def run(*arguments):
        return subprocess.run(
            [node / ".bin" / "mcp-inspector", "--cli", recorded_program, *arguments,
             "--format", "json", "-q"],
            env=home.environment(MCP_BRIDGE_RUNTIME=runtime), cwd=home.path, capture_output=True,
            text=True, timeout=120)

    return run


def test_inspector(inspector, runtime):
    def result_of(*arguments):
        done = inspector(*arguments)
        assert done.returncode == 0, done.stderr
        document = json.loads(done.stdout)
        return document.get("result", document)

    listed = result_of("--method", "tools/list")
    assert [tool["name"] for tool in listed["tools"]] == ["run_python"]
    called = result_of("--method", "tools/call", "--tool-name", "run_python",
                       "--tool-args-json", '{"code":"print(1)"}')
    assert called["content"] == [{"type": "text", "text": "1"}]
    read = result_of("--method", "resources/read", "--uri", RESOURCE)
    assert "search_tool_docs" in read["contents"][0]["text"]


def test_inspector_sees_a_failed_run(inspector):
    done = inspector("--method", "tools/call", "--tool-name", "run_python",
                     "--tool-args-json", '{"code":"1/0"}')
    assert "ZeroDivisionError" in done.stdout + done.stderr
    assert done.returncode != 0
