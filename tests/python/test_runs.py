"""Runs: state, shown values, errors, exits, and what user code may do to its surroundings."""

from __future__ import annotations

import os

import pytest
from fake_host import RpcError, text_result


def test_ready_says_who_it_is(host):
    assert host.ready["protocol"] == 1
    assert host.ready["implementation"] == "cpython"
    assert host.ready["python"].startswith("3.")
    os.kill(host.ready["pid"], 0)  # of the interpreter, which the process we started watches over


def test_output_and_state_last(host):
    first = host.run("x = 41\nprint('hi')")
    assert (first.status, first.exit_code, first.stdout) == ("success", 0, "hi\n")
    assert first.result == {"run": 1, "status": "success", "exitCode": 0}
    assert host.run("print(x + 1)").stdout == "42\n"
    assert host.run("import os.path as p").status == "success"
    assert host.run("p.join('a', 'b')").stdout == "'a/b'\n"


def test_names_of_module_and_files(host):
    assert host.run("print(__name__)").stdout == "__sandbox__\n"
    code = "def where(): return where.__code__.co_filename\nprint(where())"
    assert host.run(code).stdout == "<sandbox:2>\n"
    assert host.run("import sys; print(sys.modules['__sandbox__'].where is where)").stdout == "True\n"


def test_what_a_main_guard_guards_runs(host):
    code = """
import asyncio
async def main():
    print((await mcp_filesystem.n()).text)
if __name__ == "__main__":
    asyncio.run(main())
"""
    host.tools["filesystem", "n"] = lambda arguments: text_result("fine")
    assert host.run(code).stdout == "fine\n"
    assert host.run("if '__main__' == __name__: await main()").stdout == "fine\n"
    assert host.run("if __name__ == '__other__': print(1)\nelse: print(__name__)").stdout == "__sandbox__\n"


def test_a_failure_is_reported_in_its_run_whatever_became_of_the_descriptors(host):
    outcome = host.run("import os\nos.close(1); os.close(2)\nprint('x')")
    assert outcome.error == "OSError: [Errno 9] Bad file descriptor"
    assert "Bad file descriptor" in outcome.stderr
    after = host.run("print('y')")
    assert (after.stdout, after.stderr) == ("y\n", "")
    outcome = host.run("import io, sys\nsys.stderr = io.StringIO()\n1/0")
    assert "ZeroDivisionError" in outcome.stderr


def test_a_run_ends_though_user_code_has_broken_json(host):
    assert host.run("import json\njson.dumps = json.loads = None").status == "success"
    assert host.run("1/0").error == "ZeroDivisionError: division by zero"


def test_the_modules_name_is_renewed(host):
    host.run("globals().clear()")
    assert host.run("print(__name__)").stdout == "__sandbox__\n"


def test_first_file_is_sandbox(host):
    assert 'File "<sandbox>", line 1' in host.run("1/0").stderr
    assert 'File "<sandbox:2>", line 1' in host.run("1/0").stderr


@pytest.mark.parametrize(
    "code, shown",
    [
        ("1 + 1", "2\n"),
        ("'a\\n'", "'a\\n'\n"),
        ("None", ""),
        ("x = 5", ""),
        ("x = 5; x", "5\n"),
        ("x = 5; x;", ""),
        ("import asyncio\nawait asyncio.sleep(0, 'done')", "'done'\n"),
        ("", ""),
        ("'''only a docstring'''", "'only a docstring'\n"),
        ("# only a comment", ""),
        ("if True:\n    5", ""),
        ("[await x for x in []]", "[]\n"),
        ("print('a')\nprint('b') or 7", "a\nb\n7\n"),
        ("'\\ud800'", "'\\ud800'\n"),
        ("print('\\ud800')", "\\ud800\n"),
    ],
)
def test_last_value_is_shown(host, code, shown):
    outcome = host.run(code)
    assert outcome.status == "success", outcome
    assert outcome.stdout == shown


def test_tool_result_is_shown_as_its_text(host):
    host.tools["filesystem", "read_file"] = lambda arguments: text_result("line 1\nline 2")
    assert host.run("await mcp_filesystem.read_file(path='x')").stdout == "line 1\nline 2\n"


def test_error_shows_only_the_users_frames(host):
    outcome = host.run("def f():\n    return [][1]\n\nf()")
    assert (outcome.status, outcome.exit_code) == ("error", 1)
    assert outcome.error == "IndexError: list index out of range"
    assert outcome.stderr.startswith("Traceback (most recent call last):\n")
    assert "headrace" not in outcome.stderr
    assert "asyncio" not in outcome.stderr
    assert "return [][1]" in outcome.stderr
    assert outcome.stderr.endswith("IndexError: list index out of range\n")


