"""State that lasts from run to run, sessions by name, and what happens when there are too many."""

import pytest

import processes
from raw_client import text_of

GONE = "variables and imports of earlier runs are gone"


# --- state ---


def test_everything_lasts_from_run_to_run(start, runtime):
    headrace = start(runtime)
    headrace.output("""
import asyncio, collections
from pathlib import Path
x = 41
def more(n=1):
    return x + n
class Box(collections.UserDict):
    pass
box = Box(a=1)
file = open('/workspace/notes.txt', 'w+')
file.write('first ')
ticks = []
async def tick():
    while True:
        ticks.append(len(ticks))
        await asyncio.sleep(0.005)
task = asyncio.create_task(tick())
""")
    assert headrace.json("""
import json
seen = len(ticks)
while len(ticks) < seen + 3:
    await asyncio.sleep(0.005)
file.write('second')
file.seek(0)
print(json.dumps([more(), type(box).__name__, box['a'], file.read(), task.done()]))
""") == [42, "Box", 1, "first second", False]
    assert headrace.output("task.cancel(); file.close(); print(Path('/workspace/notes.txt')"
                           ".read_text())") == "first second"


def test_after_an_exception_the_state_is_that_of_its_line(start, runtime):
    headrace = start(runtime)
    text = headrace.failure("a = 1\nb = [1]\nb.append(2)\nraise ValueError('here')\na = 2\nc = 3")
    assert "ValueError: here" in text
    assert headrace.output("print(a, b, 'c' in globals())") == "1 [1, 2] False"


def test_the_last_expression_is_shown(start, some_runtime):
    headrace = start(some_runtime)
    assert headrace.output("print('out')\n6 * 7") == "out\n42"
    assert headrace.output("x = {'a': [1, 2]}\nx") == "{'a': [1, 2]}"
    assert "Success (no output)" in headrace.output("None")
    assert "Success (no output)" in headrace.output("y = 5")
    text = headrace.failure("class Bad:\n    def __repr__(self):\n        raise ValueError('shy')\n"
                            "Bad()")
    assert "ValueError: shy" in text
    assert headrace.output("print(x)") == "{'a': [1, 2]}"


def test_tracebacks_show_the_users_lines_alone(start, some_runtime):
    headrace = start(some_runtime)
    headrace.output("def inner(n):\n    return 1 / n\n\ndef outer(n):\n    return inner(n) + 1")
    text = headrace.failure("x = 1\nouter(0)")
    assert "outer(0)" in text and "return inner(n) + 1" in text and "return 1 / n" in text
    assert "ZeroDivisionError: division by zero" in text
    assert "headrace" not in text
    assert text.count("File ") == 3


def test_a_reset_starts_afresh(start, runtime):
    headrace = start(runtime)
    headrace.output("x = 1\nopen('/workspace/left.txt', 'w').close()")
    result = headrace.run("runtime.reset()\nprint('still', x)")
    assert "still 1" in text_of(result)
    assert not result.get("isError")
    text = headrace.output("import os\nprint('x' in globals(), os.listdir('/workspace'))")
    assert "False []" in text
    # It was asked for: nobody has to be told once more.
    assert GONE not in text


# --- sessions by name ---


def test_sessions_are_independent(start, runtime):
    headrace = start(runtime)
    headrace.output("x = 'own'")
    headrace.output("x = 'a'", session="a")
    headrace.output("x = 'b'\nopen('/workspace/b', 'w').close()", session="b")
    headrace.failure("import os\nos._exit(1)", session="c")
    assert headrace.output("print(x)") == "own"
    assert headrace.output("print(x)", session="default") == "own"
    assert headrace.output("import os\nprint(x, os.listdir('/workspace'))", session="a") == "a []"
    assert headrace.output("import os\nprint(x, os.listdir('/workspace'))", session="b") == "b ['b']"


def test_runs_of_different_sessions_run_side_by_side(start, runtime, home):
    # Neither call is answered before both have come.
    home.add_python("plain", "plain.py", 2)
    headrace = start(runtime)
    code = "print((await mcp_plain.echo(number={}))['structuredContent']['number'])"
    one = headrace.start_run(code.format(1), session="one", timeout=60)
    two = headrace.start_run(code.format(2), session="two", timeout=60)
    assert text_of(headrace.end_of_run(one)) == "1"
    assert text_of(headrace.end_of_run(two)) == "2"


def test_runs_of_one_session_wait_for_each_other(start, some_runtime):
    headrace = start(some_runtime)
    runs = [headrace.start_run(f"import asyncio\nawait asyncio.sleep(0.02)\n"
                               f"order = globals().get('order', []) + [{n}]", session="s")
            for n in range(10)]
    for run in runs:
        assert not headrace.end_of_run(run).get("isError")
    assert headrace.output("print(order)", session="s") == str(list(range(10)))


def test_what_a_run_may_reach_is_no_other_sessions_matter(start, some_runtime, home):
    home.add_python("plain", "plain.py")
    home.add_python("office", "office.py")
    headrace = start(some_runtime)
    headrace.output("await mcp_office.nap(seconds=0)", session="narrow", servers=["office"])
    busy = headrace.start_run("await mcp_office.nap(seconds=100)", session="narrow",
                              servers=["office"], timeout=100)
    assert headrace.output("print('plain' in mcp_servers)\nawait mcp_plain.digest(text='abc')"
                           ).startswith("True")
    headrace.notify("notifications/cancelled", {"requestId": busy})
    text = headrace.failure("await runtime.call_tool('plain', 'digest', {'text': 'abc'})",
                            session="narrow", servers=["office"])
    assert "Server 'plain' is not available" in text


