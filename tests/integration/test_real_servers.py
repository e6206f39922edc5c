"""Servers as people have them, each with what is special about it."""

import contextlib
import http.server
import json
import shutil
import threading

import conftest
import official
import pytest
import trace_files
from answering import User

def told(home, server):
    """What Headrace and a server said to each other, in all traces: (direction, message)."""
    return [(record.direction, json.loads(record.line)) for path in sorted(home.traces.glob("*"))
            for record in trace_files.read(path) if record.peer == f"server '{server}'"]


# --- server-everything ---


@pytest.fixture
def everything(home, node):
    home.add_node("every", "server-everything")


def test_everything_tells_how_far_it_is(start, some_runtime, everything):
    headrace = start(some_runtime)
    id = headrace.start_run("""
import json
heard = []
done = await mcp_every.trigger_long_running_operation(
    duration=1, steps=4, on_progress=lambda *step: heard.append(step))
print(json.dumps([heard, done.text]))
""", progress_token="p")
    heard, done = json.loads(headrace.end_of_run(id)["content"][0]["text"])
    # Those that come quickly after each other may be left out, never the last.
    assert [step[1:] for step in heard] == [[4, None]] * len(heard)
    numbers = [step[0] for step in heard]
    assert numbers == sorted(set(numbers)) and set(numbers) <= {1, 2, 3, 4} and numbers[-1] == 4
    assert done == "Long running operation completed. Duration: 1 seconds, Steps: 4."
    steps = [message["params"] for message in headrace.notifications("notifications/progress")]
    assert all(step["progressToken"] == "p" for step in steps)
    assert any(step.get("message", "").startswith("every.trigger-long-running-operation: ")
               for step in steps), steps


def test_everything_works_on_a_task(start, some_runtime, home, everything):
    """A tool that is only to be had as a task is waited for, as if it were any other."""
    headrace = start(some_runtime)
    output = headrace.output("""
import asyncio
report, echo = await asyncio.gather(mcp_every.simulate_research_query(topic="mills"),
                                    mcp_every.echo(message="meanwhile"))
print(report, echo)
""", timeout=60)
    assert "# Research Report: mills" in output and "Echo: meanwhile" in output
    assert headrace.close() == 0
    methods = [message.get("method") for direction, message in told(home, "every")
               if direction == "out"]
    assert "tasks/get" in methods and "tasks/result" in methods


def test_everything_is_given_up_in_the_middle(start, some_runtime, home, everything):
    """Cancelled by the client, it goes on telling how far it is: that harms nobody."""
    headrace = start(some_runtime)
    id = headrace.start_run("""
def tell(progress, total, message):
    print("step", progress, flush=True)
await mcp_every.trigger_long_running_operation(duration=4, steps=20, on_progress=tell)
""", progress_token="p", timeout=60)
    headrace.wait_notification("notifications/progress",
                               lambda params: "step" in params.get("message", ""))
    headrace.notify("notifications/cancelled", {"requestId": id})
    assert headrace.output("print(await mcp_every.echo(message='still there'))") == \
        "Echo: still there"
    assert headrace.answers(id) == []
    assert headrace.close() == 0
    sent = [message for direction, message in told(home, "every") if direction == "out"]
    call, = [each for each in sent if each.get("params", {}).get("name") ==
             "trigger-long-running-operation"]
    given_up, = [each for each in sent if each.get("method") == "notifications/cancelled"]
    assert given_up["params"]["requestId"] == call["id"]


def test_everything_has_no_such_tools_for_who_can_not_answer(start, some_runtime, everything):
    headrace = start(some_runtime)
    names = headrace.json("""
import json
print(json.dumps([tool.name for tool in await mcp_every.list_tools()]))
""")
    assert "echo" in names and "simulate-research-query" in names
    assert not [name for name in names if "elicitation" in name or "sampling" in name]


