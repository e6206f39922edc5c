"""`on_progress=`: how far a call is, told to functions and coroutines, and never after its answer."""

from __future__ import annotations

import json

import pytest
from fake_host import text_result

SEEN = """
seen = []
def hear(*of): seen.append(of)
async def hear_later(*of):
    await asyncio.sleep(0)
    seen.append(of)
"""
OWN = {
    "name": "own",
    "alias": "own",
    "inputSchema": {"type": "object", "properties": {"on_progress": {"type": "string"}}},
}

WAYS = {
    "proxy": "await mcp_filesystem.slow(a=1, on_progress={})",
    "dict": "await mcp_filesystem.slow({{'a': 1}}, on_progress={})",
    "sync": "mcp_filesystem.slow.sync(a=1, on_progress={})",
    "runtime": "await runtime.call_tool('filesystem', 'slow', {{'a': 1}}, on_progress={})",
    "runtime, sync": "runtime.call_tool_sync('filesystem', 'slow', {{'a': 1}}, on_progress={})",
    "thread": "await asyncio.to_thread(mcp_filesystem.slow.sync, a=1, on_progress={})",
    "thread that is waited for": (
        "import concurrent.futures as f\n"
        "r = f.ThreadPoolExecutor().submit(lambda: mcp_filesystem.slow.sync(a=1, on_progress={})).result()\nr"
    ),
    "loop of its own": "asyncio.run(mcp_filesystem.slow(a=1, on_progress={}))",
    "loop in a thread": (
        "async def go(): return await mcp_filesystem.slow(a=1, on_progress={})\n"
        "await asyncio.to_thread(lambda: asyncio.run(go()))"
    ),
}


@pytest.mark.parametrize("callback", ["hear", "hear_later"])
@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_call(host, way, callback):
    call = WAYS[way].format(callback)
    head, line, last = call.rpartition("\n")
    host.start(f"{SEEN}{head}{line}r = {last}\nprint(seen, r.text)")
    request = host.next_request()
    assert list(request["params"]) == ["server", "tool", "arguments", "progress"]
    assert request["params"]["arguments"] == {"a": 1} and request["params"]["progress"] is True
    host.tell(request, 1, total=4, message="first")
    host.tell(request, 2.5)
    host.answer(request, text_result("done"))
    host.tell(request, 4, total=4)
    outcome = host.finish()
    assert outcome.stdout == "[(1, 4, 'first'), (2.5, None, None)] done\n", outcome
    assert outcome.stderr == ""


@pytest.mark.parametrize("way", ["proxy", "sync", "thread", "loop in a thread"])
@pytest.mark.parametrize("callback", ["hear", "hear_later"])
def test_it_is_told_while_the_call_goes_on(host, way, callback):
    code = SEEN.replace("seen.append(of)", "print(*of, flush=True)") + WAYS[way].format(callback)
    host.start(code + ";")
    request = host.next_request()
    for step in range(3):
        host.tell(request, step, message=f"step {step}")
        host.wait_output(f"{step} None step {step}\n")
    host.answer(request, text_result("done"))
    assert host.finish().status == "success"


def test_what_comes_in_one_piece_with_the_answer(host):
    host.start(f"{SEEN}await mcp_filesystem.slow(on_progress=hear_later)\nprint(seen)")
    request = host.next_request()
    lines = [
        {"method": "call_progress", "params": {"call": request["id"], "progress": each}}
        for each in range(100)
    ]
    lines.append({"id": request["id"], "result": text_result("x")})
    lines += lines[:5]
    host.send_raw(b"".join(json.dumps({"jsonrpc": "2.0", **line}).encode() + b"\n" for line in lines))
    assert host.finish().stdout == f"{[(each, None, None) for each in range(100)]}\n"


