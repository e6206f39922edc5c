"""Saved tools: what is kept of a function, what is refused, the list, and how one goes again."""

from __future__ import annotations

import json

import pytest
from fake_host import RpcError


@pytest.fixture
def shelf(host):
    """A host that keeps tools."""
    kept: dict = {}

    def save(params):
        host.saved.append(params)
        version = kept.get(params["name"], {"version": 0})["version"] + 1
        kept[params["name"]] = {**params, "version": version, "saved": "2026-01-02T03:04:05Z"}
        return {"path": f"/state/{params['name']}.py", "version": version}

    def delete(params):
        if params["name"] not in kept:
            raise RpcError(-32602, f"There is no saved tool {params['name']!r}")
        return {"version": kept.pop(params["name"])["version"]}

    host.handlers.update(
        save_tool=save, delete_tool=delete, saved_tools=lambda params: {"tools": list(kept.values())}
    )
    host.kept = kept
    return host


def test_versions_are_said(shelf):
    code = "def f(x): return x\nprint(save_tool(f))"
    assert shelf.run(code).stdout.startswith("Saved 'f' as version 1: ")
    assert shelf.run(code.replace("return x", "return 2 * x")).stdout.startswith("Saved 'f' as version 2: ")
    assert "def f(x): return 2 * x" in shelf.kept["f"]["source"]


@pytest.mark.parametrize(
    "code, words",
    [
        ("class A: pass\ndef f(x=A()): pass\nsave_tool(f)", "NameError: name 'A' is not defined"),
        ("n = [0]\ndef deco(f):\n    n[0] += 1\n    assert n[0] < 2\n    return f\n@deco\ndef f(): pass\nsave_tool(f)", "AssertionError"),
        ("class Deco:\n    def __call__(self, f): return f\nd = Deco()\n@d\ndef f(): pass\nsave_tool(f)", "NameError: name 'd' is not defined"),
        ("def deco(f): return 5\ndef g(): pass\ng.__wrapped__ = None\n@save_tool\n@deco\ndef f(): pass", "expects a function"),
    ],
)  # fmt: skip
def test_a_tool_that_would_not_load_is_refused(shelf, code, words):
    outcome = shelf.run(code)
    assert outcome.error.startswith("ValueError: "), outcome
    assert words in outcome.error
    assert shelf.kept == {}


def test_trying_it_out_does_not_touch_the_session(shelf):
    code = "limit = 3\ndef helper(): return limit\ndef f(): return helper()\nsave_tool(f)\nlimit = 4"
    assert shelf.run(code).status == "success"
    assert shelf.run("f()").stdout == "4\n"
    assert shelf.run("save_tool(f); __name__").stdout == "'__sandbox__'\n"


def test_a_tool_may_use_what_every_session_has(shelf):
    code = (
        "import functools\n@functools.lru_cache\ndef f(x, server=mcp_jira_cloud, sleep=asyncio.sleep):\n"
        "    display(x)\n    return runtime.list_servers_sync()\nsave_tool(f)"
    )
    outcome = shelf.run(code)
    assert outcome.status == "success" and "Not saved with it" not in outcome.stdout, outcome
    assert "import functools" in shelf.kept["f"]["source"]


def test_trying_it_out_can_be_interrupted(host):
    code = (
        "def deco(f):\n    print('tried')\n    if 'limit' not in globals(): \n        while True: pass\n    return f\n"
        "globals()['limit'] = 1\n@deco\ndef f(): pass\nprint('begun')\nsave_tool(f)"
    )
    host.start(code)
    host.wait_output("begun\ntried")
    host.interrupt()
    assert host.finish().status == "interrupted"
    assert host.saved == []


def test_saved_tools_are_listed(shelf):
    shelf.run(
        "def add(a: int, b=2, *rest, key=None) -> int:\n    '''Adds.\n\n    More words.'''\n    return a + b\n"
        "async def fetch(url):\n    return url\n"
        "save_tool(add); save_tool(fetch)"
    )
    shelf.kept["broken"] = {"name": "broken", "source": "def (", "version": 7, "saved": "x"}
    shelf.kept["odd"] = {"name": "odd", "source": 5}
    outcome = shelf.run("import json; print(json.dumps(runtime.saved_tools()))")
    add, fetch, broken, odd = json.loads(outcome.stdout)
    assert add["signature"] == "add(a: int, b=2, *rest, key=None) -> int"
    assert add["doc"] == "Adds.\n\nMore words."
    assert (add["version"], add["saved"]) == (1, "2026-01-02T03:04:05Z")
    assert add["source"].startswith("def add(")
    assert fetch["signature"] == "await fetch(url)" and fetch["doc"] is None
    assert broken["signature"] is None and broken["version"] == 7
    assert odd["signature"] is None
    assert shelf.run("[t.name for t in await runtime.saved_tools()]").stdout == "['add', 'fetch', 'broken', 'odd']\n"


@pytest.mark.parametrize("answer", [None, [], {"tools": None}, {"tools": [None, {"name": 5}]}])
def test_a_list_of_another_shape(host, answer):
    host.handlers["saved_tools"] = lambda params: answer
    assert host.run("runtime.saved_tools()").stdout == "[]\n"


def test_a_deleted_tool_is_gone(shelf):
    shelf.run("def f(): return 1\nsave_tool(f)")
    assert shelf.run("print(runtime.delete_tool('f'))").stdout == "Deleted 'f': no later session has it.\n"
    assert shelf.kept == {}
    assert shelf.run("f()").error == "NameError: name 'f' is not defined"
    assert "There is no saved tool 'f'" in shelf.run("runtime.delete_tool('f')").error
    assert shelf.run("runtime.delete_tool(5)").error.startswith("TypeError")


def test_what_has_the_name_of_a_deleted_tool_stays(shelf):
    shelf.run("def f(): return 1\nsave_tool(f)\nf = 'mine'")
    shelf.run("await runtime.delete_tool('f')")
    assert shelf.run("f").stdout == "'mine'\n"


def test_a_tool_of_an_earlier_session_can_be_deleted(shelf):
    source = "def g():\n    return 2\n"
    shelf.kept["g"] = {"name": "g", "source": source, "version": 1}
    tools = [{"name": "g", "source": source}]
    assert shelf.run("g()", tools=tools).stdout == "2\n"
    shelf.run("runtime.delete_tool(g);", tools=tools)
    assert shelf.run("g()", tools=[]).error.startswith("NameError")
    assert shelf.run("g()", tools=tools).stdout == "2\n"  # somebody saved it again


def test_a_broken_saved_tool_is_reported_once_and_skipped(host):
    tools = [
        {"name": "bad", "source": "def bad(:\n"},
        {"name": "good", "source": "def good():\n    return 'fine'\n"},
        {"name": "exits", "source": "raise SystemExit(3)\n"},
    ]
    outcome = host.run("good()", tools=tools)
    assert (outcome.status, outcome.stdout) == ("success", "'fine'\n"), outcome
    assert "'bad'" in outcome.stderr and "'exits'" in outcome.stderr
    assert host.run("good()", tools=tools).stderr == ""
