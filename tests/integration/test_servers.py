"""Real servers behind one program in the sandbox: every way to name, find and call their tools."""

import json

import pytest

import conftest

STYLES = """
import asyncio, json
from mcp import runtime as imported_runtime
from mcp.servers.memory import create_entities, read_graph

# By alias, by module, by real name, by strings; four servers' calls at once.
path = {path!r}
await mcp_files.write_file(path=path + "/notes.txt", content="TODO: open the gate")
await create_entities(entities=[
    {{"name": "gate", "entityType": "thing", "observations": ["made of oak"]}}])
text, graph, echo, total = await asyncio.gather(
    mcp_servers["files"].read_text_file(path=path + "/notes.txt"),
    read_graph(),
    mcp_every_thing.echo(message="hello"),
    runtime.call_tool("every-thing", "get-sum", {{"a": 40, "b": 2}}),
)
assert imported_runtime is runtime
print(json.dumps({{
    "text": text.text, "todo": "TODO" in text, "entity": graph.entities[0].name,
    "observations": graph["structuredContent"]["entities"][0]["observations"],
    "echo": str(echo), "sum": total.text,
    "servers": sorted(runtime.discovered_servers()), "again": sorted(await runtime.list_servers()),
    "alias": runtime.describe_server("every-thing").alias,
}}))
"""


@pytest.fixture
def three_servers(home, node):
    """Filesystem and memory from ~/MCPs, everything from MCP_SERVERS_CONFIG."""
    folder = home.path / "shared"
    folder.mkdir()
    home.add_node("files", "server-filesystem", folder)
    home.add_node("memory", "server-memory", env={"MEMORY_FILE_PATH": f"{home.path}/memory.jsonl"})
    extra = home.path / "extra.json"
    extra.write_text(json.dumps({"mcpServers": {
        "every-thing": {"command": "node", "description": "All there is", "args": [
            str(node / "@modelcontextprotocol/server-everything/dist/index.js")]},
        # The first definition of a name wins: this one would not even start.
        "files": {"command": "/does/not/exist"},
    }}))
    return {"folder": folder, "settings": {"MCP_SERVERS_CONFIG": str(extra)}}


def test_three_servers_in_one_program(start, runtime, three_servers):
    headrace = start(runtime, **three_servers["settings"])
    found = headrace.json(STYLES.format(path=str(three_servers["folder"])))
    assert found == {
        "text": "TODO: open the gate", "todo": True, "entity": "gate",
        "observations": ["made of oak"], "echo": "Echo: hello",
        "sum": "The sum of 40 and 2 is 42.",
        "servers": ["every-thing", "files", "memory"], "again": ["every-thing", "files", "memory"],
        "alias": "every_thing"}
    assert (three_servers["folder"] / "notes.txt").read_text() == "TODO: open the gate"


def test_finding_tools(start, runtime, three_servers):
    headrace = start(runtime, **three_servers["settings"])
    found = headrace.json("""
import json
def lasting(hits):  # servers come and go between two searches
    return [{key: value for key, value in hit.items() if key != "running"} for hit in hits]
hits = await runtime.search_tool_docs("read text file", limit=3)
full = await runtime.search_tool_docs("knowledge graph entities", limit=20, detail="full")
one = await runtime.query_tool_docs("memory", tool="read_graph", detail="full")
everything = await runtime.query_tool_docs("memory")
listed = await runtime.list_tools("every-thing")
print(json.dumps({"hits": hits, "full": full, "one": one, "everything": everything,
                  "listed": [tool["name"] for tool in listed],
                  "sync": [tool["name"] for tool in runtime.list_tools_sync("memory")],
                  "schema": runtime.describe_server("files")["tools"][0]["input_schema"]["type"],
                  "summary": runtime.capability_summary(),
                  "described": runtime.discovered_servers(detailed=True),
                  "same": lasting(runtime.search_tool_docs_sync("read text file", limit=3)) == lasting(hits)}))
""")
    assert len(found["hits"]) == 3
    assert found["hits"][0]["server"] == "files" and found["hits"][0]["tool"] == "read_text_file"
    assert all("inputSchema" not in hit for hit in found["hits"])
    assert {hit["server"] for hit in found["full"]} >= {"memory"}
    assert len(found["full"]) <= 20 and all("inputSchema" in hit for hit in found["full"])
    assert found["one"]["toolAlias"] == "read_graph" and found["one"]["serverAlias"] == "memory"
    assert found["one"]["inputSchema"]["type"] == "object"
    assert sorted(doc["tool"] for doc in found["everything"]) == sorted(found["sync"])
    assert "get-sum" in found["listed"] and "create_entities" in found["sync"]
    assert found["schema"] == "object" and "search_tool_docs" in found["summary"]
    assert {"name": "every-thing", "description": "All there is"} in found["described"]
    assert found["same"] is True


