"""What a client can read of a session: files under /workspace, and what runs left."""

import base64

import pytest

from raw_client import text_of

FILES = "headrace://sessions/default/files/"
RUNS = "headrace://sessions/default/runs/"


def listed(headrace):
    """All pages, by URI."""
    found, cursor = {}, None
    while True:
        page = headrace.call("resources/list", {} if cursor is None else {"cursor": cursor})
        for resource in page["resources"]:
            assert resource["uri"] not in found
            found[resource["uri"]] = resource
        cursor = page.get("nextCursor")
        if cursor is None:
            return found


def read(headrace, uri):
    content, = headrace.call("resources/read", {"uri": uri})["contents"]
    assert content["uri"] == uri
    return content


def links(result):
    return {block["uri"]: block for block in result["content"] if block["type"] == "resource_link"}


# --- files ---


def test_files_are_linked_listed_and_read(start, runtime):
    headrace = start(runtime)
    result = headrace.run(
        "open('/workspace/notes.txt', 'w').write('ä\\nb')\n"
        "import os; os.makedirs('/workspace/a b', exist_ok=True)\n"
        "open('/workspace/a b/data.bin', 'wb').write(bytes(range(256)));")
    link = links(result)[FILES + "notes.txt"]
    assert link["name"] == "notes.txt" and link["size"] == 4 and link["mimeType"] == "text/plain"
    assert {"uri": FILES + "notes.txt", "name": "notes.txt", "size": 4} in \
        result["structuredContent"]["files"]
    found = listed(headrace)
    assert found[FILES + "notes.txt"]["size"] == 4
    assert FILES + "a%20b/data.bin" in found
    assert read(headrace, FILES + "notes.txt")["text"] == "ä\nb"
    assert base64.b64decode(read(headrace, FILES + "a%20b/data.bin")["blob"]) == bytes(range(256))
    # They last, and a run that changes none links none.
    later = headrace.run("print(len(open('/workspace/notes.txt').read()))")
    assert text_of(later) == "3" and links(later) == {}


def test_they_can_be_read_while_code_runs(start, runtime):
    headrace = start(runtime)
    id = headrace.start_run("open('/workspace/x.txt', 'w').write('here')\nprint('written')\n"
                            "while True: pass", progress_token="p", timeout=60)
    headrace.wait_notification("notifications/progress",
                               lambda p: "written" in p.get("message", ""))
    assert read(headrace, FILES + "x.txt")["text"] == "here"
    assert FILES + "x.txt" in listed(headrace)
    assert headrace.answers(id) == []
    headrace.notify("notifications/cancelled", {"requestId": id})


def test_an_interpreter_that_is_stuck_holds_no_list_up(start, some_runtime):
    headrace = start(some_runtime)
    headrace.output("open('/workspace/x.txt', 'w').write('x');")
    # One call into C that keeps the interpreter's lock.
    id = headrace.start_run("print('begun', flush=True)\nimport time; time.sleep(0.5)\n"
                            "sum(range(10**12))", progress_token="p", timeout=60)
    headrace.wait_notification("notifications/progress", lambda p: "begun" in p.get("message", ""))
    assert "resource://mcp-server-code-execution-mode/capabilities" in listed(headrace)
    assert headrace.answers(id) == []
    headrace.notify("notifications/cancelled", {"requestId": id})


@pytest.mark.parametrize("uri", [
    FILES + "nothing.txt", FILES + "..%2f..%2fetc/passwd", FILES + "../../etc/passwd",
    FILES + "%2e%2e/etc/passwd", FILES + "/etc/passwd", FILES + "a\x00b", FILES + "%00",
    FILES + "out.txt", FILES + "folder", FILES + "pipe",
    RUNS + "1/stdout", RUNS + "99/stdout", "headrace://sessions/nobody/files/x",
    "headrace://sessions/default", "headrace://sessions/", "headrace://x", "file:///etc/passwd",
    FILES + "x" * 100_000])
def test_what_can_not_be_read_is_an_error(start, some_runtime, uri):
    headrace = start(some_runtime)
    headrace.output("import os\nos.symlink('/etc/passwd', '/workspace/out.txt')\n"
                    "os.mkdir('/workspace/folder')\nos.mkfifo('/workspace/pipe')")
    error = headrace.error("resources/read", {"uri": uri})
    assert error["code"] == -32602 and len(error["message"]) < 20_000
    assert headrace.output("print('alive')") == "alive"


