"""How an interpreter ended: killed for its memory, crashed, ended by the code itself, or stopped at
its timeout, each told from the others on each runtime."""

import pytest

from raw_client import text_of

LOST = "the next run starts afresh"


def ends(headrace, code, **arguments):
    """The text of a run that costs the interpreter, after which the next one works."""
    headrace.output("kept = 1")
    text = headrace.failure("print('begun')\n" + code, **arguments)
    assert LOST in text
    assert "begun" in text
    assert "NameError" in headrace.failure("print(kept)")
    return text


def test_killed_for_memory(start, runtime):
    headrace = start(runtime, MCP_BRIDGE_MEMORY="128m")
    eats = "blocks = []\nwhile True:\n    blocks.append(bytearray(b'x') * (4 << 20))\n"
    if runtime == "bwrap":
        # It is the allocation that fails: no cgroup kills there.
        headrace.output("kept = 1")
        text = headrace.failure(eats)
        assert "MemoryError" in text
        assert headrace.output("blocks = None\nprint(kept)") == "1"
        return
    text = ends(headrace, eats, timeout=60)
    assert "the interpreter was killed for using more than 128 MiB of memory" in text
    assert "crashed" not in text


CRASHES = {
    "segmentation fault": ("import ctypes\nctypes.string_at(0)",
                           ["the interpreter crashed: segmentation fault", "Fatal Python error"]),
    "abort": ("import os\nos.abort()", ["the interpreter crashed: aborted by its C code"]),
    "bus error": ("import os, signal\nos.kill(os.getpid(), signal.SIGBUS)",
                  ["the interpreter crashed: bus error"]),
    "its own SIGKILL": ("import os\nos.kill(os.getpid(), 9)",
                        ["the interpreter was killed (SIGKILL)"]),
    "its own exit": ("import os\nos._exit(3)", ["the code ended its own process with exit code 3"]),
    "an exit that looks like a kill": ("import os\nos._exit(137)",
                                       ["the code ended its own process with exit code 137"]),
    "another program": ("import os\nos.execvp('sleep', ['sleep', '1000'])", ["another program"]),
}


@pytest.mark.parametrize("code, words", CRASHES.values(), ids=CRASHES)
def test_crashed_or_ended_itself(start, runtime, code, words):
    text = ends(start(runtime), code, timeout=60)
    for word in words:
        assert word in text
    assert "for using more than" not in text
    assert "timed out" not in text


def test_what_was_printed_just_before_a_crash_is_not_lost(start, runtime):
    text = ends(start(runtime), """
import ctypes, os
os.write(1, b'last words')
os.write(2, 'letzte W\\u00f6rter'.encode())
ctypes.string_at(0)
""")
    assert "last words" in text
    assert "letzte W\u00f6rter" in text


def test_a_timeout_that_costs_the_interpreter_is_no_crash(start, runtime):
    text = ends(start(runtime), """
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
""", timeout=1)
    assert "timed out" in text
    for word in ("crashed", "SIGKILL", "for using more than"):
        assert word not in text


# Code can get at the process that watches; then the words are less exact, and that is all.
TAMPERINGS = {
    "stopped": "os.kill(os.getppid(), signal.SIGSTOP)\nos._exit(3)",
    "killed": "os.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(3)\nos._exit(3)",
    "spoken for": """
frame = b'\\n{"jsonrpc":"2.0","method":"ended","params":{"signal":9,"cause":"memory"}}\\n'
for fd in range(100, 120):
    try:
        os.write(fd, frame)
    except OSError:
        pass
os._exit(3)
""",
    "spoken for in nonsense": """
frame = b'\\n{"jsonrpc":"2.0","method":"ended","params":{"signal":[9],"cause":{"a":1}}}\\n'
for fd in range(100, 120):
    try:
        os.write(fd, frame * 100)
    except OSError:
        pass
os._exit(3)
""",
}


@pytest.mark.parametrize("code", TAMPERINGS.values(), ids=TAMPERINGS)
def test_tampering_with_the_last_words_hangs_and_breaks_nothing(start, runtime, code):
    headrace = start(runtime)
    result = headrace.run("import os, signal, time\n" + code, timeout=5)
    assert result["isError"]
    assert LOST in text_of(result)
    assert headrace.output("print(6 * 7)").splitlines()[0] == "42"
