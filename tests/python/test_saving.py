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


GOOD = {"name": "good", "source": "def good():\n    return 'fine'\n"}


def tool(name, source):
    return {"name": name, "source": source}


@pytest.mark.parametrize(
    "statement",
    [
        "os._exit(5)",
        "while True: pass",
        "raise KeyboardInterrupt",
        "for n in range(3): os._exit(5)",
        "with open('/dev/null'): os._exit(5)",
        "del os",
        "assert os._exit(5)",
        "if os:\n    os._exit(5)",
        "try: pass\nexcept ImportError: os._exit(5)",
        "try: pass\nfinally: os._exit(5)",
        "class A:\n    os._exit(5)",
        "if __name__ == '__main__': pass\nelse: os._exit(5)",
    ],
)
def test_a_tool_that_does_things_when_loaded_is_not_run(host, statement):
    tools = [tool("die", f"import os\nseen = 1\n{statement}\ndef die(): pass\n"), GOOD]
    outcome = host.run("print(good(), 'seen' in globals(), 'die' in globals())", tools=tools)
    assert (outcome.status, outcome.stdout) == ("success", "fine False False\n"), outcome
    assert outcome.stderr.count("\n") == 1, outcome
    assert "'die' could not be loaded: line " in outcome.stderr
    assert "runtime.delete_tool('die')" in outcome.stderr
    assert host.run("good()", tools=tools).stderr == ""


def test_a_tool_that_does_things_when_loaded_can_be_deleted_by_the_first_run(shelf):
    shelf.kept["die"] = {**tool("die", "import os; os._exit(5)"), "version": 1}
    outcome = shelf.run("print(runtime.delete_tool('die'))", tools=[shelf.kept["die"]])
    assert outcome.stdout.startswith("Deleted 'die'"), outcome
    assert shelf.kept == {}


def test_a_tool_written_by_hand_may_have_what_a_module_has(host):
    source = (
        "'''Words.'''\nfrom __future__ import annotations\nimport asyncio, re\n"
        "from math import pow\n"
        "try:\n    import nothing_of_this_name as lib\nexcept ImportError:\n    lib = None\n"
        "if lib is None:\n    import json as lib\n"
        "__all__ = ['mine']\nWORD: re.Pattern = re.compile('w+')\nids = [id for id in range(3)]\n"
        "class Kept:\n    '''Words.'''\n    id: int = 5\n    def print(self): return self.id\n"
        "class Empty(Exception): ...\n"
        "def mine(): return lib.dumps([Kept().print(), pow(2, 2), ids, bool(WORD)])\n"
        "if __name__ == '__main__':\n    print(mine())\n"
    )
    outcome = host.run("print(mine())", tools=[tool("mine", source)])
    assert (outcome.stdout, outcome.stderr) == ("[5, 4.0, [0, 1, 2], true]\n", ""), outcome


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "SystemExit", "GeneratorExit", "BaseException"])
def test_whatever_a_tool_raises_the_others_load(host, error):
    source = f"def stop(f):\n    raise {error}('no good')\n@stop\ndef bad(): pass\n"
    outcome = host.run("good()", tools=[tool("bad", source), GOOD])
    assert (outcome.status, outcome.stdout) == ("success", "'fine'\n"), outcome
    assert "'bad' could not be loaded" in outcome.stderr and "no good" in outcome.stderr


@pytest.mark.parametrize("swallows", [False, True])
def test_a_tool_that_hangs_is_remembered_and_the_rest_load_in_the_next_run(host, swallows):
    source = (
        "def hang(f):\n    print('hangs')\n    while True: pass\n@hang\ndef bad(): pass\n"
        if not swallows
        else "def hang(f):\n    try:\n        print('hangs')\n        while True: pass\n"
        "    except BaseException: return f\n@hang\ndef bad(): return 'came'\n"
    )
    tools = [tool("first", "def first(): return 1\n"), tool("bad", source), GOOD]
    host.start("print('code')", tools=tools)
    host.wait_output("hangs")
    host.interrupt()
    outcome = host.finish()
    assert (outcome.status, outcome.interrupt, outcome.stdout) == ("interrupted", "timeout", "hangs\n")
    words = "'bad' took too long to load and is skipped from now on; runtime.delete_tool('bad')"
    assert (words in outcome.stderr) is not swallows, outcome
    after = host.run("print(first(), good(), 'bad' in globals())")
    assert (after.status, after.stdout, after.stderr) == ("success", f"1 fine {swallows}\n", ""), after
    assert host.run("good()", tools=tools).stdout == "'fine'\n"


