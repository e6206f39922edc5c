"""Results and arguments of every size arrive whole, or fail alone."""

import hashlib

import pytest

from servers.plain import blob

KIB, MIB = 1 << 10, 1 << 20


@pytest.fixture
def headrace(start, runtime, home):
    home.add_python("plain", "plain.py")
    return start(runtime)


@pytest.mark.parametrize("size", [1 * KIB, 64 * KIB, 1 * MIB, 32 * MIB])
def test_results_arrive_whole(headrace, size):
    expected = hashlib.sha256(blob(size).encode()).hexdigest()
    assert headrace.output(f"""
import hashlib
text = (await mcp_plain.blob(size={size})).text
print(len(text), hashlib.sha256(text.encode()).hexdigest())
""", timeout=100) == f"{size} {expected}"


@pytest.mark.parametrize("size", [1 * KIB, 64 * KIB, 1 * MIB, 32 * MIB])
def test_arguments_arrive_whole(headrace, size):
    expected = hashlib.sha256(b"x" * size).hexdigest()
    assert headrace.output(f"print(await mcp_plain.digest(text='x' * {size}))", timeout=100
                           ) == f"{size} {expected}"


def test_over_the_limit_fails_that_call_alone(headrace):
    """65 MB are more than a frame may hold."""
    text = headrace.output("""
import asyncio
big, small = await asyncio.gather(mcp_plain.blob(size=65 << 20), mcp_plain.blob(size=15),
                                  return_exceptions=True)
print(type(big).__name__, big)
print(small)
print(await mcp_plain.blob(size=15))
kept = "kept"
""", timeout=100)
    error, *rest = text.splitlines()
    assert error.startswith("MCPError") and "64 MiB" in error and "plain" in error
    assert rest == ["000000000000000", "000000000000000"]
    assert headrace.output("print(kept)") == "kept"


def test_an_argument_over_the_limit_fails_that_call_alone(headrace):
    error, after = headrace.output("""
try:
    print(await mcp_plain.digest(text="x" * (65 << 20)))
except runtime.MCPError as error:
    print("MCPError", error)
print(await mcp_plain.blob(size=15))
""", timeout=100).splitlines()
    assert error.startswith("MCPError") and "limit" in error
    assert after == "000000000000000"


def test_a_request_of_the_client_over_the_limit_is_refused(headrace):
    id = headrace.start_run("x = '" + "y" * (65 << 20) + "'", id="too big")
    answer = headrace.wait(id)
    assert answer["error"]["code"] == -32600 and "limit" in answer["error"]["message"]
    assert headrace.output("print('goes on')") == "goes on"


def test_output_is_cut_with_a_notice(headrace):
    """A client's buffer may end at 10 MiB: an answer stays far below."""
    result = headrace.run("print('x' * (5 << 20))\nprint('the end')")
    text = result["content"][0]["text"]
    assert not result["isError"]
    assert len(text) < MIB
    assert text.startswith("xxx") and text.rstrip().endswith("the end")
