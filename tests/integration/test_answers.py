"""What a client is shown of a run: the three output modes, failures, time, and refused arguments."""

import base64
import json
import re

import pytest

from raw_client import text_of


def block_of(result, kind):
    """What stands in the fenced block that is the whole text."""
    match = re.fullmatch(rf"```{kind}\n(.*)\n```", text_of(result), re.DOTALL)
    assert match, text_of(result)
    return match.group(1)


# --- compact ---


def test_compact_success(start, runtime):
    headrace = start(runtime)
    result = headrace.run("print('one')\nprint('two')")
    assert text_of(result) == "one\ntwo"
    assert result["structuredContent"] == {"stdout": ["one", "two"]}
    assert result["isError"] is False


def test_compact_silence(start, some_runtime):
    result = start(some_runtime).run("x = 1")
    assert text_of(result) == "Success (no output)"
    assert result["structuredContent"]["status"] == "success"


def test_compact_both_streams(start, some_runtime):
    result = start(some_runtime).run("import sys\nprint('out')\nprint('err', file=sys.stderr)")
    assert text_of(result) == "out\nstderr:\nerr"
    assert result["structuredContent"] == {"stdout": ["out"], "stderr": ["err"]}


def test_compact_error(start, runtime):
    result = start(runtime).run("print('before')\nraise ValueError('oops')")
    lines = text_of(result).splitlines()
    assert lines[:4] == ["status: error", "exit: 1", "before", "stderr:"]
    assert "ValueError: oops" in lines
    # The place is the user's own line, and no frame of the bridge is shown.
    assert any('File "<sandbox>", line 2' in line for line in lines)
    assert not any("headrace" in line for line in lines)
    assert result["isError"] is True
    assert result["structuredContent"]["status"] == "error"
    assert result["structuredContent"]["exitCode"] == 1
    assert result["structuredContent"]["error"] == "ValueError: oops"


@pytest.mark.parametrize("code, exit_code", [
    ("import sys; sys.exit(3)", 3), ("raise SystemExit('why')", 1), ("exit(7)", 7)])
def test_exit_codes(start, some_runtime, code, exit_code):
    headrace = start(some_runtime)
    result = headrace.run(code)
    assert f"exit: {exit_code}" in text_of(result).splitlines()
    assert result["structuredContent"]["exitCode"] == exit_code and result["isError"]
    assert headrace.output("print('goes on')") == "goes on"


def test_why_the_interpreter_ended_is_said_whatever_is_on_stderr(start, some_runtime):
    headrace = start(some_runtime)
    text = headrace.failure("import os, sys\nprint('noise', file=sys.stderr, flush=True)\nos._exit(3)")
    errors = [line for line in text.splitlines() if line.startswith("error: the interpreter")]
    assert "noise" in text and len(errors) == 1 and "exit code 3" in errors[0]
    assert "note:" in text  # that variables are gone
    # A traceback on stderr has said it already.
    assert headrace.failure("1/0").count("ZeroDivisionError: division by zero") == 1


def test_leaving_with_success(start, some_runtime):
    result = start(some_runtime).run("import sys; print('done'); sys.exit(0)")
    assert text_of(result) == "done" and result["isError"] is False


def test_a_syntax_error(start, some_runtime):
    text = start(some_runtime).failure("print('never')\ndef (:")
    assert "SyntaxError" in text and "line 2" in text and "never\n" not in text


def test_a_timeout_shows_what_there_was(start, runtime):
    headrace = start(runtime)
    result = headrace.run("print('partial', flush=True)\nkept = 5\nimport time; time.sleep(1000)",
                          timeout=1)
    lines = text_of(result).splitlines()
    assert lines[0] == "status: timeout" and "partial" in lines
    assert "error: Execution timed out after 1s" in lines
    content = result["structuredContent"]
    assert content["status"] == "timeout" and content["timeoutSeconds"] == 1
    assert content["summary"] == "Timeout: execution exceeded 1s"
    assert content["stdout"] == ["partial"]
    assert headrace.output("print(kept)") == "5"


