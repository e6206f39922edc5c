"""The fixtures themselves: Headrace starts on every runtime, and all of it ends."""


def test_code_runs(start, runtime):
    headrace = start(runtime)
    assert headrace.output("print(6 * 7)") == "42"
    assert headrace.output("x = 1\nprint('one')") == "one"
    assert headrace.output("x + 1") == "2"
    assert headrace.close() == 0
