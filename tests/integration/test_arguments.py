"""Arguments are checked before a call: what is wrong by the tool's schema comes back with the nearest
right name, and what the server would take is let through."""

import json
from pathlib import Path

import jsonschema
import pytest

# Tries calls; the arguments as the server saw them, or the words and the code of the error.
TRY = """
import json
from mcp.runtime import MCPError

async def attempt(tool, **arguments):
    try:
        return (await tool(**arguments)).structuredContent["arguments"]
    except MCPError as error:
        return [error.code, str(error)]
"""


@pytest.fixture
def attempts(start, home, some_runtime):
    """attempts(expressions) → what became of each, in one run."""
    home.add_python("echo-er", "echoing.py")
    headrace = start(some_runtime)

    def run(*calls):
        lines = ",\n    ".join(f"await attempt(mcp_echo_er.{call})" for call in calls)
        return headrace.json(f"{TRY}\nprint(json.dumps([\n    {lines}\n]))")

    return run


READ = ("It takes (path: str, head: int = ..., from_: str = ..., user_id: str = ..., "
        "mode: Literal['text', 'binary'] = ..., paths: list[str] = ..., deep: bool = ...)")


def test_wrong_names(attempts):
    found = attempts(
        "read, pth='x'", "read, path='x', Head=1", "read, filename='x'", "read, head=1",
        "closed, file_path='x'", "closed, max_results=3", "closed, something=1",
        "nothing, random_string='x'", "read, pathName='x'")
    assert [code for code, _ in found] == [-32602] * len(found)
    assert [words for _, words in found] == [
        f"mcp_echo_er.read() has no parameter 'pth'; did you mean 'path'? {READ}",
        f"mcp_echo_er.read() has no parameter 'Head'; did you mean 'head'? {READ}",
        f"mcp_echo_er.read() has no parameter 'filename'. {READ}",
        f"mcp_echo_er.read() needs 'path'. {READ}",
        "mcp_echo_er.closed() has no parameter 'file_path'; did you mean 'filePath'? "
        "It takes (filePath: str = ..., maxResults: float = ...)",
        "mcp_echo_er.closed() has no parameter 'max_results'; did you mean 'maxResults'? "
        "It takes (filePath: str = ..., maxResults: float = ...)",
        "mcp_echo_er.closed() has no parameter 'something'. "
        "It takes (filePath: str = ..., maxResults: float = ...)",
        "mcp_echo_er.nothing() has no parameter 'random_string'. It takes ()",
        f"mcp_echo_er.read() has no parameter 'pathName'. {READ}"]


def test_wrong_values(attempts):
    found = attempts(
        "read, path=7", "read, path='x', head='many'", "read, path='x', head=1.5",
        "read, path='x', head=None", "read, path=None", "read, path='x', mode='txt'",
        "read, path='x', mode='other'", "read, path='x', paths='x'", "read, path=['x']",
        "read, path='x', deep='perhaps'", "read, path='x', from_=1")
    assert [code for code, _ in found] == [-32602] * len(found)
    assert [words for _, words in found] == [f"mcp_echo_er.read(): {words}" for words in [
        f"'path' has to be str, not int. {READ}",
        f"'head' has to be int, not str. {READ}",
        f"'head' has to be int, not float. {READ}",
        f"'head' has to be int, not None: leave it out. {READ}",
        f"'path' has to be str, not None. {READ}",
        f"'mode' has to be one of 'text', 'binary', not 'txt'; did you mean 'text'? {READ}",
        f"'mode' has to be one of 'text', 'binary', not 'other'. {READ}",
        f"'paths' has to be list, not str. {READ}",
        f"'path' has to be str, not list. {READ}",
        f"'deep' has to be bool, not str. {READ}",
        f"'from_' has to be str, not int. {READ}"]]


def test_what_is_right_or_may_be_arrives_as_it_was_given(attempts):
    calls = {
        "read, path='x', head=3, mode='binary', paths=['a'], deep=True":
            {"path": "x", "head": 3, "mode": "binary", "paths": ["a"], "deep": True},
        # By the names of the signature, and by their own.
        "read, path='x', from_='a', user_id='b'": {"path": "x", "from": "a", "user-id": "b"},
        "read, **{'path': 'x', 'from': 'a', 'user-id': 'b'}":
            {"path": "x", "from": "a", "user-id": "b"},
        # A name that is not listed where the schema does not say that there are no others.
        "read, path='x', tail=3": {"path": "x", "tail": 3},
        # What servers convert.
        "read, path='x', head='3', deep='true', paths='[\"a\"]'":
            {"path": "x", "head": "3", "deep": "true", "paths": '["a"]'},
        "read, path='x', head=3.0": {"path": "x", "head": 3.0},
        "open, pth=1, paht=[]": {"pth": 1, "paht": []},
        "by_pattern, pat=1": {"pat": 1},
        "either, pth=1": {"pth": 1},
        "filled_in": {},
        "anything, x=1, y=None": {"x": 1, "y": None},
        "truth, x=[1]": {"x": [1]},
        "bare, x='y'": {"x": "y"},
        "nothing": {},
    }
    assert attempts(*calls) == list(calls.values())