def test_the_default_timeout(start, some_runtime):
    result = start(some_runtime, MCP_BRIDGE_TIMEOUT="1s").run("while True: pass")
    assert result["structuredContent"]["timeoutSeconds"] == 1


# --- json and toon ---


def test_json_mode(start, some_runtime):
    headrace = start(some_runtime, MCP_BRIDGE_OUTPUT_MODE="json")
    result = headrace.run("print('a\"b')")
    assert json.loads(block_of(result, "json")) == result["structuredContent"] == {
        "status": "success", "summary": "Success", "exitCode": 0, "stdout": ['a"b']}
    failed = headrace.run("1/0")
    payload = json.loads(block_of(failed, "json"))
    assert payload == failed["structuredContent"] and failed["isError"]
    assert payload["status"] == "error" and payload["exitCode"] == 1
    assert payload["error"] == "ZeroDivisionError: division by zero"
    assert isinstance(payload["stderr"], list) and "stdout" not in payload


def test_toon_mode(start, some_runtime):
    headrace = start(some_runtime, MCP_BRIDGE_OUTPUT_MODE="toon")
    result = headrace.run("print('plain')\nprint('a, b: \"c\"')\nprint(42)\nprint()\nprint('- x')")
    assert block_of(result, "toon").splitlines() == [
        "status: success", "summary: Success", "exitCode: 0",
        'stdout[5]: plain,"a, b: \\"c\\"","42","","- x"']
    assert result["structuredContent"] == {
        "status": "success", "summary": "Success", "exitCode": 0,
        "stdout": ["plain", 'a, b: "c"', "42", "", "- x"]}


def test_servers_are_named_in_the_payload(start, some_runtime, home):
    home.add_python("office", "office.py")
    headrace = start(some_runtime, MCP_BRIDGE_OUTPUT_MODE="json")
    result = headrace.run("print(1)", servers=["office"])
    assert result["structuredContent"]["servers"] == ["office"]


# --- what is drawn again ---


def test_progress_bars_are_told_as_they_stand(start, runtime):
    headrace = start(runtime)
    result = headrace.run("import sys\nfor i in range(1001):\n"
                          "    sys.stderr.write(f'\\r{i}%|####')\n"
                          "    sys.stdout.write(f'\\r{i} of 1000')\nprint('\\r\\ndone')")
    assert text_of(result) == "1000 of 1000\ndone\nstderr:\n1000%|####"
    assert result["structuredContent"] == {
        "stdout": ["1000 of 1000", "done"], "stderr": ["1000%|####"]}


def test_pictures_among_progress_bars(start, some_runtime):
    headrace = start(some_runtime)
    headrace.run(PICTURES)
    result = headrace.run("for i in range(100):\n    print(f'\\r{i}%', end='')\n"
                          "    if i == 50: display(Picture(png(4, 4)))")
    assert [block.get("text") for block in result["content"]] == ["50%", None, "99%"]


def test_bytes_with_carriage_returns_stay(start, some_runtime):
    text = text_of(start(some_runtime).run(
        "import sys; sys.stdout.buffer.write(b'first\\0\\rsecond\\xff\\rthird');"))
    assert "first" in text and "second" in text and "third" in text


# --- what is displayed ---


PICTURES = """
import struct, zlib
def png(width, height, noise=False):
    import os
    def chunk(kind, data):
        body = kind + data
        return struct.pack('>I', len(data)) + body + struct.pack('>I', zlib.crc32(body))
    row = lambda: b'\\0' + (os.urandom(3 * width) if noise else bytes(3 * width))
    head = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    return (b'\\x89PNG\\r\\n\\x1a\\n' + chunk(b'IHDR', head) +
            chunk(b'IDAT', zlib.compress(b''.join(row() for _ in range(height)), 0)) +
            chunk(b'IEND', b''))
class Picture:
    def __init__(self, data):
        self.data = data
    def _repr_png_(self):
        return self.data
def Shown(kind, text):
    return type('Shown', (), {f'_repr_{kind}_': lambda self: text})()
"""


