"""Where servers come from, who may be reached, and what a changed or broken file does."""

import json
import os
import sys

import pytest

import conftest

NAMES = "import json; print(json.dumps(sorted(runtime.discovered_servers())))"


def office(**entry):
    return {"command": sys.executable, "args": ["-B", str(conftest.SERVERS / "office.py")], **entry}


# --- who may be reached ---


def test_servers_restrict_a_run(start, runtime, home):
    home.add_python("one", "office.py")
    home.add_python("two", "office.py")
    headrace = start(runtime)
    found = headrace.json("""
import json
try:
    await runtime.call_tool("two", "count", {"word": "x"})
except runtime.MCPError as error:
    denied = str(error)
print(json.dumps({"names": runtime.discovered_servers(), "loaded": LOADED_MCP_SERVERS,
                  "global": "mcp_two" in globals(), "denied": denied,
                  "own": int(await mcp_one.count(word="turbine")),
                  "metadata": runtime.list_loaded_server_metadata()}))
""", servers=["one"])
    assert found["names"] == ["one"] and list(found["loaded"]) == ["one"]
    assert found["global"] is False and found["denied"] == "Server 'two' is not available"
    assert found["own"] == 2
    metadata, = found["metadata"]
    assert metadata["name"] == "one" and metadata["alias"] == "one"
    assert {"name", "alias", "description", "input_schema"} <= set(metadata["tools"][0])
    # That run alone.
    assert headrace.json(NAMES) == ["one", "two"]


def test_an_empty_list_reaches_none(start, some_runtime, home):
    home.add_python("one", "office.py")
    assert start(some_runtime).json(NAMES, servers=[]) == []


def test_an_unknown_server_is_refused_by_name(start, some_runtime, home):
    home.add_python("one", "office.py")
    headrace = start(some_runtime)
    text = headrace.failure("print(1)", servers=["nobody"])
    assert "Server 'nobody' is not available" in text and "one" in text


def test_a_server_that_does_not_start_is_refused_with_its_reason(start, some_runtime, home):
    home.add("gone", "/does/not/exist")
    headrace = start(some_runtime)
    text = headrace.failure("print(1)", servers=["gone"])
    assert "gone" in text and "/does/not/exist" in text
    assert headrace.output("print('goes on')") == "goes on"


def test_strict_servers(start, some_runtime, home):
    home.add_python("one", "office.py")
    headrace = start(some_runtime, MCP_BRIDGE_STRICT_SERVERS="1")
    assert headrace.json(NAMES) == []
    assert "Server 'one' is not available" in headrace.failure(
        "await runtime.call_tool('one', 'count', {'word': 'x'})")
    assert headrace.json(NAMES, servers=["one"]) == ["one"]


@pytest.mark.parametrize("allow", [None, "1"])
def test_it_never_starts_itself_unless_allowed(start, some_runtime, home, allow):
    home.add("me", conftest.PROGRAM)
    home.add("mcp-server-code-execution-mode", "uvx", "x", file="b.json")
    home.add("script", "python3", "/opt/mcp_server_code_execution_mode.py", file="c.json")
    home.add_python("other", "office.py")
    # The build's program may have any name: the rule is about this one.
    link = home.path / "headrace"
    link.symlink_to(conftest.PROGRAM)
    home.add("me", link)
    headrace = start(some_runtime, MCP_BRIDGE_ALLOW_SELF_SERVER=allow)
    expected = ["other"] if allow is None else [
        "mcp-server-code-execution-mode", "me", "other", "script"]
    assert headrace.json(NAMES) == expected


def test_headrace_inside_headrace(start, some_runtime, home):
    """Allowed, it works like any other server."""
    home.add("inner", conftest.PROGRAM, env={
        "MCP_BRIDGE_RUNTIME": some_runtime, "MCP_BRIDGE_IMAGE": conftest.IMAGE,
        "MCP_BRIDGE_STATE_DIR": str(home.path / "none"),
        **{name: value for name, value in os.environ.items()
           if name.startswith(("DOCKER_", "CONTAINERS_"))}})
    headrace = start(some_runtime, MCP_BRIDGE_ALLOW_SELF_SERVER="yes")
    assert headrace.output("print(await mcp_inner.run_python(code='print(6 * 7)'))",
                           timeout=100) == "42"


# --- changes ---


def test_added_changed_and_removed_servers(start, runtime, home):
    headrace = start(runtime)
    assert headrace.json(NAMES) == []
    home.add_python("one", "office.py", env={"MARK": "first"})
    home.add_python("two", "office.py")
    assert headrace.json(NAMES) == ["one", "two"]
    mark = """
found = await mcp_one.surroundings()
print(found.environment["MARK"], found.pid)
"""
    first, pid = headrace.output(mark).split()
    other = headrace.output("print((await mcp_two.surroundings()).pid)")
    assert first == "first"
    home.add_python("one", "office.py", env={"MARK": "second"})
    second, new_pid = headrace.output(mark).split()
    assert second == "second" and pid != new_pid
    # Who did not change goes on.
    assert headrace.output("print((await mcp_two.surroundings()).pid)") == other
    (home.servers / "two.json").unlink()
    assert headrace.json(NAMES) == ["one"]
    assert "'mcp_two' is not defined" in headrace.failure("mcp_two")
    conftest.processes.eventually(
        lambda: not os.path.exists(f"/proc/{other}") and not os.path.exists(f"/proc/{pid}"),
        "the processes of what was removed are gone")