def test_other_ways_to_call(attempts, start, home, some_runtime):
    headrace = start(some_runtime)
    found = headrace.json("""
import json
from mcp.runtime import MCPError
words = []
for call in (lambda: mcp_echo_er.read.sync(pth=1),
             lambda: runtime.call_tool_sync("echo-er", "read", {"path": 1}),
             lambda: mcp_echo_er.read.sync({"Path": "x"})):
    try:
        call()
    except MCPError as error:
        words.append(str(error).split(". It")[0].split("? It")[0])
right = mcp_echo_er.read.sync("x", 3)
print(json.dumps([words, right.structuredContent["arguments"]]))
""")
    assert found == [["mcp_echo_er.read() has no parameter 'pth'; did you mean 'path'",
                      "mcp_echo_er.read(): 'path' has to be str, not int",
                      "mcp_echo_er.read() has no parameter 'Path'; did you mean 'path'"],
                     {"path": "x", "head": 3}]


def test_a_tool_that_has_changed_is_not_judged_by_what_it_was(attempts):
    found = attempts("read, path='before'", "change", "read, file='after'", "read, path='old'")
    assert found[:3] == [{"path": "before"}, {}, {"file": "after"}]
    assert found[3][0] == -32602
    assert "no parameter 'path'" in found[3][1]
    assert "It takes (file: str, head: int" in found[3][1]


def test_a_list_that_is_kept_from_before_refuses_nothing(start, home, some_runtime):
    tools = home.path / "tools.json"
    home.add_python("echo-er", "echoing.py", tools)
    found = []
    for name in ("path", "file"):
        tools.write_text(json.dumps([{"name": "read", "inputSchema": {
            "type": "object", "required": [name], "additionalProperties": False,
            "properties": {name: {"type": "string"}}}}]))
        headrace = start(some_runtime)
        found.append(headrace.json(f"""{TRY}
print(json.dumps([await attempt(mcp_echo_er.read, {name}="x"),
                  await attempt(mcp_echo_er.read, head=1)]))
"""))
        headrace.close()
    words = "mcp_echo_er.read() has no parameter 'head'. It takes ({}: str)"
    assert found == [[{name: "x"}, [-32602, words.format(name)]] for name in ("path", "file")]


def test_large_arguments_are_checked_and_arrive(start, home, some_runtime):
    home.add_python("echo-er", "echoing.py")
    found = start(some_runtime).json(TRY + """
rows = [[1, "a"]] * 100_000
right = await attempt(mcp_echo_er.read, path="x", text="y" * 3_000_000, rows=rows)
wrong = await attempt(mcp_echo_er.read, pth="x" * 3_000_000, rows=rows)
print(json.dumps([len(right["text"]), right["rows"] == rows, wrong]))
""")
    assert found[:2] == [3_000_000, True]
    assert "did you mean 'path'?" in found[2][1] and len(found[2][1]) < 1000


VALUES = [1, 0, 2, -7, 1.0, 1.5, 1e3, 1e20, True, False, None, "", "5", "5.0", " 7 ", "1_0", "+3",
          "1e3", "nan", "-inf", "abc", "true", "Yes", "OFF", "t", "null", "None", "[1]", " [1] ",
          "{}", '{"x":1}', '["x"]', "a", "A", "b", "c", "red", "RED", "1", "2024-01-01",
          "2024-01-01T00:00:00Z", "P1D", "12:00", "00000000-0000-0000-0000-000000000000", [], [1],
          ["1"], ["a"], [1, "x"], {}, {"x": 1}, {"x": "1"}, [None], [[]]]


def test_nothing_is_refused_that_a_server_takes(start, home, some_runtime):
    """Every kind of parameter, every kind of value: by itself, and through the check."""
    home.add_python("converting", "converting.py")
    headrace = start(some_runtime)
    found = headrace.json(f"""
import json
from mcp.runtime import MCPError
values = json.loads({json.dumps(json.dumps(VALUES))})
wrong, refused, taken = [], 0, 0
for kind in (await mcp_converting.kinds()).structuredContent["result"]:
    tool = getattr(mcp_converting, "take_" + kind)
    answers = json.loads((await mcp_converting.takes(kind=kind, values=values)).text)
    for value, takes in zip(values, answers):
        try:
            await tool(value=value)
            taken += 1
        except MCPError as error:
            refused += error.code == -32602
            if takes:
                wrong.append([kind, value, str(error)])
print(json.dumps([wrong, refused, taken]))
""")
    wrong, refused, taken = found
    assert wrong == []
    # Most of what is wrong has not come to the server.
    assert refused > 300 and taken > 200


