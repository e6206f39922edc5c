"""Configurations that nobody should have: what is wrong is said with its place, and everything else
works as if it were not there."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

import conftest

NAMES = "import json; print(json.dumps(sorted(runtime.discovered_servers())))"
COUNT = "print(await mcp_good.count(word='turbine'))"


def office(**entry):
    return {"command": sys.executable, "args": ["-B", str(conftest.SERVERS / "office.py")], **entry}


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(value, bytes):
        path.write_bytes(value)
    else:
        path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def servers_of(*names, **entry):
    return {"mcpServers": {name: office(**entry) for name in names}}


def list_servers(home, folder=None, **settings):
    """What `headrace servers` finds; that takes no time worth speaking of, whatever there is."""
    done = subprocess.run([conftest.PROGRAM, "servers", "--json"], capture_output=True, text=True,
                          env=home.environment(**settings), cwd=folder or home.path, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def names_of(found):
    return [server["name"] for server in found["servers"]]


def faults_of(found, place):
    """What is said about a file, as `line: message`."""
    return [f"{fault.get('line', 0)}: {fault['message']}" for fault in found["faults"]
            if fault.get("file", "") == str(place)]


# --- files that are none ---


def make_huge(path):
    with open(path, "wb") as file:
        file.write(b'{"mcpServers": {')
        file.truncate(100 * 1024 * 1024)


def make_huge_and_full(path):
    with open(path, "wb") as file:
        block = b'{"mcpServers": {"x": {"command": "y"}}}\n' * 25_000
        for _ in range(100):
            file.write(block)


def make_socket(path):
    # Its address may not be as long as paths of tests are.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)


def make_loop_of_two(path):
    other = path.with_name("other-end")
    path.symlink_to(other)
    other.symlink_to(path)


NO_FILES = {
    "huge": (make_huge, "larger than 16 MiB"),
    "full": (make_huge_and_full, "larger than 16 MiB"),
    "folder": (Path.mkdir, "a folder"),
    "pipe": (os.mkfifo, "a pipe"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "not a regular file"),
    "terminal": (lambda path: path.symlink_to("/dev/tty"), "not a regular file"),
    "socket": (make_socket, "not a regular file"),
    "loop": (lambda path: path.symlink_to(path), "symbolic links"),
    "loop-of-two": (make_loop_of_two, "symbolic links"),
    "dangling": (lambda path: path.symlink_to("/does/not/exist"), "No such file"),
    "long-link": (lambda path: path.symlink_to("/" + "x" * 300), "name too long"),
}


def test_files_that_are_none_are_named_and_hide_nothing(start, some_runtime, home):
    for name, (make, _) in NO_FILES.items():
        make(home.servers / f"{name}.json")
    write(home.servers / "z.json", servers_of("good"))
    headrace = start(some_runtime)
    assert headrace.json(NAMES) == ["good"]
    assert headrace.output(COUNT) == "2"
    found = list_servers(home)
    for name, (_, reason) in NO_FILES.items():
        said = faults_of(found, home.servers / f"{name}.json")
        assert len(said) == 1 and reason in said[0], (name, said)
        headrace.wait_stderr(f"{name}.json")


@pytest.mark.parametrize("kind", NO_FILES)
def test_every_place_may_be_no_file(home, kind):
    """Also where another program would have its file, and where one was asked for."""
    make, reason = NO_FILES[kind]
    cursor = home.path / ".cursor" / "mcp.json"
    cursor.parent.mkdir()
    make(cursor)
    asked = home.path / "asked.toml"
    asked.symlink_to(cursor)
    write(home.servers / "z.json", servers_of("good"))
    write(home.path / ".lmstudio" / "mcp.json", servers_of("last", env={"A": "1"}))
    found = list_servers(home, MCP_SERVERS_CONFIG=asked)
    assert names_of(found) == ["good", "last"]
    for place in (cursor, asked):
        said = faults_of(found, place)
        assert len(said) == 1 and reason in said[0], (place, said)


@pytest.mark.parametrize("kind", ["pipe", "device", "loop", "folder", "huge"])
def test_files_that_an_entry_names_may_be_none(start, some_runtime, home, kind):
    make, reason = NO_FILES[kind]
    make(home.path / "secrets.env")
    file = write(home.servers / "a.json", json.dumps({"mcpServers": {
        "bad": office(envFile="~/secrets.env"),
        "worse": office(env={"KEY": "${file:~/secrets.env}"}),
        "good": office()}}, indent=1))
    headrace = start(some_runtime)
    assert headrace.json(NAMES) == ["good"]
    said = faults_of(list_servers(home), file)
    assert ["`envFile`" in said[0], "`env.KEY`" in said[1]] == [True, True], said
    assert all(reason in line and not line.startswith("0:") for line in said), said


def test_folders_that_are_none(start, some_runtime, home):
    home.servers.rmdir()
    os.mkfifo(home.servers)
    config = home.path / ".config"
    config.mkdir()
    (config / "mcp").symlink_to(config / "mcp")
    write(home.path / ".cursor", "a file where a folder should be")
    write(home.path / ".lmstudio" / "mcp.json", servers_of("good"))
    found = list_servers(home)
    assert names_of(found) == ["good"]
    assert any("not a directory" in said.lower() for said in faults_of(found, home.servers))
    assert any("symbolic links" in said for said in faults_of(found, config / "mcp" / "servers"))
    headrace = start(some_runtime)
    assert headrace.output(COUNT) == "2"


@pytest.mark.parametrize("kind", ["pipe", "folder", "loop", "device", "huge"])
def test_what_is_remembered_may_be_no_file(start, some_runtime, home, kind):
    """The trusted folders, the eras of servers, the packages to install."""
    make, _ = NO_FILES[kind]
    for place in (home.path / ".config" / "headrace" / "trusted-workspaces",
                  home.path / ".cache" / "headrace" / "eras.json"):
        place.parent.mkdir(parents=True)
        make(place)
    home.add_python("good", "office.py")
    headrace = start(some_runtime)
    assert headrace.output(COUNT) == "2"
    assert names_of(list_servers(home)) == ["good"]


def test_a_cache_that_can_not_be_made(start, some_runtime, home):
    write(home.path / ".cache", "a file")
    home.add_python("good", "office.py")
    headrace = start(some_runtime)
    assert headrace.output(COUNT) == "2"


def test_no_home(home):
    write(home.path / "asked.json", servers_of("good"))
    for nowhere in (None, "", "/does/not/exist", "relative"):
        environment = home.environment(MCP_SERVERS_CONFIG=home.path / "asked.json")
        environment.pop("HOME")
        if nowhere is not None:
            environment["HOME"] = nowhere
        done = subprocess.run([conftest.PROGRAM, "servers", "--json"], capture_output=True,
                              text=True, env=environment, cwd=home.path, timeout=60)
        assert done.returncode == 0, done.stderr
        assert names_of(json.loads(done.stdout)) == ["good"]


# --- what may not be read ---


@pytest.fixture
def somebody():
    """Runs the program as a user who is not root, in a home of their own."""
    folder = Path(tempfile.mkdtemp(prefix="headrace-home-"))
    home = folder / "home"
    home.mkdir()
    program = shutil.copy(conftest.PROGRAM, folder / "headrace")
    folder.chmod(0o755)

    def run(*arguments):
        step_down = {}
        if os.geteuid() == 0:
            for place in [home, *home.rglob("*")]:
                os.chown(place, 65534, 65534, follow_symlinks=False)
            step_down = {"user": 65534, "group": 65534, "extra_groups": []}
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, timeout=60, cwd=folder,
            env={"HOME": str(home), "PATH": os.environ["PATH"]}, **step_down)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    run.home = home
    yield run
    for place in home.rglob("*"):
        if place.is_dir():
            place.chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)


def test_unreadable_files_and_folders(somebody):
    home = somebody.home
    secret = write(home / "MCPs" / "a.json", servers_of("a"))
    write(home / "MCPs" / "b.json", servers_of("good"))
    cursor = write(home / ".cursor" / "mcp.json", servers_of("c"))
    shared = write(home / ".config" / "mcp" / "servers" / "d.json", servers_of("d")).parent
    trusted = write(home / ".config" / "headrace" / "trusted-workspaces", "/\n")
    env = write(home / "secrets.env", "A=1\n")
    entry = write(home / "MCPs" / "e.json",
                  json.dumps({"mcpServers": {"e": office(envFile="~/secrets.env")}}, indent=1))
    for place in (secret, cursor.parent, shared, trusted, env):
        place.chmod(0)
    found = somebody("servers", "--json")
    assert names_of(found) == ["good"]
    for place in (secret, cursor, shared, trusted, entry):
        said = faults_of(found, place)
        assert len(said) == 1 and "Permission denied" in said[0], (place, said)
    assert faults_of(found, entry)[0].startswith("9: ")


# --- files that are not what they should hold ---

TEXTS = {
    "cut": (b'{"mcpServers": {\n"x": {"command": "y"', 2),
    "comma": (b'{"mcpServers": {\n\n"x": {"command": "y"},, "z": {}}}', 3),
    "latin": ('{"mcpServers": {\n"caf\xe9": {"command": "y"}}}'.encode("latin-1"), 2),
    "utf-16": ('{"mcpServers": {}}'.encode("utf-16"), 1),
    "nul": (b'{"mcpServers":\n {"x": \x00{"command": "y"}}}', 2),
    "zeros": (b"\x00" * 4096, 1),
    "deep": (b'{"mcpServers":\n' + b"[" * 1_000_000, 2),
    "deep-and-closed": (b'{"mcpServers":\n' + b'{"a":' * 200_000 + b"1" + b"}" * 200_001, 2),
    "comment": (b"/* " + b"* /" * 1_000_000, 1),
    "number": (b"17", 1),
    "array": (b'\n[{"command": "y"}]', 1),
    "no-servers": (b'{"mcpServers": []}', 1),
    "control": (b'{"mcpServers": {\n"a\x01b": {"command": "y"}}}', 2),
    "html": (b"<!DOCTYPE html>\n<html>", 1),
}


def test_texts_that_are_no_configuration(start, some_runtime, home):
    for name, (text, _) in TEXTS.items():
        write(home.servers / f"{name}.json", text)
    write(home.servers / "z.json", servers_of("good"))
    headrace = start(some_runtime)
    assert headrace.json(NAMES) == ["good"]
    assert headrace.output(COUNT) == "2"
    found = list_servers(home)
    for name, (_, line) in TEXTS.items():
        said = faults_of(found, home.servers / f"{name}.json")
        assert len(said) == 1 and said[0].startswith(f"{line}: "), (name, said)
    for message in headrace.notifications("notifications/message"):
        json.dumps(message)  # it is text, whatever the files held


TOML_TEXTS = {
    "cut": b"[mcp_servers.x\ncommand = 'y'",
    "latin": "[mcp_servers.caf\xe9]\ncommand = 'y'".encode("latin-1"),
    "dots": b"[mcp_servers" + b".a" * 400_000 + b"]\ncommand = 'y'",
    "dotted-key": b"mcp_servers" + b".a" * 400_000 + b" = 1",
    "brackets": b"x = " + b"[" * 900_000,
    "braces": b"x = " + b"{a=" * 300_000,
    "tables": b"[[a]]\n[a.b]\n" * 80_000,
    "large": b"# " + b"x" * 2_000_000,
    "nul": b"[mcp_servers.x]\ncommand = '\x00'",
}


@pytest.mark.parametrize("name", TOML_TEXTS)
def test_toml_that_is_none(home, name):
    file = write(home.path / "asked.toml", TOML_TEXTS[name])
    write(home.servers / "z.json", servers_of("good"))
    found = list_servers(home, MCP_SERVERS_CONFIG=file)
    assert names_of(found) == ["good"]
    assert len(faults_of(found, file)) == 1


def test_marks_and_line_ends_of_other_systems(start, some_runtime, home):
    text = json.dumps(servers_of("good"), indent=1).replace("\n", "\r\n")
    write(home.servers / "a.json", b"\xef\xbb\xbf// a comment\r\n" + text.encode() + b"\r\n")
    write(home.path / "asked.toml", b"\xef\xbb\xbf[mcp_servers.other]\r\ncommand = 'x'\r\n")
    headrace = start(some_runtime, MCP_SERVERS_CONFIG=home.path / "asked.toml")
    assert headrace.json(NAMES) == ["good", "other"]
    assert headrace.output(COUNT) == "2"


@pytest.mark.parametrize("value", [
    '{"command": "x", "args": ["%s"]}' % ("${A:-" * 1_000_000),
    '{"command": "x", "args": [%s]}' % ", ".join(['"%s"' % ("${A:-" * 25_000)] * 100),
    '{"command": "x", "args": [%s]}' % ", ".join(['"%s"' % ("${" * 60_000)] * 100),
    '{"command": "x", "args": ["%s"]}' % "".join(f"${{V{n}}}" for n in range(15_000)),
    '{"command": "x", "args": [%s]}' % ", ".join('"${input:%d}"' % n for n in range(30_000)),
    '{"command": "x", "env": {%s}}' % ", ".join(f'"V{n}": "1"' for n in range(40_000)),
    '{"command": "x", "disabledTools": [%s]}' % ", ".join(['"%s"' % ("*a" * 500)] * 10_000),
], ids=["one-reference", "references", "braces", "variables", "inputs", "environment", "patterns"])
def test_entries_that_take_long_to_understand(home, value):
    write(home.servers / "a.json", '{"mcpServers": {"x":\n%s}}' % value)
    write(home.servers / "z.json", servers_of("good"))
    assert "good" in names_of(list_servers(home))


# --- names ---


def test_two_files_with_the_same_server(start, some_runtime, home):
    first = write(home.servers / "a.json", servers_of("good", env={"MARK": "first"}))
    second = write(home.servers / "b.json", json.dumps(
        servers_of("other", "good", env={"MARK": "second"}), indent=1))
    headrace = start(some_runtime)
    assert headrace.json(NAMES) == ["good", "other"]
    assert headrace.output(
        "print((await mcp_good.surroundings()).environment['MARK'])") == "first"
    found = list_servers(home)
    hidden, = found["shadowed"]
    assert hidden["name"] == "good" and hidden["source"]["file"] == str(second)
    assert hidden["line"] > 3 and hidden["hiddenBy"] == {"file": str(first), "line": 1}
    said, = faults_of(found, second)
    assert f"since {first}:1 defines it first" in said
    done = subprocess.run([conftest.PROGRAM, "servers"], capture_output=True, text=True,
                          env=home.environment(), timeout=60)
    assert f"good: the one from {second}:{hidden['line']} is hidden by the one from {first}:1\n" \
        in done.stdout


def test_names_that_collide_and_names_of_all_kinds(start, some_runtime, home):
    names = ["a-b", "a_b", "A b", "a b", "日本語", "日 本", "Ünïcode", "🙂", "1st", "class", "__init__",
             "x\ny", "tab\tbed", "‮right-to-left", "é", "e\u0301", "quote'\"", "back\\slash",
             "long" * 2_000]
    # Each is known by how many tools it has.
    write(home.servers / "a.json", {"mcpServers": {
        name: {"command": sys.executable,
               "args": ["-B", str(conftest.SERVERS / "many_tools.py"), str(n + 1), "100"]}
        for n, name in enumerate(names)}})
    headrace = start(some_runtime)
    told = headrace.json("""
