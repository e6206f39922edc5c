"""A runaway hurts itself alone."""

import json
import os
import subprocess

import pytest

MEBIBYTE = 1 << 20


def measure(pid, exact_above=0):
    done = subprocess.run([os.environ["HEADRACE_SANDBOX_ARGV"], "usage", str(pid),
                           str(exact_above)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_fork_bomb_runs_out_of_processes(sandbox):
    answer = sandbox.ask("""
import json, os, signal
children, error = [], None
while len(children) < 1000:
    try:
        child = os.fork()
    except OSError as failure:
        error = failure.errno
        break
    if child == 0:
        signal.pause()
    children.append(child)
for child in children:
    os.kill(child, 9)
    os.waitpid(child, 0)
print(json.dumps({"children": len(children), "error": error}))
""", pids=40)
    assert answer["error"] == 11  # EAGAIN
    assert 20 <= answer["children"] < 40


def test_a_real_fork_bomb_ends_with_its_sandbox(sandbox, eventually, processes):
    # Every process forks for ever, and nobody of them can be caught by its number.
    mark = f"fork-bomb-{os.getpid()}-{sandbox.runtime}"
    running = sandbox.start(f"""
import os, sys
mark = "{mark}"
print("started", flush=True)
if os.fork() == 0:
    while True:
        try:
            os.fork()
        except OSError:
            pass
sys.stdin.read()
os._exit(0)
""", pids=30)
    assert running.stdout.readline() == "started\n"
    assert subprocess.run(["true"], timeout=30).returncode == 0
    running.stdin.close()
    running.wait(timeout=120)
    eventually(lambda: processes(mark) == [], "the bomb's processes are gone")


def test_one_process_can_not_have_more_memory_than_allowed(sandbox):
    before = set(os.listdir())
    done = sandbox.run("""
try:
    blocks = []
    while len(blocks) < 1024:
        blocks.append(bytearray(b"x") * (1 << 20))
    print("had it all")
except MemoryError:
    print("MemoryError")
""", check=False, memory=128 * MEBIBYTE)
    assert "had it all" not in done.stdout
    assert done.returncode != 0 or done.stdout == "MemoryError\n"
    # conmon leaves a note in the folder where podman is started.
    assert "oom" not in set(os.listdir()) - before


def test_many_processes_can_not_either(sandbox):
    code = """
import os, sys, time
for _ in range(6):
    if os.fork() == 0:
        block = bytearray(b"x") * (60 << 20)
        os.write(1, b"one\\n")
        sys.stdin.read()
        os._exit(0)
pid = status = None
while pid != 0 or True:
    try:
        pid, status = os.wait()
    except ChildProcessError:
        break
    if os.WIFSIGNALED(status):
        os.write(1, b"killed\\n")
"""
    if sandbox.described()["watch_usage"]:
        running = sandbox.start(code, memory=256 * MEBIBYTE)
        for _ in range(6):
            assert running.stdout.readline() == "one\n"
        usage = measure(running.pid)
        assert usage["memory"] >= 360 * MEBIBYTE
        assert usage["memory"] <= 480 * MEBIBYTE
        assert usage["processes"] >= 8
        assert usage["threads"] >= usage["processes"]
        assert usage["largest_peak"] >= 60 * MEBIBYTE
        running.kill()
        running.communicate(timeout=60)
    else:
        running = sandbox.start(code, memory=256 * MEBIBYTE)
        lines = []
        for line in running.stdout:
            lines.append(line)
            if line == "killed\n" or len(lines) == 6:
                break
        running.kill()
        running.communicate(timeout=60)
        assert lines.count("one\n") < 6


def test_shared_pages_count_once(sandbox):
    if not sandbox.described()["watch_usage"]:
        pytest.skip("this runtime's engine counts")
    running = sandbox.start("""
import os, sys
block = bytearray(b"x") * (100 << 20)
for _ in range(5):
    if os.fork() == 0:
        sys.stdin.read()
        os._exit(0)
print("ready", flush=True)
sys.stdin.read()
""")
    assert running.stdout.readline() == "ready\n"
    exact = measure(running.pid)
    estimate = measure(running.pid, exact_above=1 << 62)
    running.kill()
    running.communicate(timeout=60)
    assert exact["memory"] <= 200 * MEBIBYTE
    assert estimate["memory"] >= 500 * MEBIBYTE


def test_nothing_to_measure_is_nothing(sandbox):
    assert measure(2**22 + 1)["processes"] == 0
