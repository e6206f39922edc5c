"""More servers than fit into the descriptors that a process has at first, or at all."""

import resource

import pytest

import conftest

CALL_ALL = """
import json
answers = {}
for name, server in mcp_servers.items():
    try:
        answers[name] = json.loads((await server.open_files()).text)
    except Exception as error:
        answers[name] = str(error)
print(json.dumps(answers))
"""

SERVERS = 12  # with four descriptors each
FEW = 40


@pytest.fixture
def limited(home, monkeypatch):
    """limited(limits) has Headrace started with these limits, as arguments of ulimit."""
    for number in range(SERVERS):
        home.add_python(f"server_{number}", "limits.py")

    def limit(*commands):
        script = home.path / "headrace"
        lines = [f"ulimit {command} || exit 1" for command in commands]
        script.write_text("\n".join(["#!/bin/sh", *lines, f'exec "{conftest.PROGRAM}" "$@"\n']))
        script.chmod(0o755)
        monkeypatch.setattr(conftest, "PROGRAM", str(script))

    return limit


def test_the_limit_is_raised_for_headrace_and_not_for_its_servers(start, some_runtime, limited):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limited(f"-Sn {FEW}")
    headrace = start(some_runtime, MCP_BRIDGE_BACKGROUND_LISTS="0")
    answers = headrace.json(CALL_ALL)
    assert answers == {f"server_{number}": [FEW, hard] for number in range(SERVERS)}


def test_servers_that_do_not_fit_are_told_why_and_the_others_go_on(start, some_runtime, limited):
    limited(f"-n {FEW}")
    headrace = start(some_runtime, MCP_BRIDGE_BACKGROUND_LISTS="0")
    answers = headrace.json(CALL_ALL)
    reached = [name for name, answer in answers.items() if answer == [FEW, FEW]]
    refused = [answer for name, answer in answers.items() if name not in reached]
    assert 0 < len(reached) < SERVERS
    for answer in refused:
        assert "could not be started" in answer and "Too many open files" in answer
        assert f"may have {FEW} descriptors" in answer and "ulimit -n" in answer
    # Those that run still answer.
    again = headrace.json(CALL_ALL)
    assert [name for name, answer in again.items() if answer == [FEW, FEW]] == reached
