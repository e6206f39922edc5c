"""However Headrace ends, nothing that it started outlives it; and what was asked is answered while
there is somebody to answer."""

import json
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

import processes
from bounds import promised
from conftest import IMAGE, PROGRAM
from raw_client import text_of

AFTER_A_KILL = 1.0  # seconds until everything is gone
AFTER_A_SIGNAL = 1.5

USE_SERVERS = """
from mcp.runtime import call_tool
print((await call_tool('stubborn', 'ok', {})).text)
print((await call_tool('well', 'digest', {'text': 'abc'})).text)
"""


def answer_to(headrace, id):
    """Reads up to an answer, where nobody else reads."""
    for line in headrace.process.stdout:
        message = json.loads(line)
        if message.get("id") == id:
            return message["result"]
    raise AssertionError(f"no answer to {id}; stderr:\n{headrace.errors}")


@pytest.fixture
def warm(home, start, watch):
    """warm(runtime) → a session whose sandbox and servers run: one server as they should be, one
    that does not end before it is killed, and its child neither. Nobody reads its stdout any
    more."""

    def begin(runtime, **settings):
        home.add_python("stubborn", "faulty.py", "stubborn")
        home.add_python("well", "plain.py")
        headrace = start(runtime, initialize=False, start_reading=False, **settings)
        result = answer_to(headrace, headrace.start_run(USE_SERVERS, timeout=60))
        assert not result.get("isError"), text_of(result)
        names = " ".join(processes.command_line(pid) for pid in watch.alive())
        assert "faulty.py" in names and "plain.py" in names
        if runtime != "bwrap":
            assert processes.containers(runtime, headrace.pid)
        return headrace

    return begin


def assert_gone(watch, limit, runtime):
    """No process and no container within the limit. The engines' own processes end with their
    containers; asking an engine takes longer than its container does, so it is asked last."""
    watch.assert_no_process(promised(limit))
    watch.assert_no_container(promised(limit) + 10 if runtime != "bwrap" else 1)


# --- killed ---


def test_killed_while_idle(warm, watch, runtime):
    headrace = warm(runtime)
    headrace.kill()
    assert_gone(watch, AFTER_A_KILL, runtime)


def test_killed_while_code_runs(warm, watch, runtime):
    headrace = warm(runtime)
    headrace.start_run("""
import os, signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
os.fork()
print('busy', flush=True)
while True:
    pass
""", timeout=100)
    # It is under way when a second process computes in the sandbox.
    time.sleep(0.5)
    headrace.kill()
    assert_gone(watch, AFTER_A_KILL, runtime)


@pytest.mark.parametrize("after", [0.0, 0.02, 0.1, 0.3, 0.6])
def test_killed_while_the_sandbox_starts(home, start, watch, runtime, after):
    home.add_python("stubborn", "faulty.py", "stubborn")
    headrace = start(runtime)
    headrace.start_run("print(1)", servers=["stubborn"])
    headrace.start_run("import time\ntime.sleep(100)", timeout=100)
    processes.eventually(watch.alive, "anything was started")
    # Wherever it is by then: each of these has been the right moment for some mistake.
    time.sleep(after)
    headrace.kill()
    assert_gone(watch, AFTER_A_KILL, runtime)


def test_killed_before_it_did_anything(start, watch, some_runtime):
    headrace = start(some_runtime)
    headrace.kill()
    assert_gone(watch, AFTER_A_KILL, some_runtime)


# --- ended ---


def end_by(headrace, how):
    if how == "end of file":
        headrace.close_stdin()
    elif how == "client is gone":
        # Both of its ends, as when a client dies.
        headrace.process.stdin.close()
        headrace.process.stdout.close()
    else:
        headrace.signal(getattr(signal, how))


ENDS = ["end of file", "client is gone", "SIGTERM", "SIGHUP", "SIGINT"]


@pytest.mark.parametrize("how", ENDS)
def test_ends_with_everything_it_started(warm, watch, runtime, how):
    headrace = warm(runtime)
    began = time.monotonic()
    end_by(headrace, how)
    code = headrace.process.wait(60)
    assert time.monotonic() - began < promised(AFTER_A_SIGNAL)
    assert code == 0
    assert_gone(watch, AFTER_A_SIGNAL, runtime)


@pytest.mark.parametrize("how", ENDS)
def test_ends_in_the_middle_of_a_run(warm, watch, runtime, how):
    headrace = warm(runtime)
    headrace.start_run("print('busy', flush=True)\nwhile True:\n    pass", timeout=100)
    answer_to(headrace, headrace.request("ping"))
    began = time.monotonic()
    end_by(headrace, how)
    code = headrace.process.wait(60)
    assert time.monotonic() - began < promised(AFTER_A_SIGNAL)
    assert code == 0
    assert_gone(watch, AFTER_A_SIGNAL, runtime)