def test_error_of_a_function_of_an_earlier_run(host):
    host.run("def boom():\n    raise LookupError('earlier')")
    outcome = host.run("x = 1\nboom()")
    assert 'File "<sandbox>", line 2, in boom' in outcome.stderr
    assert "raise LookupError('earlier')" in outcome.stderr
    assert 'File "<sandbox:2>", line 2, in <module>' in outcome.stderr
    shown = host.run("import inspect; print(inspect.getsource(boom))")
    assert shown.stdout.startswith("def boom():\n    raise LookupError")


def test_error_of_a_library_shows_its_frames(host):
    outcome = host.run("import json\njson.loads('{')")
    assert outcome.error.startswith("json.decoder.JSONDecodeError: ")
    assert "json/decoder.py" in outcome.stderr


TRACEBACKS = {
    "in a comprehension": ("[1 / n for n in (1, 0)]", ["[1 / n for n in (1, 0)]"]),
    "in a gathered task": (
        "async def bad(n):\n    await asyncio.sleep(0)\n    return 1 / n\nawait asyncio.gather(bad(1), bad(0))",
        ["await asyncio.gather(bad(1), bad(0))", "return 1 / n"],
    ),
    "in asyncio.run": (
        "async def bad():\n    raise ValueError('deep')\nasyncio.run(bad())",
        ["asyncio.run(bad())", "raise ValueError('deep')"],
    ),
    "in a saved tool": ("saved(0)", ["saved(0)", "return 1 / n"]),
    "in exec": ("exec('1/0')", ["exec('1/0')"]),
    "in a form of the last value": (
        "class A:\n    def __repr__(self): return 1 / 0\nA()",
        ["def __repr__(self): return 1 / 0"],
    ),
}


@pytest.mark.parametrize("code, lines", TRACEBACKS.values(), ids=TRACEBACKS.keys())
def test_tracebacks_are_short_and_show_source(host, code, lines):
    tools = [{"name": "saved", "source": "def saved(n):\n    return 1 / n\n"}]
    outcome = host.run(code, tools=tools)
    assert outcome.status == "error"
    for line in lines:
        assert f"    {line}\n" in outcome.stderr, outcome.stderr
    assert "headrace" not in outcome.stderr
    assert outcome.stderr.count("\n  File ") < 8, outcome.stderr


def test_exception_groups(host):
    code = "def f(): raise KeyError('k')\ntry: f()\nexcept KeyError as e: raise ExceptionGroup('several', [e, ValueError('v')])"
    outcome = host.run(f"import sys\nif sys.version_info < (3, 11): raise SystemExit(0)\n{code}")
    if outcome.status == "error":
        assert outcome.error == "ExceptionGroup: several (2 sub-exceptions)"
        assert "KeyError: 'k'" in outcome.stderr and "ValueError: v" in outcome.stderr
        assert "headrace" not in outcome.stderr


def test_syntax_error_points_at_its_place(host):
    outcome = host.run("x = 1\nprint(x")
    assert "    print(x\n" in outcome.stderr and "^" in outcome.stderr


def test_help_does_not_wait_for_anybody(host):
    assert "Return the number of items" in host.run("help(len)").stdout
    assert host.run("help()").status == "success"
    assert host.run("help(runtime.progress)").stdout.count("progress") > 1


def test_chained_errors_are_trimmed_too(host):
    host.handlers["call_tool"] = fail
    outcome = host.run(
        "try:\n    await mcp_filesystem.x()\nexcept Exception as e:\n    raise ValueError('outer') from e"
    )
    assert outcome.error == "ValueError: outer"
    assert "mcp.runtime.MCPError: no such thing" in outcome.stderr
    assert "headrace_runtime" not in outcome.stderr


def fail(params):
    raise RpcError(-32011, "no such thing")


def test_syntax_error_names_its_line(host):
    outcome = host.run("x = 1\ny = = 2")
    assert outcome.status == "error"
    assert outcome.error.startswith("SyntaxError: ")
    assert 'File "<sandbox>", line 2' in outcome.stderr
    assert "y = = 2" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert host.run("x = 2\nx").stdout == "2\n"