def test_hits_say_how_good_they_are_and_whether_their_server_runs(start, some_runtime, home):
    home.add_python("plain", "plain.py")
    home.add_python("faulty", "faulty.py")
    headrace = start(some_runtime)
    found = headrace.json("""
import json
await mcp_plain.digest(text="x")
try:
    await mcp_faulty.exit()
except Exception:
    pass
hits = await runtime.search_tool_docs("text of an exact length", limit=20)
ended = await runtime.search_tool_docs("exits with 7 instead of an answer", detail="signature")
print(json.dumps([[hit.score for hit in hits], [hits[0].server, hits[0].tool, hits[0].running],
                  [ended[0].server, ended[0].tool, ended[0].running, ended[0].score > 0]]))
""")
    scores, first, ended = found
    assert scores == sorted(scores, reverse=True) and scores[-1] > 0
    assert first == ["plain", "blob", True] and ended == ["faulty", "exit", False, True]


def test_modules_list_their_tools(start, some_runtime, three_servers):
    headrace = start(some_runtime, **three_servers["settings"])
    found = headrace.json("""
import json, mcp.servers.every_thing as thing
print(json.dumps({"tools": [tool["name"] for tool in thing.TOOLS], "map": sorted(thing.TOOL_MAP),
                  "sum": (await thing.get_sum(a=1, b=2)).text,
                  "globals": [name for name in ("mcp", "runtime", "mcp_servers", "save_tool",
                              "LOADED_MCP_SERVERS", "mcp_files") if name in globals()],
                  "name": __name__}))
""")
    assert "get-sum" in found["tools"] and "get_sum" in found["map"]
    assert found["sum"] == "The sum of 1 and 2 is 3."
    assert len(found["globals"]) == 6 and found["name"] == "__sandbox__"


def test_every_kind_of_content(start, some_runtime, three_servers):
    headrace = start(some_runtime, **three_servers["settings"])
    found = headrace.json("""
import json
image = await mcp_every_thing.get_tiny_image()
annotated = await mcp_every_thing["get-annotated-message"](messageType="error", includeImage=True)
structured = await mcp_every_thing["get-structured-content"](location="New York")
links = await mcp_every_thing["get-resource-links"](count=2)
print(json.dumps({"mime": image.images[0].mime_type, "png": image.images[0].bytes[:4].hex(),
                  "priority": annotated["content"][0]["annotations"]["priority"],
                  "temperature": structured.temperature, "raw": structured["structuredContent"],
                  "links": [b["type"] for b in links["content"]], "dumped": json.dumps(links)[:12]}))
""")
    assert found["mime"] == "image/png" and found["png"] == "89504e47"
    assert found["priority"] == 1
    assert found["temperature"] == found["raw"]["temperature"]
    assert "resource_link" in found["links"]
    assert found["dumped"].startswith('{"content"')


def test_servers_stay_warm_between_runs(start, some_runtime, home):
    home.add_python("office", "office.py")
    headrace = start(some_runtime)
    code = "print((await mcp_office.surroundings()).pid)"
    assert headrace.output(code) == headrace.output(code)


