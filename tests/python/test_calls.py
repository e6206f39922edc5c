"""Tool calls and what else code asks of the host: concurrency, order, errors, threads, bad frames."""

from __future__ import annotations

import json
import time

import pytest
from fake_host import FILES, JIRA, RpcError, text_result

TOOLS = [
    {
        "name": "read-file",
        "alias": "read_file",
        "description": "Reads a file",
        "inputSchema": {
            "type": "object",
            "properties": {"head": {"type": "integer"}, "path": {"type": "string"}},
            "required": ["path"],
        },
    },
    {"name": "now", "alias": "now", "description": "", "inputSchema": {"type": "object"}},
]
SIGNATURES = [
    {
        "server": "filesystem",
        "tool": "read-file",
        "signature": "mcp_filesystem.read_file(path: str, head: int = ...)",
        "description": "Reads a file",
    },
    {"server": "filesystem", "tool": "now", "signature": "mcp_filesystem.now()"},
]


def echo(arguments):
    return text_result("ok", structuredContent={"arguments": arguments, "kind": "echo"})


@pytest.fixture
def echoing(host):
    host.tools["filesystem", "echo"] = echo
    host.handlers["list_tools"] = lambda params: {"tools": TOOLS}
    host.handlers["query_tool_docs"] = lambda params: {"docs": SIGNATURES}
    return host


def shown(host, code):
    outcome = host.run(code)
    assert outcome.status == "success", outcome
    return outcome.stdout


def test_the_ways_to_call(echoing):
    code = """
import mcp.runtime as rt
from mcp import runtime as rt2
import importlib
assert rt is rt2 is runtime is importlib.import_module('mcp.runtime') is mcp.runtime
answers = [
    await mcp_filesystem.echo(a=1),
    await mcp_servers['filesystem'].echo(a=1),
    await runtime.call_tool('filesystem', 'echo', {'a': 1}),
    await mcp_filesystem.echo({'a': 1}),
    await mcp_filesystem['echo'](a=1),
    mcp_filesystem.echo.sync(a=1),
    runtime.call_tool_sync('filesystem', 'echo', {'a': 1}),
    await mcp.servers.filesystem.echo(a=1),
]
from mcp.servers.filesystem import echo as e
answers.append(await e(a=1))
answers.append(e.sync(a=1))
print([a.arguments == {'a': 1} for a in answers])
"""
    assert shown(echoing, code) == str([True] * 10) + "\n"


def test_params_keep_their_order_and_names(host):
    host.start("await mcp_jira_cloud.get_issue(id='é\\ud800', n=1.5, deep={'x': [None, True]})")
    request = host.next_request()
    assert list(request["params"]) == ["server", "tool", "arguments"]
    assert request["params"]["server"] == "Jira Cloud"
    assert request["params"]["arguments"] == {
        "id": "é\ud800",
        "n": 1.5,
        "deep": {"x": [None, True]},
    }
    host.answer(request, text_result("x"))
    assert host.finish().status == "success"


def test_calls_by_alias_reach_the_real_name(host):
    host.tools["Jira Cloud", "t"] = echo
    assert shown(host, "(await runtime.call_tool('jira_cloud', 't')).kind") == "'echo'\n"
    assert shown(host, "(await mcp_servers['jira_cloud'].t()).kind") == "'echo'\n"
    assert shown(host, "(await mcp_servers['Jira Cloud'].t()).kind") == "'echo'\n"


def test_unknown_servers(host):
    assert "Server 'nope' is not available" in host.run("mcp_servers['nope']").error
    assert shown(host, "try: mcp_servers['nope']\nexcept KeyError: print('K')") == "K\n"
    assert host.run("mcp_nope").error.startswith("NameError")
    assert "Server 'nope' is not loaded" in host.run("runtime.describe_server('nope')").error
    host.handlers["call_tool"] = unavailable
    outcome = host.run("await runtime.call_tool('nope', 'x')")
    assert outcome.error == "mcp.runtime.MCPError: Server 'nope' is not available"


def unavailable(params):
    raise RpcError(-32010, f"Server '{params['server']}' is not available", {"known": ["a"]})


