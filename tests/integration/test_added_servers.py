"""Servers that code adds for its session: where the user allows it, and no further."""

import json
import os
import sys

import pytest

import conftest
from raw_client import text_of

NAMES = "import json; print(json.dumps(sorted(runtime.discovered_servers())))"
ALLOWED = {"MCP_BRIDGE_ALLOW_ADD_SERVERS": "1"}


def office(**entry):
    return {"command": sys.executable, "args": ["-B", str(conftest.SERVERS / "office.py")], **entry}


def adding(name="desk", **entry):
    return f"runtime.add_server({name!r}, {office(**entry)!r})"


def pid_of(client, alias="desk", **arguments):
    return int(client.output(f"print((await mcp_{alias}.surroundings()).pid)", **arguments))


def expect_end(pid):
    conftest.processes.eventually(lambda: not os.path.exists(f"/proc/{pid}"),
                                  "the process of the server is gone")


# --- who may ---


def test_by_default_nobody_may(start, some_runtime, home):
    home.add_python("one", "office.py")
    headrace = start(some_runtime)
    for code in (adding(), "runtime.remove_server('one')"):
        text = headrace.failure(code)
        assert "MCP_BRIDGE_ALLOW_ADD_SERVERS=1" in text and "~/MCPs" in text
    assert headrace.json(NAMES) == ["one"]


def test_an_added_server_is_there_at_once_and_stays(start, runtime, home):
    home.add_python("one", "office.py")
    headrace = start(runtime, **ALLOWED)
    assert headrace.output(f"""
print({adding(description="Mine", env={"MARK": "m"})})
print(await mcp_desk.count(word="turbine"), mcp_desk.__doc__, "desk" in mcp_servers)
print(runtime.discovered_servers(), (await runtime.search_tool_docs("issues", limit=20))[0]["server"])
""").splitlines() == ["Added 'desk': it is here as mcp_desk.", "2 Mine True",
                      "('one', 'desk') one"]
    pid = pid_of(headrace)
    # The configuration changes, and is read again.
    home.add_python("two", "office.py")
    assert headrace.json(f"runtime.reload()\n{NAMES}") == ["desk", "one", "two"]
    assert headrace.json(NAMES) == ["desk", "one", "two"]
    assert pid_of(headrace) == pid
    assert headrace.output("print((await mcp_desk.surroundings()).environment['MARK'])") == "m"


def test_a_removed_server_is_gone_and_its_process_ends(start, runtime):
    headrace = start(runtime, **ALLOWED)
    headrace.output(adding())
    pid = pid_of(headrace)
    assert headrace.output(
        "print(runtime.remove_server('desk'), 'mcp_desk' in globals())") == "Removed 'desk'. False"
    expect_end(pid)
    assert headrace.json(NAMES) == []
    assert "has added no server" not in headrace.output(adding()), "the name is free again"


def test_only_what_was_added_can_be_removed(start, some_runtime, home):
    path = home.add_python("one", "office.py")
    headrace = start(some_runtime, **ALLOWED)
    text = headrace.failure("runtime.remove_server('one')")
    assert "'one' was not added by this session" in text and str(path) in text
    assert "'nobody' is not available" in headrace.failure("runtime.remove_server('nobody')")
    assert headrace.json(NAMES) == ["one"]


# --- whose it is ---


def test_it_is_seen_by_its_session_alone(start, runtime, home):
    home.add_python("one", "office.py")
    headrace = start(runtime, **ALLOWED)
    headrace.output(adding(), session="a")
    assert headrace.json(NAMES, session="b") == ["one"]
    denied = headrace.failure("await runtime.call_tool('desk', 'count', {'word': 'x'})", session="b")
    assert "Server 'desk' is not available" in denied
    assert headrace.json("""
import json
found = await runtime.search_tool_docs("issues", limit=20)
print(json.dumps(sorted({each["server"] for each in found})))
""", session="b") == ["one"]
    refused = headrace.failure("print(1)", session="b", servers=["desk"])
    assert "Server 'desk' is not available" in refused and "configured are: one" in refused
    assert "not available" in headrace.failure("runtime.remove_server('desk')", session="b")
    shown = headrace.call("resources/read", {"uri": "headrace://servers"})
    assert [server["name"] for server in
            json.loads(shown["contents"][0]["text"])["servers"]] == ["one"]
    # Its own may be asked for, or left out.
    assert headrace.json(NAMES, session="a", servers=["desk"]) == ["desk"]
    assert headrace.json(NAMES, session="a", servers=["one"]) == ["one"]
    assert headrace.json(NAMES, session="a") == ["desk", "one"]