def test_a_tool_that_fails(start, runtime, home):
    home.add_python("office", "office.py")
    headrace = start(runtime)
    found = headrace.json("""
import json
caught = []
for call in (lambda: mcp_office.get_issue(id="HR-9"), lambda: mcp_office.no_such_tool(),
             lambda: runtime.call_tool("nobody", "x"), lambda: mcp_office.get_issue(id=[1]),
             lambda: runtime.search_tool_docs(" "), lambda: runtime.search_tool_docs("x", limit="y")):
    try:
        await call()
    except runtime.MCPError as error:
        caught.append(str(error))
try:
    mcp_servers["nobody"]
except Exception as error:
    caught.append(str(error))
print(json.dumps(caught))
""")
    assert "there is no issue HR-9" in found[0]
    assert found[1].startswith("Tool 'no_such_tool' not found for server office")
    assert found[2] == "Server 'nobody' is not available"
    assert "get_issue" in found[3]
    assert found[4:6] == ["Missing 'query' value", "'limit' must be an integer"]
    assert "Server 'nobody' is not available" in found[6]


def test_names_that_are_no_identifiers(start, some_runtime, home):
    home.add_python("1 Strange! Näme", "office.py", file="strange.json")
    headrace = start(some_runtime)
    assert headrace.output("""
print(await mcp__1_strange_n_me.class_(value="x"))
print(await mcp__1_strange_n_me.strange_name_v2())
print(await mcp_servers["1 Strange! Näme"]["strange-name.v2"]())
print(await runtime.call_tool("1 Strange! Näme", "class", {}))
""").splitlines() == ["class x", "strange", "strange", "class default"]


def test_saved_tools_are_there_in_later_sessions(start, some_runtime, home):
    first = start(some_runtime)
    first.output("""
import math
def area(radius):
    return round(math.pi * radius ** 2, 2)
save_tool(area)
""")
    assert "def area" in (home.servers / "user_tools" / "area.py").read_text()
    assert first.close() == 0
    assert start(some_runtime).output("print(area(2))") == "12.57"


def test_one_server_that_fails_hides_no_other(start, runtime, home):
    home.add("broken", "/does/not/exist")
    home.add("silent", "sleep", "1000")
    home.add_python("office", "office.py")
    headrace = start(runtime, MCP_BRIDGE_START_TIMEOUT="3")
    found = headrace.json("""
import asyncio, json
hits, alive, *failed = await asyncio.gather(
    runtime.search_tool_docs("issue"), mcp_office.count(word="turbine"),
    mcp_broken.anything(), mcp_silent.anything(), return_exceptions=True)
print(json.dumps({"hits": sorted({hit["server"] for hit in hits}), "alive": int(alive),
                  "failed": [f"{type(error).__name__}: {error}" for error in failed]}))
""")
    assert found["hits"] == ["office"] and found["alive"] == 2
    broken, silent = found["failed"]
    assert broken.startswith("MCPError") and "/does/not/exist" in broken and "broken" in broken
    assert silent.startswith("MCPError") and "silent" in silent and "initialize" in silent


def test_a_list_that_changes_is_read_again(start, some_runtime, home):
    home.add_python("growing", "growing.py")
    headrace = start(some_runtime)
    assert headrace.json("""
import json
before = [tool["name"] for tool in await mcp_growing.list_tools()]
await mcp_growing.grow(name="fresh")
print(json.dumps([before, str(await mcp_growing.fresh())]))
""") == [["grow"], "fresh was called"]
    assert headrace.json("""
import json
print(json.dumps([[tool["name"] for tool in await mcp_growing.list_tools()],
                  [hit["tool"] for hit in await runtime.search_tool_docs("fresh", limit=1)]]))
""") == [["grow", "fresh"], ["fresh"]]


def test_many_clients_at_once(start, runtime, home):
    """Hosts start siblings side by side, and end some of them as they like."""
    home.add_python("office", "office.py")
    siblings = [start(runtime) for _ in range(4)]
    runs = [each.start_run(f"x = {n}\nprint(await mcp_office.count(word='turbine'), x)")
            for n, each in enumerate(siblings)]
    assert [each.end_of_run(run)["content"][0]["text"] for each, run in zip(siblings, runs)] == [
        f"2 {n}" for n in range(4)]
    siblings[0].kill()
    assert siblings[1].close() == 0
    late = start(runtime)  # whose sweep must leave the living alone
    assert late.output("print('late')") == "late"
    assert [each.output("print(x)") for each in siblings[2:]] == ["2", "3"]
