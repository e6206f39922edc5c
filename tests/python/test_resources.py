"""Resources and prompts of servers: what is asked of the host, and what code gets."""

from __future__ import annotations

from base64 import b64encode

import pytest
from fake_host import RpcError

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def reading(host, *contents):
    asked = []
    host.handlers["read_resource"] = lambda params: asked.append(params) or {"contents": contents}
    return asked


def text(words, uri="demo://t", **more):
    return {"uri": uri, "mimeType": "text/plain", "text": words, **more}


def blob(data, uri="demo://b", kind="application/octet-stream"):
    return {"uri": uri, "mimeType": kind, "blob": b64encode(data).decode()}


def shown(host, code):
    outcome = host.run(code)
    assert outcome.status == "success" and outcome.stderr == "", outcome
    return outcome.stdout


def test_text_is_str(host):
    asked = reading(host, text("é\nzwei\ud800"))
    code = """
for r in (await runtime.read_resource('jira_cloud', 'demo://t'), runtime.read_resource_sync(mcp_jira_cloud, 'demo://t')):
    print(isinstance(r, str), r == 'é\\nzwei\\ud800', r.splitlines()[0], r.upper()[0])
    print(r.uri, r.mime_type, type(r.text).__name__, r.data[:2], r.contents[0].mimeType, len(r.contents))
"""
    assert shown(host, code) == (
        "True True é É\ndemo://t text/plain str b'\\xc3\\xa9' text/plain 1\n" * 2
    )
    assert asked == [{"server": "Jira Cloud", "uri": "demo://t"}] * 2
    assert shown(host, "r") == repr("é\nzwei\ud800") + "\n"


def test_binary_is_bytes(host):
    reading(host, blob(bytes(range(256))))
    code = """
r = await runtime.read_resource('filesystem', 'demo://b')
print(isinstance(r, bytes), r == bytes(range(256)), r[65:68], len(r), r.mime_type, r.contents[0].blob[:4])
import io, pickle; print(io.BytesIO(r).read(3), pickle.loads(pickle.dumps(r)).uri, r.text[65:68])
print(open(r.save('/tmp/headrace-test-resource'), 'rb').read() == r)
import os; os.remove('/tmp/headrace-test-resource')
"""
    assert shown(host, code) == (
        "True True b'ABC' 256 application/octet-stream AAEC\nb'\\x00\\x01\\x02' demo://b ABC\nTrue\n"
    )


def test_a_picture_is_shown(host):
    reading(host, blob(PNG, kind="image/png"))
    outcome = host.run("await runtime.read_resource('filesystem', 'demo://b')")
    assert [each["mimeType"] for each in outcome.displays] == ["image/png"]
    reading(host, blob(b"abc"))
    assert shown(host, "await runtime.read_resource('filesystem', 'demo://b')") == "b'abc'\n"


def test_json_in_a_resource(host):
    reading(host, text('{"a": [{"b": 1}]}'))
    assert shown(host, "(await runtime.read_resource('filesystem', 'x')).json().a[0].b") == "1\n"


def test_several_parts_are_a_list(host):
    reading(host, text("one", uri="demo://1"), blob(b"two", uri="demo://2"), text("three"))
    code = """
r = await runtime.read_resource('filesystem', 'demo://all')
print(r, [type(each).__name__ for each in r], len(r), isinstance(r, list))
print(repr(r.text), r.data, r.uri, r[1].uri, [c.uri for c in r.contents])
"""
    assert shown(host, code) == (
        "['one', b'two', 'three'] ['ResourceText', 'ResourceBytes', 'ResourceText'] 3 True\n"
        "'one\\nthree' b'onetwothree' demo://1 demo://2 ['demo://1', 'demo://2', 'demo://t']\n"
    )


@pytest.mark.parametrize(
    "answer",
    [None, 5, [], {}, {"contents": None}, {"contents": 5}, {"contents": []}, {"contents": [5]}],
)
def test_answers_without_contents(host, answer):
    host.handlers["read_resource"] = lambda params: answer
    code = "r = await runtime.read_resource('filesystem', 'x')\nprint(r, r.text == '', r.data, r.uri, r.mime_type, r.contents)"
    assert shown(host, code) == "[] True b'' None None []\n"


@pytest.mark.parametrize("content", [{}, {"uri": 5, "mimeType": None, "text": 7}, {"text": ""}])
def test_contents_of_odd_shapes(host, content):
    reading(host, content)
    code = "r = await runtime.read_resource('filesystem', 'x')\nprint(repr(r), r.uri, r.mime_type)"
    assert shown(host, code) == "'' None None\n"


def test_what_is_no_base64(host):
    reading(host, {"uri": "x", "blob": "abcde"})
    error = host.run("await runtime.read_resource('filesystem', 'x')").error
    assert error.startswith("mcp.runtime.MCPError: Server 'filesystem' sent a resource that is no base64")


def test_only_white_space_is_left_out_of_base64(host):
    code = "await runtime.read_resource('filesystem', 'x')"
    reading(host, {"uri": "x", "blob": "YWJj\r\nZGVm\n"})
    assert shown(host, code) == "b'abcdef'\n"
    for other in ("YW-_YWJj", "!!YWI=", "YWJj\x00", "YWJ\u00e9"):
        reading(host, {"uri": "x", "blob": other})
        assert "no base64" in host.run(code).error, other


LISTS = {
    "resources": ("resources", [{"uri": "demo://1", "name": "one", "mimeType": "text/plain", "size": 3}]),
    "resource_templates": ("resourceTemplates", [{"uriTemplate": "demo://{id}", "name": "one"}]),
    "prompts": ("prompts", [{"name": "one", "arguments": [{"name": "city", "required": True}]}]),
}