def test_errors_carry_code_and_data(host):
    host.handlers["call_tool"] = unavailable
    code = """
try:
    await runtime.call_tool('x', 'y')
except runtime.MCPError as e:
    print(e, e.code, e.data, isinstance(e, RuntimeError))
    import pickle; print(pickle.loads(pickle.dumps(e)).data)
"""
    known = "{'known': ['a']}"
    assert shown(host, code) == f"Server 'x' is not available -32010 {known} True\n{known}\n"


def test_a_tools_own_failure_raises(host):
    host.tools["filesystem", "f"] = lambda arguments: text_result("disk full", isError=True)
    code = "try: await mcp_filesystem.f()\nexcept runtime.MCPError as e: print(e, e.result['isError'])"
    assert shown(host, code) == "disk full True\n"
    assert host.run("mcp_filesystem.f.sync()").error == "mcp.runtime.MCPError: disk full"


@pytest.mark.parametrize(
    "result",
    [None, 5, [], "x", {}, {"content": None}, {"content": [None, 5, {"type": None}, {}]},
     {"content": [{"type": "text"}, {"type": "text", "text": None}]}, {"content": {}, "x": 1},
     {"structuredContent": 5}, {"isError": None, "content": [{"type": "new", "text": 7}]}],
)  # fmt: skip
def test_results_of_any_shape(host, result):
    host.tools["filesystem", "odd"] = lambda arguments: result
    code = "import json\nr = await mcp_filesystem.odd()\nstr(r), repr(r), r.text, r.data, r.images, bool(r), json.dumps(r)\nprint('x' in r, list(r.content), r['isError'])"
    assert host.run(code).status == "success"


def test_gathered_calls_are_all_in_flight_at_once_and_answers_may_come_in_any_order(host):
    host.start("rs = await asyncio.gather(*(mcp_filesystem.n(i=i) for i in range(20)))\nprint([int(r.text) for r in rs])")
    requests = [host.next_request() for _ in range(20)]
    assert sorted(each["params"]["arguments"]["i"] for each in requests) == list(range(20))
    for request in reversed(requests):
        host.answer(request, text_result(str(request["params"]["arguments"]["i"])))
    assert host.finish().stdout == f"{list(range(20))}\n"


def test_thousands_of_calls_at_once_stay_within_the_limit(host):
    host.start("rs = await asyncio.gather(*(mcp_filesystem.n(i=i) for i in range(3000)))\nprint(sum(int(r.text) for r in rs))")
    waiting = []
    while True:
        waiting.append(host.next_request())
        if len(waiting) == 1000:
            break
    time.sleep(0.1)
    assert host.requests.qsize() + len(waiting) <= 1024
    for _ in range(3000 - len(waiting)):
        request = waiting.pop()
        host.answer(request, text_result(str(request["params"]["arguments"]["i"])))
        waiting.append(host.next_request())
    for request in waiting:
        host.answer(request, text_result(str(request["params"]["arguments"]["i"])))
    assert host.finish().stdout == f"{sum(range(3000))}\n"


def test_an_answer_that_another_thread_read_reaches_a_lone_call(host):
    # The loop waits for the channel's bytes alone when another thread takes them away.
    code = """
import select, threading
from headrace_runtime import session
channel = session.current.channel
selector = channel.home._selector
while channel.home._scheduled:
    await asyncio.sleep(0.01)
def take():
    while not selector.waiting:
        pass
    selector._selector.modify(channel.read_fd, 0)
    print('taking')
    select.select([channel.read_fd], [], [])
    with channel._read_lock:
        channel._read_once(None)
    selector._selector.modify(channel.read_fd, select.EPOLLIN)
threading.Thread(target=take).start()
print(await mcp_filesystem.n())
"""
    host.start(code)
    request = host.next_request()
    host.wait_output("taking")
    host.answer(request, text_result("fine"))
    assert host.finish().stdout == "taking\nfine\n"


