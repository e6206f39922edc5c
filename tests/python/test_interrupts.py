"""Stopping code: computing, blocking, awaiting, calling; and the end of the host."""

from __future__ import annotations

import os
import signal
import time

import pytest
from fake_host import text_result

SLEEPERS = {
    "computing": "while True: pass",
    "computing in a function": "def f():\n    n = 0\n    while True: n += 1\nf()",
    "blocked in C": "import time\ntime.sleep(1000)",
    "blocked on a lock": "import threading\nthreading.Lock().acquire() or 1; l = threading.Lock(); l.acquire(); l.acquire()",
    "joining a thread": "import threading, time\nt = threading.Thread(target=time.sleep, args=(1000,), daemon=True)\nt.start(); t.join()",
    "waiting for a child": "import subprocess\nsubprocess.run(['sleep', '1000'])",
    "waiting for a shell": "import os\nwhile True: os.system('sleep 1000')",
    "waiting for a shell's child": "import os\nwhile True: os.system('sleep 1000; true')",
    "awaiting": "await asyncio.sleep(1000)",
    "awaiting a future": "await asyncio.get_running_loop().create_future()",
    "awaiting a task that computes": "async def f():\n    while True: pass\nawait asyncio.create_task(f())",
    "spinning in the loop": "while True: await asyncio.sleep(0)",
    "calling a tool": "await mcp_filesystem.never()",
    "gathering calls": "await asyncio.gather(*(mcp_filesystem.never() for _ in range(5)))",
    "calling a tool, blocking": "mcp_filesystem.never.sync()",
    "calling in a thread": "await asyncio.to_thread(mcp_filesystem.never.sync)",
    "in asyncio.run": "asyncio.run(asyncio.sleep(1000))",
    "calling in asyncio.run": "async def f(): await mcp_filesystem.never()\nasyncio.run(f())",
    "in a nested turn": "asyncio.get_running_loop().run_until_complete(asyncio.sleep(1000))",
    "printing": "while True: print('x' * 50)",
    "printing large": "while True: print('x' * 500000)",
    "writing to descriptor 1": "import os\nwhile True: os.write(1, b'y' * 100)",
    "calling and computing": "async def f():\n    while True: await mcp_filesystem.now()\nawait f()",
    "matching": "import re\nre.match(r'(a+)+$', 'a' * 40 + 'b')",
}


@pytest.mark.parametrize("code", SLEEPERS.values(), ids=SLEEPERS.keys())
@pytest.mark.parametrize("reason", ["timeout", "cancelled"])
def test_interrupt(host, code, reason):
    host.tools["filesystem", "now"] = lambda arguments: text_result("now")
    host.run("state = 'kept'")
    host.start("print('begun')\n" + code)
    host.wait_output("begun")
    time.sleep(0.05)
    began = time.monotonic()
    host.interrupt(reason)
    outcome = host.finish()
    took = time.monotonic() - began
    assert outcome.status == "interrupted", outcome
    assert outcome.result == {"run": 2, "status": "interrupted", "exitCode": 1, "interrupt": reason}
    assert took < 2, took  # far below in fact; a loaded machine is no failure
    assert f"Interrupted: {reason}" in outcome.stderr
    after = host.run("print(state); await asyncio.sleep(0.01)")
    assert (after.status, after.stdout) == ("success", "kept\n"), after
    assert host.bad_lines == []


@pytest.mark.parametrize("reason", ["timeout", "cancelled"])
def test_a_silent_run_after_a_rest(host, reason):
    """The watchdog thread sleeps by then, and the short run is over before it has woken."""
    for _ in range(3):
        time.sleep(1.2)  # longer than interrupts.LINGER
        host.run("import time; kept = 42")
        host.start("time.sleep(1000)")
        time.sleep(0.1)
        host.interrupt(reason)
        assert host.finish().status == "interrupted"
    assert host.run("print(kept)").stdout == "42\n"


def test_calls_of_an_interrupted_run_are_cancelled(host):
    host.start("await asyncio.gather(mcp_filesystem.a(), mcp_filesystem.b(), asyncio.to_thread(mcp_filesystem.c.sync))")
    numbers = sorted(host.next_request()["id"] for _ in range(3))
    host.interrupt()
    assert host.finish().status == "interrupted"
    host.wait_until(lambda: sorted(host.cancelled) == numbers)