@pytest.mark.parametrize("code", ["\0", "x = '", "return 5", "(" * 3000, "\ud800 = 1", "break"])
def test_code_that_cannot_be_compiled(host, code):
    outcome = host.run(code)
    assert outcome.status == "error"
    assert outcome.error
    assert host.run("1").stdout == "1\n"


@pytest.mark.parametrize(
    "code, status, exit_code, error",
    [
        ("import sys; sys.exit()", "success", 0, None),
        ("import sys; sys.exit(0)", "success", 0, None),
        ("import sys; sys.exit(3)", "error", 3, "SystemExit: 3"),
        ("import sys; sys.exit('why')", "error", 1, "SystemExit: 1"),
        ("exit(4)", "error", 4, "SystemExit: 4"),
        ("raise SystemExit(True)", "error", 1, "SystemExit: 1"),
        ("raise SystemExit(10**30)", "error", 2**31 - 1, "SystemExit: 2147483647"),
        ("raise KeyboardInterrupt", "error", 1, "KeyboardInterrupt"),
        ("raise KeyboardInterrupt('x')", "error", 1, "KeyboardInterrupt: x"),
        ("raise GeneratorExit", "error", 1, "GeneratorExit"),
        ("import signal; signal.raise_signal(signal.SIGINT)", "error", 1, "KeyboardInterrupt"),
        ("asyncio.current_task().cancel()\nawait asyncio.sleep(1)", "error", 1, "asyncio.exceptions.CancelledError"),
    ],
)
def test_exits_leave_the_session_alive(host, code, status, exit_code, error):
    outcome = host.run(code)
    assert (outcome.status, outcome.exit_code, outcome.error) == (status, exit_code, error)
    assert host.run("1").stdout == "1\n"
    assert host.process.poll() is None


def test_exit_message_goes_to_stderr(host):
    assert host.run("import sys; sys.exit('no way')").stderr == "no way\n"


UNPRINTABLE = """
class Evil(Exception):
    def __str__(self): raise RuntimeError('no')
    __repr__ = __str__
raise Evil
"""


def test_exception_that_cannot_be_printed(host):
    outcome = host.run(UNPRINTABLE)
    assert outcome.status == "error"
    assert "Evil" in outcome.error
    assert host.run("1").stdout == "1\n"


def test_repr_that_raises(host):
    outcome = host.run("class A:\n    def __repr__(self): raise ValueError('r')\nA()")
    assert outcome.error == "ValueError: r"


def test_deep_recursion(host):
    outcome = host.run("def f(n): return f(n + 1)\nf(0)")
    assert outcome.error.startswith("RecursionError")
    assert len(outcome.stderr) < 10000
    assert host.run("1").stdout == "1\n"


def test_low_recursion_limit_does_not_last(host):
    host.run("import sys\nsys.setrecursionlimit(60)")
    assert host.run("import sys\nsys.getrecursionlimit() >= 1000").stdout == "True\n"


def test_huge_error_is_cut_in_the_result_only(host):
    outcome = host.run("raise ValueError('x' * 10**6)")
    assert len(outcome.error) < 10000
    assert len(outcome.stderr) > 10**6


VANDALS = [
    "import sys, io; sys.stdout = io.StringIO(); sys.stderr = None",
    "import sys; sys.stdout.close(); sys.stderr.close()",
    "import sys; del sys.stdout; del sys.stderr; del sys.stdin",
    "import os; os.close(1); os.close(2); os.close(0)",
    "import os; n = os.open('/dev/null', os.O_RDWR); os.dup2(n, 1); os.dup2(n, 2)",
    "import builtins; builtins.print = None; builtins.eval = None; builtins.repr = None",
    "import builtins; builtins.isinstance = None; builtins.len = None",
    "import json; json.dumps = json.loads = json.JSONEncoder = None",
    "import os; os.write = os.read = os.dup2 = os.fstat = os.getpid = None",
    "asyncio.run = asyncio.get_running_loop = asyncio.current_task = None",
    "asyncio.get_event_loop().stop()",
    "asyncio.get_running_loop().stop(); await asyncio.sleep(0)",
    "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)",
    "import sys; sys.modules.clear()",
    "import sys; sys.meta_path.clear(); sys.path.clear()",
    "globals().clear()",
    "del __builtins__",
    "import gc; gc.disable(); gc.collect()",
    "import threading, sys; t = threading.Thread(target=sys.exit); t.start(); t.join()",
    "import warnings; warnings.simplefilter('error')",
    "import sys; sys.settrace(lambda *a: 1/0)",
    "import sys; sys.excepthook = sys.displayhook = None",
    "import linecache; linecache.cache = None",
    "import traceback; traceback.TracebackException = None; 1/0",
    "for t in asyncio.all_tasks(): t.cancel()",
    "import os; os.chdir('/'); os.environ.clear()",
    "exit()",
]