def test_garbage_between_answers_is_skipped(host):
    host.start("(await mcp_filesystem.n()).text")
    request = host.next_request()
    for line in (b"\n", b"not json\n", b"\xff\xfe\n", b"[]\n", b"5\n", b"null\n", b"{}\n", b'{"id":[]}\n',
                 b'{"jsonrpc":"2.0","id":999999,"result":1}\n', b'{"jsonrpc":"2.0","method":5}\n',
                 b'{"jsonrpc":"2.0","method":"interrupt","params":{"run":77,"reason":"timeout"}}\n',
                 b'{"jsonrpc":"2.0","method":"notifications/new","params":[1]}\n', b"[" * 100000 + b"\n"):  # fmt: skip
        host.send_raw(line)
    host.answer(request, text_result("fine"))
    assert host.finish().stdout == "'fine'\n"


def test_an_unreadable_answer_fails_its_call_alone(host):
    host.start(
        "a, b = await asyncio.gather(mcp_filesystem.n(i=0), mcp_filesystem.n(i=1), return_exceptions=True)\n"
        "print(type(a).__name__, a.code, b.text)"
    )
    first, second = host.next_request(), host.next_request()
    host.send_raw(b'{"jsonrpc":"2.0","id":%d,"result":{"content":[\xff broken}\n' % first["id"])
    host.answer(second, text_result("good"))
    assert host.finish().stdout == "MCPError -32012 good\n"


def test_answers_in_pieces(host):
    host.start("r = await mcp_filesystem.n()\nr.text == 'x' * 500000 + 'é'")
    request = host.next_request()
    answer = {"jsonrpc": "2.0", "id": request["id"], "result": text_result("x" * 500000 + "é")}
    data = json.dumps(answer, ensure_ascii=False).encode() + b"\n"
    for start in range(0, len(data), 7001):
        host.send_raw(data[start : start + 7001])
    assert host.finish().stdout == "True\n"


def test_large_results_and_arguments(host):
    size = 32 * 1024 * 1024
    host.tools["filesystem", "big"] = lambda arguments: text_result("y" * size)
    host.tools["filesystem", "size"] = lambda arguments: text_result(str(len(arguments["text"])))
    assert shown(host, "r = await mcp_filesystem.big()\nlen(r)") == f"{size}\n"
    assert shown(host, "(await mcp_filesystem.size(text=r)).text") == f"'{size}'\n"


def test_arguments_over_the_frame_limit(host):
    outcome = host.run("await mcp_filesystem.x(text='y' * (65 * 1024 * 1024))")
    assert outcome.error.startswith("mcp.runtime.MCPError") and "limit" in outcome.error
    assert host.calls == 0


@pytest.mark.parametrize(
    "value, sent",
    [
        ("(1, 2)", [1, 2]),
        ("{3}", [3]),
        ("{'a': 1}.keys()", ["a"]),
        ("range(3)", [0, 1, 2]),
        ("(x for x in 'ab')", ["a", "b"]),
        ("__import__('pathlib').Path('/a/b')", "/a/b"),
        ("__import__('datetime').date(2020, 1, 2)", "2020-01-02"),
        ("__import__('decimal').Decimal('1.5')", 1.5),
        ("__import__('uuid').UUID(int=1)", "00000000-0000-0000-0000-000000000001"),
        ("__import__('collections').OrderedDict(a=1)", {"a": 1}),
        ("__import__('collections').ChainMap({'a': 1})", {"a": 1}),
        ("__import__('types').MappingProxyType({'a': 1})", {"a": 1}),
        ("{1: 'x'}", {"1": "x"}),
        ("10**400", 10**400),
        ("'\\0\\n\\u2028'", "\0\n\u2028"),
        ("__import__('enum').Enum('E', {'A': 'v'}).A", "v"),
        ("__import__('dataclasses').make_dataclass('D', ['x'])(5)", {"x": 5}),
    ],
)
def test_arguments_of_many_types(host, value, sent):
    host.start(f"await mcp_filesystem.x(v={value});")
    request = host.next_request()
    assert request["params"]["arguments"] == {"v": sent}
    host.answer(request, text_result(""))
    assert host.finish().status == "success"