def test_a_file_that_is_rewritten_in_the_same_moment_is_noticed(start, some_runtime, home):
    """Same length, same second: what counts is the content."""
    headrace = start(some_runtime)
    for n in range(5):
        home.add_python("one", "office.py", env={"MARK": f"{n:02}"})
        assert headrace.output("print((await mcp_one.surroundings()).environment['MARK'])"
                               ) == f"{n:02}"


# --- broken files ---


def test_broken_files_and_entries_hide_nothing(start, runtime, home):
    (home.servers / "a-broken.json").write_text('{"mcpServers": {"x": {"command": "y",}')
    (home.servers / "b-mixed.json").write_text(json.dumps({"mcpServers": {
        "good": office(), "bad-args": {"command": "x", "args": "not a list"},
        "no-command": {"args": []}, "remote": {"url": "https://example.com/mcp"},
        "unset": {"command": "${HEADRACE_TEST_NOT_SET}"}}}, indent=1))
    (home.servers / "c-binary.json").write_bytes(b"\xff\xfe\x00")
    (home.servers / "d-empty.json").write_text("")
    (home.servers / "e-folder.json").mkdir()
    (home.servers / "notes.txt").write_text("{not read}")
    home.add_python("last", "office.py", file="z.json")
    headrace = start(runtime)
    assert headrace.json(NAMES) == ["good", "last"]
    for word in ("a-broken.json", "b-mixed.json", "c-binary.json", "d-empty.json", "bad-args",
                 "no-command", "remote", "HEADRACE_TEST_NOT_SET"):
        headrace.wait_stderr(word)
    assert "notes.txt" not in headrace.errors
    # Said once, not at each run.
    said = headrace.errors.count("a-broken.json")
    headrace.json(NAMES)
    assert headrace.errors.count("a-broken.json") == said
    logged = json.dumps(headrace.notifications("notifications/message"))
    assert "a-broken.json" in logged and "bad-args" in logged
    # Mended, it counts.
    (home.servers / "a-broken.json").write_text(json.dumps({"mcpServers": {"mended": office()}}))
    assert headrace.json(NAMES) == ["good", "last", "mended"]


def test_a_missing_file_that_was_asked_for_is_reported(start, some_runtime, home):
    missing = home.path / "missing.json"
    headrace = start(some_runtime, MCP_SERVERS_CONFIG=missing)
    assert headrace.json(NAMES) == []
    headrace.wait_stderr(str(missing))


def test_toml(start, some_runtime, home):
    file = home.path / "servers.toml"
    file.write_text(f"""
[mcpServers.office]
command = {json.dumps(sys.executable)}
args = ["-B", {json.dumps(str(conftest.SERVERS / 'office.py'))}]
env = {{ MARK = "toml" }}
""")
    headrace = start(some_runtime, MCP_SERVERS_CONFIG=file)
    assert headrace.output("print((await mcp_office.surroundings()).environment['MARK'])") == "toml"


def test_state_dir(start, some_runtime, home):
    folder = home.path / "elsewhere"
    folder.mkdir()
    (folder / "one.json").write_text(json.dumps({"mcpServers": {"one": office()}}))
    home.add_python("first", "office.py")
    headrace = start(some_runtime, MCP_BRIDGE_STATE_DIR="~/elsewhere")
    assert sorted(headrace.json(NAMES)) == ["first", "one"]


# --- what a server is given ---


def test_a_server_gets_its_own_environment_and_no_more(start, runtime, home):
    home.add_python("office", "office.py", env={"TOKEN": "t", "EXPANDED": "${SECRET}-${NONE:-d}"})
    headrace = start(runtime, SECRET="s3cret", OTHER="unseen", LOGNAME="me", SHELL="/bin/sh",
                     TERM="dumb", USER="me", LD_PRELOAD=None)
    given = headrace.json("""
import json
print(json.dumps((await mcp_office.surroundings()).environment))
""")
    assert given["TOKEN"] == "t" and given["EXPANDED"] == "s3cret-d"
    assert given["HOME"] == str(home.path) and given["USER"] == "me"
    # Python sets LC_CTYPE for itself.
    assert set(given) - {"LC_CTYPE"} == {
        "HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "TOKEN", "EXPANDED",
        "MCP_BRIDGE_NESTING"}


def test_working_folder_and_expansion(start, some_runtime, home):
    folder = home.path / "work here"
    folder.mkdir()
    home.add("office", "${TEST_PYTHON}", "-B", "${TEST_SERVERS}/office.py",
             cwd="${TEST_FOLDER}", description="In a folder")
    headrace = start(some_runtime, TEST_PYTHON=sys.executable, TEST_SERVERS=conftest.SERVERS,
                     TEST_FOLDER=folder)
    assert headrace.json("""
import json
print(json.dumps([(await mcp_office.surroundings()).cwd,
                  runtime.describe_server("office")["cwd"], mcp_office.__doc__]))
""") == [str(folder), str(folder), "In a folder"]


def test_a_command_is_found_on_the_path(start, some_runtime, home):
    folder = home.path / "bin"
    folder.mkdir()
    (folder / "office-server").write_text(
        f"#!/bin/sh\nexec {sys.executable} -B {conftest.SERVERS}/office.py\n")
    (folder / "office-server").chmod(0o755)
    home.add("office", "office-server")
    headrace = start(some_runtime, PATH=f"{folder}:{os.environ['PATH']}")
    assert headrace.output("print(await mcp_office.count(word='turbine'))") == "2"