def test_a_file_over_the_limit_says_so(start, some_runtime):
    headrace = start(some_runtime)
    headrace.output("open('/workspace/big.bin', 'wb').write(bytes(20_000_000));")
    error = headrace.error("resources/read", {"uri": FILES + "big.bin"})
    assert "20000000" in error["message"].replace(",", "") or "20" in error["message"]
    assert listed(headrace)[FILES + "big.bin"]["size"] == 20_000_000


def test_many_files_come_in_pages(start, some_runtime):
    headrace = start(some_runtime)
    result = headrace.run("for i in range(450):\n    open(f'/workspace/{i}.txt', 'w').close()")
    assert len(links(result)) == 20 and "more files" in text_of(result)
    assert len([uri for uri in listed(headrace) if uri.startswith(FILES)]) == 450


def test_names_of_any_kind(start, some_runtime):
    headrace = start(some_runtime)
    names = ["ü.txt", "q?x#y&z%.txt", "new\nline.txt", "tab\t.txt", "🎉.csv", "\x1b[31m.txt"]
    headrace.run("for name in " + repr(names) + ":\n    open('/workspace/' + name, 'w').write('x')\n"
                 "import os; open(b'/workspace/bad\\xff', 'w').close()")
    found = listed(headrace)
    for resource in found.values():
        assert resource["name"].isprintable() and resource["uri"].isascii()
    for uri in [uri for uri in found if uri.startswith(FILES)]:
        if "bad" not in uri:
            assert read(headrace, uri)["text"] == "x"
    assert any("%C3%BC.txt" in uri for uri in found)


def test_a_named_session_has_files_of_its_own(start, some_runtime):
    headrace = start(some_runtime)
    headrace.output("open('/workspace/x.txt', 'w').write('default');")
    result = headrace.run("open('/workspace/x.txt', 'w').write('other');", session="my.other")
    uri = "headrace://sessions/my.other/files/x.txt"
    assert list(links(result)) == [uri]
    assert read(headrace, uri)["text"] == "other"
    assert read(headrace, FILES + "x.txt")["text"] == "default"
    assert uri in listed(headrace)


# --- what runs left ---


def test_output_that_was_cut_can_be_read_whole(start, runtime):
    headrace = start(runtime)
    result = headrace.run("for i in range(100_000):\n    print('line', i)")
    whole = "".join(f"line {i}\n" for i in range(100_000))
    assert "left out" in text_of(result) and "line 99999" in text_of(result)
    link, = links(result).values()
    assert link["uri"] == RUNS + "1/stdout" and link["size"] == len(whole)
    assert "whole of stdout" in link["description"]
    assert read(headrace, link["uri"])["text"] == whole
    piece = read(headrace, link["uri"] + "?offset=7&length=14")
    assert piece["text"] == "line 1\nline 2\n"
    assert link["uri"] in listed(headrace)


def test_a_very_long_output_is_read_in_pieces(start, some_runtime):
    headrace = start(some_runtime)
    result = headrace.run("import sys\nfor i in range(160):\n    sys.stdout.write('ü' * 50_000)")
    link, = links(result).values()
    assert link["size"] == 16_000_000
    error = headrace.error("resources/read", {"uri": link["uri"]})
    assert error["code"] == -32602 and "?offset=0&length=" in error["message"]
    text = ""
    for offset in range(0, link["size"], 5_000_001):
        text += read(headrace, f"{link['uri']}?offset={offset}&length=5000001")["text"]
    assert text == "ü" * 8_000_000


def test_output_without_newlines_and_binary_output(start, some_runtime):
    headrace = start(some_runtime)
    result = headrace.run("print('x' * 3_000_000, end='')")
    link, = links(result).values()
    assert read(headrace, link["uri"])["text"] == "x" * 3_000_000
    result = headrace.run("import sys\nsys.stdout.buffer.write(bytes(range(256)) * 4000)")
    assert not result["isError"]
    link, = links(result).values()
    assert len(read(headrace, link["uri"])["text"]) > 500_000
    assert headrace.output("print('alive')").endswith("alive")


def test_embedded_documents_can_be_read_again(start, runtime):
    headrace = start(runtime)
    result = headrace.run(
        "def shown(kind, text):\n"
        "    return type('Shown', (), {f'_repr_{kind}_': lambda self: text})()\n"
        "display(shown('svg', '<svg>1</svg>'), shown('html', '<p>2</p>'))")
    embedded = [block["resource"] for block in result["content"] if block["type"] == "resource"]
    assert [resource["uri"].rpartition("/")[2] for resource in embedded] == [
        "display-1.svg", "display-2.html"]
    found = listed(headrace)
    for resource in embedded:
        assert read(headrace, resource["uri"]) == resource
        assert found[resource["uri"]]["mimeType"] == resource["mimeType"]