@pytest.mark.parametrize(
    "code, words",
    [
        ("await mcp_filesystem.x(v=float('nan'))", "NaN"),
        ("await mcp_filesystem.x(v=[float('inf')])", "NaN and infinity"),
        ("await mcp_filesystem.x(v=b'raw')", "bytes"),
        ("await mcp_filesystem.x(v=object())", "object"),
        ("await mcp_filesystem.x(v=mcp_filesystem.y())", "await"),
        ("a = []; a.append(a)\nawait mcp_filesystem.x(v=a)", "nested"),
        ("await mcp_filesystem.x(v={(1, 2): 3})", "keys"),
        ("await runtime.call_tool('filesystem', 'x', 5)", "'arguments' must be an object"),
        ("await runtime.call_tool('filesystem', 5)", "'tool' must be a string"),
        ("await runtime.call_tool(5, 'x')", "'server' must be a string"),
    ],
)
def test_arguments_that_cannot_be_sent(host, code, words):
    outcome = host.run(code)
    assert outcome.error.startswith("mcp.runtime.MCPError") and words in outcome.error
    assert host.calls == 0
    host.tools["filesystem", "x"] = echo
    assert host.run("(await mcp_filesystem.x(v=1)).kind").stdout == "'echo'\n"


def test_arguments_by_position(echoing):
    echoing.tools["filesystem", "read_file"] = echo
    assert shown(echoing, "(await mcp_filesystem.read_file('/x')).arguments") == "{'path': '/x'}\n"
    two = shown(echoing, "mcp_filesystem.read_file.sync('/x', 5).arguments")
    assert two == "{'path': '/x', 'head': 5}\n"
    outcome = echoing.run("await mcp_filesystem.read_file(1, 2, 3)")
    assert outcome.error == "TypeError: read_file() takes keyword arguments: head, path"


def test_a_result_as_an_argument_is_its_data(host):
    host.tools["filesystem", "echo"] = echo
    host.tools["filesystem", "text"] = lambda arguments: text_result("hello")
    code = "r = await mcp_filesystem.text()\nq = await mcp_filesystem.echo(a=r, b=[r], c={'k': r})\nq.arguments == {'a': 'hello', 'b': ['hello'], 'c': {'k': 'hello'}}"
    assert shown(host, code) == "True\n"


def test_abandoned_calls_are_cancelled(host):
    host.start("try: await asyncio.wait_for(mcp_filesystem.slow(), 0.05)\nexcept asyncio.TimeoutError: print('late')")
    request = host.next_request()
    assert host.finish().stdout == "late\n"
    host.wait_until(lambda: host.cancelled == [request["id"]])
    host.answer(request, text_result("too late"))
    host.tools["filesystem", "echo"] = echo
    assert shown(host, "(await mcp_filesystem.echo()).kind") == "'echo'\n"


def test_sync_calls_in_threads_while_the_main_thread_joins(host):
    host.tools["filesystem", "echo"] = echo
    code = """
import threading
seen = []
def work(n):
    for i in range(20):
        seen.append(mcp_filesystem.echo.sync(n=n, i=i).arguments['n'] == n)
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
for t in threads: t.start()
for t in threads: t.join()
print(len(seen), all(seen))
"""
    assert shown(host, code) == "160 True\n"


def test_sync_calls_in_threads_while_the_loop_runs(host):
    host.tools["filesystem", "echo"] = echo
    code = """
def work(n): return [mcp_filesystem.echo.sync(n=n).arguments['n'] for _ in range(20)]
async def direct(n): return [(await mcp_filesystem.echo(n=n)).arguments['n'] for _ in range(20)]
a = await asyncio.gather(*(asyncio.to_thread(work, n) for n in range(4)), *(direct(n) for n in range(4, 8)))
print(a == [[n] * 20 for n in range(8)])
"""
    assert shown(host, code) == "True\n"


def test_asyncio_run_in_threads(host):
    host.tools["filesystem", "echo"] = echo
    code = """
from concurrent.futures import ThreadPoolExecutor
async def many(n): return [(await mcp_filesystem.echo(n=n)).arguments['n'] for _ in range(10)]
with ThreadPoolExecutor(6) as pool:
    print(list(pool.map(lambda n: asyncio.run(many(n)), range(12))) == [[n] * 10 for n in range(12)])
"""
    assert shown(host, code) == "True\n"