@pytest.mark.parametrize("how", ["end of file", "SIGTERM"])
def test_ends_while_the_sandbox_starts(start, watch, runtime, how):
    headrace = start(runtime)
    headrace.start_run("print(1)")
    processes.eventually(watch.alive, "anything was started")
    began = time.monotonic()
    end_by(headrace, how)
    code = headrace.process.wait(60)
    assert time.monotonic() - began < promised(AFTER_A_SIGNAL)
    assert code == 0
    assert_gone(watch, AFTER_A_SIGNAL, runtime)


@pytest.mark.parametrize("how", ["end of file", "SIGTERM", "SIGINT"])
def test_ends_while_a_server_hangs_at_its_start(home, start, watch, some_runtime, how):
    home.add_python("hang", "faulty.py", "hang")
    headrace = start(some_runtime)
    headrace.start_run("print(1)", servers=["hang"])
    processes.eventually(watch.alive, "the server was started")
    began = time.monotonic()
    end_by(headrace, how)
    assert headrace.process.wait(60) == 0
    assert time.monotonic() - began < promised(AFTER_A_SIGNAL)
    assert_gone(watch, AFTER_A_SIGNAL, some_runtime)


def test_ends_when_it_can_not_write_any_more(warm, watch, some_runtime):
    # A client that closed only the end that it reads from.
    headrace = warm(some_runtime)
    headrace.process.stdout.close()
    began = time.monotonic()
    headrace.request("tools/list")
    assert headrace.process.wait(60) == 0
    assert time.monotonic() - began < promised(AFTER_A_SIGNAL)
    assert_gone(watch, AFTER_A_SIGNAL, some_runtime)


def test_a_second_signal_changes_nothing(warm, watch, some_runtime):
    headrace = warm(some_runtime)
    headrace.signal(signal.SIGTERM)
    headrace.signal(signal.SIGINT)
    headrace.signal(signal.SIGHUP)
    assert headrace.process.wait(60) in (0, -signal.SIGINT, -signal.SIGHUP)
    assert_gone(watch, AFTER_A_SIGNAL, some_runtime)


# --- the last answers ---


def test_what_ends_soon_is_answered_after_the_end_of_file(start, runtime):
    headrace = start(runtime)
    headrace.output("import time")
    id = headrace.start_run("time.sleep(0.1)\nprint('in time')")
    listed = headrace.request("tools/list")
    headrace.close_stdin()
    assert headrace.wait_exit() == 0
    assert "result" in headrace.answers(listed)[0]
    assert text_of(headrace.answers(id)[0]["result"]) == "in time"


def test_requests_before_the_end_of_file_are_answered(home, watch):
    # As `echo … | headrace` does: all of them are there, and the end, before anything is read.
    lines = [{"jsonrpc": "2.0", "id": n, "method": "ping"} for n in range(100)]
    done = subprocess.run([PROGRAM], env=home.environment(), capture_output=True, timeout=60,
                          input=b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    assert done.returncode == 0
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == list(range(100))


# --- clients that do not read ---


def flood(headrace, asked):
    """Sends so many requests, each of which has an answer of some 900 bytes, without a look at
    what comes; returns the largest memory that was seen until nothing moves any more."""
    line = b'{"jsonrpc":"2.0","id":%d,"method":"tools/list","params":{}}\n'
    data = b"".join(line % n for n in range(asked))

    def write():
        try:
            headrace.send_bytes(data)
        except OSError:
            pass

    threading.Thread(target=write, daemon=True).start()
    largest, last, quiet = 0, None, time.monotonic()
    while time.monotonic() - quiet < 3 and headrace.process.poll() is None:
        try:
            now = (processes.bytes_read(headrace.pid), processes.memory(headrace.pid))
        except OSError:
            break
        largest = max(largest, now[1])
        if now != last:
            last, quiet = now, time.monotonic()
        time.sleep(0.05)
    return largest


def test_a_client_that_reads_late_gets_everything(start, watch, some_runtime):
    headrace = start(some_runtime, initialize=False, start_reading=False)
    asked = 30_000
    assert flood(headrace, asked) < 128 << 20
    headrace.start_reading()
    headrace.wait(asked - 1)
    assert [m["id"] for m in headrace.messages] == list(range(asked))


def test_a_client_that_does_not_read_costs_no_end_of_memory(start, watch, some_runtime):
    headrace = start(some_runtime, initialize=False, start_reading=False)
    # Almost a gigabyte of answers: it may stop reading or give up, not keep them.
    assert flood(headrace, 1_000_000) < 256 << 20
    headrace.signal(signal.SIGTERM)
    assert headrace.process.wait(60) in (0, -signal.SIGTERM)


def test_a_client_that_never_reads_can_still_leave(start, watch, some_runtime):
    headrace = start(some_runtime, initialize=False, start_reading=False)
    line = b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}\n'
    os.set_blocking(headrace.process.stdin.fileno(), False)
    for _ in range(200):
        try:
            os.write(headrace.process.stdin.fileno(), line * 1000)
        except BlockingIOError:
            time.sleep(0.01)
    began = time.monotonic()
    headrace.signal(signal.SIGTERM)
    assert headrace.process.wait(60) == 0
    assert time.monotonic() - began < promised(AFTER_A_SIGNAL)
    assert_gone(watch, AFTER_A_SIGNAL, some_runtime)