@pytest.mark.parametrize("code", VANDALS)
def test_vandals_do_not_break_the_session(host, code):
    host.start(code)
    host.finish()
    outcome = host.run("import sys\nsys.stdout.write('still here\\n'); sys.stderr.write('and here\\n');")
    assert "still here\n" in outcome.stdout, outcome
    assert "and here\n" in outcome.stderr


def test_closing_the_loop_is_refused(host):
    assert host.run("asyncio.get_running_loop().close()").error.startswith("RuntimeError")
    assert host.run("await asyncio.sleep(0); 1").stdout == "1\n"


@pytest.mark.parametrize(
    "code",
    [
        "import asyncio\nasync def main():\n    await asyncio.sleep(0.01)\n    print('m')\nasyncio.run(main())",
        "async def main():\n    print('m')\nawait asyncio.sleep(0)\nasyncio.run(main())",
        "async def main():\n    print('m')\nasyncio.get_event_loop().run_until_complete(main())",
        "async def main():\n    print('m')\nloop = asyncio.new_event_loop()\nloop.run_until_complete(main())\nloop.close()",
        "async def main():\n    print((await mcp_filesystem.m()).text)\nasyncio.run(main())",
        "async def main():\n    print((await mcp_filesystem.m()).text)\nawait asyncio.sleep(0)\nasyncio.get_event_loop().run_until_complete(main())",
        "async def main():\n    print((await mcp_filesystem.m()).text)\nimport threading\nt = threading.Thread(target=lambda: asyncio.run(main()))\nt.start(); t.join()",
        "async def main():\n    await mcp_filesystem.m(); asyncio.run(inner())\nasync def inner():\n    print((await mcp_filesystem.m()).text)\nasyncio.run(main())",
        "async def main():\n    print((await mcp_filesystem.m()).text)\nasync def helper(): asyncio.run(main())\nawait asyncio.gather(helper(), asyncio.sleep(0));",
    ],
)
def test_nested_event_loops_work(host, code):
    host.tools["filesystem", "m"] = lambda arguments: text_result("m")
    for _ in range(2):
        outcome = host.run(code)
        assert outcome.status == "success", outcome
        assert outcome.stdout == "m\n"
    after = "t = asyncio.create_task(asyncio.sleep(0, 5)); await t"
    assert host.run(after).stdout == "5\n"


def test_nested_run_with_many_ready_handles(host):
    host.tools["filesystem", "m"] = lambda arguments: text_result("m")
    outcome = host.run(
        "loop = asyncio.get_running_loop()\n"
        "seen = []\n"
        "async def nested(n):\n"
        "    loop.run_until_complete(asyncio.sleep(0.001))\n"
        "    await mcp_filesystem.m()\n"
        "    seen.append(n)\n"
        "await asyncio.gather(*(nested(n) for n in range(30)))\n"
        "sorted(seen) == list(range(30))"
    )
    assert outcome.stdout == "True\n", outcome


def test_background_tasks_go_on_between_runs(host):
    host.run(
        "ticks = []\nasync def tick():\n    while True:\n        ticks.append(1); await asyncio.sleep(0.002)\n"
        "task = asyncio.create_task(tick())"
    )
    host.run("import time")
    before = int(host.run("len(ticks)").stdout)
    host.run("await asyncio.sleep(0.05)")
    assert int(host.run("len(ticks)").stdout) > before
    assert host.run("task.cancel()").stdout == "True\n"


def test_background_failure_is_reported(host):
    host.run("async def bad(): raise ValueError('in the background')\nasyncio.create_task(bad())")
    outcome = host.run("await asyncio.sleep(0.01)\nimport gc; gc.collect();")
    seen = outcome.stderr + "".join(text for _, text in host.between)
    assert "ValueError: in the background" in seen


def test_exit_in_a_background_task(host):
    host.run("import sys\nasync def bad(): sys.exit(3)\nt = asyncio.create_task(bad())")
    assert host.run("await asyncio.sleep(0.01); 1").stdout == "1\n"
    assert host.run("await t").error == "SystemExit: 3"


def test_context_variables_last(host):
    host.run("import decimal; decimal.getcontext().prec = 5")
    assert host.run("await asyncio.sleep(0); decimal.getcontext().prec").stdout == "5\n"