def test_resources_and_prompts_of_everything(start, some_runtime, everything):
    headrace = start(some_runtime)
    found = headrace.json("""
import asyncio, gzip, json
listed, templates, prompts = await asyncio.gather(
    runtime.list_resources("every"), runtime.list_resource_templates("every"),
    runtime.list_prompts("every"))
document = await runtime.read_resource("every", listed[0].uri)
text = await runtime.read_resource("every", "demo://resource/dynamic/text/7")
blob = await runtime.read_resource("every", "demo://resource/dynamic/blob/7")
asked = await runtime.get_prompt("every", "args-prompt", {"city": "Rome", "state": "Italy"})
embedded = await runtime.get_prompt("every", "resource-prompt",
                                    {"resourceType": "Blob", "resourceId": "3"})
try:
    await runtime.read_resource("every", "demo://resource/dynamic/text/none")
except runtime.MCPError as error:
    refused = str(error)
# What a tool makes is a resource afterwards.
link = await mcp_every.gzip_file_as_resource(name="hello.gz", data="data:text/plain,hello%20there")
made, = [each for each in await runtime.list_resources("every") if each.uri.endswith("hello.gz")]
packed = await runtime.read_resource("every", made.uri)
print(json.dumps({
    "listed": len(listed), "mime": document.mime_type, "document": len(document) > 100,
    "templates": sorted(each.uriTemplate for each in templates),
    "prompts": sorted(each.name for each in prompts), "text": text, "isBytes": isinstance(blob, bytes),
    "blob": blob.decode(), "asked": asked.text, "embedded": embedded.messages[1].content.resource.uri,
    "refused": refused, "packed": gzip.decompress(packed).decode(), "packedMime": packed.mime_type}))
""")
    assert found["listed"] >= 7 and found["mime"] == "text/markdown" and found["document"]
    assert found["templates"] == ["demo://resource/dynamic/blob/{resourceId}",
                                  "demo://resource/dynamic/text/{resourceId}"]
    assert found["prompts"] == ["args-prompt", "completable-prompt", "resource-prompt",
                                "simple-prompt"]
    assert found["text"].startswith("Resource 7: This is a plaintext resource")
    assert found["isBytes"] and found["blob"].startswith("Resource 7: This is a base64 blob")
    assert found["asked"] == "What's weather in Rome, Italy?"
    assert found["embedded"] == "demo://resource/dynamic/blob/3"
    assert "Unknown resource: demo://resource/dynamic/text/none" in found["refused"]
    assert found["packed"] == "hello there" and found["packedMime"] == "application/gzip"


# --- server-filesystem, server-memory, server-sequential-thinking ---


@pytest.mark.parametrize("capabilities", [{}, {"roots": {"listChanged": True}}])
def test_filesystem_stays_in_the_folders_that_it_was_given(start, some_runtime, home, node,
                                                           capabilities):
    """It would take the client's roots in place of its own folders: those that the user configured
    for it are what counts."""
    inside, outside = home.path / "inside", home.path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    home.add_node("files", "server-filesystem", inside)
    headrace = start(some_runtime, initialize=False)
    User(headrace, roots_list=lambda params: {"roots": [{"uri": f"file://{outside}"}]})
    headrace.initialize("2025-11-25", capabilities)
    found = headrace.json(f"""
import json
await mcp_files.write_file(path="{inside}/a.txt", content="one\\ntwo\\n")
edited = await mcp_files.edit_file(path="{inside}/a.txt", edits=[{{"oldText": "two", "newText": "2"}}])
tree = await mcp_files.directory_tree(path="{inside}")
try:
    await mcp_files.read_text_file(path="{outside}/secret.txt")
except runtime.MCPError as error:
    refused = str(error)
allowed = await mcp_files.list_allowed_directories()
print(json.dumps([allowed.text, str(edited), json.loads(tree.text), refused]))
""")
    allowed, edited, tree, refused = found
    assert allowed.splitlines() == ["Allowed directories:", str(inside)]
    assert "-two" in edited and "+2" in edited
    assert tree == [{"name": "a.txt", "type": "file"}]
    assert "Access denied" in refused
    assert (inside / "a.txt").read_text() == "one\n2\n"


def test_filesystem_takes_the_roots_that_are_configured(start, some_runtime, home, node):
    inside, shared = home.path / "inside", home.path / "shared folder"
    inside.mkdir()
    shared.mkdir()
    home.add_node("files", "server-filesystem", inside, roots=[str(shared)])
    allowed = start(some_runtime).json("""
import asyncio, json
for _ in range(200):
    # It asks for them once it has been started.
    allowed = (await mcp_files.list_allowed_directories()).text
    if "shared" in allowed: break
    await asyncio.sleep(0.1)
print(json.dumps(allowed.splitlines()))
""")
    assert allowed == ["Allowed directories:", str(shared)]


def test_memory_keeps_what_it_was_told(start, some_runtime, home, node):
    home.add_node("memory", "server-memory", env={"MEMORY_FILE_PATH": f"{home.path}/memory.jsonl"})
    first = start(some_runtime)
    first.output("""
await mcp_memory.create_entities(entities=[
    {"name": name, "entityType": "stream", "observations": []} for name in ("race", "river")])
await mcp_memory.create_relations(relations=[
    {"from": "river", "to": "race", "relationType": "feeds"}])
""")
    # Many at once, each of which rewrites the file.
    first.output("""
import asyncio
await asyncio.gather(*(mcp_memory.search_nodes(query="ra") for _ in range(20)))
await mcp_memory.add_observations(observations=[{"entityName": "race", "contents": ["swift"]}])
""")
    assert first.close() == 0
    found = start(some_runtime).json("""
import json
graph = await mcp_memory.read_graph()
one = await mcp_memory.open_nodes(names=["race"])
print(json.dumps([graph.data, one.entities[0].observations]))
""")
    assert [entity["name"] for entity in found[0]["entities"]] == ["race", "river"]
    assert found[0]["relations"] == [{"from": "river", "to": "race", "relationType": "feeds"}]
    assert found[1] == ["swift"]