# --- what others left ---

ENGINES = [name for name in os.environ.get("HEADRACE_TEST_RUNTIMES", "").split() if name != "bwrap"]


@pytest.fixture(params=ENGINES or [None])
def engine(request):
    if request.param is None:
        pytest.skip("no container engine is up")
    return request.param


@pytest.fixture
def leave(engine):
    """leave(owner) → the name of a container as Headrace would have left it."""
    left = []

    def make(owner, name=None, label=processes.OWNER_LABEL):
        name = name or f"headrace-{owner}-1"
        subprocess.run([engine, "run", "--detach", "--rm", "--name", name, "--label",
                        f"{label}={owner}", "--network", "none", "--memory", "64m",
                        "--stop-timeout", "0",
                        "--pids-limit", "16", "--entrypoint", "sleep", IMAGE, "1000"],
                       check=True, capture_output=True, timeout=120)
        left.append(name)
        return name

    yield make
    for name in left:
        subprocess.run([engine, "rm", "--force", name], capture_output=True, timeout=120)


def start_time(pid):
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat[stat.rindex(")") + 2:].split()[19]


def names(engine):
    return [name for name, _ in processes.labelled_containers(engine)]


def test_the_next_start_sweeps_what_a_dead_one_left(start, engine, leave):
    here = processes.this_boot_and_namespace()
    dead = subprocess.Popen(["true"])
    dead.wait()
    with subprocess.Popen(["sleep", "1000"]) as alive:
        try:
            gone = leave(f"{here}.{dead.pid}.12345")
            # Its number has been given to somebody else since.
            reused = leave(f"{here}.{alive.pid}.12345")
            lives = leave(f"{here}.{alive.pid}.{start_time(alive.pid)}")
            elsewhere = leave(f"0123456789ab.pid4026531836.{dead.pid}.12345")
            unlabelled = leave(f"{here}.{dead.pid}.12346", label="somebody.else")
            headrace = start(engine)
            assert headrace.output("print(1)") == "1"
            processes.eventually(lambda: not {gone, reused} & set(names(engine)),
                                 lambda: f"they were swept: {names(engine)}")
            left = names(engine)
            assert lives in left
            assert elsewhere in left
            done = subprocess.run([engine, "inspect", unlabelled], capture_output=True, timeout=120)
            assert done.returncode == 0
            assert headrace.output("print(2)") == "2"
        finally:
            alive.kill()


def test_two_live_side_by_side(start, engine):
    one, other = start(engine), start(engine)
    assert one.output("x = 1\nprint(x)") == "1"
    assert other.output("x = 2\nprint(x)") == "2"
    one.kill()
    processes.eventually(lambda: not processes.containers(engine, one.pid),
                         "the killed one's container is gone")
    third = start(engine)
    assert third.output("print(3)") == "3"
    assert other.output("print(x)") == "2"


@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "end of file"])
def test_the_slow_road_ends_as_well(warm, watch, engine, how):
    headrace = warm(engine, MCP_BRIDGE_CHANNEL="stdio")
    headrace.start_run("print('busy', flush=True)\nwhile True:\n    pass", timeout=100)
    answer_to(headrace, headrace.request("ping"))
    end_by(headrace, how)
    headrace.process.wait(60)
    assert_gone(watch, AFTER_A_KILL if how == "SIGKILL" else AFTER_A_SIGNAL, engine)


def test_after_a_kill_the_next_start_finds_nothing_to_sweep(warm, start, watch, engine):
    headrace = warm(engine)
    headrace.kill()
    assert_gone(watch, AFTER_A_KILL, engine)
    again = start(engine)
    assert again.output("print(1)") == "1"
    assert again.close() == 0
    assert not re.search("removing .* container", again.errors)
