"""A server that dies, hangs, babbles or lies harms the call that it was asked for, and nobody else:
the call fails with the reason, the session and the other servers go on, the next call works."""

import time

import pytest

import processes

CALL = """
from mcp.runtime import MCPError, call_tool
async def call(tool, server='faulty', arguments=None):
    try:
        return (await call_tool(server, tool, arguments or {})).text
    except MCPError as error:
        return f'failed: {error}'
"""


@pytest.fixture
def faulty(home, start, some_runtime):
    """faulty(how it starts, …, NAME=value) → a session with that server, and one that is well."""

    def begin(*how, runtime=some_runtime, **settings):
        home.add_python("faulty", "faulty.py", *how)
        home.add_python("well", "plain.py")
        headrace = start(runtime, **settings)
        headrace.output(CALL)
        return headrace

    return begin


def assert_goes_on(headrace):
    """The session still has its state, the other server answers, and so does this one: its pid."""
    text = headrace.output("""
print(await call('digest', 'well', {'text': 'abc'}))
print(await call('ok'))
""")
    digest, ok = text.splitlines()
    assert digest.startswith("3 ba7816bf")
    assert ok.startswith("ok by "), ok
    return int(ok.split()[-1])


FAILS = [
    ("exit", ["server 'faulty' exited with status 7", "the disk is on fire"]),
    ("killed", ["server 'faulty' was killed by signal 9"]),
    ("half_then_exit", ["server 'faulty'"]),
    ("not_json", ["server 'faulty'", "can't be read"]),
    ("close_stdout", ["server 'faulty'"]),
    ("neither", ["server 'faulty'", "can't be read"]),
]


@pytest.mark.parametrize("tool, words", FAILS, ids=[tool for tool, _ in FAILS])
def test_a_call_that_is_not_answered_as_it_should_fails_with_the_reason(faulty, tool, words):
    headrace = faulty()
    before = assert_goes_on(headrace)
    text = headrace.output(f"print(await call('{tool}'))", timeout=60)
    assert text.startswith("failed: "), text
    for word in words:
        assert word in text
    after = assert_goes_on(headrace)
    if tool in ("exit", "killed", "half_then_exit", "close_stdout"):
        assert after != before


def test_calls_in_flight_all_fail_when_the_server_dies(faulty):
    headrace = faulty()
    text = headrace.output("""
import asyncio
for answer in await asyncio.gather(*(call('silent') for _ in range(50)), call('exit'),
                                   call('digest', 'well', {'text': 'abc'})):
    print(answer.splitlines()[0])
""", timeout=60)
    lines = text.splitlines()
    assert len([line for line in lines if "exited with status 7" in line]) == 51
    assert lines[-1].startswith("3 ba7816bf")
    assert_goes_on(headrace)


def test_a_server_that_dies_in_every_call_is_started_again_each_time(faulty):
    headrace = faulty()
    text = headrace.output("""
for _ in range(4):
    print((await call('exit')).splitlines()[0])
""", timeout=100)
    for line in text.splitlines():
        assert "exited with status 7 while the call was under way" in line
    assert_goes_on(headrace)


@pytest.mark.parametrize("tool", ["silent", "wrong_id"])
def test_a_call_that_is_never_answered_ends_with_its_run(faulty, tool):
    headrace = faulty()
    before = assert_goes_on(headrace)
    began = time.monotonic()
    text = headrace.failure(f"print('asking')\nawait call('{tool}')", timeout=2)
    assert time.monotonic() - began < 30
    assert "status: timeout" in text
    assert "asking" in text
    assert "Execution timed out after 2s" in text
    # Its process was not to blame for anything else.
    assert assert_goes_on(headrace) == before


def test_code_may_stop_waiting_and_the_server_is_told(faulty):
    headrace = faulty()
    text = headrace.output("""
import asyncio
try:
    await asyncio.wait_for(call('silent'), 0.2)
except asyncio.TimeoutError:
    print('gave up')
print(await call('cancelled'))
""", timeout=60)
    assert text.splitlines()[0] == "gave up"
    assert len(eval(text.splitlines()[1])) == 1  # noqa: S307: a list of ids
    assert_goes_on(headrace)


def test_a_call_that_was_given_up_before_the_server_was_ready_is_never_made(faulty, tmp_path):
    ready = tmp_path / "ready"
    headrace = faulty("list_when", ready)
    assert headrace.output("""
import asyncio
try:
    await asyncio.wait_for(call('ok'), 0.2)
except asyncio.TimeoutError:
    print('gave up')
""", timeout=60) == "gave up"
    assert "Execution timed out" in headrace.failure("await call('ok')", timeout=1)
    ready.touch()
    assert headrace.output("print(await call('called'))", timeout=60) == "[]"


def test_an_answer_that_comes_too_late_is_nobodys(faulty):
    headrace = faulty()
    text = headrace.output("""
import asyncio
try:
    await asyncio.wait_for(call('late'), 0.2)
except asyncio.TimeoutError:
    print('gave up')
print(await call('ok'))
""", timeout=60)
    assert text.splitlines()[0] == "gave up"
    assert text.splitlines()[1].startswith("ok by ")


@pytest.mark.parametrize("tool", ["half_then_silent", "deaf"])
def test_a_server_that_is_stuck_is_started_again(faulty, tool):
    headrace = faulty()
    before = assert_goes_on(headrace)
    text = headrace.failure(f"print('asking')\nawait call('{tool}')", timeout=2)
    assert "Execution timed out after 2s" in text
    assert headrace.output("print(await call('digest', 'well', {'text': 'abc'}))") \
        .startswith("3 ba7816bf")
    assert assert_goes_on(headrace) != before


