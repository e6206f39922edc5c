"""Resources, prompts and progress of real servers and of one that is awkward, as code sees them."""

import pytest


@pytest.fixture
def everything(home, node):
    home.add_node("everything", "server-everything")


@pytest.fixture
def library(home):
    home.add_python("library", "library.py")


def test_resources_of_a_real_server(start, runtime, everything):
    found = start(runtime).json("""
import gzip, json
listed = await runtime.list_resources("everything")
templates = runtime.list_resource_templates_sync(mcp_everything)
docs = [each for each in listed if each.mime_type == "text/markdown"]
text = await runtime.read_resource("everything", docs[0])
blob = await runtime.read_resource("everything", "demo://resource/dynamic/blob/7")
link = await mcp_everything.gzip_file_as_resource(
    name="words.gz", data="data:text/plain,words", outputType="resourceLink")
packed = runtime.read_resource_sync("everything", link.content[0])
try:
    await runtime.read_resource("everything", "demo://resource/dynamic/text/none")
except runtime.MCPError as error:
    refusal = [error.code, str(error)]
print(json.dumps({
    "uris": [each.uri.startswith("demo://") for each in listed].count(True) == len(listed) > 3,
    "templates": sorted(each.uri_template for each in templates),
    "text": isinstance(text, str) and len(text) > 100 and text.uri == docs[0].uri,
    "blob": isinstance(blob, bytes) and blob.startswith(b"Resource 7: "),
    "packed": gzip.decompress(packed).decode(), "kind": packed.mime_type, "refusal": refusal,
}))
""")
    assert found.pop("refusal")[0] < 0
    assert found == {
        "uris": True, "text": True, "blob": True, "packed": "words", "kind": "application/gzip",
        "templates": ["demo://resource/dynamic/blob/{resourceId}",
                      "demo://resource/dynamic/text/{resourceId}"],
    }


def test_prompts_of_a_real_server(start, some_runtime, everything):
    found = start(some_runtime).json("""
import json
listed = await runtime.list_prompts("everything")
by_name = {each.name: each for each in listed}
filled = await runtime.get_prompt("everything", "args-prompt", {"city": "Ghent", "state": "BE"})
plain = runtime.get_prompt_sync("everything", by_name["simple-prompt"])
embedded = await runtime.get_prompt(
    "everything", "resource-prompt", {"resourceType": "Text", "resourceId": 3})
try:
    await runtime.get_prompt("everything", "args-prompt")
except runtime.MCPError as error:
    code = error.code
print(json.dumps({
    "names": sorted(by_name), "required": [a.name for a in by_name["args-prompt"].arguments if a.required],
    "filled": filled.text, "role": filled.messages[0].role, "plain": bool(str(plain)),
    "embedded": [m.content.type for m in embedded.messages], "code": code,
    "said": "Resource 3: " in embedded.text,
}))
""")
    assert {"args-prompt", "simple-prompt", "resource-prompt"} <= set(found.pop("names"))
    assert found == {
        "required": ["city"], "filled": "What's weather in Ghent, BE?", "role": "user",
        "plain": True, "embedded": ["text", "resource"], "code": -32602, "said": True,
    }


@pytest.mark.parametrize("call", [
    "await mcp_everything.trigger_long_running_operation(duration=1.2, steps=3, on_progress=hear)",
    "mcp_everything.trigger_long_running_operation.sync(duration=1.2, steps=3, on_progress=hear)",
    "await runtime.call_tool('everything', 'trigger-long-running-operation',"
    " {'duration': 1.2, 'steps': 3}, on_progress=hear_later)",
    "await asyncio.to_thread(runtime.call_tool_sync, 'everything',"
    " 'trigger-long-running-operation', {'duration': 1.2, 'steps': 3}, hear)",
])
def test_progress_of_a_real_server(start, some_runtime, everything, call):
    found = start(some_runtime).json(f"""
import json
seen = []
def hear(*of): seen.append(of)
async def hear_later(*of): seen.append(of)
answer = {call}
print(json.dumps([seen, "completed" in answer.text]))
""")
    assert found == [[[1, 3, None], [2, 3, None], [3, 3, None]], True]


def test_the_graph_of_a_memory_is_a_resource(start, some_runtime, home, node):
    home.add_node("memory", "server-memory", env={"MEMORY_FILE_PATH": f"{home.path}/memory.jsonl"})
    found = start(some_runtime).json("""
import json
await mcp_memory.create_entities(entities=[
    {"name": "gate", "entityType": "thing", "observations": ["made of oak"]}])
graph, = await runtime.list_resources("memory")
read = await runtime.read_resource("memory", graph)
print(json.dumps([read.mime_type, read.json().entities[0].observations]))
""")
    assert found == ["application/json", ["made of oak"]]