def kinds(result):
    return [block["type"] for block in result["content"]]


def test_pictures_stand_in_the_text(start, runtime):
    headrace = start(runtime)
    headrace.run(PICTURES)
    result = headrace.run("print('before')\ndisplay(Picture(png(4, 4)))\nprint('after')\n"
                          "Picture(png(2, 2))")
    assert kinds(result) == ["text", "image", "text", "image"]
    assert [block.get("text") for block in result["content"]] == ["before", None, "after", None]
    for block in result["content"][1::2]:
        assert block["mimeType"] == "image/png"
        assert base64.b64decode(block["data"], validate=True).startswith(b"\x89PNG")
    # Clients that have it show nothing else.
    assert "structuredContent" not in result and result["isError"] is False


def test_a_picture_alone(start, some_runtime):
    headrace = start(some_runtime)
    headrace.run(PICTURES)
    assert kinds(headrace.run("display(Picture(png(4, 4)))")) == ["image"]
    failed = headrace.run("display(Picture(png(4, 4)))\n1/0")
    assert kinds(failed) == ["text", "image", "text"] and failed["isError"]
    assert "ZeroDivisionError" in failed["content"][2]["text"]


@pytest.mark.parametrize("mode", ["json", "toon"])
def test_pictures_follow_the_fence(start, some_runtime, mode):
    headrace = start(some_runtime, MCP_BRIDGE_OUTPUT_MODE=mode)
    headrace.run(PICTURES)
    result = headrace.run("print('before')\ndisplay(Picture(png(4, 4)))\nprint('after')")
    assert kinds(result) == ["text", "image"] and "structuredContent" not in result
    assert result["content"][0]["text"].startswith(f"```{mode}\n")


@pytest.mark.parametrize("wish, shown, silent", [
    ("auto", False, True), ("always", True, True), ("never", False, False)])
def test_structured_content_as_the_user_wants_it(start, some_runtime, wish, shown, silent):
    headrace = start(some_runtime, MCP_BRIDGE_STRUCTURED_CONTENT=wish)
    headrace.run(PICTURES)
    assert ("structuredContent" in headrace.run("display(Picture(png(4, 4)))")) == shown
    assert ("structuredContent" in headrace.run("print(1)")) == silent


def test_markdown_documents_and_what_stands_beside_a_text(start, some_runtime):
    headrace = start(some_runtime)
    headrace.run(PICTURES)
    result = headrace.run("display(Shown('markdown', '# Title'))\n"
                          "display(Shown('svg', '<svg xmlns=\"http://www.w3.org/2000/svg\"/>'))")
    assert kinds(result) == ["text", "resource"]
    assert result["content"][0]["text"] == "# Title"
    assert result["content"][1]["resource"]["mimeType"] == "image/svg+xml"
    assert result["content"][1]["resource"]["uri"].startswith("headrace://sessions/default/runs/")
    # Its text says the same; the document is for people.
    result = headrace.run("class Table:\n"
                          "    def __repr__(self): return 'a table'\n"
                          "    def _repr_html_(self): return '<table></table>'\n"
                          "print('one')\ndisplay(Table())\nprint('two')")
    assert kinds(result) == ["text", "resource_link"]
    assert text_of(result) == "one\na table\ntwo"
    link = result["content"][1]
    assert link["annotations"]["audience"] == ["user"] and link["mimeType"] == "text/html"
    assert "structuredContent" in result
    content, = headrace.call("resources/read", {"uri": link["uri"]})["contents"]
    assert content["text"] == "<table></table>"


def test_a_picture_that_is_too_large_for_an_answer_is_a_link(start, runtime):
    headrace = start(runtime)
    headrace.run(PICTURES)
    id = headrace.start_run("data = png(1200, 1000, noise=True)\nprint(len(data))\n"
                            "display(Picture(data))", timeout=60)
    result = headrace.end_of_run(id)
    assert kinds(result) == ["text", "resource_link"]
    size = int(text_of(result))
    link = result["content"][1]
    assert link["size"] == size and link["mimeType"] == "image/png"
    content, = headrace.call("resources/read", {"uri": link["uri"]})["contents"]
    data = base64.b64decode(content["blob"], validate=True)
    assert len(data) == size and data.startswith(b"\x89PNG")


