"""The official clients, as users have them: connect, list, read, run, fail, cancel, close."""

import json
import os
import subprocess
import sys

import pytest

import conftest

CLIENTS = conftest.HERE / "clients"
MODERN_PYTHON = os.environ.get("HEADRACE_TEST_PYTHON_MODERN", "")
RESOURCE = "resource://mcp-server-code-execution-mode/capabilities"


@pytest.fixture
def converse(home, runtime, recorded_program):
    """Runs a client's program in a user's home; its report. What it leaves behind is found by
    `watch`, which `recorded_program` asks for."""

    def run(*argv):
        done = subprocess.run([*argv, recorded_program], env=home.environment(MCP_BRIDGE_RUNTIME=runtime),
                              cwd=home.path, capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run


def check(report):
    assert report["server"] == "headrace"
    assert report["tools"] == ["run_python"]
    assert report["resources"] == [RESOURCE]
    assert "search_tool_docs" in report["resource"]
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
    assert report["protocolErrors"] == []


@pytest.mark.parametrize("sdk", ["sdk", "client"])
def test_typescript_sdk(converse, node, sdk):
    check(converse("node", CLIENTS / "session.mjs", node, sdk))


def test_python_sdk(converse):
    check(converse(sys.executable, "-B", CLIENTS / "session.py"))


def test_python_sdk_of_the_modern_era(converse):
    if not os.path.exists(MODERN_PYTHON):
        pytest.skip("the modern Python SDK is not installed: tests/environment/install brings it")
    check(converse(MODERN_PYTHON, "-B", CLIENTS / "session.py"))


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