def test_calls_are_counted_where_they_end(start, some_runtime, home):
    home.add_python("plain", "plain.py", 2)
    headrace = start(some_runtime)

    def calls(code, **arguments):
        result = headrace.run(code, **arguments)
        assert not result.get("isError"), text_of(result)
        usage = result["_meta"]["headrace/usage"]
        return usage.get("calls", 0), usage.get("callSeconds", 0)

    # It is not answered before another has come.
    assert calls("import asyncio\nwaits = asyncio.create_task(mcp_plain.echo(number=1))\n"
                 "await mcp_plain.list_tools()") == (0, 0)
    assert calls("print(1)", session="other") == (0, 0)
    count, seconds = calls("await mcp_plain.echo(number=2)\nawait waits;")
    assert count == 2 and seconds > 0
    assert calls("print(1)") == (0, 0)


BAD_NAMES = ["a/b", "../../etc", "/", "", " ", ".hidden", "a b", "é", "a\n", "x" * 65, "x" * 10240,
             5, ["a"], {"a": 1}, True]


@pytest.mark.parametrize("name", BAD_NAMES, ids=lambda name: repr(name)[:20])
def test_bad_names_are_refused(start, some_runtime, watch, name):
    headrace = start(some_runtime, MCP_BRIDGE_WARM=0)
    before = set(watch.alive())
    result = headrace.run("print(1)", session=name)
    assert result["isError"]
    text = text_of(result)
    assert "validation_error" in text and "'session' must be a" in text
    assert len(text) < 1000
    assert set(watch.alive()) == before  # nothing was started for it


# --- too many ---


def sandboxes(watch, runtime):
    return [pid for pid in watch.alive() if processes.is_sandbox(pid, runtime)]


def test_the_longest_idle_makes_room_and_is_told(start, runtime):
    headrace = start(runtime, MCP_BRIDGE_MAX_SESSIONS=2, MCP_BRIDGE_WARM=0)
    headrace.output("x = 'a'", session="a")
    headrace.output("x = 'b'", session="b")
    headrace.output("x += '!'", session="a")
    text = headrace.output("x = 'c'\nprint(x)", session="c")
    assert text == "c"
    assert headrace.output("print(x)", session="a") == "a!"
    text = headrace.output("print('x' in globals())", session="b")
    assert "False" in text and GONE in text
    assert "the session limit of 2 (MCP_BRIDGE_MAX_SESSIONS)" in text
    # Said once.
    assert headrace.output("print(1)", session="b") == "1"
    if runtime != "bwrap":
        processes.eventually(lambda: len(processes.containers(runtime, headrace.pid)) <= 2,
                             lambda: f"two are left: {processes.containers(runtime)}")


def test_when_all_are_busy_another_is_refused_in_words(start, some_runtime, home):
    home.add_python("faulty", "faulty.py")
    headrace = start(some_runtime, MCP_BRIDGE_MAX_SESSIONS=1)
    busy = headrace.start_run("await mcp_faulty.silent()", timeout=100)
    # Its call is under way while this is asked.
    result = headrace.run("print(1)", session="other")
    assert result["isError"]
    text = text_of(result)
    assert "MCP_BRIDGE_MAX_SESSIONS" in text and "'default'" in text
    headrace.notify("notifications/cancelled", {"requestId": busy})
    headrace.output("print('own')")
    assert headrace.output("print('other')", session="other").splitlines()[0] == "other"


def test_a_thousand_sessions_at_once(start, some_runtime, watch):
    headrace = start(some_runtime, MCP_BRIDGE_MAX_SESSIONS=4)
    runs = [headrace.start_run(f"print('run', {n})", session=f"s{n}") for n in range(1000)]
    worked = 0
    for n, run in enumerate(runs):
        result = headrace.end_of_run(run)
        if result.get("isError"):
            assert "MCP_BRIDGE_MAX_SESSIONS" in text_of(result)
        else:
            assert text_of(result) == f"run {n}"
            worked += 1
    assert worked >= 4
    assert processes.memory(headrace.pid) < 64 << 20
    assert headrace.output("print('own')") == "own"


def test_many_sessions_one_after_the_other(start, some_runtime, watch):
    headrace = start(some_runtime, MCP_BRIDGE_MAX_SESSIONS=2, MCP_BRIDGE_WARM=0)
    for n in range(25):
        assert headrace.output(f"x = {n}\nprint(x)", session=f"s{n}") == str(n)
    assert GONE in headrace.output("print(1)", session="s0")
    assert headrace.output("print(x)", session="s24") == "24"
    processes.eventually(lambda: len(watch.alive()) < 20, lambda: processes.describe(watch.alive()))


def test_an_idle_interpreter_goes_and_its_session_is_told(start, runtime, watch):
    headrace = start(runtime, MCP_BRIDGE_RUNTIME_IDLE_TIMEOUT=1, MCP_BRIDGE_WARM=0)
    headrace.output("x = 1")
    headrace.output("x = 2", session="other")
    processes.eventually(lambda: not sandboxes(watch, runtime), "the idle interpreters are gone")
    for session in ("default", "other"):
        text = headrace.output("print('x' in globals())", session=session)
        assert "False" in text and GONE in text
        assert "after 1 s without use" in text