def test_sync_call_beside_calls_in_flight(host):
    host.start(
        "t = asyncio.create_task(mcp_filesystem.slow())\nawait asyncio.sleep(0)\n"
        "print(mcp_filesystem.quick.sync().text)\nprint((await t).text)"
    )
    slow, quick = host.next_request(), host.next_request()
    assert slow["params"]["tool"] == "slow"
    host.answer(slow, text_result("s"))
    host.answer(quick, text_result("q"))
    assert host.finish().stdout == "q\ns\n"


def test_a_request_is_sent_although_the_code_goes_on_computing(host):
    host.start(
        "t = asyncio.gather(mcp_filesystem.a(), mcp_filesystem.b())\nawait asyncio.sleep(0)\n"
        "import time\ntime.sleep(0.4)\nprint(len(await t))"
    )
    requests = [host.next_request(), host.next_request()]
    assert host._answers.empty()
    for request in requests:
        host.answer(request, text_result("x"))
    assert host.finish().stdout == "2\n"


def test_a_stream_of_calls_starves_nobody(host):
    host.tools["filesystem", "echo"] = echo
    code = """
import threading, time
loop = asyncio.get_running_loop()
seen = {'timer': 0, 'thread': 0, 'pipe': 0, 'soon': 0}
def count(name): seen[name] += 1
async def timer():
    while True:
        await asyncio.sleep(0.001); count('timer')
def thread():
    while not done:
        loop.call_soon_threadsafe(count, 'thread'); time.sleep(0.001)
async def pipe():
    p = await asyncio.create_subprocess_exec('sh', '-c', 'for i in 1 2 3; do echo x; sleep 0.01; done', stdout=asyncio.subprocess.PIPE)
    async for line in p.stdout: count('pipe')
    await p.wait()
for work in (thread, pipe, timer):
    done = False
    if work is thread: (t := threading.Thread(target=thread)).start()
    else: t = asyncio.create_task(work())
    name = work.__name__
    while seen[name] < 3: await mcp_filesystem.echo()
    done = True
    if work is timer: t.cancel()
    elif work is pipe: await t
    else: t.join()
print(all(seen[name] >= 3 for name in ('timer', 'thread', 'pipe')))
"""
    assert shown(host, code) == "True\n"


def test_a_lone_call_beside_a_thread_that_calls(host):
    host.tools["filesystem", "echo"] = echo
    code = """
import threading
def work():
    for _ in range(200): mcp_filesystem.echo.sync()
threads = [threading.Thread(target=work) for _ in range(3)]
for t in threads: t.start()
for n in range(300): assert (await mcp_filesystem.echo(n=n)).arguments['n'] == n
for t in threads: t.join()
print('ok')
"""
    assert shown(host, code) == "ok\n"


def test_helpers_used_first_in_threads(host):
    host.tools["filesystem", "echo"] = echo
    code = """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as pool:
    print({r.kind for r in pool.map(lambda n: runtime.call_tool_sync('filesystem', 'echo', {'n': n}), range(32))})
"""
    assert shown(host, code) == "{'echo'}\n"


def test_calls_outlive_their_run(host):
    host.start("t = asyncio.create_task(mcp_filesystem.slow())\nawait asyncio.sleep(0)")
    request = host.next_request()
    assert host.finish().status == "success"
    host.answer(request, text_result("later"))
    assert shown(host, "(await t).text") == "'later'\n"


# -- helpers -------------------------------------------------------------------------------------


