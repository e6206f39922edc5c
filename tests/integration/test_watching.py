"""Changes of the configuration are noticed while the client does nothing: it is told, what it can
read is right, and servers that are gone are ended."""

import json
import os
import shutil
import subprocess
import sys

import pytest

import conftest
from raw_client import RawClient

URI = "headrace://servers"

# In a user namespace of its own, which may have no inotify instance at all.
WITHOUT_INOTIFY = ["unshare", "-Ur", "sh", "-c",
                   'echo 0 >/proc/sys/user/max_inotify_instances && exec "$0" "$@"']
# And in one that may have an instance, but hardly a watch.
WITHOUT_WATCHES = ["unshare", "-Ur", "sh", "-c",
                   'echo 2 >/proc/sys/user/max_inotify_watches && exec "$0" "$@"']


def entry(command="true", *args):
    return {"command": command, "args": list(args)}


def write(path, **servers):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"mcpServers": servers}))


def replace(path, **servers):
    """As most programs save: a new file takes the place of the old one."""
    write(path.with_suffix(".tmp"), **servers)
    os.replace(path.with_suffix(".tmp"), path)


def listen(client):
    client.call("resources/subscribe", {"uri": URI})
    return client


def expect(client, *names):
    """Waits until these are the servers. Looks whenever the client is told of a change, and never
    else: being told is what is tested."""
    def told():
        return len(client.notifications("notifications/resources/updated"))

    while True:
        before = told()
        text = client.call("resources/read", {"uri": URI})["contents"][0]["text"]
        found = sorted(server["name"] for server in json.loads(text)["servers"])
        if found == sorted(names):
            return
        client.wait_until(lambda: told() > before, f"a change from {found} to {sorted(names)}")


def begin_without(prefix, home, watch):
    if shutil.which("unshare") is None or subprocess.run(
            [*prefix, "true"], capture_output=True).returncode != 0:
        pytest.skip("there are no user namespaces here, so the system's limit can't be set")
    client = RawClient([*prefix, conftest.PROGRAM],
                       home.environment(MCP_BRIDGE_WARM="0"), cwd=home.path)
    client.initialize()
    return client


@pytest.fixture(params=["inotify", "no inotify", "no watches"])
def client(request, home, start, watch):
    """An idle Headrace, to which the system tells of changes, or can't."""
    write(home.servers / "a.json", first=entry())
    if request.param == "inotify":
        yield listen(start(None, MCP_BRIDGE_WARM="0"))
        return
    prefix = WITHOUT_INOTIFY if request.param == "no inotify" else WITHOUT_WATCHES
    made = begin_without(prefix, home, watch)
    try:
        made.wait_stderr("looked for from time to time")
        yield listen(made)
        made.close()
    finally:
        made.kill()


def test_files_that_are_made_written_replaced_renamed_and_removed(client, home):
    expect(client, "first")
    write(home.servers / "b.json", second=entry())
    expect(client, "first", "second")
    client.wait_until(lambda: client.notifications("notifications/tools/list_changed"),
                      "tools/list_changed")
    write(home.servers / "b.json", third=entry())
    expect(client, "first", "third")
    replace(home.servers / "b.json", fourth=entry())
    expect(client, "first", "fourth")
    # Written in place after it was replaced.
    write(home.servers / "b.json", fifth=entry())
    expect(client, "first", "fifth")
    os.rename(home.servers / "b.json", home.servers / "b.off")
    expect(client, "first")
    os.rename(home.servers / "b.off", home.servers / "c.json")
    expect(client, "fifth", "first")
    (home.servers / "a.json").unlink()
    expect(client, "fifth")


