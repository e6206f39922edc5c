"""`runtime.progress(…)` and `runtime.reset()`: what reaches the host, and what is refused."""

from __future__ import annotations

import pytest
from fake_host import RpcError


def told(outcome) -> list:
    return [
        (each["done"], each.get("total"), each.get("message")) for each in outcome.progress
    ]


@pytest.mark.parametrize(
    "call, expected",
    [
        ("progress(1)", (1, None, None)),
        ("progress(1, 2)", (1, 2, None)),
        ("progress(0.5, total=1.5, message='half \"é\" \\n')", (0.5, 1.5, 'half "é" \n')),
        ("progress(-3)", (-3, None, None)),
        ("progress(10**30)", (1e30, None, None)),
        ("progress(True)", (1, None, None)),
        ("progress(__import__('decimal').Decimal('2.5'))", (2.5, None, None)),
        ("progress(1, None, '\\ud800')", (1, None, "\\ud800")),
    ],
)
def test_progress_arrives(host, call, expected):
    outcome = host.run(f"runtime.{call}")
    assert outcome.status == "success" and outcome.stdout == ""
    assert told(outcome) == [expected]
    assert outcome.progress[0]["run"] == 1


@pytest.mark.parametrize(
    "call, error",
    [
        ("progress()", "TypeError"),
        ("progress('1')", "TypeError: progress: done must be a number, not str"),
        ("progress(None)", "TypeError: progress: done must be a number, not NoneType"),
        ("progress(1j)", "TypeError"),
        ("progress([])", "TypeError"),
        ("progress(1, 'x')", "TypeError: progress: total must be a number, not str"),
        ("progress(1, 2, 3)", "TypeError: progress: message must be a str, not int"),
        ("progress(float('nan'))", "ValueError: progress: done must be a finite number"),
        ("progress(1, float('inf'))", "ValueError: progress: total must be a finite number"),
        ("progress(10**400)", "ValueError: progress: done must be a finite number"),
    ],
)
def test_what_is_no_progress(host, call, error):
    outcome = host.run(f"runtime.{call}")
    assert outcome.error.startswith(error) and outcome.progress == []


def test_a_flood_is_thinned_out_and_its_last_word_arrives(host):
    outcome = host.run("for i in range(300_000): runtime.progress(i + 1, 300_000)")
    assert told(outcome)[0] == (1, 300_000, None) and told(outcome)[-1] == (300_000, 300_000, None)
    assert len(outcome.progress) < 3000
    done = [each["done"] for each in outcome.progress]
    assert done == sorted(done)


@pytest.mark.parametrize("wait", ["import time; time.sleep(1000)", "await asyncio.sleep(1000)", "while True: pass"])
def test_the_last_word_does_not_wait_for_the_end_of_the_run(host, wait):
    host.start(f"runtime.progress(1); runtime.progress(2)\n{wait}")
    host.wait_until(lambda: [each["done"] for each in host._progress] == [1, 2])
    host.interrupt()
    assert host.finish().status == "interrupted"


def test_progress_of_threads_and_children(host):
    code = """
import os, threading
threads = [threading.Thread(target=lambda: [runtime.progress(n) for n in range(1000)]) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
pid = os.fork()
if pid == 0:
    runtime.progress(5000); os._exit(0)
os.waitpid(pid, 0)
runtime.progress(2000)
"""
    outcome = host.run(code)
    assert outcome.status == "success" and told(outcome)[-1] == (2000, None, None)
    assert max(each["done"] for each in outcome.progress) == 2000


def test_long_messages_are_cut(host):
    assert len(told(host.run("runtime.progress(1, message='x' * 10**6)"))[0][2]) == 1000


def test_reset(host):
    asked = []
    host.handlers["reset"] = lambda params: asked.append(params) or {}
    outcome = host.run("print(runtime.reset()); print(await runtime.reset())")
    assert asked == [{}, {}]
    assert outcome.stdout.count("The next run starts afresh") == 2


def test_a_reset_that_the_host_refuses(host):
    def refuse(params):
        raise RpcError(-32601, "not here")

    host.handlers["reset"] = refuse
    assert host.run("runtime.reset()").error == "mcp.runtime.MCPError: not here"


def test_the_summary_names_what_there_is_and_is_short(host):
    words = host.run("print(runtime.capability_summary())").stdout
    for name in ("display", "figures", "progress", "/workspace", "save_tool", "saved_tools", "delete_tool", "reset",
                 "on_progress", "read_resource", "list_resources", "list_prompts", "get_prompt"):  # fmt: skip
        assert name in words
    assert len(words) < 1500