def test_two_sessions_need_two_names(start, some_runtime):
    headrace = start(some_runtime, **ALLOWED)
    headrace.output(adding(), session="a")
    text = headrace.failure(adding(), session="b")
    assert "another session has added a server of that name" in text
    headrace.output(adding("other"), session="b")
    first, second = pid_of(headrace, session="a"), pid_of(headrace, "other", session="b")
    assert first != second
    headrace.output("runtime.remove_server('desk')", session="a")
    # Now it is free.
    headrace.output(adding(), session="b")
    assert headrace.json(NAMES, session="b") == ["desk", "other"]


def test_in_a_run_that_may_reach_few_it_can_be_reached(start, some_runtime, home):
    home.add_python("one", "office.py")
    headrace = start(some_runtime, MCP_BRIDGE_STRICT_SERVERS="1", **ALLOWED)
    assert headrace.json(f"{adding()}\n{NAMES}") == ["desk"]
    # The next says again whom it may reach.
    assert headrace.json(NAMES) == []
    assert headrace.json(NAMES, servers=["desk", "one"]) == ["desk", "one"]


# --- how long ---


@pytest.mark.parametrize("ending", [
    "runtime.reset()",
    "import os; os._exit(3)",
])
def test_it_ends_with_the_sessions_variables(start, some_runtime, ending):
    headrace = start(some_runtime, **ALLOWED)
    headrace.output(adding())
    pid = pid_of(headrace)
    headrace.run(ending)
    expect_end(pid)
    assert headrace.json(NAMES) == []
    headrace.output(adding())
    assert pid_of(headrace) != pid


def test_it_ends_with_a_session_that_makes_room(start, some_runtime):
    headrace = start(some_runtime, MCP_BRIDGE_MAX_SESSIONS="1", **ALLOWED)
    headrace.output(adding(), session="a")
    pid = pid_of(headrace, session="a")
    headrace.output(adding(), session="b")
    expect_end(pid)


def test_it_ends_with_an_interpreter_that_nobody_uses(start, some_runtime):
    headrace = start(some_runtime, MCP_BRIDGE_RUNTIME_IDLE_TIMEOUT="1", **ALLOWED)
    found = headrace.output(f"{adding()}\nprint((await mcp_desk.surroundings()).pid)")
    expect_end(int(found.split()[-1]))


# --- names that are taken ---


def test_names_of_the_configuration_are_taken(start, some_runtime, home):
    path = home.add_python("my-office", "office.py")
    (home.servers / "far.json").write_text(json.dumps(
        {"mcpServers": {"far": {"url": "https://example.com/mcp"}}}))
    headrace = start(some_runtime, **ALLOWED)
    for name in ("my-office", "my_office"):  # what others of the session would call it by
        text = headrace.failure(adding(name))
        assert f"server '{name}' can't be added" in text and str(path) in text
    assert "far.json" in headrace.failure(adding("far"))
    # One that only looks alike in Python is called otherwise, and takes nothing away.
    assert "mcp_my_office_2" in headrace.output(adding("My Office"))
    assert pid_of(headrace, "my_office") != pid_of(headrace, "my_office_2")


def test_again_the_same_is_no_fault_and_another_is(start, some_runtime):
    headrace = start(some_runtime, **ALLOWED)
    headrace.output(adding())
    pid = pid_of(headrace)
    assert "it is here as mcp_desk" in headrace.output(adding())
    assert pid_of(headrace) == pid
    text = headrace.failure(adding(env={"A": "b"}))
    assert "already" in text and "runtime.remove_server()" in text


def test_a_file_that_comes_to_define_the_name_wins(start, some_runtime, home):
    headrace = start(some_runtime, **ALLOWED)
    headrace.output(adding(env={"MARK": "code"}))
    pid = pid_of(headrace)
    home.add_python("desk", "office.py", env={"MARK": "file"})
    headrace.wait_stderr("'desk', which code had added, is ended")
    expect_end(pid)
    mark = "print((await mcp_desk.surroundings()).environment['MARK'])"
    assert headrace.output(mark) == "file"
    assert headrace.output(mark, session="b") == "file"