def test_a_server_that_reads_nothing_holds_nobody_up(faulty):
    headrace = faulty()
    text = headrace.failure("""
import asyncio
big = 'x' * (1 << 20)
stuck = [asyncio.ensure_future(call('deaf', 'faulty', {'text': big})) for _ in range(100)]
await asyncio.sleep(0)
print((await call('digest', 'well', {'text': 'abc'}))[:10])
await asyncio.gather(*stuck)
""", timeout=5)
    assert "3 ba7816bf" in text
    assert "Execution timed out after 5s" in text
    assert headrace.output("print(await call('digest', 'well', {'text': 'abc'}))") \
        .startswith("3 ba7816bf")


HARMLESS = ["flood", "chatter", "twice"]


@pytest.mark.parametrize("tool", HARMLESS)
def test_noise_round_an_answer_does_no_harm(faulty, tool):
    headrace = faulty()
    before = assert_goes_on(headrace)
    text = headrace.output(f"print(await call('{tool}'))", timeout=60)
    assert text == f"{tool} by {before}"
    assert assert_goes_on(headrace) == before
    assert processes.memory(headrace.pid) < 64 << 20


def test_a_result_that_is_no_object_does_no_harm(faulty):
    headrace = faulty()
    text = headrace.output("print(await call('no_object'))", timeout=60)
    assert "failed: server 'faulty'" in text or text == "42"
    assert_goes_on(headrace)


def test_an_answer_that_is_no_text_does_no_harm(faulty):
    headrace = faulty()
    text = headrace.output("print(ascii(await call('not_utf8')))", timeout=60)
    # Whether it is refused or repaired: what comes in is text.
    assert "failed: server 'faulty'" in text or "ufffd" in text
    assert_goes_on(headrace)


def test_a_banner_before_the_protocol_is_skipped(faulty):
    headrace = faulty("banner")
    pid = assert_goes_on(headrace)
    assert assert_goes_on(headrace) == pid
    headrace.wait_stderr("Welcome to FAULTY")


STARTS = [
    ("exit_at_once", ["could not be started", "exited with status 3", "no licence found"]),
    ("hang", ["could not be started", "did not answer 'server/discover' or 'initialize' within 1 s"]),
    ("refuse", ["could not be started", "no such key in my vault"]),
]


@pytest.mark.parametrize("how, words", STARTS, ids=[how for how, _ in STARTS])
def test_a_server_that_never_starts_says_why(faulty, how, words):
    headrace = faulty(how, MCP_BRIDGE_START_TIMEOUT=1 if how == "hang" else None)
    text = headrace.output("""
print(await call('ok'))
print(await call('digest', 'well', {'text': 'abc'}))
""", timeout=60)
    for word in ["failed: ", "server 'faulty'", *words]:
        assert word in text
    assert "3 ba7816bf" in text
    # Asked for by name, it is an error of the run; others can be run.
    text = headrace.failure("print(1)", servers=["faulty"])
    assert "could not be started" in text
    assert headrace.output("print(await call('digest', 'well', {'text': 'abc'}))",
                           servers=["well"]).startswith("3 ba7816bf")


@pytest.mark.parametrize("command", ["no-such-command-anywhere", "/no/such/file", "/etc"])
def test_a_command_that_is_not_there_is_named(home, start, some_runtime, command):
    home.add("faulty", command)
    home.add_python("well", "plain.py")
    headrace = start(some_runtime)
    text = headrace.output(CALL + """
print(await call('ok'))
print(await call('digest', 'well', {'text': 'abc'}))
""")
    assert "failed: " in text
    assert "server 'faulty'" in text
    assert command in text
    assert "3 ba7816bf" in text


def test_a_server_that_failed_to_start_is_tried_again(faulty, tmp_path):
    headrace = faulty("exit_first_time", tmp_path / "started")
    assert "exited with status 4" in headrace.output("print(await call('ok'))")

    def works():
        return headrace.output("print(await call('ok'))").startswith("ok by")

    processes.eventually(works, "the second start", limit=60)
    assert_goes_on(headrace)


def test_a_server_that_hangs_at_its_start_is_over_with_the_run(faulty):
    headrace = faulty("hang")
    began = time.monotonic()
    text = headrace.failure("print('asking')\nawait call('ok')", timeout=2)
    assert time.monotonic() - began < 30
    assert "Execution timed out after 2s" in text
    assert headrace.output("print(await call('digest', 'well', {'text': 'abc'}))") \
        .startswith("3 ba7816bf")


def test_search_finds_the_others_tools_when_one_server_is_broken(faulty):
    headrace = faulty("exit_at_once")
    text = headrace.output("""
from mcp.runtime import search_tool_docs
for doc in await search_tool_docs('exact length of text', limit=3):
    print(doc['server'], doc['tool'])
""", timeout=60)
    assert "well blob" in text
    assert "faulty" not in text


def test_one_session_survives_all_of_it(faulty, runtime):
    headrace = faulty("banner", runtime=runtime)
    assert_goes_on(headrace)
    headrace.output("kept = 'all the time'")
    for tool, words in FAILS:
        text = headrace.output(f"print(await call('{tool}'))", timeout=60)
        for word in words:
            assert word in text
        assert_goes_on(headrace)
    for tool in ("silent", "wrong_id"):
        text = headrace.failure(f"await call('{tool}')", timeout=1)
        assert "Execution timed out after 1s" in text
        assert_goes_on(headrace)
    for tool in HARMLESS:
        assert headrace.output(f"print(await call('{tool}'))", timeout=60).startswith(tool)
    assert headrace.output("print(kept)") == "all the time"