def test_many_pictures_stay_within_an_answer(start, some_runtime):
    headrace = start(some_runtime)
    headrace.run(PICTURES)
    id = headrace.start_run("for i in range(30):\n    display(Picture(png(300, 100, noise=True)))\n"
                            "    print('picture', i)", timeout=60)
    result = headrace.end_of_run(id)
    assert len(json.dumps(result)) < 1 << 20
    assert kinds(result).count("image") >= 5
    assert kinds(result).count("image") + kinds(result).count("resource_link") == 30
    assert [line for line in text_of(result).splitlines()] == [f"picture {i}" for i in range(30)]


def test_pictures_over_the_limit_are_counted(start, some_runtime):
    headrace = start(some_runtime)
    headrace.run(PICTURES)
    result = headrace.end_of_run(headrace.start_run(
        "for i in range(500):\n    display(Picture(png(2, 2)))", timeout=60))
    assert kinds(result).count("image") + kinds(result).count("resource_link") == 200
    assert "300 displays over the limit of 200" in text_of(result)


def test_a_picture_of_50_mb_costs_neither_the_answer_nor_the_state(start, runtime):
    headrace = start(runtime)
    headrace.run(PICTURES + "kept = 5")
    result = headrace.end_of_run(headrace.start_run(
        "display(Picture(b'\\x89PNG\\r\\n\\x1a\\n' + bytes(50_000_000)))", timeout=60))
    assert "image" not in kinds(result)
    assert "/workspace" in text_of(result)
    assert headrace.output("print(kept)").endswith("5")


def test_all_of_it_is_what_strict_clients_take(start, some_runtime):
    types = pytest.importorskip("mcp.types")
    headrace = start(some_runtime)
    headrace.run(PICTURES)
    result = headrace.end_of_run(headrace.start_run(
        "print('x' * 300_000)\ndisplay(Picture(png(4, 4)))\n"
        "display(Picture(png(1200, 1000, noise=True)))\ndisplay(Shown('svg', '<svg/>'))\n"
        "for name in ('a b.csv', 'ü.txt', 'q?x#y&z%.txt', '🎉~!$(),;=@[].bin'):\n"
        "    open('/workspace/' + name, 'w').write(name)", timeout=60))
    taken = types.CallToolResult.model_validate(result)
    assert {type(block) for block in taken.content} == {
        types.TextContent, types.ImageContent, types.EmbeddedResource, types.ResourceLink}
    listed = types.ListResourcesResult.model_validate(headrace.call("resources/list"))
    types.ListResourceTemplatesResult.model_validate(headrace.call("resources/templates/list"))
    links = [block.uri for block in taken.content if isinstance(block, types.ResourceLink)]
    assert len(links) == 6 and set(links) <= {resource.uri for resource in listed.resources}
    for uri in links:
        # As such a client spells it.
        types.ReadResourceResult.model_validate(
            headrace.call("resources/read", {"uri": str(uri)}))


def test_links_are_text_for_clients_of_old_versions(start, some_runtime):
    headrace = start(some_runtime, initialize=False)
    headrace.initialize(version="2025-03-26")
    result = headrace.run("open('/workspace/x.csv', 'w').write('1');")
    assert kinds(result) == ["text", "text"]
    assert "headrace://sessions/default/files/x.csv" in text_of(result)


def test_what_a_run_used_is_told(start, runtime):
    headrace = start(runtime)
    usage = headrace.run("print(sum(range(3_000_000)))")["_meta"]["headrace/usage"]
    assert usage["calls"] == 0 and "callSeconds" not in usage
    assert 0 < usage["cpuSeconds"] < 60 and 0 < usage["wallSeconds"] < 60
    assert 1_000_000 < usage["peakMemoryBytes"] < 2 << 30
    assert "_meta" not in headrace.run(" ")


