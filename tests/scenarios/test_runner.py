"""The runner itself: patterns match what they say and nothing else, and rules can be broken."""

import json

import pytest
from parties import Failed
from pattern import Malformed, Mismatch, match, read
from play import Play
from rules import Broken, ClientRules, ServerRules, parse
from script import MODERN_META, Scenario, read_script

FITS = [
    ("{id: 1, method: tools/call}", {"id": 1, "method": "tools/call"}),
    ('{a: "x", b?: 2}', {"a": "x"}),
    ("{a: 1, ...}", {"a": 1, "b": None}),
    ("[1, ...]", [1, 2, 3]),
    ('~"^a.c$"', "abc"),
    ("<integer> | <string>", "text"),
    ("!7", 8),
    ("$known", 5),
    ("{...$object, more: true}", {"x": 1, "more": True}),
    ('"ab" * 2 + "c"', "ababc"),
    (r"'a\r\n' + " + '"b"', "a\r\nb"),
    ("2025-11-25", "2025-11-25"),
    ("-1.5e3", -1500),
    ("{a: 1, $key: $value}", {"a": 1, "b": 2}),
    ("{$name: 1}", {"x": 1}),
    ("*", {"any": ["thing"]}),
]
DIFFERS = [
    ("{id: 1}", {"id": 1, "extra": 2}),
    ("{id: 1}", {}),
    ("{id: 1}", {"id": "1"}),
    ("{id: 1}", {"id": True}),
    ("[1]", [1, 2]),
    ("[1, 2, ...]", [1]),
    ('~"b"', "acd"),
    ("<integer>", 1.5),
    ("<integer>", True),
    ("<number>", "1"),
    ("!$known", 5),
    ("$known", 6),
    ("1 | 2", 3),
    ("null", 0),
    ("{a?: 1}", {"a": 2}),
    ("{a: 1, $key: 2}", {"a": 1}),
    ("{$name: 1}", {"y": 1}),
    ("{$key: 1}", {"y": 1, "z": 1}),
]
NAMES = {"known": 5, "name": "x", "object": {"x": 1}}


@pytest.mark.parametrize("pattern, value", FITS)
def test_patterns_that_fit(pattern, value):
    match(read(pattern), value, dict(NAMES))


@pytest.mark.parametrize("pattern, value", DIFFERS)
def test_patterns_that_do_not(pattern, value):
    with pytest.raises(Mismatch):
        match(read(pattern), value, dict(NAMES))


def test_a_variable_is_bound_only_by_what_fits_as_a_whole():
    names = {}
    with pytest.raises(Mismatch):
        match(read("{id: $id, method: x}"), {"id": 3, "method": "y"}, names)
    assert names == {}
    match(read("{id: $id, method: x}"), {"id": 3, "method": "x"}, names)
    assert names == {"id": 3}


@pytest.mark.parametrize("text", ["{a: }", "{a 1}", "[1", "<colour>", '"open', "1 2", "$", ""])
def test_malformed_patterns(text):
    with pytest.raises(Malformed):
        read(text)


@pytest.mark.parametrize("line", [
    b'{"jsonrpc":"2.0","id":1,"result":{}}', b'{"jsonrpc":"2.0","id":1,"result":{}}\r\n',
    b"\n", b"[]\n", b'{"id":1,"result":{}}\n', b'{"jsonrpc":"2.0","id":null,"result":{}}\n',
    b'{"jsonrpc":"2.0","result":{}}\n', b'{"jsonrpc":"2.0","id":1,"result":{},"extra":1}\n',
    b'{"jsonrpc":"2.0","id":1,"result":[]}\n', b'{"jsonrpc":"2.0","id":1,"id":1,"result":{}}\n',
    b'{"jsonrpc":"2.0","id":1,"result":{"a":null}}\n',
    b'{"jsonrpc":"2.0","id":1,"result":{"a":NaN}}\n', b'{"jsonrpc":"2.0","id":1,"result":{"\xff":1}}\n',
    b'{"jsonrpc":"2.0","id":1,"error":{"code":"x","message":"m"}}\n',
    b'{"jsonrpc":"2.0","id":1,"error":{"code":1}}\n', b'{"jsonrpc":"2.0","id":true,"method":"m"}\n',
    b'{"jsonrpc":"2.0","method":"m","params":[]}\n',
    b'{"jsonrpc":"2.0","id":1,"result":{"contents":[{"uri":"u","blob":"a"}]}}\n',
    b'{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"image","data":"?"}]}}\n',
])
def test_lines_that_break_a_rule(line):
    with pytest.raises(Broken):
        parse(line)