def test_folders_that_appear_go_and_come_again(client, home):
    cursor = home.path / ".cursor" / "mcp.json"
    expect(client, "first")
    cursor.parent.mkdir()
    write(cursor, desk=entry("one"))
    expect(client, "desk", "first")
    shutil.rmtree(cursor.parent)
    expect(client, "first")
    write(cursor, other=entry("two"))
    expect(client, "first", "other")
    deep = home.path / ".config" / "opencode" / "opencode.json"
    write(deep, deep=entry("three"))
    expect(client, "deep", "first", "other")
    # A folder above it is moved, with all that is in it.
    os.rename(home.path / ".config", home.path / ".config.old")
    expect(client, "first", "other")
    os.rename(home.path / ".config.old", home.path / ".config")
    expect(client, "deep", "first", "other")
    shutil.rmtree(home.servers)
    expect(client, "deep", "other")
    write(home.servers / "a.json", again=entry("four"))
    expect(client, "again", "deep", "other")


def test_linked_files(client, home):
    dotfiles = home.path / "dotfiles"
    write(dotfiles / "mcp.json", desk=entry("one"))
    expect(client, "first")
    (home.path / ".cursor").mkdir()
    (home.path / ".cursor" / "mcp.json").symlink_to("../dotfiles/mcp.json")
    expect(client, "desk", "first")
    write(dotfiles / "mcp.json", bureau=entry("two"))
    expect(client, "bureau", "first")
    replace(dotfiles / "mcp.json", table=entry("three"))
    expect(client, "first", "table")
    os.rename(dotfiles, home.path / "elsewhere")
    expect(client, "first")


def test_a_file_that_stays_half_written_is_excused_for_a_while_only(client, home):
    whole = json.dumps({"mcpServers": {"first": entry(), "second": entry("two")}})
    (home.servers / "a.json").write_text(whole[:40])
    client.wait_stderr("stay as they were")
    expect(client, "first")
    (home.servers / "a.json").write_text(whole)
    expect(client, "first", "second")
    # Now nobody ends it, and nothing happens to the file any more.
    (home.servers / "a.json").write_text(whole[:40])
    expect(client)


def test_a_removed_server_ends(start, some_runtime, home):
    home.add_python("one", "office.py")
    home.add_python("two", "office.py")
    client = listen(start(some_runtime))
    one, two = client.json("""
import json
print(json.dumps([(await mcp_one.surroundings()).pid, (await mcp_two.surroundings()).pid]))
""")
    (home.servers / "one.json").unlink()
    conftest.processes.eventually(lambda: not os.path.exists(f"/proc/{one}"),
                                  "the process of what was removed is gone")
    expect(client, "two")
    # Another command: the old process goes, the new one waits until it is needed.
    home.add("two", sys.executable, "-c", "pass")
    conftest.processes.eventually(lambda: not os.path.exists(f"/proc/{two}"),
                                  "the process of what was changed is gone")


def test_an_env_file_that_a_server_is_given(start, some_runtime, home):
    settings = home.path / "settings.env"
    settings.write_text("MARK=first\n")
    home.add_python("one", "office.py", envFile=str(settings))
    client = start(some_runtime)
    pid, mark = client.output(
        "found = await mcp_one.surroundings(); print(found.pid, found.environment['MARK'])").split()
    assert mark == "first"
    settings.write_text("MARK=second\n")
    conftest.processes.eventually(lambda: not os.path.exists(f"/proc/{pid}"),
                                  "the server that was given other settings is gone")


def test_who_only_asks_what_we_are_watches_nothing(start, home):
    write(home.servers / "a.json", first=entry())
    client = start(None, initialize=False, MCP_BRIDGE_WARM="0")
    client.call("initialize", {"protocolVersion": "2025-06-18", "capabilities": {},
                               "clientInfo": {"name": "raw", "version": "1"}})

    def watching():
        folder = f"/proc/{client.pid}/fd"
        return [fd for fd in os.listdir(folder) if "inotify" in os.readlink(f"{folder}/{fd}")]

    assert watching() == []
    client.notify("notifications/initialized")
    conftest.processes.eventually(watching, "it watches once somebody is there")
