"""What servers can do is known without starting them: kept over restarts, learnt in the background,
and looked at again where it may have changed."""

import json
import sys

import pytest

import conftest
import processes

QUIET = {"MCP_BRIDGE_BACKGROUND_LISTS": 0}

NAMES = "import json; print(json.dumps([t['name'] for t in await runtime.list_tools({!r})]))"


class Counted:
    """A server that leaves a line for each of its starts."""

    def __init__(self, home, name, script="office.py", **entry):
        self.log = home.path / f"{name}.starts"
        wrapper = home.path / f"{name}.sh"
        wrapper.write_text(f'#!/bin/sh\necho $$ >>"{self.log}"\n'
                           f'exec "{sys.executable}" -B "{conftest.SERVERS / script}"\n')
        wrapper.chmod(0o755)
        home.add(name, wrapper, **entry)

    @property
    def starts(self):
        return len(self.log.read_text().split()) if self.log.exists() else 0


def kept(home):
    """What is kept of the only server: its file, and the lines of it."""
    file, = (home.path / ".cache/headrace/catalogue").glob("*.tools.json")
    head, body = file.read_text().split("\n")
    return file, json.loads(head), json.loads(body)


def keep(file, head, body):
    file.write_text(json.dumps(head) + "\n" + json.dumps(body))


def listed_servers(headrace):
    text = headrace.call("resources/read", {"uri": "headrace://servers"})["contents"][0]["text"]
    return {server["name"]: server for server in json.loads(text)["servers"]}


def learn(start, runtime, name):
    """One Headrace that asks a server for its tools."""
    headrace = start(runtime, **QUIET)
    tools = headrace.json(NAMES.format(name))
    headrace.close(timeout=20)
    return tools


def test_what_was_listed_once_is_known_without_starting_anything(start, some_runtime, home):
    desk = Counted(home, "desk")
    tools = learn(start, some_runtime, "desk")
    assert desk.starts == 1 and "search_issues" in tools
    headrace = start(some_runtime, **QUIET)
    assert listed_servers(headrace)["desk"]["tools"] == len(tools)
    assert headrace.json(NAMES.format("desk")) == tools
    found = headrace.json("import json; print(json.dumps("
                          "await runtime.search_tool_docs('search issues', detail='full')))")
    assert found[0]["tool"] == "search_issues" and found[0]["running"] is False
    assert "query" in found[0]["inputSchema"]["properties"]
    assert "query: str" in headrace.output("help(mcp_desk.search_issues)")
    assert "search_issues" in headrace.output("print(dir(mcp_desk))")
    assert "search_issues" in headrace.output(
        "print(await runtime.query_tool_docs('desk', detail='signature'))")
    assert desk.starts == 1
    # Called by name, it starts.
    assert headrace.output("print(await mcp_desk.count(word='turbine'))").strip() == "2"
    assert desk.starts == 2
    assert headrace.json("import json; print(json.dumps([d['running'] for d in "
                         "await runtime.search_tool_docs('search issues', limit=1)]))") == [True]


def test_servers_that_a_run_names_are_started(start, some_runtime, home):
    desk = Counted(home, "desk")
    learn(start, some_runtime, "desk")
    start(some_runtime, **QUIET).output("print(1)", servers=["desk"])
    assert desk.starts == 2


def test_tools_are_learnt_in_the_background_and_the_servers_rest(start, some_runtime, home):
    servers = [Counted(home, f"desk{n}") for n in range(6)]
    home.add("broken", "no-such-program-at-all")
    headrace = start(some_runtime)
    headrace.call("resources/subscribe", {"uri": "headrace://servers"})

    def told():
        return len(headrace.notifications("notifications/resources/updated"))

    while True:
        before = told()
        found = listed_servers(headrace)
        if len(found) == 7 and all(each["loaded"] or "error" in each for each in found.values()):
            break
        headrace.wait_until(lambda: told() > before, f"more is known than {found}")
    found = listed_servers(headrace)
    assert "no-such-program-at-all" in found["broken"]["error"] and not found["broken"]["loaded"]
    assert all(found[f"desk{n}"]["tools"] > 3 for n in range(6))
    assert [server.starts for server in servers] == [1] * 6
    processes.eventually(
        lambda: not [pid for pid in processes.descendants(headrace.pid)
                     if "office.py" in processes.command_line(pid)],
        lambda: "servers that nobody called rest", limit=20)
    # They come back as soon as they are called.
    assert headrace.output("print(await mcp_desk3.count(word='turbine'))").strip() == "2"
    assert headrace.json("import json; docs = await runtime.search_tool_docs('search issues');"
                         "print(json.dumps([len(docs), docs.unlisted]))") == \
        [5, [{"server": "broken", "reason": found["broken"]["error"]}]]
    headrace.close(timeout=20)
    # Another asks none of them again, so soon.
    second = start(some_runtime)
    second.output("import asyncio; await asyncio.sleep(2)")
    assert [server.starts for server in servers] == [1, 1, 1, 2, 1, 1]


def test_a_list_of_the_day_before_is_shown_and_asked_for_again(start, some_runtime, home):
    desk = Counted(home, "desk")
    learn(start, some_runtime, "desk")
    file, head, body = kept(home)
    head["at"] -= 25 * 3600
    body["tools"] = [tool for tool in body["tools"] if tool["name"] == "count"]
    keep(file, head, body)
    headrace = start(some_runtime)
    processes.eventually(lambda: listed_servers(headrace)["desk"]["tools"] > 1,
                         lambda: "it was asked again", limit=60)
    assert desk.starts == 2
    assert kept(home)[1]["at"] > head["at"]


