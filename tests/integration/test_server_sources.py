"""Servers of other agents' files, as code sees them and as `headrace servers` lists them."""

import json
import subprocess
import sys

import conftest

NAMES = "import json; print(json.dumps(sorted(runtime.discovered_servers())))"


def office(**entry):
    return {"command": sys.executable, "args": ["-B", str(conftest.SERVERS / "office.py")], **entry}


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def list_servers(home, *arguments, folder=None, **settings):
    done = subprocess.run([conftest.PROGRAM, "servers", *arguments], capture_output=True,
                          env=home.environment(**settings), cwd=folder or home.path, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if "--json" in arguments else done.stdout


def test_servers_of_other_agents_can_be_called(start, some_runtime, home):
    write(home.path / ".cursor" / "mcp.json", {"mcpServers": {"desk": office()}})
    assert start(some_runtime).output("print(await mcp_desk.count(word='turbine'))").strip() == "2"


def test_they_can_be_left_out(start, some_runtime, home):
    write(home.path / ".cursor" / "mcp.json", {"mcpServers": {"desk": office()}})
    home.add_python("own", "office.py")
    assert start(some_runtime, MCP_BRIDGE_SOURCES="none").json(NAMES) == ["own"]


def test_one_server_under_two_names_is_one_process(start, some_runtime, home):
    write(home.path / ".cursor" / "mcp.json", {"mcpServers": {"desk": office()}})
    write(home.path / ".gemini" / "settings.json", {"mcpServers": {"bureau": office()}})
    headrace = start(some_runtime)
    assert headrace.json(NAMES) == ["bureau", "desk"]
    assert headrace.output("print(await mcp_bureau.count(word='a'), await mcp_desk.count(word='a'))")
    listed = list_servers(home, "--json")["servers"]
    assert len(listed) == 1 and len(listed[0]["otherNames"]) == 1


def test_what_cannot_be_used_says_why(start, some_runtime, home):
    write(home.path / ".cursor" / "mcp.json", {"mcpServers": {
        "far": {"url": "https://example.com/mcp"}, "broken": {"args": ["x"]}}})
    headrace = start(some_runtime)
    code = """
try:
    await runtime.call_tool({!r}, "x", {{}})
except runtime.MCPError as error:
    print(error)
"""
    far = headrace.output(code.format("far"))
    assert "Server 'far' is not available" in far
    broken = headrace.failure("print(1)", servers=["broken"])
    assert "Server 'broken' is not available" in broken and "`command` is missing" in broken
    remote = headrace.failure("print(1)", servers=["far"])
    assert "not reachable" in remote or "remote" in remote


def test_a_new_file_is_found_by_reload(start, some_runtime, home):
    headrace = start(some_runtime)
    assert headrace.json(NAMES) == []
    home.add_python("later", "office.py")
    assert headrace.output("runtime.reload(); print(await mcp_later.count(word='turbine'))").strip() == "2"


def test_code_may_not_add_servers(start, some_runtime, home):
    text = start(some_runtime).failure("runtime.add_server('x', {'command': 'true'})")
    assert "may not add or remove servers" in text


def test_the_list_for_people_and_for_programs(home):
    path = home.add("one", "true", "a b", description="First")
    write(home.path / ".cursor" / "mcp.json", {"mcpServers": {"two": {"command": "false"}}})
    (home.servers / "broken.json").write_text("{")
    text = list_servers(home)
    for words in ("one\n", "true 'a b'", "First", f"from {path}", "two\n", "Cursor", "broken.json"):
        assert words in text, text
    found = list_servers(home, "--json")
    assert [server["name"] for server in found["servers"]] == ["one", "two"]
    assert found["servers"][1]["source"]["agent"] == "Cursor"
    assert any(fault["severity"] == "error" for fault in found["faults"])


def test_a_workspace_is_read_by_the_users_word_alone(home, tmp_path):
    folder = tmp_path / "project"
    write(folder / ".mcp.json", {"mcpServers": {"local": {"command": "true"}}})

    def names(*arguments):
        found = list_servers(home, "--json", *arguments, folder=folder)
        return [server["name"] for server in found["servers"]]

    assert names() == []
    assert f"info: {folder}/.mcp.json: not read, since" in list_servers(home, folder=folder)
    assert names("--trust-workspace") == ["local"]
    assert names() == ["local"]
    assert names("--distrust-workspace") == []


def test_an_unknown_source_is_refused(home):
    done = subprocess.run([conftest.PROGRAM, "servers"], capture_output=True, text=True, timeout=60,
                          env=home.environment(MCP_BRIDGE_SOURCES="nobody"))
    assert done.returncode != 0 and "MCP_BRIDGE_SOURCES" in done.stderr


def test_the_documents_name_every_source(home):
    done = subprocess.run([conftest.PROGRAM, "servers"], capture_output=True, text=True, timeout=60,
                          env=home.environment(MCP_BRIDGE_SOURCES="nobody"))
    known = done.stderr.split("some of ")[1].strip().rstrip(".").split(", ")
    text = (conftest.HERE.parent.parent / "docs" / "configuration.md").read_text()
    table = text.split("| name | program | its files of the user |\n|---|---|---|\n")[1].split("\n\n")[0]
    documented = [line.split("`")[1] for line in table.splitlines()]
    assert documented == known