def test_gathered_calls_hear_of_their_own(host):
    host.start(
        "seen = {}\n"
        "async def go(n): return await mcp_filesystem.slow(n=n, on_progress=lambda p, *_: seen.setdefault(n, []).append(p))\n"
        "await asyncio.gather(*map(go, range(3)), mcp_filesystem.slow(n=9))\nprint(seen)"
    )
    requests = [host.next_request() for _ in range(4)]
    assert [each["params"].get("progress") for each in requests] == [True, True, True, None]
    for each in requests:
        host.tell(each, each["params"]["arguments"]["n"])
    for each in requests:
        host.answer(each, text_result("x"))
    assert host.finish().stdout == "{0: [0], 1: [1], 2: [2]}\n"


@pytest.mark.parametrize("callback", ["fail", "fail_later"])
@pytest.mark.parametrize("way", ["proxy", "sync"])
def test_a_failing_callback_is_reported_once_and_the_call_goes_on(host, way, callback):
    host.start(
        "tries = []\ndef fail(*of):\n    tries.append(of[0])\n    raise ValueError('no')\n"
        f"async def fail_later(*of): fail(*of)\nr = {WAYS[way].format(callback)}\nprint(tries, r.text)"
    )
    request = host.next_request()
    for step in range(3):
        host.tell(request, step)
    host.answer(request, text_result("fine"))
    outcome = host.finish()
    assert outcome.status == "success" and outcome.stdout == "[0, 1, 2] fine\n", outcome
    assert outcome.stderr.startswith("on_progress failed: Traceback")
    assert outcome.stderr.count("ValueError: no") == 1 and "headrace" not in outcome.stderr


def test_a_callback_of_other_parameters_does_not_break_the_call(host):
    host.start("print((await mcp_filesystem.slow(on_progress=lambda one: None)).text)")
    request = host.next_request()
    host.tell(request, 1)
    host.answer(request, text_result("fine"))
    outcome = host.finish()
    assert outcome.stdout == "fine\n" and "TypeError" in outcome.stderr


def test_a_failed_call_tells_first(host):
    host.start(
        f"{SEEN}try: await mcp_filesystem.slow(on_progress=hear_later)\n"
        "except runtime.MCPError as e: print(seen, e)"
    )
    request = host.next_request()
    host.tell(request, 1)
    host.answer_error(request, -32012, "gone")
    assert host.finish().stdout == "[(1, None, None)] gone\n"


def test_calls_within_a_callback(host):
    host.tools["filesystem", "note"] = lambda arguments: text_result(f"noted {arguments['p']}")
    code = """
async def later(p, t, m): print((await mcp_filesystem.note(p=p)).text)
def now(p, t, m): print(mcp_filesystem.note.sync(p=p).text)
await mcp_filesystem.slow(on_progress=later)
mcp_filesystem.slow.sync(on_progress=now)
await mcp_filesystem.slow(on_progress=now)
mcp_filesystem.slow.sync(on_progress=later)
print('end')
"""
    host.start(code)
    for _ in range(4):
        request = host.next_request()
        host.tell(request, 1)
        host.tell(request, 2)
        host.answer(request, text_result("x"))
    assert host.finish().stdout == "noted 1\nnoted 2\n" * 4 + "end\n"


def test_a_slow_callback_sees_one_after_the_other(host):
    code = """
inside = []
async def slow(p, t, m):
    inside.append(p); assert len(inside) == 1
    await asyncio.sleep(0.02); inside.remove(p); print(p)
await mcp_filesystem.slow(on_progress=slow)
print('answered')
"""
    host.start(code)
    request = host.next_request()
    for step in range(4):
        host.tell(request, step)
    host.answer(request, text_result("x"))
    assert host.finish().stdout == "0\n1\n2\n3\nanswered\n"


def test_an_abandoned_call_tells_no_more(host):
    code = """
started = asyncio.Event()
async def hang(p, t, m):
    started.set()
    try: await asyncio.sleep(3600)
    except asyncio.CancelledError: print('cancelled'); raise
t = asyncio.create_task(mcp_filesystem.slow(on_progress=hang))
await started.wait()
t.cancel()
try: await t
except asyncio.CancelledError: print('gone')
await mcp_filesystem.next()
"""
    host.start(code)
    request = host.next_request()
    host.tell(request, 1)
    following = host.next_request()
    assert host.cancelled == [request["id"]]
    host.tell(request, 2)
    host.answer(following, text_result("x"))
    outcome = host.finish()
    assert sorted(outcome.stdout.splitlines()[:2]) == ["cancelled", "gone"] and outcome.stderr == ""


