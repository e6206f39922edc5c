"""Spare interpreters: started after the handshake, taken by the first run, replaced, and never left
behind."""

import os
import signal
import subprocess
import time

import processes

# Said by the run that finds it so, or by the one that was sent before that was noticed.
GONE = "are gone"

# Longer than it takes until a spare would be begun. Who waits in vain for nothing to happen can't
# be wrong by being slow.
A_WHILE = 0.8


def sandboxes(headrace, runtime):
    """Those that are up: names of containers, or pids of bubblewrap."""
    if runtime in processes.ENGINES:
        return set(processes.containers(runtime, headrace.pid))
    parents = processes.all_processes()
    # Not those that only find out whether it works here.
    return {pid for pid in processes.descendants(headrace.pid)
            if parents.get(pid, ("", 0))[1] == headrace.pid and processes.is_sandbox(pid, runtime)
            and "--unshare-pid" in processes.command_line(pid)}


def kill(sandbox, runtime):
    if runtime in processes.ENGINES:
        subprocess.run([runtime, "rm", "--force", sandbox], check=True, capture_output=True)
        return
    # What is in it as well: it may be so new that it would not die with its parent.
    for pid in [sandbox, *processes.descendants(sandbox)]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def a_spare(headrace, runtime):
    """The one that is there before any run."""
    found = processes.eventually(lambda: sandboxes(headrace, runtime), "a spare is started")
    assert len(found) == 1
    return found.pop()


def test_the_first_run_takes_the_spare(start, runtime):
    headrace = start(runtime)
    spare = a_spare(headrace, runtime)
    assert headrace.output("x = 1\nprint('hi')") == "hi"
    processes.eventually(lambda: len(sandboxes(headrace, runtime)) == 2, "there is another spare")
    kill(spare, runtime)
    processes.eventually(lambda: GONE in str(headrace.call("tools/call", {
        "name": "run_python", "arguments": {"code": "pass"}})), "the run was on the first spare")


def test_a_spare_that_is_killed_is_replaced(start, runtime):
    headrace = start(runtime)
    spare = a_spare(headrace, runtime)
    kill(spare, runtime)
    processes.eventually(lambda: (now := sandboxes(headrace, runtime)) and spare not in now,
                         "another spare is started")
    assert headrace.output("print('hi')") == "hi"


def test_a_client_that_only_probes_starts_nothing(start, runtime):
    headrace = start(runtime, initialize=False)
    headrace.call("initialize", {"protocolVersion": "2025-06-18", "capabilities": {},
                                 "clientInfo": {"name": "probe", "version": "1"}})
    headrace.call("tools/list")
    time.sleep(A_WHILE)
    assert sandboxes(headrace, runtime) == set()


def test_of_size_0_starts_nothing_by_itself(start, runtime):
    headrace = start(runtime, MCP_BRIDGE_WARM=0)
    headrace.call("tools/list")
    time.sleep(A_WHILE)
    assert sandboxes(headrace, runtime) == set()
    assert headrace.output("print('hi')") == "hi"
    time.sleep(A_WHILE)
    assert len(sandboxes(headrace, runtime)) == 1


def test_spares_go_when_nobody_comes(start, some_runtime):
    headrace = start(some_runtime, MCP_BRIDGE_RUNTIME_IDLE_TIMEOUT=1)
    a_spare(headrace, some_runtime)
    processes.eventually(lambda: not sandboxes(headrace, some_runtime), "the spare is shut down")
    assert headrace.output("print('hi')") == "hi"