def test_calls_of_earlier_runs_go_on(host):
    host.start("t = asyncio.create_task(mcp_filesystem.slow())\nawait asyncio.sleep(0)")
    request = host.next_request()
    host.finish()
    host.start("print('begun')\nwhile True: pass")
    host.wait_output("begun")
    host.interrupt()
    assert host.finish().status == "interrupted"
    assert host.cancelled == []
    host.answer(request, text_result("slow"))
    assert host.run("(await t).text").stdout == "'slow'\n"


SWALLOWERS = {
    "computing": "n = 0\nwhile n < 2:\n    try:\n        while True: pass\n    except KeyboardInterrupt:\n        n += 1",
    "awaiting": "n = 0\nwhile n < 2:\n    try:\n        await asyncio.sleep(1000)\n    except asyncio.CancelledError:\n        n += 1",
    "cleaning up": "try:\n    await asyncio.sleep(1000)\nfinally:\n    await asyncio.sleep(1000)",
}


@pytest.mark.parametrize("code", SWALLOWERS.values(), ids=SWALLOWERS.keys())
def test_code_that_swallows_is_interrupted_again(host, code):
    host.start("print('begun')\n" + code)
    host.wait_output("begun")
    host.interrupt()
    assert host.finish(10).status == "interrupted"
    assert host.run("1").stdout == "1\n"


def test_cleaning_up_after_an_interrupt_works(host):
    host.tools["filesystem", "close"] = lambda arguments: text_result("closed")
    host.start("print('begun')\ntry:\n    await asyncio.sleep(1000)\nfinally:\n    print((await mcp_filesystem.close()).text)")
    host.wait_output("begun")
    host.interrupt()
    outcome = host.finish()
    assert outcome.status == "interrupted" and "closed" in outcome.stdout


def test_interrupts_for_other_runs_are_ignored(host):
    host.start("print('begun')\nimport time\nfor _ in range(30): time.sleep(0.01)\nprint('done')")
    host.wait_output("begun")
    host.interrupt(run=99)
    host.interrupt(run=0)
    assert host.finish().stdout == "begun\ndone\n"
    host.interrupt(run=1)
    assert host.run("await asyncio.sleep(0.1); 1").stdout == "1\n"


def test_interrupt_right_behind_the_run(host):
    for _ in range(10):
        host.start("while True: pass")
        host.interrupt()
        assert host.finish().status == "interrupted"
    assert host.run("1").stdout == "1\n"


def test_interrupts_at_any_moment_leave_frames_and_state_whole(host):
    host.tools["filesystem", "now"] = lambda arguments: text_result("now" * 100)
    for number in range(30):
        host.start("print('begun')\nwhile True:\n    print('z' * 300)\n    r = await mcp_filesystem.now(a='b' * 500)\n    mcp_filesystem.now.sync()\n")
        host.wait_output("begun")
        time.sleep(number * 0.0007)
        host.interrupt()
        assert host.finish().status == "interrupted"
    assert host.bad_lines == []
    assert host.run("(await mcp_filesystem.now()).text[:3]").stdout == "'now'\n"


@pytest.mark.parametrize("code", SLEEPERS.values(), ids=SLEEPERS.keys())
def test_end_of_file_ends_the_process(host, code):
    host.start("print('begun')\n" + code)
    host.wait_output("begun")
    began = time.monotonic()
    host.process.stdin.close()
    host.wait_exit()
    assert time.monotonic() - began < 2


def test_end_of_file_between_runs(host):
    host.run("1")
    host.process.stdin.close()
    assert host.wait_exit() == 0


def test_end_of_file_with_a_background_thread(host):
    host.run("import threading\ndef f():\n    while True: pass\nthreading.Thread(target=f).start()")
    host.process.stdin.close()
    assert host.wait_exit() == 0


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.closerange(0, 4096)\nawait asyncio.sleep(1000)",
        "import os\nos.closerange(0, 4096)\nwhile True: pass",
        "import os\nos.closerange(0, 4096)\nimport time; time.sleep(1000)",
        "import os\nos.closerange(0, 4096)",
        "import os\nos.closerange(0, 4096)\nprint('x' * 10**7)",
        "import os\nos.closerange(0, 4096)\nawait mcp_filesystem.x()",
        "import os\nos.closerange(0, 4096)\nmcp_filesystem.x.sync()",
        "import os\nos.closerange(3, 4096)",
    ],
)
def test_closing_every_descriptor_ends_the_process(code):
    from fake_host import Host

    host = Host()
    try:
        host.wait_ready()
        host.start(code)
        host.wait_exit(10)
    finally:
        host.close()


def test_signals_of_the_terminal_do_not_end_it(host):
    os.kill(host.process.pid, signal.SIGINT)
    assert host.run("1").stdout == "1\n"
