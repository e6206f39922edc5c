"""Timeouts and cancellations: code stops where it is and its state stays; only code that does not
stop costs its interpreter."""

import json

import pytest

import processes
from raw_client import text_of

LOST = "variables and imports are gone, the next run starts afresh"

STOPS = {
    "computing": "while True: pass",
    "sleeping": "import time\ntime.sleep(1000)",
    "awaiting": "import asyncio\nawait asyncio.sleep(1000)",
    "calling": "await mcp_faulty.silent()",
}

GOES_ON = {
    "swallowing every exception": """
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
""",
    # What was printed before is read first: C code that keeps the lock lets nobody do it.
    "deep in C code": "import asyncio\nawait asyncio.sleep(0.3)\nsum(range(10 ** 13))",
}


@pytest.fixture
def headrace(home, start, runtime):
    """With a server that never answers, and remembers what it was told to cancel."""
    home.add_python("faulty", "faulty.py")
    made = start(runtime)
    made.output("kept = ['from before']\nawait mcp_faulty.list_tools()")
    return made


def begun(headrace, code, **arguments):
    """Starts a run and waits until its code is under way; the run's id."""
    id = headrace.start_run(f"kept.append('begun')\nprint('begun', flush=True)\n{code}",
                            progress_token="token", **arguments)
    headrace.wait_notification("notifications/progress",
                               lambda params: "begun" in params.get("message", ""))
    return id


def cancel(headrace, id):
    headrace.notify("notifications/cancelled", {"requestId": id, "reason": "enough"})


def assert_call_was_cancelled_downstream(headrace):
    def cancelled():
        told = headrace.json("import json\nprint(json.dumps([(await mcp_faulty.called()).text, "
                             "(await mcp_faulty.cancelled()).text]))")
        called, ended = (json.loads(each) for each in told)
        return called and ended
    processes.eventually(cancelled, "the server was told that its call is cancelled")


@pytest.mark.parametrize("what", STOPS)
def test_a_timeout_keeps_the_state_and_says_so(headrace, what):
    text = headrace.failure("kept.append('begun')\nprint('begun')\n" + STOPS[what], timeout=1)
    assert "begun" in text
    assert "Execution timed out after 1s" in text
    assert LOST not in text
    assert "are kept" in text
    assert headrace.output("print(kept)") == "['from before', 'begun']"
    if what == "calling":
        assert_call_was_cancelled_downstream(headrace)


@pytest.mark.parametrize("what", STOPS)
def test_a_cancellation_keeps_the_state(headrace, what):
    id = begun(headrace, STOPS[what], timeout=100)
    cancel(headrace, id)
    assert headrace.output("print(kept)") == "['from before', 'begun']"
    assert headrace.answers(id) == []
    if what == "calling":
        assert_call_was_cancelled_downstream(headrace)


@pytest.mark.parametrize("what", GOES_ON)
def test_what_does_not_stop_at_its_timeout_costs_the_state(headrace, what):
    text = headrace.failure("print('begun', flush=True)\n" + GOES_ON[what], timeout=1)
    assert "begun" in text
    assert "Execution timed out after 1s" in text
    assert LOST in text
    assert headrace.output("print('kept' in globals())") == "False"


def test_what_does_not_stop_when_cancelled_costs_the_state(headrace):
    # Deep in C code it could not say that it has got there.
    id = begun(headrace, GOES_ON["swallowing every exception"], timeout=100)
    cancel(headrace, id)
    text = headrace.output("print('kept' in globals())")
    # Nobody read the answer of the run that was cancelled: it is the next that says so.
    assert "False" in text and "gone" in text
    assert headrace.answers(id) == []
    assert headrace.output("print('next')") == "next"


def test_interrupted_code_may_clean_up(headrace):
    text = headrace.failure("""
import asyncio
try:
    await asyncio.sleep(1000)
except asyncio.CancelledError:
    kept.append('cancelled')
    raise
finally:
    kept.append('finally')
""", timeout=1)
    assert "timed out" in text
    assert headrace.output("print(kept)") == "['from before', 'cancelled', 'finally']"
    assert "timed out" in headrace.failure("""
try:
    while True:
        pass
except KeyboardInterrupt:
    kept.append('interrupted')
    raise
""", timeout=1)
    assert headrace.output("print(kept[-1])") == "interrupted"


def test_a_cancelled_run_harms_no_other_session(home, start, runtime):
    headrace = start(runtime)
    headrace.output("kept = ['other']", session="other")
    headrace.output("kept = ['own']")
    id = begun(headrace, "while True: pass", timeout=100)
    assert headrace.output("print(kept)", session="other") == "['other']"
    cancel(headrace, id)
    assert headrace.output("print(kept)") == "['own', 'begun']"
    assert headrace.output("print(kept)", session="other") == "['other']"


def test_what_waits_for_its_turn_is_cancelled_at_once(headrace):
    busy = begun(headrace, "while True: pass", timeout=100)
    waiting = headrace.start_run("kept.append('never')")
    cancel(headrace, waiting)
    last = headrace.start_run("print(kept)")
    assert headrace.answers(busy) == []
    cancel(headrace, busy)
    assert text_of(headrace.end_of_run(last)) == "['from before', 'begun']"
    assert headrace.answers(waiting) == []
