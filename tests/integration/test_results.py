"""Results as users' code takes them apart, against a real server with typed and untyped answers."""

import json

import pytest


@pytest.fixture
def office(start, runtime, home):
    home.add_python("jira", "office.py")
    home.add_python("filesystem", "office.py")
    return start(runtime)


@pytest.fixture
def here(start, some_runtime, home):
    home.add_python("jira", "office.py")
    home.add_python("filesystem", "office.py")
    return start(some_runtime)


def test_the_examples_of_the_users(office, home):
    folder = home.path / "project"
    folder.mkdir()
    (folder / "a.txt").write_text("TODO: this\nand that")
    (folder / "b.txt").write_text("done")
    found = office.json(f"""
import json
todo = []
files = await mcp_filesystem.list_folder(path={str(folder)!r})
for file in files:
    p = {str(folder)!r} + "/" + file
    if 'TODO' in await mcp_filesystem.read_text(path=p):
        todo.append(file)
issues = await mcp_jira.search_issues(query="turbine")
described = []
for issue in issues:
    details = await mcp_jira.get_issue(id=issue.id)
    described.append(details.description.lower())
print(json.dumps({{"todo": todo, "described": described}}))
""")
    assert found == {"todo": ["a.txt"], "described": ["a turbine runs dry", "a turbine is loud"]}


def test_the_official_filesystem_server_reads_the_same_way(start, some_runtime, home, node):
    folder = home.path / "project"
    folder.mkdir()
    (folder / "a.txt").write_text("TODO: this")
    (folder / "sub").mkdir()
    home.add_node("filesystem", "server-filesystem", folder)
    found = start(some_runtime).json(f"""
import json
files = await mcp_filesystem.list_directory(path={str(folder)!r})
lines = []
for file in files:
    lines.append(file)
text = await mcp_filesystem.read_file(path={str(folder)!r} + "/a.txt")
print(json.dumps({{"lines": lines, "todo": 'TODO' in text, "upper": text.text.upper()}}))
""")
    assert found["todo"] is True and found["upper"] == "TODO: THIS"
    assert "\n".join(found["lines"]).count("a.txt") == 1


def test_raw_result(here):
    raw = here.json("""
import json
r = await mcp_jira.get_issue(id="HR-1")
assert r["content"][0]["type"] == "text" and not r["isError"]
assert r["structuredContent"] == r.data, (r["structuredContent"], r.data)
print(json.dumps(r))
""")
    assert raw["structuredContent"]["id"] == "HR-1"
    assert json.loads(raw["content"][0]["text"]) == raw["structuredContent"]


def test_json_in_a_text_is_data(here):
    assert here.output("""
r = await mcp_jira.search_text(query="turbine")
print(len(r), r[0].id, r[-1]["status"], [i.id for i in r], isinstance(r.text, str))
""") == "2 HR-1 open ['HR-1', 'HR-3'] True"


def test_printing_shows_the_text(here, home):
    (home.path / "note").write_text("one\ntwo")
    assert here.output(f"print(await mcp_filesystem.read_text(path={str(home.path)!r} + '/note'))"
                       ) == "one\ntwo"


def test_numbers_and_pictures(here):
    assert here.output("""
n = await mcp_jira.count(word="turbine")
p = await mcp_jira.picture()
print(n + 1, n == 2, int(n), len(p.images), p.images[0].mime_type, p.images[0].bytes[1:4])
""") == "3 True 2 1 image/png b'PNG'"


def test_the_last_expression_is_shown(here):
    assert "A TURBINE runs DRY" in here.output("await mcp_jira.get_issue(id='HR-1')")
