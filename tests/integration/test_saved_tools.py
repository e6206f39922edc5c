"""Functions that code saves: there in every later session, versioned on the host, never half."""

import re

import pytest

from raw_client import text_of

AREA = """
import math
def area(radius):
    "The area of a circle."
    return round(math.pi * radius ** 2, {digits})
save_tool(area)
"""


@pytest.fixture
def folder(home):
    return home.servers / "user_tools"


def test_a_saved_tool_is_there_in_every_new_session(start, runtime, folder):
    first = start(runtime)
    first.output(AREA.format(digits=2))
    assert (folder / "area.py").read_text().startswith("import math\n")
    assert first.output("print(area(2))", session="new") == "12.57"
    assert first.close() == 0
    later = start(runtime)
    assert later.output("print(area(2))") == "12.57"
    listed = later.json("import json\nprint(json.dumps([dict(t) for t in runtime.saved_tools()]))")
    assert [(tool["name"], tool["version"]) for tool in listed] == [("area", 1)]
    assert "The area of a circle." in listed[0]["doc"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", listed[0]["saved"])


def test_versions_are_kept(start, some_runtime, folder):
    headrace = start(some_runtime)
    for digits in (1, 2, 2, 3):
        headrace.output(AREA.format(digits=digits))
    assert "radius ** 2, 3)" in (folder / "area.py").read_text()
    kept = sorted(file.name for file in (folder / ".versions" / "area").iterdir())
    assert kept == ["0001.py", "0002.py"]
    assert "radius ** 2, 1)" in (folder / ".versions" / "area" / "0001.py").read_text()
    assert headrace.output("print(runtime.saved_tools()[0]['version'])") == "3"


def test_a_deleted_tool_is_gone_and_not_lost(start, some_runtime, folder):
    headrace = start(some_runtime)
    headrace.output(AREA.format(digits=2))
    headrace.output("runtime.delete_tool('area')")
    assert "NameError" in headrace.failure("area(1)", session="new")
    assert headrace.output("print(list(runtime.saved_tools()))") == "[]"
    assert not (folder / "area.py").exists()
    assert "def area" in (folder / ".versions" / "area" / "0001.py").read_text()
    assert "is no saved tool" in headrace.failure("runtime.delete_tool('area')")
    assert "is no saved tool" in headrace.failure("runtime.delete_tool('../area')")


def test_live_sessions_learn_of_it_at_their_next_run(start, runtime):
    headrace, other = start(runtime), start(runtime)
    headrace.output("x = 1", session="live")
    other.output("x = 1")
    headrace.output(AREA.format(digits=2))
    assert headrace.output("print(x, area(2))", session="live") == "1 12.57"
    assert other.output("print(x, area(2))") == "1 12.57"
    # What a session has made of its own is not undone by the news of another tool.
    headrace.output("def area(radius):\n    return 'mine'", session="live")
    other.output("def twice(x):\n    return 2 * x\nsave_tool(twice)")
    assert headrace.output("print(area(1), twice(2))", session="live") == "mine 4"


SAVES = """
for n in range(10):
    source = f'def {who}_{{n}}():\\n    return {{n}}\\n'
    exec_globals = globals()
    name = f'{who}_{{n}}'
    import linecache
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    exec(compile(source, name, 'exec'), globals())
    save_tool(globals()[name])
    source = f'def shared():\\n    return "{who}", {{n}}\\n'
    linecache.cache[f's{{n}}'] = (len(source), None, source.splitlines(True), f's{{n}}')
    exec(compile(source, f's{{n}}', 'exec'), globals())
    save_tool(shared)
"""


def test_two_that_save_at_once_lose_nothing(start, runtime, folder):
    one, two = start(runtime), start(runtime)
    # Two processes, and two sessions of one of them.
    runs = [(one, one.start_run(SAVES.format(who="a"))),
            (one, one.start_run(SAVES.format(who="b"), session="b")),
            (two, two.start_run(SAVES.format(who="c")))]
    for headrace, run in runs:
        result = headrace.end_of_run(run)
        assert not result.get("isError"), text_of(result)
    assert one.json("""
import json
print(json.dumps([globals()[f'{who}_{n}']() for who in 'abc' for n in range(10)]))
""", session="new") == list(range(10)) * 3
    versions = [file.read_text() for file in (folder / ".versions" / "shared").iterdir()]
    versions.append((folder / "shared.py").read_text())
    # The last twenty-one of thirty, each of them once.
    assert len(versions) == 21 == len(set(versions))
    assert one.output("print([t['version'] for t in runtime.saved_tools() "
                      "if t['name'] == 'shared'])") == "[30]"
    assert all(text.startswith("def ") and "return" in text for text in versions)


@pytest.mark.parametrize("source, word", [
    ("def broken(:\n", "SyntaxError"), ("raise ValueError('no good')\n", "no good"),
    ("import os\nos._exit(5)\n", "line 2, `os._exit(5)`"),
    ("def print():\n    pass\nbroken = 5\n", "'print' is a name of Python's own"),
    ("import nothing_of_this_name\ndef broken(): pass\n", "nothing_of_this_name")])
def test_a_broken_tool_is_reported_and_skipped(start, runtime, folder, source, word):
    folder.mkdir()
    (folder / "broken.py").write_text(source)
    (folder / "good.py").write_text("def good():\n    return 'good'\n")
    (folder / "bytes.py").write_bytes(b"\xff\xfe\x00")
    (folder / "not-a-name.py").write_text("x = 1")
    headrace = start(runtime)
    result = headrace.run("print(good())")
    assert not result.get("isError")
    text = text_of(result)
    assert "good" in text and "'broken' could not be loaded" in text and word in text
    # Said once in a session.
    assert headrace.output("print(good())") == "good"


def test_what_does_not_compile_is_not_kept(start, some_runtime, folder):
    headrace = start(some_runtime)
    headrace.failure("""
import json
from headrace_runtime import session
session.current.channel.request_sync('save_tool', json.dumps(
    {'name': 'a/b', 'source': 'x = 1'}))
""")
    headrace.failure("save_tool(eval)")
    headrace.failure("save_tool(5)")
    headrace.failure("save_tool(lambda: 1)")
    headrace.failure("def display(): pass\nsave_tool(display)", session="other")
    assert not folder.exists() or not list(folder.glob("*.py"))
    assert headrace.output("print('goes on')") == "goes on"


def test_a_folder_that_can_not_be_written_says_so(start, some_runtime, home):
    (home.servers / "user_tools").write_text("in the way")
    text = start(some_runtime).failure(AREA.format(digits=2))
    assert "user_tools" in text and "can't be written" in text