@pytest.mark.parametrize("kind", LISTS)
def test_lists(host, kind):
    member, listed = LISTS[kind]
    asked = []
    host.handlers[f"list_{kind}"] = lambda params: asked.append(params) or {member: [*listed, 5]}
    code = f"""
for found in (await runtime.list_{kind}('jira_cloud'), runtime.list_{kind}_sync(mcp_jira_cloud)):
    print(found == {listed!r}, [each.name for each in found])
"""
    assert shown(host, code) == "True ['one']\n" * 2
    assert asked == [{"server": "Jira Cloud"}] * 2
    for answer in (None, 5, {}, {member: None}, {member: 5}):
        host.handlers[f"list_{kind}"] = lambda params, answer=answer: answer
        assert shown(host, f"await runtime.list_{kind}('filesystem')") == "[]\n"


def test_listed_things_are_understood(host):
    for kind, (member, listed) in LISTS.items():
        host.handlers[f"list_{kind}"] = lambda params, m=member, found=listed: {m: found}
    reading(host, text("fine"))
    host.handlers["get_prompt"] = lambda params: {"messages": [], "description": params["name"]}
    code = """
one, = await runtime.list_resources('filesystem')
print(one.mime_type, one['mimeType'], await runtime.read_resource('filesystem', one))
print((await runtime.list_resource_templates('filesystem'))[0].uri_template)
prompt, = await runtime.list_prompts('filesystem')
print(prompt.arguments[0].required, (await runtime.get_prompt('filesystem', prompt)).description)
"""
    assert shown(host, code) == "text/plain text/plain fine\ndemo://{id}\nTrue one\n"


def test_prompts(host):
    asked = []
    answer = {
        "description": "Weather",
        "messages": [
            {"role": "user", "content": {"type": "text", "text": "In Paris?"}},
            {"role": "assistant", "content": {"type": "image", "data": "", "mimeType": "image/png"}},
            {"role": "user", "content": {"type": "resource", "resource": {"uri": "x", "text": "doc"}}},
        ],
    }
    host.handlers["get_prompt"] = lambda params: asked.append(params) or answer
    code = """
p = await runtime.get_prompt('filesystem', 'weather', {'city': 'Paris', 'days': 3, 'wet': True, 'no': None})
print(p.description, p.messages[0].role, p.messages[0].content.text, len(p['messages']))
print(p)
import json; print(json.loads(json.dumps(p))['messages'][2]['role'], p.text == str(p))
q = runtime.get_prompt_sync('filesystem', 'weather')
print(q == p)
"""
    assert shown(host, code) == (
        "Weather user In Paris? 3\nIn Paris?\n\n[image image/png]\n\ndoc\nuser True\nTrue\n"
    )
    assert asked == [
        {"server": "filesystem", "name": "weather", "arguments": {"city": "Paris", "days": "3", "wet": "true"}},
        {"server": "filesystem", "name": "weather", "arguments": {}},
    ]
    for odd in (None, 5, {}, {"messages": 5}, {"messages": [5, {}, {"content": None}]}):
        host.handlers["get_prompt"] = lambda params, odd=odd: odd
        assert shown(host, "(await runtime.get_prompt('filesystem', 'x')).text") == "''\n"


@pytest.mark.parametrize(
    "call, words",
    [
        ("read_resource('filesystem', 5)", "'uri' must be a string"),
        ("read_resource('filesystem', {})", "'uri' must be a string"),
        ("read_resource(5, 'x')", "'server' must be a string"),
        ("list_resources(None)", "'server' must be a string"),
        ("get_prompt('filesystem', None)", "'name' must be a string"),
        ("get_prompt('filesystem', 'x', [1])", "'arguments' must be an object"),
        ("get_prompt('filesystem', 'x', {'a': object()})", "object cannot be sent as JSON"),
    ],
)
def test_what_is_refused_here(host, call, words):
    for form in (f"await runtime.{call}", f"runtime.{call.replace('(', '_sync(', 1)}"):
        error = host.run(form).error
        assert error.startswith("mcp.runtime.MCPError") and words in error
    assert host.requests.empty()


def test_errors_of_the_host_pass_through(host):
    def refuse(params):
        raise RpcError(-32002, "Resource not found", {"uri": params["uri"]})

    host.handlers["read_resource"] = refuse
    code = "try: await runtime.read_resource('filesystem', 'demo://x')\nexcept runtime.MCPError as e: print(e, e.code, e.data)"
    assert shown(host, code) == "Resource not found -32002 {'uri': 'demo://x'}\n"


def test_in_threads_and_side_by_side(host):
    host.handlers["read_resource"] = lambda params: {"contents": [text(params["uri"])]}
    code = """
reads = [runtime.read_resource('filesystem', f'x{n}') for n in range(20)]
threads = [asyncio.to_thread(runtime.read_resource_sync, 'filesystem', f'y{n}') for n in range(20)]
print(await asyncio.gather(*reads, *threads) == [f'x{n}' for n in range(20)] + [f'y{n}' for n in range(20)])
"""
    assert shown(host, code) == "True\n"


def test_an_abandoned_read_is_cancelled(host):
    host.start("try: await asyncio.wait_for(runtime.read_resource('filesystem', 'x'), 0.05)\nexcept asyncio.TimeoutError: print('late')")
    request = host.next_request()
    assert host.finish().stdout == "late\n"
    host.wait_until(lambda: host.cancelled == [request["id"]])