import asyncio, json
names = [name for name in runtime.discovered_servers() if not name.startswith("long")]
tools = await asyncio.gather(*(runtime.list_tools(name) for name in names))
called = await asyncio.gather(*(mcp_servers[name].tool_0(widget="w") for name in names))
assert all("tool_0 was called" in str(result) for result in called)
print(json.dumps({name: len(listed) for name, listed in zip(names, tools)}))
""", timeout=100)
    assert told == {name: n + 1 for n, name in enumerate(names) if not name.startswith("long")}
    aliases = {server["name"]: server["alias"] for server in list_servers(home)["servers"]}
    assert set(aliases) == set(names)
    assert len(set(aliases.values())) == len(names)
    assert all(alias.isidentifier() and alias.isascii() for alias in aliases.values())
    assert [aliases[name] for name in names[:4]] == ["a_b_2", "a_b", "a_b_3", "a_b_4"]
    assert headrace.output(
        "print(await mcp_a_b.tool_1(widget='w'));"
        "print('tool_1' in [tool['name'] for tool in await runtime.list_tools('a-b')])"
    ).split("\n") == ["tool_1 was called", "False"]
    shown = subprocess.run([conftest.PROGRAM, "servers"], capture_output=True,
                           env=home.environment(), timeout=60).stdout.decode()
    assert "x\ny" not in shown and "tab\tbed" not in shown


def test_an_empty_name_is_none(home):
    file = write(home.servers / "a.json", {"mcpServers": {"": office(), "good": office()}})
    found = list_servers(home)
    assert names_of(found) == ["good"]
    assert "it has no name" in faults_of(found, file)[0]


# --- very many ---


def test_very_many_entries(start, some_runtime, home):
    """So many that what grows with their square would be noticed."""
    write(home.path / ".cursor" / "mcp.json", {"mcpServers": {
        f"s{n}": {"command": "x", "args": [str(n)]} for n in range(20_000)}})
    write(home.path / ".gemini" / "settings.json", {
        "mcp": {"excluded": [f"no{n}" for n in range(30_000)]},
        "mcpServers": {f"s{n}": {"command": "y"} for n in range(20_000)}})
    write(home.path / ".lmstudio" / "mcp.json", {"mcpServers": {
        f"far{n}": {"url": "https://example.com/mcp"} for n in range(20_000)}})
    write(home.servers / "a.json", servers_of("good"))
    found = list_servers(home)
    assert len(found["servers"]) == 20_001 and len(found["unreachable"]) == 20_000
    assert len(found["shadowed"]) == 1_000  # and no more are kept
    headrace = start(some_runtime)
    assert headrace.output("print(await mcp_good.count(word='turbine'))", servers=["good"]) == "2"


def test_very_many_files(start, some_runtime, home):
    for n in range(3_000):
        write(home.servers / f"{n:05}.json", '{"mcpServers": {"s%d": {"command": "x"}}}' % n)
    write(home.servers / "z.json", servers_of("good"))
    headrace = start(some_runtime)
    assert headrace.output(COUNT) == "2"


def test_ten_thousand_tools_of_one_server(start, some_runtime, home):
    home.add_python("many", "many_tools.py", 10_000, 250)
    home.add_python("large", "many_tools.py", 10_000, 10_000)  # all in one line
    headrace = start(some_runtime)
    told = headrace.json("""