def test_pickle_dataclasses_and_types(host):
    code = (
        "import pickle, dataclasses, typing, enum\n"
        "@dataclasses.dataclass\n"
        "class P:\n    x: int\n    y: 'P' = None\n"
        "class C(enum.Enum):\n    RED = 1\n"
        "print(pickle.loads(pickle.dumps(P(1))), pickle.loads(pickle.dumps(C.RED)))\n"
        "print(typing.get_type_hints(P)['y'] is P)"
    )
    assert host.run(code).stdout == "P(x=1, y=None) <C.RED: 1>\nTrue\n".replace(
        "<C.RED: 1>", "C.RED"
    )


def test_modules_of_the_working_directory(tmp_path):
    from fake_host import Host

    host = Host(cwd=tmp_path)
    host.wait_ready()
    try:
        host.run("open('helper_x.py', 'w').write('VALUE = 7')")
        assert host.run("import helper_x; helper_x.VALUE").stdout == "7\n"
    finally:
        host.close()


def test_stdin_is_empty(host):
    outcome = host.run("input('Name? ')")
    assert outcome.error == "EOFError: input() has nobody to ask here: put the values into the code"
    assert host.run("import io, sys; sys.stdin = io.StringIO('typed'); input()").stdout == "'typed'\n"
    assert host.run("input").stdout.startswith("<function input")
    host.run("sys.stdin = open('/dev/null');")
    assert host.run("import sys; sys.stdin.read()").stdout == "''\n"


def test_what_a_task_prints_after_its_run_belongs_to_none(host):
    """Also more than a pipe holds, from the loop itself, when everything has gone to rest."""
    host.run(
        "async def later(pause, size):\n    await asyncio.sleep(pause)\n    print('x' * size)\n"
        "tasks = [asyncio.create_task(later(0.01, 10)), asyncio.create_task(later(1.4, 3_000_000))]"
    )
    host.wait_until(lambda: sum(len(text) for _, text in host.between) == 3_000_012)
    assert host.run("[task.done() for task in tasks]").stdout == "[True, True]\n"


def test_usage(host):
    idle = host.run("1").usage
    assert 0 <= idle["cpu"] < 10 and 2**20 < idle["memory"] < 2**32
    busy = host.run("import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass").usage
    assert busy["cpu"] >= 0.3
    large = host.run("x = bytearray(200_000_000); del x").usage
    assert large["memory"] > 200_000_000
    child = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'x = bytearray(400_000_000); sum(range(3_000_000))'])\n0"
    children = host.run(child).usage
    assert children["memory"] > 400_000_000 and children["cpu"] > 0.01


def test_peak_memory_is_that_of_the_run(host):
    if not os.access("/proc/self/clear_refs", os.W_OK):
        pytest.skip("the peak cannot be reset here")
    host.run("x = bytearray(200_000_000); del x")
    assert host.run("1").usage["memory"] < 150_000_000


def test_a_second_run_is_refused_while_one_is_active(host):
    run = host.start("await asyncio.sleep(0.3)\nprint('first')")
    host.send(
        {"jsonrpc": "2.0", "id": 5, "method": "run", "params": {"run": run + 1, "code": "print(2)"}}
    )
    refusal = host._answers.get(timeout=10)
    assert refusal["id"] == 5 and refusal["error"]["code"] == -32600
    assert host.finish().stdout == "first\n"


@pytest.mark.parametrize("params", [{}, {"run": "x", "code": 1}, {"run": 5}, [], None])
def test_run_with_bad_params(host, params):
    host.send({"jsonrpc": "2.0", "id": 6, "method": "run", "params": params})
    assert host._answers.get(timeout=10)["error"]["code"] == -32602
    assert host.run("1").stdout == "1\n"


def test_unknown_method_is_refused(host):
    host.send({"jsonrpc": "2.0", "id": "seven", "method": "dance"})
    answer = host._answers.get(timeout=10)
    assert answer["id"] == "seven" and answer["error"]["code"] == -32601


def test_shutdown(host):
    host.send({"jsonrpc": "2.0", "method": "shutdown"})
    assert host.wait_exit() == 0


def test_source_memory_is_bounded(host):
    outcome = None
    for number in range(20):
        outcome = host.run(f"x = {number}\n" + "# filler filler filler\n" * 40000)
    outcome = host.run("import linecache; print(sum(c[0] for f, c in linecache.cache.items() if f.startswith('<sandbox')))")
    assert int(outcome.stdout) < 9 * 1024 * 1024
