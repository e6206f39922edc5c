"""What a client that asks for progress hears while code runs."""

import json

import pytest

from raw_client import text_of

PROGRESS = "notifications/progress"


def heard(headrace, token="p"):
    """All progress so far; its numbers always grow."""
    updates = [m["params"] for m in headrace.notifications(PROGRESS)
               if m["params"]["progressToken"] == token]
    steps = [update["progress"] for update in updates]
    assert all(a < b for a, b in zip(steps, steps[1:])), steps
    return updates


def texts(headrace):
    return [update.get("message", "") for update in heard(headrace)]


def test_what_is_printed_comes_while_the_code_runs(start, runtime):
    headrace = start(runtime)
    id = headrace.start_run(
        "import sys, time\n"
        "print('first')\n"
        "print('to stderr', file=sys.stderr)\n"
        "print('second')\n"
        "time.sleep(1000)", progress_token="p", timeout=60)
    headrace.wait_notification(PROGRESS, lambda p: "first" in p.get("message", ""))
    headrace.wait_notification(PROGRESS, lambda p: "second" in p.get("message", ""))
    headrace.wait_notification(PROGRESS, lambda p: "to stderr" in p.get("message", ""))
    assert headrace.answers(id) == []
    together = "\n".join(texts(headrace))
    assert together.index("first") < together.index("second")
    headrace.notify("notifications/cancelled", {"requestId": id})
    assert headrace.output("print('next')").endswith("next")


def test_the_answer_holds_the_output_once(start, some_runtime):
    headrace = start(some_runtime)
    id = headrace.start_run("import time\nfor i in range(3):\n    print('line', i)\n"
                            "    time.sleep(0.3)", progress_token="p")
    assert text_of(headrace.end_of_run(id)) == "line 0\nline 1\nline 2"
    headrace.call("ping")
    last = max(i for i, m in enumerate(headrace.messages) if m.get("method") == PROGRESS)
    assert last < [m.get("id") for m in headrace.messages].index(id)


def test_what_draws_over_itself_is_told_as_it_stands(start, some_runtime):
    headrace = start(some_runtime)
    id = headrace.start_run(
        "import sys, time\n"
        "for i in range(1000):\n"
        "    sys.stderr.write(f'\\r{i / 10:5.1f}%|{\"#\" * (i // 100)}')\n"
        "sys.stderr.write('\\r100.0%|done')\n"
        "sys.stderr.flush()\n"
        "time.sleep(1000)", progress_token="p", timeout=60)
    headrace.wait_notification(PROGRESS, lambda p: "100.0%|done" in p.get("message", ""))
    for text in texts(headrace):
        assert "\r" not in text and text.count("%") <= 1
    headrace.notify("notifications/cancelled", {"requestId": id})


def test_progress_of_the_code_itself(start, runtime):
    headrace = start(runtime)
    id = headrace.start_run(
        "print('begun')\n"
        "runtime.progress(1, 10, 'one')\n"
        "import time; time.sleep(1)\n"
        "runtime.progress(5.5, 10, 'more than\\nhalf')\n"
        "time.sleep(1)\n"
        "runtime.progress(10, 10)", progress_token="p")
    assert headrace.end_of_run(id)["isError"] is False
    told = [u for u in heard(headrace) if "total" in u and u["progress"] in (1, 5.5, 10)]
    assert [(u["progress"], u["total"]) for u in told] == [(1, 10), (5.5, 10), (10, 10)]
    assert told[0]["message"] == "one" and told[1]["message"] == "more than half"


def test_numbers_that_do_not_grow_are_made_to(start, some_runtime):
    headrace = start(some_runtime)
    headrace.end_of_run(headrace.start_run(
        "import time\n"
        "for n in (5, 5, 3, -1, 6):\n"
        "    runtime.progress(n, 10)\n"
        "    time.sleep(0.4)", progress_token="p"))
    assert [u["progress"] for u in heard(headrace)][-1] == 6


def test_nothing_without_a_token(start, some_runtime):
    headrace = start(some_runtime)
    headrace.output("print('x')\nruntime.progress(1, 2)\nimport time; time.sleep(0.5)\nprint('y')")
    assert headrace.notifications(PROGRESS) == []


def test_a_flood_is_bounded(start, some_runtime):
    headrace = start(some_runtime)
    id = headrace.start_run("for i in range(300000):\n    print('line', i)", progress_token="p",
                            timeout=60)
    result = headrace.end_of_run(id)
    assert "line 299999" in text_of(result)
    for update in heard(headrace):
        assert len(update.get("message", "").encode()) <= 4096


@pytest.mark.parametrize("code", [
    "import sys; sys.stdout.buffer.write(bytes(range(256)) * 100)",
    "print('\\x1b[31mred\\x1b[0m \\x1b]0;title\\x07 \\x85 \\u2028 \\x00')",
    "print('x' * 5_000_000, end='')",
    "print('\\r' * 100_000)",
    "print('\\n' * 100_000)",
])
def test_output_of_any_kind_is_told_as_clean_text(start, some_runtime, code):
    headrace = start(some_runtime)
    id = headrace.start_run(code + "\nimport sys; sys.stdout.flush()\nprint('the end')",
                            progress_token="p", timeout=60)
    assert "the end" in text_of(headrace.end_of_run(id))
    for text in texts(headrace):
        assert len(text.encode()) <= 4096
        assert all(c in "\n\t" or (c.isprintable() or ord(c) > 0xa0) for c in text), text


def test_runs_side_by_side_are_told_apart(start, some_runtime):
    headrace = start(some_runtime)
    ids = [headrace.start_run(f"print('of {name}')\nimport time; time.sleep(1000)", timeout=60,
                              progress_token=name, session=name) for name in ("a", "b")]
    for name in ("a", "b"):
        headrace.wait_notification(PROGRESS, lambda p: p["progressToken"] == name and
                                   f"of {name}" in p.get("message", ""))
    for id in ids:
        headrace.notify("notifications/cancelled", {"requestId": id})
    for name, other in ("ab", "ba"):
        assert f"of {other}" not in json.dumps(heard(headrace, name))