def test_a_tool_that_still_waits_and_is_deleted_is_not_loaded(shelf):
    source = "def hang(f):\n    print('hangs')\n    while True: pass\n@hang\ndef bad(): pass\n"
    shelf.start("1", tools=[tool("bad", source), GOOD, tool("other", "def other(): return 2\n")])
    shelf.wait_output("hangs")
    shelf.interrupt("cancelled")
    assert shelf.finish().interrupt == "cancelled"
    tools = [tool("bad", source), tool("other", "def other(): return 3\n")]
    outcome = shelf.run("print('good' in globals(), other())", tools=tools)
    assert (outcome.stdout, outcome.stderr) == ("False 3\n", ""), outcome


TAKEN = ["print", "len", "display", "runtime", "save_tool", "mcp", "asyncio", "help", "mcp_servers",
         "LOADED_MCP_SERVERS", "mcp_jira_cloud", "mcp_mine", "__name__", "__builtins__", "__import__"]  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
def test_a_name_that_every_session_has_is_refused(shelf, name):
    keep = "import mcp as kept; keep = kept.runtime.save_tool\n"
    made = f"def {name}(): pass\nf = {name}\ndel {name}\nkeep(f)" if name != "__builtins__" else (
        "def f(): pass\nf.__name__ = '__builtins__'\nkeep(f)"
    )  # fmt: skip
    outcome = shelf.run(keep + made)
    assert outcome.error.startswith(f"ValueError: {name} is not saved: "), outcome
    assert shelf.kept == {}


@pytest.mark.parametrize("name", [*TAKEN, "class"])
def test_a_name_that_every_session_has_is_skipped(host, name):
    tools = [tool(name, f"def {name}(): pass\n"), tool("sly", f"{name} = 5\n"), GOOD]
    outcome = host.run("display(len('ab')); print(good(), runtime.discovered_servers())", tools=tools)
    assert outcome.status == "success" and outcome.stdout.startswith("2\nfine "), outcome
    assert f"'{name}' could not be loaded: " in outcome.stderr


@pytest.mark.parametrize("name", [each for each in TAKEN if not each.startswith("__")])
def test_a_tool_must_not_bring_another_thing_of_such_a_name(host, name):
    for made in (f"{name} = 5", f"a, *{name} = 5, 6", f"class {name}: pass", f"{name}: int = 5"):
        outcome = host.run("good()", tools=[tool("sly", made + "\n"), GOOD])
        assert outcome.stdout == "'fine'\n"
        assert outcome.stderr.startswith("The saved tool 'sly' could not be loaded: "), outcome


def test_a_helper_of_such_a_name_is_refused(shelf):
    outcome = shelf.run("def display(x): return x\ndef f(): return display(1)\nsave_tool(f)")
    assert outcome.error.startswith("ValueError: f is not saved: every session has its own 'display'")
    assert shelf.kept == {}


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "GeneratorExit", "SystemExit"])
def test_what_would_raise_when_loaded_is_not_kept(shelf, error):
    code = (
        f"def deco(f):\n    if 'known' not in globals(): raise {error}('no good')\n    return f\n"
        "globals()['known'] = 1\n@deco\ndef f(): pass\nsave_tool(f)"
    )
    outcome = shelf.run(code)
    assert outcome.error.startswith("ValueError: f is not saved") and "no good" in outcome.error, outcome
    assert shelf.kept == {}