def test_plain_helpers_need_no_request(host):
    code = """
print(runtime.discovered_servers())
print(runtime.discovered_servers(detailed=True))
print(await runtime.discovered_servers())
print(runtime.list_servers_sync())
print(LOADED_MCP_SERVERS, runtime.list_loaded_server_metadata())
print(sorted(mcp_servers), mcp_filesystem)
print(len(runtime.capability_summary()) > 100)
"""
    assert shown(host, code) == (
        "('filesystem', 'Jira Cloud')\n"
        "({'name': 'filesystem', 'description': 'Files'}, {'name': 'Jira Cloud', 'description': 'Issues'})\n"
        "('filesystem', 'Jira Cloud')\n"
        "('filesystem', 'Jira Cloud')\n"
        "() ()\n"
        "['Jira Cloud', 'filesystem'] <MCP server 'filesystem'>\n"
        "True\n"
    )
    assert host.requests.empty()


def test_metadata(echoing):
    outcome = echoing.run(
        "print(runtime.list_loaded_server_metadata())\nm = runtime.describe_server('filesystem')\n"
        "print(m['name'], m['alias'], m['cwd'], m['tools'][0]['input_schema']['required'], m['tools'][0]['inputSchema']['required'])\n"
        "print(runtime.list_tools_sync('filesystem') == tuple(m['tools']), (await runtime.list_tools('filesystem'))[0].alias)\n"
        "print(LOADED_MCP_SERVERS)",
        loaded=["filesystem"],
    )
    lines = outcome.stdout.splitlines()
    assert lines[0].startswith("({'name': 'filesystem', 'alias': 'filesystem', 'tools': [{'name': 'read-file', ")
    assert lines[1:] == ["filesystem filesystem /srv ['path'] ['path']", "True read_file", "('filesystem',)"]
    assert "needs the name" in echoing.run("runtime.list_tools_sync()").error


def test_tool_lists_are_asked_for_once_a_run(host):
    asked = []
    host.handlers["list_tools"] = lambda params: asked.append(params) or {"tools": TOOLS}
    host.run("dir(mcp_filesystem); runtime.describe_server('filesystem'); await mcp_filesystem.list_tools()")
    assert asked == [{"server": "filesystem"}]
    host.run("dir(mcp_filesystem)")
    assert len(asked) == 2


def test_list_servers_asks_the_host(host):
    host.handlers["list_servers"] = lambda params: {"servers": [{**FILES, "loaded": True}, {**JIRA, "loaded": False}]}
    assert shown(host, "await runtime.list_servers()") == "('filesystem', 'Jira Cloud')\n"


def test_docs(host):
    asked = []
    doc = {"server": "filesystem", "serverAlias": "filesystem", "tool": "read-file", "toolAlias": "read_file"}
    host.handlers["query_tool_docs"] = lambda params: asked.append(params) or {"docs": [doc] * (1 if "tool" in params else 2)}
    host.handlers["search_tool_docs"] = lambda params: asked.append(params) or {"docs": [doc]}
    code = """
print(len(await runtime.query_tool_docs('filesystem')))
print((await runtime.query_tool_docs('filesystem', 'read_file', detail='full'))['toolAlias'])
print(runtime.query_tool_docs_sync('filesystem', tool='read_file')[0]['toolAlias'])
print((await runtime.search_tool_docs('read'))[0].tool)
print(runtime.search_tool_docs_sync('read', limit=100, detail='odd')[0]['tool'])
"""
    assert shown(host, code) == "2\nread_file\nread_file\nread-file\nread-file\n"
    assert asked == [
        {"server": "filesystem", "detail": "summary"},
        {"server": "filesystem", "tool": "read_file", "detail": "full"},
        {"server": "filesystem", "tool": "read_file", "detail": "summary"},
        {"query": "read", "limit": 5, "detail": "summary"},
        {"query": "read", "limit": 20, "detail": "summary"},
    ]


@pytest.mark.parametrize(
    "call, message",
    [
        ("search_tool_docs('')", "Missing 'query' value"),
        ("search_tool_docs(None)", "Missing 'query' value"),
        ("search_tool_docs('x', limit='5')", "'limit' must be an integer"),
        ("query_tool_docs('filesystem', 5)", "'tool' must be a string when provided"),
    ],
)
def test_messages(host, call, message):
    assert host.run(f"await runtime.{call}").error == f"mcp.runtime.MCPError: {message}"
    assert host.run(f"runtime.{call.replace('_docs(', '_docs_sync(')}").error.endswith(message)