REPOSITORY = Path(__file__).resolve().parents[2]


def example(schema, root, depth=0):
    """A value that a schema allows, as far as that can be told simply."""
    if not isinstance(schema, dict) or depth > 10:
        return {}
    if "$ref" in schema:
        at = root
        for part in schema["$ref"].lstrip("#/").split("/"):
            at = at[part]
        return example(at, root, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][-1]
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return example(schema[key][0], root, depth + 1)
    kind = schema.get("type")
    kind = kind[-1] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: example(schema["properties"][name], root, depth + 1)
                for name in schema.get("required", []) if name in schema.get("properties", {})}
    if kind == "array":
        return [example(schema.get("items"), root, depth + 1)] * schema.get("minItems", 1)
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    return {"string": "x" * max(schema.get("minLength", 1), 1), "boolean": True, "null": None,
            "integer": int(low) + 1, "number": low + 1}.get(kind, "x")


def test_nothing_right_is_refused_by_the_schemas_of_real_servers(start, home, some_runtime):
    """1,600 tools of real servers, each with what it requires, and with all that it has."""
    catalogue = json.loads((REPOSITORY / "bench/search_quality/catalogue.json").read_text())
    tools, calls = [], []
    for server in catalogue["servers"]:
        for tool in server["tools"]:
            name, schema = f"{server['name']}_{tool['name']}", tool["inputSchema"]
            tools.append({"name": name, "inputSchema": schema})
            properties = schema.get("properties", {})
            right = jsonschema.validators.validator_for(schema)(schema)
            for names in (schema.get("required", []), properties):
                arguments = {key: example(properties[key], schema) for key in names
                             if key in properties}
                if right.is_valid(arguments):
                    calls.append([name, arguments])
    assert len(tools) > 1500 and len(calls) > 1.8 * len(tools)
    (home.path / "tools.json").write_text(json.dumps(tools))
    home.add_python("real", "echoing.py", home.path / "tools.json")
    headrace = start(some_runtime)
    headrace.output("calls = []")
    for begin in range(0, len(calls), 500):
        headrace.output(f"calls += __import__('json').loads({json.dumps(calls[begin:begin + 500])!r})")
    found = headrace.json("""
import asyncio, json
from mcp.runtime import MCPError
async def one(name, arguments):
    try:
        got = (await runtime.call_tool("real", name, arguments)).structuredContent["arguments"]
        return None if got == arguments else [name, arguments, got]
    except MCPError as error:
        return [name, arguments, str(error)]
results = await asyncio.gather(*(one(*call) for call in calls))
wrong = [result for result in results if result]
print(json.dumps([len(results), len(wrong), wrong[:5]]))
""")
    assert found == [len(calls), 0, []]


def test_real_servers(start, home, some_runtime, node):
    folder = home.path / "shared"
    folder.mkdir()
    (folder / "a.txt").write_text("one\ntwo\n")
    home.add_node("files", "server-filesystem", folder)
    home.add_node("every", "server-everything")
    headrace = start(some_runtime)
    found = headrace.json(f"""
import json
from mcp.runtime import MCPError
path = {str(folder / "a.txt")!r}
words = []
for call in (lambda: mcp_files.read_text_file(file_path=path),
             lambda: mcp_files.read_text_file(path=path, head="one"),
             lambda: mcp_files.read_multiple_files(paths=path),
             lambda: mcp_every.get_sum(a=1),
             lambda: mcp_every.get_sum(a=1, b=[2])):
    try:
        words.append((await call()).text)
    except MCPError as error:
        words.append([error.code, str(error)])
right = [(await mcp_files.read_text_file(path=path, head=1)).text,
         (await mcp_every.get_sum(a=1.5, b=2)).text]
print(json.dumps([words, right]))
""")
    words, right = found
    assert right == ["one", "The sum of 1.5 and 2 is 3.5."]
    assert [code for code, _ in words] == [-32602] * 5
    assert "'file_path'" in words[0][1] and "It takes (path: str" in words[0][1]
    assert "'head' has to be float, not str" in words[1][1]
    assert "'paths' has to be list, not str" in words[2][1]
    assert words[3][1] == "mcp_every.get_sum() needs 'b'. It takes (a: float, b: float)"
    assert "'b' has to be float, not list" in words[4][1]
