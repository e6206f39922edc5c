"""What makes a session one to work in: state, what the last value shows, tracebacks, saved tools."""

import base64
import json

import pytest

from raw_client import text_of

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")


def test_after_an_exception_the_state_is_that_of_its_line(start, runtime):
    headrace = start(runtime)
    assert "ZeroDivisionError" in headrace.failure("a = 1\nb = [1]\nb.append(a / 0)\na = 2")
    assert headrace.output("(a, b)") == "(1, [1])"


def test_everything_lasts_from_run_to_run(start, runtime):
    headrace = start(runtime)
    headrace.output("""
import os.path as path
file = open('notes', 'w+')
ticks = []
async def tick():
    while True:
        ticks.append(1)
        await asyncio.sleep(0.01)
task = asyncio.create_task(tick())
def double(x): return 2 * x
file.write('text');
""")
    assert headrace.output("file.seek(0); (file.read(), path.join('a', 'b'), double(4))") == \
        "('text', 'a/b', 8)"
    headrace.output("seen = len(ticks)\nwhile len(ticks) < seen + 3: await asyncio.sleep(0.01)")


def test_tracebacks_have_the_users_frames_and_lines(start, runtime):
    headrace = start(runtime)
    headrace.output("async def divide(n):\n    await asyncio.sleep(0)\n    return 1 / n")
    text = headrace.failure("x = 1\nawait asyncio.gather(divide(1), divide(0))")
    assert "    await asyncio.gather(divide(1), divide(0))\n" in text
    assert "    return 1 / n\n" in text
    assert "headrace_runtime" not in text and "asyncio/" not in text


def test_a_picture_of_an_object_comes_in_its_place(start, runtime):
    headrace = start(runtime)
    result = headrace.run(
        f"class Shown:\n    def _repr_png_(self): return {PNG!r}\nprint('one')\ndisplay(Shown())\n"
        "print('two')\nShown()")
    assert [block["type"] for block in result["content"]] == ["text", "image", "text", "image"]
    assert base64.b64decode(result["content"][1]["data"]) == PNG


@pytest.mark.parametrize("method", ["__repr__", "_repr_png_", "_repr_html_"])
def test_a_form_that_raises_or_never_ends_costs_no_state(start, some_runtime, method):
    headrace = start(some_runtime)
    headrace.output(f"""
kept = 5
class Bad:
    def {method}(self): raise ValueError('no form')
class Endless:
    def {method}(self):
        while True: pass
""")
    result = headrace.run("Bad()")
    assert "ValueError: no form" in json.dumps(result)
    result = headrace.run("Endless()", timeout=1)
    assert result["isError"] and "timed out" in text_of(result).lower()
    assert headrace.output("kept") == "5"


def test_nobody_answers_input(start, runtime):
    text = start(runtime).failure("input('Name? ')")
    assert "EOFError: input() has nobody to ask here" in text


def test_reset_starts_afresh(start, runtime):
    headrace = start(runtime)
    headrace.output("x = 5\nopen('notes', 'w').close()")
    headrace.output("runtime.reset();")
    text = headrace.output("import os\nprint('x' in globals(), os.listdir('.'))")
    assert "False []" in text


def test_saved_tools_are_versioned_listed_and_deleted(start, some_runtime):
    headrace = start(some_runtime)
    code = 'def area(r: float) -> float:\n    "Of a circle."\n    return 3 * r * r\nprint(save_tool(area))'
    assert "as version 1" in headrace.output(code)
    assert "as version 2" in headrace.output(code.replace("3 *", "3.14 *"))
    other = start(some_runtime)
    listed = "import json; print(json.dumps([t for t in runtime.saved_tools()]))"
    (tool,) = other.json(listed)
    assert (tool["name"], tool["version"], tool["doc"]) == ("area", 2, "Of a circle.")
    assert tool["signature"] == "area(r: float) -> float" and "3.14 *" in tool["source"]
    assert other.output("area(2)") == "12.56"
    other.output("runtime.delete_tool('area');")
    assert "NameError" in other.failure("area(2)")
    assert other.json(listed) == []
    assert "NameError" in start(some_runtime).failure("area(2)")


def test_a_tool_that_would_not_load_is_not_saved(start, some_runtime, home):
    headrace = start(some_runtime)
    text = headrace.failure("class A: pass\ndef f(x=A()): return x\nsave_tool(f)")
    assert "f is not saved" in text
    assert not list(home.servers.glob("user_tools/f*"))
