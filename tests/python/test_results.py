"""Tool results: the raw dict and the data it reads like. No interpreter of its own is needed."""

from __future__ import annotations

import copy
import importlib.util
import json
import pickle
import sys

import pytest
from fake_host import SOURCE, text_result


def load():
    spec = importlib.util.spec_from_file_location("headrace_result_under_test", SOURCE / "mcp" / "result.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


module = load()
ToolResult, Record = module.ToolResult, module.Record


def text(*texts, **more):
    return ToolResult({"content": [{"type": "text", "text": each} for each in texts], **more})


def structured(value, shown="shown"):
    return text(shown, structuredContent=value)


RAWS = [
    text_result("hello"),
    text_result("", isError=False),
    text_result('{"a": 1}', _meta={"k": 1}),
    text_result("x", structuredContent={"result": [1, 2]}),
    {"content": []},
    {},
]


@pytest.mark.parametrize("raw", RAWS)
def test_the_raw_result_is_all_there(raw):
    result = ToolResult(raw)
    assert json.loads(json.dumps(result)) == raw
    assert dict(result) == raw and {**result} == raw
    assert dict(result.items()) == raw and list(result.keys()) == list(raw)
    assert isinstance(result, dict)
    for key, value in raw.items():
        assert result[key] == value and result.get(key) == value
    assert copy.deepcopy(result) == result == pickle.loads(pickle.dumps(result))


def test_raw_keys_have_defaults():
    result = ToolResult({})
    assert (result["isError"], result["structuredContent"], result["content"]) == (False, None, [])
    assert result.isError is False and result.content == [] and result.structuredContent is None
    with pytest.raises(KeyError):
        result["other"]
    assert result.get("other") is None and result.get("other", 5) == 5


def test_text():
    result = text("line 1 TODO\nline 2")
    assert str(result) == result.text == result.data == f"{result}" == "line 1 TODO\nline 2"
    assert f"{result:>20}" == "line 1 TODO\nline 2".rjust(20)
    assert "TODO" in result and "todo" not in result and 5 not in result
    assert list(result) == ["line 1 TODO", "line 2"]
    assert result.lower() == "line 1 todo\nline 2"
    assert result.splitlines() == ["line 1 TODO", "line 2"]
    assert result[:6] == "line 1" and result[0] == "l" and result[-1] == "2"
    assert result[:4] + "..." == "line..."
    assert len(result) == 18 and bool(result) and not text("")
    assert result + "!" == "line 1 TODO\nline 2!" and ">" + result == ">line 1 TODO\nline 2"
    assert result == "line 1 TODO\nline 2" and result != "x" and result == text("line 1 TODO\nline 2")
    assert text("a") < "b" and text("b") > text("a") and sorted([text("b"), text("a")]) == ["a", "b"]
    assert {text("k"): 1}["k"] == 1 and text("k") in {"k"}
    assert int(text(" 42 ")) == 42 and float(text("1.5")) == 1.5
    assert text("ab") * 2 == "abab"
    assert text("b") in text("abc")


def test_words_of_the_raw_result_in_a_text():
    assert "content" not in text("nothing") and "content" in text("has content")
    assert "structuredContent" in structured({"result": "x"})


def test_several_texts():
    assert text("a", "b").text == "a\nb" == text("a", "b").data
    assert text('{"a": 1}', '{"a": 2}').data == [{"a": 1}, {"a": 2}]
    assert [each.a for each in text('{"a": 1}', '{"a": 2}')] == [1, 2]
    assert text('{"a": 1}', "note").data == '{"a": 1}\nnote'


@pytest.mark.parametrize("value", ['{"a": [1, {"b": null}]}', "[1, 2]", " \n{}", "[]"])
def test_json_in_text(value):
    assert text(value).data == json.loads(value)
    assert str(text(value)) == value


@pytest.mark.parametrize("value", ["[FILE] a.txt", "{not json}", "42", "true", '"x"', "", "[1, 2", "[" * 5000, "{" * 100_000])
def test_text_that_is_no_json_object_stays_text(value):
    assert text(value).data == value


def test_structured_content():
    result = structured({"description": "Some BUG", "fields": {"tags": [{"id": 5}]}, "items": 1})
    assert result.description.lower() == "some bug"
    assert result.fields.tags[0].id == 5
    assert result["description"] == "Some BUG" and result.get("description") == "Some BUG"
    assert "description" in result and "nope" not in result
    assert list(result) == ["description", "fields", "items"] and len(result) == 3
    assert result["items"] == 1 and result.data["items"] == 1
    assert str(result) == "shown"
    with pytest.raises(AttributeError, match="description, fields, items"):
        result.nope
    with pytest.raises(KeyError):
        result["nope"]
    assert json.loads(json.dumps(result.data)) == result["structuredContent"]
    assert isinstance(result.data, dict) and isinstance(result.fields.tags, list)
    assert result == {"description": "Some BUG", "fields": {"tags": [{"id": 5}]}, "items": 1}


@pytest.mark.parametrize("value", [[1, 2], "text", 5, 2.5, True, False, None, {"a": 1}, []])
def test_wrapped_values(value):
    result = structured({"result": value})
    assert result.data == value
    assert result == value
    assert bool(result) == (bool(value) if value is not None else True)


def test_numbers():
    five = structured({"result": 5})
    assert five + 1 == 6 and 1 + five == 6 and five * 2 == 10 and 10 / five == 2 and five - 1 == 4
    assert five > 4 and five <= 5 and int(five) == 5 and [0] * five == [0] * 5
    assert five % 2 == 1 and f"{five:03d}" == "005" and list(range(five)) == [0, 1, 2, 3, 4]
    with pytest.raises(TypeError):
        iter(five)
    with pytest.raises(TypeError):
        len(five)
    assert 5 not in five


def test_lists():
    result = structured({"result": [{"id": 1, "title": "b"}, {"id": 2, "title": "a"}]})
    assert [issue.id for issue in result] == [1, 2]
    assert result[0].title == "b" and result[-1]["title"] == "a" and len(result[:1]) == 1
    assert sorted(result, key=lambda issue: issue.title)[0].id == 2
    assert {"id": 1, "title": "b"} in result and 7 not in result
    assert result + [1] == [*result, 1] and [0] + result == [0, *result]
    assert list(reversed(result))[0].id == 2
    assert result.index({"id": 2, "title": "a"}) == 1
    first, second = result
    assert second.id == 2
    with pytest.raises(IndexError):
        result[5]
    assert result.get(5) is None
    with pytest.raises(TypeError):
        hash(result)


def test_structured_lists_without_a_wrapper():
    assert [each.a for each in structured([{"a": 1}])] == [1]


def test_the_filesystem_server_of_today():
    """Its structured content wraps the text of a file or of a listing."""
    result = ToolResult({"content": [{"type": "text", "text": "[FILE] a\n[DIR] b"}], "structuredContent": {"content": "[FILE] a\n[DIR] b"}})
    assert list(result) == ["[FILE] a", "[DIR] b"] and "[DIR]" in result
    assert result["content"][0]["text"] == result.content[0].text == "[FILE] a\n[DIR] b"
    assert result["structuredContent"]["content"] == "[FILE] a\n[DIR] b"


def test_a_json_document_read_as_text():
    result = text('{"name": "x", "list": [1]}')
    assert result.name == "x" and result["list"] == [1]
    assert result.splitlines() == ['{"name": "x", "list": [1]}'] and result[:2] == '{"'
    assert result.startswith("{")


def test_images_and_other_kinds():
    result = ToolResult(
        {
            "content": [
                {"type": "image", "data": "aGk=", "mimeType": "image/png"},
                {"type": "resource", "resource": {"uri": "file:///x", "text": "inside"}},
                {"type": "resource", "resource": {"uri": "file:///y", "blob": "aGk="}},
                {"type": "resource_link", "uri": "file:///z", "name": "z"},
                {"type": "audio", "data": "", "mimeType": "audio/wav"},
            ]
        }
    )
    assert result.text == "inside\nfile:///y\nfile:///z"
    assert [image.bytes for image in result.images] == [b"hi"]
    assert result.images[0].mime_type == "image/png" and result.images[0]["data"] == "aGk="


def test_an_image_alone(tmp_path):
    result = ToolResult({"content": [{"type": "image", "data": "aGk=", "mimeType": "image/png"}]})
    assert result.data is None and result.text == "" and bool(result) and len(result) == 1
    assert str(result) == "[image image/png]" and list(result) == []
    path = result.images[0].save(str(tmp_path / "x.png"))
    assert open(path, "rb").read() == b"hi"


def test_empty():
    result = ToolResult({"content": []})
    assert not result and len(result) == 0 and list(result) == [] and str(result) == ""
    assert "x" not in result and result.data is None


def test_structured_content_without_text():
    assert str(ToolResult({"content": [], "structuredContent": {"a": "é"}})) == '{"a": "é"}'
    assert str(ToolResult({"content": [], "structuredContent": {"result": "plain"}})) == "plain"


def test_records():
    record = Record(a=1, items=2)
    record.b = 3
    assert record == {"a": 1, "items": 2, "b": 3} and record["items"] == 2
    assert "b" in dir(record) and pickle.loads(pickle.dumps(record)) == record
    assert copy.deepcopy(record).a == 1
    assert not hasattr(record, "zzz")


@pytest.mark.parametrize("code", [
    # As the documentation of the bridge that users have shows it.
    """
files = await mcp_filesystem.list_directory(path='/tmp')
for file in files:
    content = await mcp_filesystem.read_file(path=file)
    if 'TODO' in content:
        print(f"TODO in {file}")
""",
    """
transcript = await mcp_filesystem.read_file(path='x')
summary = transcript[:4] + "..."
print(summary)
await mcp_filesystem.update_record(objectType='SalesMeeting', data={'Notes': summary})
""",
    """
issues = await mcp_jira_cloud.search_issues(project='API', status='Open')
for issue in issues:
    details = await mcp_jira_cloud.get_issue(id=issue.id)
    if 'bug' in details.description.lower():
        await mcp_filesystem.update_record(title=f"Bug: {issue.title}", body=details.description)
        print(issue.title)
""",
    """
items = await mcp_jira_cloud.search_issues()
tasks = [mcp_jira_cloud.get_issue(id=item.id) for item in items]
results = await asyncio.gather(*tasks)
print(len(results))
""",
    """
status = await mcp_jira_cloud.check_status()
if status.ready:
    print('ready', (await mcp_jira_cloud.check_status())['structuredContent']['ready'])
""",
    """
try:
    result = await mcp_jira_cloud.risky_operation()
except Exception as e:
    print(f"Operation failed: {e}")
""",
])  # fmt: skip
def test_examples_run_as_written(host, code):
    listing = [{"id": 7, "title": "Crash"}, {"id": 8, "title": "Typo"}]
    host.tools.update(
        {
            ("filesystem", "list_directory"): lambda a: text_result("a.txt\nb.txt"),
            ("filesystem", "read_file"): lambda a: text_result("TODO: x" if a["path"] != "b.txt" else "-"),
            ("filesystem", "update_record"): lambda a: text_result("ok"),
            ("Jira Cloud", "search_issues"): lambda a: text_result(json.dumps(listing)),
            ("Jira Cloud", "get_issue"): lambda a: text_result(
                "", structuredContent={"description": "A BUG" if a["id"] == 7 else "words"}
            ),
            ("Jira Cloud", "check_status"): lambda a: text_result("", structuredContent={"ready": True}),
            ("Jira Cloud", "risky_operation"): lambda a: text_result("too risky", isError=True),
        }
    )
    outcome = host.run(code)
    assert outcome.status == "success", outcome
    expected = {"files": "TODO in a.txt\n", "trans": "TODO...\nok\n", "issue": "Crash\n", "items": "2\n", "statu": "ready True\n"}
    assert outcome.stdout == expected.get(code.strip()[:5], "Operation failed: too risky\n")


def test_what_was_wrapped_is_found_under_its_key_too():
    wrapped = structured({"result": [1, 2]}, '{"result": [1, 2]}')
    assert wrapped["result"] == wrapped.result == wrapped.get("result") == wrapped.data == [1, 2]
    inner = structured({"result": {"result": 5, "a": 1}})
    assert inner["result"] == inner.result == 5 and inner.a == 1
    with pytest.raises(KeyError):
        text("x")["result"]
    with pytest.raises(AttributeError):
        structured({"result": 1, "other": 2}).results


def test_numbers_round():
    number = structured({"result": -2.567})
    assert (round(number, 1), round(number), abs(number), -number) == (-2.6, -3, 2.567, 2.567)