def test_a_server_says_that_it_has_no_such_thing(start, some_runtime, home, node, library):
    home.add_node("files", "server-filesystem", home.path)
    found = start(some_runtime).json("""
import json
async def why(ask, *more):
    try:
        return str(await ask(*more))
    except runtime.MCPError as error:
        return [error.code, str(error)]
print(json.dumps([
    await why(runtime.get_prompt, "library", "any"), await why(runtime.list_prompts, "library"),
    await why(runtime.read_resource, "files", "x://y"), await why(runtime.list_resources, "files"),
    await why(runtime.list_resource_templates, "files"), await why(runtime.list_prompts, "files"),
    await why(runtime.read_resource, "nobody", "x://y"), await why(runtime.list_prompts, "nobody"),
]))
""")
    gone = [-32010, "Server 'nobody' is not available"]
    assert found[:2] == [[-32601, "server 'library' offers no prompts"]] * 2
    assert found[2:6] == [[-32601, f"server 'files' offers no {what}"]
                          for what in ("resources", "resources", "resources", "prompts")]
    assert found[6:] == [gone, gone]


def test_pages_are_joined_and_contents_are_what_they_are(start, runtime, library):
    found = start(runtime).json("""
import json
listed = await runtime.list_resources("library")
books = await asyncio.gather(*(runtime.read_resource("library", each) for each in listed))
print(json.dumps({
    "uris": [each.uri for each in listed], "shelf": {each["x-shelf"] for each in listed} == {True},
    "kinds": [type(each).__mro__[2].__name__ for each in books], "one": books[0],
    "two": books[1] == bytes(range(256)), "three": [books[2][0], list(books[2][1]), len(books[3])],
    "template": (await runtime.list_resource_templates("library"))[0].uriTemplate,
}))
""")
    assert found == {
        "uris": ["book://1", "book://2", "book://3", "book://4"], "shelf": True,
        "kinds": ["str", "bytes", "list", "list"], "one": "one", "two": True,
        "three": ["three", [0, 1, 2, 3], 0], "template": "book://{number}",
    }


def test_only_servers_within_reach_are_asked(start, some_runtime, home, library):
    home.add_python("other", "library.py")
    result = start(some_runtime).run("""
for ask in (runtime.list_resources("other"), runtime.read_resource("other", "book://1")):
    try:
        await ask
    except runtime.MCPError as error:
        print(error.code, error)
print(await runtime.read_resource("library", "book://1"))
""", servers=["library"])
    assert result["content"][0]["text"].splitlines() == [
        "-32010 Server 'other' is not available", "-32010 Server 'other' is not available", "one"]


def test_a_read_that_is_given_up_is_cancelled_at_the_server(start, some_runtime, library):
    found = start(some_runtime).json("""
import json
reading = asyncio.create_task(runtime.read_resource("library", "book://never"))
await mcp_library.cancelled()  # behind it
reading.cancel()
try:
    await reading
except asyncio.CancelledError:
    pass
while not (seen := (await mcp_library.cancelled()).data):
    await asyncio.sleep(0.01)
print(json.dumps(seen))
""")
    assert found == ["book://never"]


def test_a_burst_of_progress_is_thinned_and_the_last_comes_before_the_answer(
        start, some_runtime, library):
    found = start(some_runtime).json("""
import json
seen = []
answer = await mcp_library.burst(on_progress=lambda *of: seen.append(of))
known = len(seen)
plain = await mcp_library.burst()
print(json.dumps([answer.text, plain.text, known == len(seen), seen]))
""")
    answered, plain, no_more, seen = found
    assert (answered, plain, no_more) == ("asked", "not asked", True)
    assert seen[-1] == [1000, 1000, "number 1000"]
    assert [each[0] for each in seen] == sorted({each[0] for each in seen}) and len(seen) < 500


@pytest.mark.parametrize("way", ["await mcp_library.steps(on_progress={})",
                                 "mcp_library.steps.sync(on_progress={})",
                                 "await asyncio.to_thread(mcp_library.steps.sync, on_progress={})"])
@pytest.mark.parametrize("callback", ["hear", "hear_later"])
def test_progress_comes_while_the_call_waits(start, some_runtime, library, way, callback):
    found = start(some_runtime).json(f"""
import json
seen = []
def hear(progress, total, message):
    seen.append(progress)
    mcp_library.step.sync(to=progress + 1)
async def hear_later(progress, total, message):
    seen.append(progress)
    await mcp_library.step(to=progress + 1)
answer = {way.format(callback)}
print(json.dumps([seen, answer.text]))
""")
    assert found == [[1, 2, 3], "through"]


def test_progress_of_a_server_that_is_not_running_yet_and_by_alias(start, some_runtime, home):
    home.add_python("The Library", "library.py")
    found = start(some_runtime).json("""
import json
seen = []
await runtime.call_tool("the_library", "burst", {}, on_progress=lambda *of: seen.append(of[0]))
print(json.dumps(seen[-1]))
""")
    assert found == 1000
