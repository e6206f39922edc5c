"""Servers that change in the midst of a run: reload, add_server, remove_server."""

from __future__ import annotations

import pytest
from fake_host import FILES, JIRA, RpcError, text_result

GIT = {"name": "Git Hub", "alias": "git_hub", "description": "Code", "cwd": None}
CONFIG = {"command": "npx", "args": ["-y", "git"], "env": {"A": "é"}}


@pytest.fixture
def changing(host):
    """A host that answers with `changing.servers`, and notes what it was asked."""
    host.servers, host.asked = [FILES, JIRA, GIT], []
    for method in ("reload", "add_server", "remove_server"):
        host.handlers[method] = lambda params, method=method: (
            host.asked.append((method, params))
            or {"servers": len(host.servers), "run_servers": host.servers}
        )
    host.tools["Git Hub", "push"] = lambda arguments: text_result("pushed")
    return host


def shown(host, code):
    outcome = host.run(code)
    assert outcome.status == "success" and outcome.stderr == "", outcome
    return outcome.stdout


def test_an_added_server_can_be_used_at_once(changing):
    code = f"""
print(runtime.add_server('Git Hub', {CONFIG!r}))
print(await mcp_git_hub.push(), await mcp_servers['Git Hub'].push(), mcp_git_hub.__doc__)
from mcp.servers.git_hub import push
print(push.sync(), runtime.discovered_servers())
"""
    assert shown(changing, code) == (
        "Added 'Git Hub': it is here as mcp_git_hub.\npushed pushed Code\n"
        "pushed ('filesystem', 'Jira Cloud', 'Git Hub')\n"
    )
    assert changing.asked == [("add_server", {"name": "Git Hub", "config": CONFIG})]


@pytest.mark.parametrize("notes, said", [
    (["`description` is not a string, and ignored", "two"],
     " Note: `description` is not a string, and ignored. Note: two."),
    ([], ""), (None, ""), ("words", ""),
])
def test_what_was_ignored_of_an_added_server_is_told(changing, notes, said):
    changing.handlers["add_server"] = lambda params: {
        "servers": 3, "run_servers": changing.servers, "notes": notes}
    assert shown(changing, f"print(runtime.add_server('Git Hub', {CONFIG!r}))") == (
        f"Added 'Git Hub': it is here as mcp_git_hub.{said}\n")


def test_a_removed_server_is_gone_at_once(changing):
    changing.servers = [FILES]
    code = """
import mcp.servers.jira_cloud
mine, mcp_filesystem = mcp_filesystem, 'mine'
print(await runtime.remove_server('jira_cloud'))
print('mcp_jira_cloud' in globals(), list(mcp_servers), runtime.list_servers_sync(), mcp_filesystem)
try: import mcp.servers.jira_cloud
except ImportError: print('gone')
print(mcp_servers['filesystem'] is mine)
"""
    assert shown(changing, code) == (
        "Removed 'Jira Cloud'.\nFalse ['filesystem'] ('filesystem',) mine\ngone\nTrue\n"
    )
    assert changing.asked == [("remove_server", {"name": "Jira Cloud"})]
    assert changing.run("runtime.remove_server(mcp_filesystem)").stdout == "\"Removed 'filesystem'.\"\n"


def test_reload(changing):
    changing.servers = [{**FILES, "description": "All files"}, {**JIRA, "alias": "jira"}]
    code = """
kept = mcp_filesystem
print(runtime.reload())
print(sorted(name for name in globals() if name.startswith('mcp_')))
print(kept is mcp_filesystem, mcp_filesystem.__doc__)
"""
    assert shown(changing, code) == (
        "2 servers can be reached from here.\n"
        "['mcp_filesystem', 'mcp_jira', 'mcp_servers']\nTrue All files\n"
    )
    assert changing.asked == [("reload", {})]
    # What the answer named holds for the next run as well.
    assert changing.run("runtime.discovered_servers(), mcp_jira", servers=None).status == "success"


def test_tools_are_asked_for_anew_after_a_reload(changing):
    tools = [{"name": "old", "alias": "old"}]
    changing.handlers["list_tools"] = lambda params: {"tools": tools}
    changing.handlers["query_tool_docs"] = lambda params: {
        "docs": [{"tool": each["name"], "signature": f"mcp_x.{each['name']}()"} for each in tools]
    }
    look = "print(dir(mcp_filesystem))\nhelp(mcp_filesystem)\n"
    changing.start(f"{look}await mcp_filesystem.wait()\nruntime.reload()\n{look}")
    request = changing.next_request()
    tools[0] = {"name": "new", "alias": "new"}
    changing.answer(request, text_result(""))
    lines = changing.finish().stdout.splitlines()
    assert lines[0] == "['list_tools', 'old']" and lines[3] == "mcp_x.old()"
    assert lines[4] == "['list_tools', 'new']" and lines[7] == "mcp_x.new()"


def test_a_server_whose_name_is_taken_by_a_helper(changing):
    changing.servers = [{"name": "servers", "alias": "servers"}, {"name": "x"}]
    code = "runtime.reload(); print(list(mcp_servers), 'mcp_x' in globals(), mcp_servers['servers'])"
    assert shown(changing, code) == "['servers', 'x'] True <MCP server 'servers'>\n"


@pytest.mark.parametrize("answer", [{}, None, {"run_servers": None}, {"servers": 3}, []])
def test_an_answer_that_names_no_servers_changes_nothing(changing, answer):
    changing.handlers["add_server"] = lambda params: answer
    code = "print(runtime.add_server('x', {}), list(mcp_servers), mcp_filesystem)"
    assert shown(changing, code) == (
        "Added 'x'; this run can't reach it. ['filesystem', 'Jira Cloud'] <MCP server 'filesystem'>\n"
    )


@pytest.mark.parametrize(
    "call",
    ["add_server('x', {'command': 'x'})", "remove_server('filesystem')", "reload()"],
)
def test_what_the_host_refuses(changing, call):
    def refuses(params):
        raise RpcError(-32602, "Code may not do that here: set X=1")

    for method in ("reload", "add_server", "remove_server"):
        changing.handlers[method] = refuses
    outcome = changing.run(f"runtime.{call}")
    assert outcome.error == "mcp.runtime.MCPError: Code may not do that here: set X=1"
    assert shown(changing, "list(mcp_servers)") == "['filesystem', 'Jira Cloud']\n"


@pytest.mark.parametrize(
    "call, words",
    [
        ("add_server(5, {})", "'name' must be a string"),
        ("add_server(' ', {})", "'name' must be a string"),
        ("add_server('x', 'npx x')", "'config' must be an object"),
        ("add_server('x', None)", "'config' must be an object"),
        ("add_server('x', {'env': {'A': b'1'}})", "bytes cannot be sent as JSON"),
        ("remove_server(5)", "'server' must be a string"),
    ],
)
def test_what_is_refused_before_the_host_is_asked(changing, call, words):
    assert words in changing.run(f"runtime.{call}").error
    assert changing.asked == []


def test_an_interrupt_leaves_the_servers_as_they_were(host):
    host.start("runtime.reload()")
    request = host.next_request()
    host.interrupt("cancelled")
    assert host.finish().interrupt == "cancelled"
    host.answer(request, {"servers": 1, "run_servers": [GIT]})
    assert host.run("print(list(mcp_servers))", servers=None).stdout == "['filesystem', 'Jira Cloud']\n"