def ruled(requests, answers):
    rules = ClientRules()
    for request in requests:
        rules.sent({"jsonrpc": "2.0", **request})
    for answer in answers:
        line = json.dumps({"jsonrpc": "2.0", **answer}).encode() + b"\n"
        rules.received(line, parse(line))


CALL = {"id": 1, "method": "tools/call", "params": {"_meta": {"progressToken": "p"}}}
DONE = {"id": 1, "result": {}}


def progress(value, token="p"):
    return {"method": "notifications/progress", "params": {"progressToken": token, "progress": value}}


def test_what_a_client_may_be_sent():
    ruled([CALL], [progress(1), progress(1.5), DONE])
    ruled([CALL, CALL], [{"id": 1, "error": {"code": -32600, "message": "m"}}, progress(1), DONE])


@pytest.mark.parametrize("answers", [
    [DONE, DONE], [{"id": "1", "result": {}}], [progress(1), progress(1)], [progress(2), progress(1)],
    [DONE, progress(1)], [progress(1, "other")],
    [{"id": 1, "result": {"content": [{"type": "text", "text": "x" * (1 << 20)}]}}],
])
def test_what_a_client_may_not_be_sent(answers):
    with pytest.raises(Broken):
        ruled([CALL], answers)


@pytest.mark.parametrize("answer", [
    {"result": {}}, {"result": {"resultType": "complete"}},
    {"result": {"resultType": "complete", "ttlMs": -1, "cacheScope": "public"}},
    {"result": {"resultType": "complete", "ttlMs": 1, "cacheScope": "both"}},
    {"result": {"resultType": "other", "ttlMs": 1, "cacheScope": "public"}},
    {"error": {"code": -32002, "message": "m"}},
])
def test_what_a_modern_client_may_not_be_sent(answer):
    request = {"id": 2, "method": "tools/list", "params": {"_meta": MODERN_META}}
    good = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
    ruled([request], [{"id": 2, "result": good}])
    with pytest.raises(Broken):
        ruled([request], [{"id": 2, **answer}])


@pytest.mark.parametrize("messages, modern", [
    ([{"id": 1, "method": "a"}, {"id": 1, "method": "b"}], False),
    ([{"method": "notifications/cancelled", "params": {"requestId": 1}}], False),
    ([{"id": 1, "method": "a"}], True),
    ([{"id": 1, "method": "a", "params": {"_meta": {}}}], True),
])
def test_what_a_server_may_not_be_sent(messages, modern):
    rules = ServerRules()
    with pytest.raises(Broken):
        for message in messages:
            rules.received(message, modern)


def test_a_well_behaved_server_leaves_calls_to_the_script():
    play = Play(modern=False, tools=["work"])
    listed, = play.answers({"id": 4, "method": "tools/list"})
    assert listed["id"] == 4 and listed["result"]["tools"][0]["name"] == "work"
    assert play.answers({"id": 5, "method": "tools/call"}) is None
    assert play.answers({"method": "notifications/cancelled"}) is None


def test_indented_lines_belong_to_the_one_above():
    lines = read_script("# what\n\nclient runs 1:\n    a\n\n    b\nclient pings\n")
    assert [line.text for line in lines] == ["client runs 1:\n    a\n    b", "client pings"]


@pytest.mark.parametrize("line", ["nobody sends {}", "client dances", "client sends {a: $unknown}"])
def test_a_line_that_makes_no_sense_is_named(tmp_path, line):
    with pytest.raises(Failed, match="line 1"):
        Scenario(line, "/bin/cat", tmp_path).perform()


@pytest.mark.parametrize("script, words", [
    ("client receives {id: 1}", "ended"),
    ("client sends {id: 1, method: ping}\nclient receives {id: 1, result: {}}", "it has no 'result'"),
    ("client sends {method: ping}", "more than the script says"),
])
def test_a_program_that_only_echoes_fails(tmp_path, script, words):
    """`cat` ends at the end of its input, and repeats what it is sent."""
    if words == "ended":
        script = "client closes\n" + script
    with pytest.raises(Failed, match=words):
        Scenario(script, "/bin/cat", tmp_path).perform()
