"""Tools with names, schemas and descriptions as nobody should give them: code finds them, reads about
them and calls them all the same."""

import pytest


@pytest.fixture
def odd(start, some_runtime, home):
    home.add_python("odd", "odd_tools.py")
    return start(some_runtime)


def test_each_can_be_called_by_its_alias_and_by_its_name(odd):
    found = odd.json("""
import json
tools = await mcp_odd.list_tools()
names, aliases = [tool["name"] for tool in tools], [tool["alias"] for tool in tools]
told = []
takes = {"tree": {"name": "fir"}, "round": {"self": {}}}
for name, alias in zip(names, aliases):
    arguments = takes.get(name, {"from": "here"})
    for call in (getattr(mcp_odd, alias), mcp_odd[name], getattr(mcp_odd, alias).sync):
        result = call(**arguments)
        result = result if hasattr(result, "text") else await result
        told.append(json.loads(result.text))
    told.append(json.loads((await runtime.call_tool("odd", name, arguments)).text))
print(json.dumps([names, aliases, told, dir(mcp_odd)]))
""")
    names, aliases, told, shown = found
    assert len(set(aliases)) == len(names) == 18
    takes = {"tree": {"name": "fir"}, "round": {"self": {}}}
    assert told == [[name, takes.get(name, {"from": "here"})] for name in names for _ in range(4)]
    by_name = dict(zip(names, aliases))
    assert {name: by_name[name] for name in (
        "class", "None", "__init__", "__getattr__", "list_tools", "_name", "_repr_html_", "日本語",
        "한국어", "größe")} == {
        "class": "class_", "None": "none", "__init__": "init__", "__getattr__": "getattr__",
        "list_tools": "list_tools_", "_name": "name", "_repr_html_": "repr_html_", "日本語": "_",
        "한국어": "_2", "größe": "gr_e"}
    assert shown == sorted([*aliases, "list_tools"])


def test_python_takes_unicode_names_as_they_are(odd):
    assert odd.output("print(await mcp_odd.日本語(), await mcp_odd.größe())") == (
        '["\\u65e5\\u672c\\u8a9e", {}] ["gr\\u00f6\\u00dfe", {}]')


def test_help_and_signatures_are_readable(odd):
    found = odd.json("""
import contextlib, inspect, io, json
told = {}
for tool in await mcp_odd.list_tools():
    function = getattr(mcp_odd, tool["alias"])
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        help(function)
    told[tool["name"]] = [str(inspect.signature(function)), text.getvalue(), function.__doc__]
text = io.StringIO()
with contextlib.redirect_stdout(text):
    help(mcp_odd)
print(json.dumps([told, text.getvalue()]))
""")
    told, of_server = found
    signatures = {name: signature for name, (signature, _, _) in told.items()}
    assert signatures["anything"] == "(**extra)" and signatures["empty"] in ("()", "(**extra)")
    assert signatures["tree"].startswith("(name: str, children: list[Node] = ...")
    assert signatures["round"].startswith("(self: dict = ...")
    assert signatures["class"] == "(from_: str, links: list[Links] = ...)"
    assert "Links = TypedDict('Links', {'import': str}, total=False)" in told["class"][1]
    assert "class Node(TypedDict): name: str; children: NotRequired[list[Node]]" in told["tree"][1]
    for name, (_, shown, doc) in told.items():
        assert shown.startswith("await mcp_odd.") and doc.strip(), name
        assert len(shown) < 20_000, "a long description is cut"
    assert told["long"][2].startswith("Begins zebra. yak yak") and "[cut: " in told["long"][2]
    assert len(of_server.splitlines()) < 60 and "mcp_odd.class_(from_: str" in of_server
    # What a terminal would obey is not on the lines that list them.
    assert "\x1b" not in of_server and "\x00" not in of_server and "\x07" not in of_server


def test_search_finds_them(odd):
    found = odd.json("""
import json
asked = {"anything": "anything", "empty": "empty", "conifer": "tree", "round": "round",
         "class": "class", "dunder": "__init__", "日本語": "日本語", "桜を植える": "日本語",
         "größe": "größe", "한국어": "한국어", "kind of gap": "a b\\tc\\n\\"d'\\\\", "bell": "control",
         "zebra": "long", "x" * 64: "x" * 5000}
told = {}
await mcp_odd.empty()  # so that the server runs
for words, tool in asked.items():
    for detail in ("summary", "full", "signature"):
        hit = (await runtime.search_tool_docs(words, limit=1, detail=detail))[0]
        told[f"{words} {detail}"] = [hit.tool == tool, hit.server, hit.running, hit.score > 0]
        assert len(json.dumps(hit)) < 40_000, hit.tool[:100]
print(json.dumps(told))
""")
    assert found == {question: [True, "odd", True, True] for question in found} and len(found) == 42


def test_ten_thousand_tools_of_one_server(start, some_runtime, home):
    home.add_python("odd", "odd_tools.py", "10000")
    headrace = start(some_runtime)
    assert headrace.json("""
import contextlib, inspect, io, json
hits = [hit.tool for hit in await runtime.search_tool_docs("pebble 9998", limit=3)]
named = len(dir(mcp_odd))
text = io.StringIO()
with contextlib.redirect_stdout(text):
    help(mcp_odd)
last = text.getvalue().splitlines()[-1]
told = json.loads((await mcp_odd.tool_9999(n=1)).text)
print(json.dumps([hits[0], named, last.split(":")[0], told,
                  str(inspect.signature(mcp_odd.tool_9999)), len(await mcp_odd.list_tools())]))
""") == ["tool_9998", 10019, "and 9,818 more", ["tool_9999", {"n": 1}], "(n: int = ...)", 10018]