@pytest.mark.parametrize("callback", ["forever", "library"])
@pytest.mark.parametrize("way", ["proxy", "sync"])
def test_a_callback_that_never_ends_is_interrupted(host, way, callback):
    host.start(
        "import subprocess, sys\n"
        "def forever(*_):\n    print('in', flush=True)\n    while True: pass\n"
        "def library(*_):\n    print('in', flush=True)\n    subprocess.run(['sleep', '1000'])\n"
        + WAYS[way].format(callback)
    )
    request = host.next_request()
    host.tell(request, 1)
    host.wait_output("in\n")
    host.interrupt()
    assert host.finish().interrupt == "timeout"
    assert host.run("1").stdout == "1\n"


def test_a_tool_with_a_parameter_of_that_name_gets_it(host):
    host.handlers["list_tools"] = lambda params: {"tools": [OWN]}
    host.start("await mcp_filesystem.own(on_progress='x')\nmcp_filesystem.own.sync(on_progress='y');")
    for sent in "xy":
        request = host.next_request()
        assert request["params"]["arguments"] == {"on_progress": sent}
        assert "progress" not in request["params"]
        host.answer(request, text_result("x"))
    assert host.finish().status == "success"
    host.start("await mcp_filesystem.own({'on_progress': 'z'});")
    request = host.next_request()
    assert request["params"]["arguments"] == {"on_progress": "z"}
    host.answer(request, text_result("x"))
    assert host.finish().status == "success"


def test_none_asks_for_nothing_and_what_is_no_function_is_refused(host):
    host.handlers["list_tools"] = lambda params: {"tools": [{**OWN, "inputSchema": {}}]}
    host.start(
        "await mcp_filesystem.own(on_progress=None)\nmcp_filesystem.own.sync(on_progress=None)\n"
        "await runtime.call_tool('filesystem', 'own', on_progress=None);"
    )
    for _ in range(3):
        request = host.next_request()
        assert request["params"] == {"server": "filesystem", "tool": "own", "arguments": {}}
        host.answer(request, text_result("x"))
    assert host.finish().status == "success"
    for call in (
        "await mcp_filesystem.own(on_progress=5)",
        "mcp_filesystem.own.sync(on_progress=5)",
        "await runtime.call_tool('filesystem', 'own', on_progress=5)",
        "runtime.call_tool_sync('filesystem', 'own', on_progress=5)",
    ):
        assert host.run(call).error == (
            "TypeError: on_progress takes a function (progress, total, message), not int"
        )
    assert host.calls == 3


def test_nonsense_from_the_host_is_ignored(host):
    host.start(f"{SEEN}await mcp_filesystem.slow(on_progress=hear)\nprint(seen)")
    request = host.next_request()
    for params in ({}, [], {"call": None}, {"call": []}, {"call": True}, {"call": 10**30},
                   {"call": str(request["id"]), "progress": 1}, {"call": request["id"] + 1, "progress": 1}):  # fmt: skip
        host.send({"jsonrpc": "2.0", "method": "call_progress", "params": params})
    host.tell(request, 1, message=5)
    host.answer(request, text_result("x"))
    assert host.finish().stdout == "[(1, None, None)]\n"


def test_a_context_is_that_of_the_call(host):
    host.start(
        "import contextvars\nv = contextvars.ContextVar('v', default=0)\n"
        "async def go(n):\n    v.set(n)\n    await mcp_filesystem.slow(n=n, on_progress=lambda *_: print(v.get()))\n"
        "await asyncio.gather(go(1), go(2))\nprint(v.get())"
    )
    requests = [host.next_request() for _ in range(2)]
    for request in requests:
        host.tell(request, 1)
        host.answer(request, text_result("x"))
    assert host.finish().stdout == "1\n2\n0\n"