def test_host_messages_pass_through(host):
    def missing(params):
        raise RpcError(-32011, f"Tool '{params['tool']}' not found for server {params['server']}")

    host.handlers["call_tool"] = missing
    outcome = host.run("await mcp_filesystem.nope()")
    assert outcome.error == "mcp.runtime.MCPError: Tool 'nope' not found for server filesystem"


def test_server_modules(echoing):
    code = """
from mcp.servers.filesystem import *
import mcp.servers, inspect, importlib
m = importlib.import_module('mcp.servers.filesystem')
print(sorted(TOOL_MAP), [t['name'] for t in TOOLS], inspect.iscoroutinefunction(read_file))
print(m.read_file.__doc__, inspect.signature(m.read_file), m.__doc__, m.__name__)
print(sorted(mcp.servers.__all__), m is mcp.servers.filesystem, sorted(dir(m)))
"""
    assert shown(echoing, code) == (
        "['now', 'read_file'] ['read-file', 'now'] True\n"
        "Reads a file (path: str, head: int = ...) Files mcp.servers.filesystem\n"
        "['filesystem', 'jira_cloud'] True ['TOOLS', 'TOOL_MAP', 'now', 'read_file']\n"
    )
    assert echoing.run("import mcp.servers.nope").error.startswith("ModuleNotFoundError")
    assert echoing.run("import mcp.client").error.startswith("ModuleNotFoundError")


def test_proxy_looks(echoing):
    code = """
print(dir(mcp_filesystem), mcp_filesystem.__doc__)
print(mcp_filesystem.read_file.__name__, mcp_filesystem.read_file.__doc__, mcp_filesystem.read_file)
print(mcp_filesystem.read_file is mcp_filesystem.read_file, hasattr(mcp_filesystem, '__len__'))
print([t.name for t in await mcp_filesystem.list_tools()], repr(mcp_filesystem))
"""
    assert shown(echoing, code) == (
        "['list_tools', 'now', 'read_file'] Files\n"
        "read_file Reads a file <tool 'read_file' of MCP server 'filesystem'>\n"
        "True False\n"
        "['read-file', 'now'] <MCP server 'filesystem', 2 tools>\n"
    )


def test_servers_are_renewed_with_each_run(host):
    host.tools["Jira Cloud", "t"] = echo
    host.run("from mcp.servers.jira_cloud import t; import mcp.servers.jira_cloud; keep = mcp_filesystem")
    host.run("mcp_filesystem = 5; del mcp_servers['filesystem']")
    assert shown(host, "keep is mcp_filesystem") == "True\n"
    only = host.run("print(sorted(mcp_servers), 'mcp_jira_cloud' in globals(), runtime.list_servers_sync())", servers=[FILES])
    assert only.stdout == "['filesystem'] False ('filesystem',)\n"
    assert host.run("import mcp.servers.jira_cloud", servers=[FILES]).status == "error"
    same = host.run("sorted(mcp_servers)", servers=None)
    assert same.stdout == "['filesystem']\n"
    assert shown(host, "(await mcp_jira_cloud.t()).kind") == "'echo'\n"


def test_users_globals_with_a_proxys_name_survive_its_server(host):
    host.run("1")
    host.run("mcp_jira_cloud = 'mine'")
    assert host.run("mcp_jira_cloud", servers=[FILES]).stdout == "'mine'\n"


def test_forgotten_await_is_noticed(host):
    outcome = host.run("mcp_filesystem.read_file(path='x')\nprint('done')")
    assert "never awaited" in outcome.stderr and "read_file" in outcome.stderr


# -- saved tools ---------------------------------------------------------------------------------

SAVING = '''
import json, os.path
import collections as c
from math import floor as fl, ceil
def helper(x):
    return ceil(x)
def deco(f): return f
if True:
    @deco
    def tool(x):
        """Doc."""
        return json.dumps([fl(x), helper(x), c.Counter("a")["a"]])
message = save_tool(tool)
print(message)
'''