import json
many, large = await runtime.list_tools("many"), await runtime.list_tools("large")
found = await runtime.search_tool_docs("tool_9999", limit=3)
widget = await runtime.search_tool_docs("many things with a widget", limit=20)
doc = await runtime.query_tool_docs("many", tool="tool_9999", detail="full")
print(json.dumps({
    "many": len(many), "large": len(large),
    "names": len({tool["name"] for tool in many}),
    "found": sorted([hit["server"], hit["tool"]] for hit in found[:2]),
    "widget": len(widget),
    "doc": "widget" in json.dumps(doc),
    "last": str(await mcp_many.tool_9999(widget="w")),
    "other": str(await mcp_large.tool_9999(widget="w")),
}))
""", timeout=100)
    assert told == {
        "many": 10_000, "large": 10_000, "names": 10_000,
        "found": [["large", "tool_9999"], ["many", "tool_9999"]], "widget": 20, "doc": True,
        "last": "tool_9999 was called", "other": "tool_9999 was called"}


def test_a_list_without_end(start, some_runtime, home):
    """Each page has a cursor that was not there before: the list is cut, and used as it is."""
    home.add_python("endless", "many_tools.py", 10_000_000, 1)
    headrace = start(some_runtime)
    assert headrace.output("print(len(await runtime.list_tools('endless')))", timeout=100) == "1000"
    headrace.wait_stderr("more than can be kept")
    assert headrace.output("print(await mcp_endless.tool_999(widget='w'))") == "tool_999 was called"


# --- files that change while they are read ---


def test_a_file_that_is_written_all_the_time(start, some_runtime, home):
    """Not replaced but overwritten, so that every state between is seen; the server stays."""
    file = write(home.servers / "a.json", servers_of("good"))
    text = file.read_bytes()
    headrace = start(some_runtime)
    assert headrace.json(NAMES) == ["good"]
    over = threading.Event()

    def rewrite():
        while not over.is_set():
            with open(file, "wb", buffering=0) as opened:
                for begin in range(0, len(text), 16):
                    opened.write(text[begin:begin + 16])
            over.wait(0.05)  # whole for most of the time, as files are

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for _ in range(20):
            assert headrace.json("runtime.reload()\n" + NAMES) == ["good"]
    finally:
        over.set()
        writer.join()
    assert headrace.output(COUNT) == "2"


def test_files_that_come_and_go_while_the_folder_is_read(start, some_runtime, home):
    write(home.servers / "a.json", servers_of("good"))
    headrace = start(some_runtime)
    over = threading.Event()

    def come_and_go():
        n = 0
        while not over.is_set():
            n += 1
            passing = write(home.servers / f"b{n % 50}.json", '{"mcpServers": {}}')
            other = home.servers / f"c{n % 50}.json"
            os.replace(passing, other)
            other.unlink()

    mover = threading.Thread(target=come_and_go)
    mover.start()
    try:
        for _ in range(20):
            assert headrace.json("runtime.reload()\n" + NAMES) == ["good"]
    finally:
        over.set()
        mover.join()