def test_calls_are_counted(start, some_runtime, home):
    home.add_python("office", "office.py")
    headrace = start(some_runtime)
    usage = headrace.run("for _ in range(3):\n    await mcp_office.nap(seconds=0.01)")[
        "_meta"]["headrace/usage"]
    assert usage["calls"] == 3 and 0.03 <= usage["callSeconds"] < 60


# --- arguments ---


@pytest.mark.parametrize("arguments, message", [
    ({}, "Missing 'code' argument"),
    ({"code": ""}, "Missing 'code' argument"),
    ({"code": " \n\t"}, "Missing 'code' argument"),
    ({"code": 3}, "Missing 'code' argument"),
    ({"code": None}, "Missing 'code' argument"),
    ({"code": "1", "servers": "x"}, "'servers' must be a list"),
    ({"code": "1", "servers": {}}, "'servers' must be a list"),
    ({"code": "1", "timeout": "soon"}, "'timeout' must be an integer"),
    ({"code": "1", "timeout": 1.5}, "'timeout' must be an integer"),
    ({"code": "1", "timeout": True}, "'timeout' must be an integer"),
    ({"code": "1", "session": 7}, "'session' must be a string"),
])
def test_refused_arguments(start, arguments, message):
    headrace = start(None)
    result = headrace.call("tools/call", {"name": "run_python", "arguments": arguments})
    assert result["isError"] is True
    assert message in text_of(result) and "status: validation_error" in text_of(result)
    assert result["structuredContent"]["status"] == "validation_error"
    assert result["structuredContent"]["error"] == message


def test_a_server_name_of_any_length_is_refused(start):
    text = start(None).failure("print(1)", servers=["n" * 2_000_000])
    assert "is not available" in text
    assert len(text) < 100_000


@pytest.mark.parametrize("name", ["", "a/b", "../x", ".hidden", "a b", "n" * 10_240, "a\n", "ü"])
def test_a_session_name_that_is_none(start, name):
    result = start(None).run("print(1)", session=name)
    assert result["isError"] and result["structuredContent"]["status"] == "validation_error"
    assert "1 to 64" in text_of(result) and len(text_of(result)) < 1000


@pytest.mark.parametrize("timeout", [0, -1, 121, 10**30])
def test_a_timeout_out_of_range(start, timeout):
    headrace = start(None)
    result = headrace.call("tools/call", {
        "name": "run_python", "arguments": {"code": "1", "timeout": timeout}})
    assert result["isError"] and result["structuredContent"]["status"] == "validation_error"
    if timeout != 10**30:
        assert "1" in text_of(result) and "120" in text_of(result)


def test_nulls_count_as_absent(start, some_runtime):
    result = start(some_runtime).run("print(1)", servers=None, timeout=None)
    assert text_of(result) == "1"


def test_no_arguments_at_all(start):
    result = start(None).call("tools/call", {"name": "run_python"})
    assert result["isError"] and "Missing 'code' argument" in text_of(result)


# --- text of every kind ---


def test_text_of_every_kind(start, runtime):
    headrace = start(runtime)
    text = "ü € 😀 \u2028 \\ \" \t end"
    assert headrace.output(f"print({text!r})") == text
    result = headrace.run(r"""
import os, sys
print("nul \0 bell \a del \x7f")
sys.stdout.buffer.write(b"\xff\xfe bad\n"); sys.stdout.flush()
print("\ud800 alone".encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
""")
    assert result["isError"] is False
    assert "nul \0 bell \a del \x7f" in text_of(result) and "bad" in text_of(result)


def test_code_of_every_kind(start, some_runtime):
    headrace = start(some_runtime)
    assert headrace.output("print('ü€😀' + '\\u2028')") == "ü€😀\u2028"
    assert headrace.output("\ufeffprint('a byte order mark')") == "a byte order mark"
    assert headrace.output("if True:\r\n    print('windows')\r\n") == "windows"
    assert headrace.output("x = '" + "y" * 3_000_000 + "'\nprint(len(x))") == "3000000"