def test_sequential_thinking_answers_in_structures(start, some_runtime, home, node):
    home.add_node("thinking", "server-sequential-thinking")
    found = start(some_runtime).json("""
import json
think = mcp_thinking.sequentialthinking
async def thought(number, **more):
    return await think(thought=f"thought {number}", thoughtNumber=number, totalThoughts=3,
                       nextThoughtNeeded=number < 3, **more)
first = await thought(1)
await thought(2)
branched = await thought(2, branchFromThought=1, branchId="other")
last = await thought(5, isRevision=True, revisesThought=2)
print(json.dumps([first.data, branched.branches, last.thoughtHistoryLength, last["totalThoughts"],
                  last.nextThoughtNeeded, last["structuredContent"] == json.loads(last.text)]))
""")
    assert found == [{"thoughtNumber": 1, "totalThoughts": 3, "nextThoughtNeeded": True,
                      "branches": [], "thoughtHistoryLength": 1}, ["other"], 4, 5, False, True]


# --- @playwright/mcp ---

# Any that does without a screen; the test environment brings the first.
BROWSER = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium",
                                               "google-chrome"))), None)
PAGE = """<title>The mill</title><h1>Wheel</h1><button onclick="this.textContent='turning'">stopped
</button><body style='background:teal'><script>console.error('the gate is shut')</script>"""


def add_playwright(home, node, *arguments):
    home.add("web", "node", node / "@playwright/mcp/cli.js", "--headless", "--isolated",
             "--no-sandbox", *arguments, cwd=str(home.path))


def test_playwright_without_a_browser(start, some_runtime, home, node):
    add_playwright(home, node, "--executable-path", "/does/not/exist")
    found = start(some_runtime).json("""
import json
names = [tool.name for tool in await mcp_web.list_tools()]
try:
    await mcp_web.browser_navigate(url="about:blank")
except runtime.MCPError as error:
    failed = str(error)
hit, *_ = await runtime.search_tool_docs("take a screenshot of the page", limit=1)
print(json.dumps([names, failed, hit["tool"]]))
""")
    names, failed, hit = found
    assert {"browser_navigate", "browser_snapshot", "browser_click"} <= set(names)
    assert "/does/not/exist" in failed
    assert hit == "browser_take_screenshot"


@pytest.mark.skipif(BROWSER is None, reason="no browser is installed: tests/environment/install "
                                            "brings one where Debian has it")
def test_playwright_drives_a_browser(start, some_runtime, home, node):
    page = home.path / "page.html"
    page.write_text(PAGE)
    add_playwright(home, node, "--executable-path", BROWSER, "--allow-unrestricted-file-access")
    headrace = start(some_runtime)
    result = headrace.run(f"""
import re
await mcp_web.browser_navigate(url="file://{page}")
seen = str(await mcp_web.browser_snapshot())
button, = re.findall(r'button "stopped" \\[ref=(\\w+)\\]', seen)
await mcp_web.browser_click(element="the button", target=button)
print(await mcp_web.browser_evaluate(function="() => document.querySelector('button').textContent"))
print(await mcp_web.browser_console_messages(level="error"))
shot = await mcp_web.browser_take_screenshot()
display(shot.images[0])
""", timeout=100)
    assert not result.get("isError"), result
    text = "\n".join(block["text"] for block in result["content"] if block["type"] == "text")
    assert '"turning"' in text and "the gate is shut" in text
    assert [block["mimeType"] for block in result["content"] if block["type"] == "image"] == [
        "image/png"]
    # The browser, too, is gone afterwards: `watch` looks for what is left.
    assert headrace.close() == 0


# --- servers of the modern era ---


def assert_modern(conversation):
    sent = [message for direction, message in conversation if direction == "out"]
    assert sent[0]["method"] == "server/discover"
    # On a machine that is busy the server may have been slow to answer, and was greeted as well.
    requests = [each for each in sent if "id" in each and each.get("method", "initialize") !=
                "initialize"]
    assert {each["method"] for each in requests} >= {"tools/list", "tools/call"}
    for request in requests:
        version = request["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"]
        assert version == "2026-07-28"