# --- what can't be added ---


@pytest.mark.parametrize("config, words", [
    ({}, "`command` is missing"),
    ({"command": 5, "args": 6}, "`command` is not a string; `args` is not an array"),
    ({"url": "https://example.com/mcp"}, "not reachable yet"),
    ({"command": "true", "disabled": True}, "disabled"),
    ({"command": "true", "env": {"A": "${SECRET}"}}, "nothing of this program's environment"),
    ({"command": "true", "env_vars": ["SECRET"]}, "nothing of this program's environment"),
    ({"command": "true", "envFile": "/etc/hostname"}, "no files are read here"),
    ({"command": "uvx", "args": ["headrace"]}, "inside itself"),
    ({"command": "/does/not/exist"}, "/does/not/exist"),
    ({"command": "false"}, "desk"),
])
def test_what_can_not_be_started_says_why_and_leaves_nothing(start, some_runtime, config, words):
    headrace = start(some_runtime, SECRET="s3cret", MCP_BRIDGE_ALLOW_SELF_SERVER="1", **ALLOWED)
    text = headrace.failure(f"runtime.add_server('desk', {config!r})")
    assert words in text and "s3cret" not in text
    assert headrace.json(NAMES) == []
    assert "it is here" in headrace.output(adding())


def test_bad_names_and_configurations(start, some_runtime):
    headrace = start(some_runtime, **ALLOWED)
    for name in ("", "a\nb", "x" * 101, 5):
        assert "name" in headrace.failure(f"runtime.add_server({name!r}, {office()!r})")
    for config in ([], "x", None):
        assert "'config' must be an object" in headrace.failure(
            f"runtime.add_server('x', {config!r})")
    # Past the helpers, as hostile code would do it.
    assert headrace.json("""
import json
from headrace_runtime import session
said = []
for params in ('{}', '[]', '{"name":"x"}', '{"name":"x","config":[]}', '{"name":5,"config":{}}',
               '{"name":"x","config":{"command":"true"},"owner":0,"config":null}'):
    try:
        session.current.channel.request_sync("add_server", params)
        said.append("added")
    except runtime.MCPError as error:
        said.append(error.code)
print(json.dumps(said))
""") == [-32602] * 6


def test_there_is_an_end_to_how_many(start, some_runtime):
    headrace = start(some_runtime, **ALLOWED)
    plain = {"command": sys.executable, "args": ["-B", str(conftest.SERVERS / "plain.py")]}
    text = headrace.failure(f"""
import asyncio
for n in range(40):
    runtime.add_server(f"s{{n}}", {plain!r})
""", timeout=100)
    assert "has added 32 servers already" in text
    assert len(headrace.json(NAMES)) == 32


def test_what_was_ignored_is_told(start, some_runtime):
    text = start(some_runtime, **ALLOWED).output(f"print({adding(description=5)})")
    assert "it is here as mcp_desk. Note: `description` is not a string, and ignored." in text


def test_a_server_without_tools_can_be_added(start, some_runtime):
    code = ("import json, sys\n"
            "for line in sys.stdin:\n"
            "    message = json.loads(line)\n"
            "    if message.get('method') == 'initialize':\n"
            "        result = {'protocolVersion': '2025-06-18', 'capabilities': {'resources': {}},\n"
            "                  'serverInfo': {'name': 'bare', 'version': '1'}}\n"
            "    elif message.get('method') == 'resources/list':\n"
            "        result = {'resources': [{'uri': 'x:1', 'name': 'one'}]}\n"
            "    elif 'id' in message:\n"
            "        print(json.dumps({'jsonrpc': '2.0', 'id': message['id'],\n"
            "                          'error': {'code': -32601, 'message': 'no'}}), flush=True)\n"
            "        continue\n"
            "    else:\n"
            "        continue\n"
            "    print(json.dumps({'jsonrpc': '2.0', 'id': message['id'], 'result': result}),\n"
            "          flush=True)\n")
    headrace = start(some_runtime, **ALLOWED)
    assert headrace.output(f"""
runtime.add_server('bare', {{"command": {sys.executable!r}, "args": ["-c", {code!r}]}})
print([each["name"] for each in await runtime.list_resources("bare")])
""") == "['one']"