def test_a_list_is_kept_for_as_long_as_its_server_says(start, some_runtime, home):
    desk = Counted(home, "desk")
    learn(start, some_runtime, "desk")
    file, head, body = kept(home)
    head["at"] -= 60
    keep(file, {**head, "ttlMs": 3_600_000}, body)
    headrace = start(some_runtime)
    headrace.output("import asyncio; await asyncio.sleep(2)")
    assert desk.starts == 1
    headrace.close(timeout=20)
    keep(file, {**head, "ttlMs": 1000}, body)
    start(some_runtime)
    processes.eventually(lambda: desk.starts == 2, lambda: "it was asked again", limit=60)


@pytest.mark.parametrize("damage", [b"", b"{", b"\0" * 5000, b'{"format":99,"at":1}\n{"tools":[]}',
                                    b'{"format":1,"at":1800000000}\n{"tools":[{"name":'])
def test_a_damaged_file_is_as_good_as_none(start, some_runtime, home, damage):
    desk = Counted(home, "desk")
    tools = learn(start, some_runtime, "desk")
    file, _, _ = kept(home)
    file.write_bytes(damage)
    assert learn(start, some_runtime, "desk") == tools
    assert desk.starts == 2
    assert learn(start, some_runtime, "desk") == tools
    assert desk.starts == 2


def test_a_folder_that_can_not_be_written_only_costs_time(start, some_runtime, home):
    (home.path / ".cache").write_text("not a folder")
    desk = Counted(home, "desk")
    assert learn(start, some_runtime, "desk") == learn(start, some_runtime, "desk")
    assert desk.starts == 2


def test_what_a_kept_list_does_not_have_is_asked_for(start, some_runtime, home):
    Counted(home, "desk")
    learn(start, some_runtime, "desk")
    file, head, body = kept(home)
    tools = {tool["name"]: tool for tool in body["tools"]}
    del tools["count"]
    tools["get_issue"]["inputSchema"] = {
        "type": "object", "properties": {"key": {"type": "string"}}, "required": ["key"],
        "additionalProperties": False}
    keep(file, head, {"tools": list(tools.values())})
    headrace = start(some_runtime, **QUIET)
    # A tool that is new, one that takes other arguments now, and one that there is not.
    assert headrace.output("print(await mcp_desk.count(word='turbine'))").strip() == "2"
    headrace.close(timeout=20)
    keep(file, head, {"tools": list(tools.values())})
    headrace = start(some_runtime, **QUIET)
    assert headrace.output("r = await mcp_desk.get_issue(id='HR-1'); print(r.status)").strip() == \
        "open"
    assert "Tool 'nothing' not found" in headrace.failure("await mcp_desk.nothing()")


def test_a_list_that_changes_is_kept_as_it_is_now(start, some_runtime, home):
    growing = Counted(home, "growing", "growing.py")
    headrace = start(some_runtime)
    headrace.output("await mcp_growing.grow(name='fresh')")
    assert headrace.json("""
import asyncio, json
names = []
for _ in range(100):
    names = [tool["name"] for tool in await mcp_growing.list_tools()]
    if "fresh" in names:
        break
    await asyncio.sleep(0.1)
print(json.dumps(names))
""") == ["grow", "fresh"]
    headrace.close(timeout=20)
    starts = growing.starts
    headrace = start(some_runtime, **QUIET)
    assert headrace.json(NAMES.format("growing")) == ["grow", "fresh"]
    assert growing.starts == starts
    # The one that runs now knows nothing of it.
    headrace.output("await mcp_growing.grow(name='other')")
    assert headrace.json("""
import asyncio, json
names = []
for _ in range(100):
    names = [tool["name"] for tool in await mcp_growing.list_tools()]
    if names == ["grow", "other"]:
        break
    await asyncio.sleep(0.1)
print(json.dumps(names))
""") == ["grow", "other"]


def test_a_server_that_always_says_that_its_list_changed_is_not_started_for_each_search(
        start, some_runtime, home):
    restless = Counted(home, "restless", "restless.py")
    headrace = start(some_runtime, **QUIET)
    for _ in range(3):
        found = headrace.json("import json; found = await runtime.search_tool_docs('fidget')\n"
                              "print(json.dumps([tool['tool'] for tool in found]))")
        assert found == ["fidget"]
    assert restless.starts == 1
    assert headrace.output("print(await mcp_restless.fidget())") == "done"
    assert restless.starts == 2


def test_a_search_does_not_wait_for_a_server_that_hangs(start, some_runtime, home):
    Counted(home, "desk")
    home.add("hanging", "sleep", "1000")
    headrace = start(some_runtime, **QUIET)
    code = ("import json; docs = await runtime.search_tool_docs('search issues', limit=1);"
            "print(json.dumps([docs[0]['tool'], docs.unlisted])); docs")
    tool, unlisted = json.loads(headrace.output(code).splitlines()[0])
    assert tool == "search_issues"
    assert [each["server"] for each in unlisted] == ["hanging"]
    assert "not said yet" in unlisted[0]["reason"]
    assert "not looked at: hanging" in headrace.output(code)


def test_many_at_once_share_what_they_know(start, some_runtime, home):
    names = [f"desk{n}" for n in range(3)]
    for name in names:
        Counted(home, name)
    several = [start(some_runtime) for _ in range(3)]
    for headrace in several:
        processes.eventually(
            lambda: all(each["loaded"] for each in listed_servers(headrace).values()),
            lambda: "all are known", limit=90)
    files = list((home.path / ".cache/headrace/catalogue").iterdir())
    assert len(files) == 3 and all(file.name.endswith(".tools.json") for file in files)
    for file in files:
        assert len(json.loads(file.read_text().split("\n")[1])["tools"]) > 3