@contextlib.contextmanager
def documentation():
    """A stand-in for the service behind Context7, which can't be reached from a test."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            if self.path.startswith("/v2/libs/search"):
                body = json.dumps({"results": [{
                    "id": "/mill/headrace", "title": "Headrace", "description": "A channel",
                    "totalSnippets": 3, "trustScore": 9}]})
            else:
                body = "Open the gate first."
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_context7_is_spoken_to_in_the_modern_era(start, some_runtime, home, node):
    with documentation() as (url, asked):
        home.add("docs", "node", node / "@upstash/context7-mcp/dist/index.js",
                 env={"CONTEXT7_API_URL": url})
        headrace = start(some_runtime)
        found = headrace.json("""
import asyncio, json
names = [tool.name for tool in await mcp_docs.list_tools()]
library = await mcp_docs.resolve_library_id(query="gates", libraryName="headrace")
pages = await asyncio.gather(*(
    mcp_docs.query_docs(libraryId="/mill/headrace", query=f"gate {n}") for n in range(3)))
print(json.dumps([names, library.text, [page.text for page in pages]]))
""")
        assert headrace.close() == 0
    assert sorted(found[0]) == ["query-docs", "resolve-library-id"]
    assert "Context7-compatible library ID: /mill/headrace" in found[1]
    assert found[2] == ["Open the gate first."] * 3
    assert len(asked) == 4
    assert_modern(told(home, "docs"))


def test_the_era_of_a_server_is_remembered(start, some_runtime, home, everything):
    methods = []
    for _ in range(2):
        headrace = start(some_runtime)
        assert headrace.output("print(await mcp_every.echo(message='x'))") == "Echo: x"
        assert headrace.close() == 0
        sent = [message for direction, message in told(home, "every") if direction == "out"]
        methods.append([message.get("method") for message in sent])
        shutil.rmtree(home.traces)
    assert methods[0][0] == "server/discover" and "initialize" in methods[0]
    assert methods[1][0] == "initialize" and "server/discover" not in methods[1]


@pytest.mark.parametrize("protocol, first", [("legacy", "initialize"),
                                             ("modern", "server/discover")])
def test_the_era_of_a_server_is_what_the_user_says(start, some_runtime, home, node, protocol, first):
    home.add("docs", "node", node / "@upstash/context7-mcp/dist/index.js", protocol=protocol)
    headrace = start(some_runtime)
    assert headrace.output("print(len(await mcp_docs.list_tools()))") == "2"
    assert headrace.close() == 0
    sent = [message.get("method") for direction, message in told(home, "docs") if direction == "out"]
    assert sent[0] == first
    assert not ({"initialize", "server/discover"} - {first}) & set(sent)


@pytest.fixture
def both_eras(home):
    home.add("both-eras", official.needs_modern_python(), "-B", conftest.SERVERS / "both_eras.py")


def test_the_modern_python_sdk_behind_us(start, some_runtime, home, both_eras):
    headrace = start(some_runtime)
    found = headrace.json("""
import json
heard = []
done = await mcp_both_eras.climb(steps=3, on_progress=lambda *step: heard.append(step))
note = await runtime.read_resource("both-eras", "note://today")
prompt = await runtime.get_prompt("both-eras", "greet", {"who": "Ada"})
try:
    await mcp_both_eras.folders()
except runtime.MCPError as error:
    refused = str(error)
print(json.dumps([done.data, heard[-1], note, prompt.text, refused]))
""")
    done, last, note, prompt, refused = found
    assert done == "at the top" and last == [3, 3, "step 3"]
    assert note == "nothing planned" and prompt == "Greet Ada."
    assert "roots" in refused
    assert headrace.close() == 0
    assert_modern(told(home, "both-eras"))


def test_a_modern_server_that_changes_is_listened_to(start, some_runtime, home, both_eras):
    headrace = start(some_runtime)
    assert headrace.output("""
before = [tool.name for tool in await mcp_both_eras.list_tools()]
await mcp_both_eras.grow(name="leaf")
print("leaf" in before, await mcp_both_eras.leaf())
""", timeout=60) == "False leaf was called"
    assert headrace.json("""
import json
print(json.dumps([[tool.name for tool in await mcp_both_eras.list_tools()][-1],
                  [hit["tool"] for hit in await runtime.search_tool_docs("leaf", limit=1)]]))
""") == ["leaf", ["leaf"]]
    assert headrace.close() == 0
    assert "subscriptions/listen" not in headrace.errors
    sent = [message for direction, message in told(home, "both-eras") if direction == "out"]
    assert len([each for each in sent if each.get("method") == "subscriptions/listen"]) == 1