def test_save_tool(host):
    outcome = host.run(SAVING)
    assert outcome.status == "success", outcome
    assert "'tool'" in outcome.stdout
    (saved,) = host.saved
    assert saved["name"] == "tool"
    source = saved["source"]
    assert "import json" in source and "from math import floor as fl" in source
    assert "from math import ceil" in source and "import collections as c" in source
    assert "os.path" not in source
    assert "def helper" in source and source.index("def helper") < source.index("def tool")
    scope = {}
    exec(source, scope)
    assert scope["tool"](1.5) == "[1, 2, 1]"


def test_saved_tools_are_there(host):
    outcome = host.run(
        "print(double(4), 'after')",
        tools=[
            {"name": "bad", "source": "def bad(:\n"},
            {"name": "worse", "source": "import math\nworse = 1/0"},
            {"name": "double", "source": "import math\ndef double(x):\n    return math.floor(x) * 2\n"},
            {"name": 5},
        ],
    )
    assert outcome.stdout == "8 after\n" and outcome.status == "success"
    assert "'bad'" in outcome.stderr and "SyntaxError" in outcome.stderr
    assert "'worse'" in outcome.stderr and "ZeroDivisionError" in outcome.stderr
    host.run("double = lambda x: 'mine'")
    assert shown(host, "double(1)") == "'mine'\n"
    again = host.run("double(1)", tools=[{"name": "double", "source": "def double(x): return x * 3"}])
    assert again.stdout == "3\n" and again.stderr == ""
    host.run("save_tool(double)")
    assert host.saved[0]["source"] == "def double(x): return x * 3\n"


@pytest.mark.parametrize(
    "code",
    ["save_tool(lambda x: x)", "save_tool(5)", "save_tool(len)", "class A: pass\nsave_tool(A)",
     "def outer():\n    n = 1\n    def inner(): return n\n    return inner\nsave_tool(outer())"],
)  # fmt: skip
def test_what_cannot_be_saved(host, code):
    assert host.run(code).error.startswith("ValueError")
    assert host.saved == []


def test_save_tool_takes_along_what_the_function_uses(host):
    code = """
from math import *
import collections as c
RATES, limit, handle = {"eur": 1.5}, 3, object()
class Box: pass
def helper(x): return floor(x * RATES["eur"])
def tool(x, top=limit):
    limit = min(helper(x), top)
    return limit, c.Counter("aab")["a"], RATES, Box, handle, print, runtime, mcp_jira
print(save_tool(tool))
limit = 7
"""
    words = host.run(code).stdout
    assert words.endswith("Not saved with it, so define it there first: Box, handle.\n")
    source = host.saved[0]["source"]
    head, helper, tool = source.split("\n\n\n")
    assert sorted(head.splitlines()) == [
        "RATES = {'eur': 1.5}", "from math import floor as floor", "import collections as c", "limit = 3"
    ]  # fmt: skip
    assert helper.startswith("def helper(x)") and tool.startswith("def tool(x, top=limit)")
    # The session that saved it goes on with its own values.
    host.run("RATES['usd'] = 2", tools=[{"name": "tool", "source": source}])
    assert host.run("(limit, sorted(RATES))").stdout == "(7, ['eur', 'usd'])\n"


def test_save_tool_as_a_decorator(host):
    host.run("@save_tool\ndef f(x):\n    return x")
    assert host.saved[0]["source"] == "def f(x):\n    return x\n"


def test_save_tool_that_the_host_refuses(host):
    def refuse(params):
        raise RpcError(-32602, "disk full")

    host.handlers["save_tool"] = refuse
    assert host.run("def f(): pass\nsave_tool(f)").error == "mcp.runtime.MCPError: disk full"


def test_a_server_called_servers_hides_nothing(host):
    names = ["servers", "runtime"]
    servers = [{"name": name, "alias": name, "description": "", "cwd": None} for name in names]
    host.tools["servers", "n"] = lambda arguments: text_result("fine")
    code = "print(list(mcp_servers), await mcp_servers['servers'].n(), runtime.list_servers_sync())"
    assert host.run(code, servers=servers).stdout == f"{names} fine {tuple(names)}\n"
