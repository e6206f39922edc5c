"""`headrace gateway`: which tools a client is shown and when it is told of others, and what becomes of
calls. With official clients it is tried in test_gateway_clients.py."""

import hashlib
import importlib.util
import json
import re
import signal
import subprocess

import conftest
import official
import processes
import pytest
from answering import CAPABILITIES, User

NAME = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")
CHANGED = "notifications/tools/list_changed"


@pytest.fixture
def gateway(start):
    """gateway(*arguments, NAME=value…) → a RawClient of one."""
    return lambda *arguments, **settings: start(None, "gateway", *arguments, **settings)


def load(name):
    """A server's own functions and tables."""
    spec = importlib.util.spec_from_file_location(name, conftest.SERVERS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pages(client):
    found, params = [], {}
    while True:
        page = client.call("tools/list", params)
        found.append(page["tools"])
        if "nextCursor" not in page:
            return found
        params = {"cursor": page["nextCursor"]}


def tools(client):
    return {tool["name"]: tool for page in pages(client) for tool in page}


def call(client, name, /, **arguments):
    return client.call("tools/call", {"name": name, "arguments": arguments})


def text(client, name, /, **arguments):
    return call(client, name, **arguments)["content"][0]["text"]


def begin_call(client):
    """The id of one that has come to a faulty server, and that this never answers."""
    id = client.request("tools/call", {"name": "faulty__silent", "arguments": {}})
    while "silent" not in json.loads(text(client, "faulty__called")):
        pass
    return id


def expect(client, *names):
    """Waits until these are the tools. Looks whenever the client is told of a change, and never
    else: being told is what is tested."""
    while True:
        before = len(client.notifications(CHANGED))
        found = sorted(tools(client))
        if found == sorted(names):
            return
        client.wait_until(lambda: len(client.notifications(CHANGED)) > before,
                          f"a change from {found} to {sorted(names)}")


# --- what is shown ---


def test_a_definition_is_as_its_server_sent_it(gateway, home):
    home.add_python("verbatim", "verbatim.py")
    shown = tools(gateway())
    assert list(shown) == ["verbatim__answer", "verbatim__refuse", "verbatim__repeat",
                           "verbatim__process"]
    wanted = dict(load("verbatim").TOOLS[0], name="verbatim__answer")
    assert shown["verbatim__answer"] == wanted
    # From what is kept of it the same, without a start.
    again = gateway(MCP_BRIDGE_BACKGROUND_LISTS=0)
    assert tools(again) == shown
    assert processes.descendants(again.pid) == [] or not any(
        "verbatim" in processes.command_line(pid) for pid in processes.descendants(again.pid))


def test_each_odd_name_is_a_usual_one_and_leads_to_its_own_tool(gateway, home):
    home.add_python("odd", "odd_tools.py")
    home.add_python("Odd Things!", "odd_tools.py", file="other.json")
    client = gateway()
    shown = tools(client)
    assert len(shown) == 36 and all(NAME.match(name) for name in shown)
    # An answer says which tool it was.
    for prefix in ("odd__", "odd_things__"):
        answered = [json.loads(text(client, name))[0] for name in shown if name.startswith(prefix)]
        assert len(answered) == len(set(answered)) == 18
        assert {"class", "日本語", "x" * 5000} <= set(answered)


def test_thousands_of_tools_come_in_pages(gateway, home):
    home.add_python("many", "many_tools.py", "2500", "400")
    home.add_python("verbatim", "verbatim.py")
    client = gateway()
    found = pages(client)
    assert [len(page) for page in found] == [1000, 1000, 504]
    names = [tool["name"] for page in found for tool in page]
    assert names == ([f"many__tool_{n}" for n in range(2500)] +
                     [f"verbatim__{name}" for name in ("answer", "refuse", "repeat", "process")])
    assert text(client, "many__tool_2499", widget="w") == "tool_2499 was called"
    assert client.error("tools/list", {"cursor": "none of ours"})["code"] == -32602


def test_two_hundred_servers_are_known_without_a_start(gateway, home):
    log = home.path / "starts"
    servers = {f"tiny{n:03}": {"command": "sh", "args": [str(conftest.SERVERS / "tiny.sh"), str(log)],
                               "env": {"NUMBER": str(n)}} for n in range(200)}
    (home.servers / "tiny.json").write_text(json.dumps({"mcpServers": servers}))
    subprocess.run([conftest.PROGRAM, "index"], env=home.environment(), cwd=home.path, check=True,
                   stdout=subprocess.DEVNULL, timeout=200)
    started = len(log.read_text().splitlines())
    client = gateway()
    assert list(tools(client)) == [f"tiny{n:03}__{tool}" for n in range(200)
                                   for tool in ("one", "two")]
    assert text(client, "tiny123__two") == "called"
    # One to ask for the era and the tools, and to call: those that were not called did not run.
    assert len(log.read_text().splitlines()) <= started + 2


def test_only_what_is_asked_for(gateway, home):
    home.add_python("verbatim", "verbatim.py")
    home.add_python("plain", "plain.py")
    home.add_python("odd", "faulty.py", "hang", file="zzz.json")
    assert sorted(tools(gateway("--server", "plain", "--server", "verb*"))) == [
        "plain__blob", "plain__digest", "plain__echo", "verbatim__answer", "verbatim__process",
        "verbatim__refuse", "verbatim__repeat"]
    client = gateway("--server", "plain", "--tool", "*__e*", "--tool", "verbatim__*")
    assert list(tools(client)) == ["plain__echo"]
    assert client.error("tools/call", {"name": "plain__blob", "arguments": {}})["code"] == -32602
    client = gateway("--server", "nothing")
    client.wait_stderr("no server is called 'nothing'")
    assert tools(client) == {}


@pytest.mark.parametrize("words", [["--timeout", "soon"], ["--server"], ["more"]])
def test_a_command_line_that_says_nothing(home, words):
    done = subprocess.run([conftest.PROGRAM, "gateway", *words], env=home.environment(),
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    assert done.returncode == 2 and words[0].strip("-") in done.stderr and done.stdout == ""


# --- servers that fail, are slow, change ---


def test_a_dead_server_is_missing_and_said_to_be(gateway, home):
    home.add_python("dead", "faulty.py", "exit_at_once")
    home.add_python("verbatim", "verbatim.py")
    client = gateway()
    assert len(tools(client)) == 4
    told = client.wait_notification("notifications/message",
                                    lambda params: params["logger"] == "gateway")
    assert "'dead'" in told["data"] and "no licence found" in told["data"]
    error = client.error("tools/call", {"name": "dead__ok", "arguments": {}})
    assert error["code"] == -32602 and "dead" in error["message"]
    # Asked for again and again, it is not started each time.
    for _ in range(20):
        assert len(tools(client)) == 4
    assert client.errors.count("can't be started") <= 2


def test_a_slow_server_keeps_nobody_waiting_and_comes_later(gateway, home):
    flag = home.path / "now"
    home.add_python("slow", "faulty.py", "list_when", str(flag))
    home.add_python("verbatim", "verbatim.py")
    client = gateway()
    assert len(tools(client)) == 4
    # Whoever asks again does not wait again.
    assert len(tools(client)) == 4
    flag.touch()
    client.wait_until(lambda: client.notifications(CHANGED), "a change")
    shown = tools(client)
    assert len(shown) > 4 and "slow__ok" in shown
    assert text(client, "slow__ok").startswith("ok by ")


def test_a_hanging_server_is_left_out(gateway, home):
    home.add_python("hanging", "faulty.py", "hang")
    home.add_python("verbatim", "verbatim.py")
    client = gateway()
    assert len(tools(client)) == 4
    assert text(client, "verbatim__process").isdigit()


def test_a_name_that_nobody_has_waits_for_no_other_server(gateway, home):
    home.add_python("hanging", "faulty.py", "hang")
    home.add_python("verbatim", "verbatim.py")
    client = gateway("--tool", "*_e*", "--tool", "v*", "--tool", "nobody*",
                     MCP_BRIDGE_START_TIMEOUT=300)
    assert text(client, "verbatim__process").isdigit()
    waiting = client.request("tools/call", {"name": "hanging__echo", "arguments": {}})
    for name in ("nobody__echo", "nobody", "hanging", "", "__", "verbatim__x", "hanging__x"):
        error = client.error("tools/call", {"name": name, "arguments": {}})
        assert error["code"] == -32602 and f"Unknown tool: {name}" in error["message"]
    # This one may have it, once it has started.
    assert client.answers(waiting) == []


def test_who_starts_it_again_behind_a_script_is_stopped(gateway, home):
    count = home.path / "starts"
    home.add("mirror", "sh", "-c", f"echo >>'{count}'; exec '{conftest.PROGRAM}' gateway")
    home.add_python("verbatim", "verbatim.py")
    client = gateway()
    assert "verbatim__process" in tools(client)
    client.close()
    assert 1 <= len(count.read_text()) <= 8


def test_a_change_that_a_server_tells_of(gateway, home):
    home.add_python("growing", "growing.py")
    client = gateway()
    expect(client, "growing__grow")
    assert client.notifications(CHANGED) == []
    assert text(client, "growing__grow", name="leaf") == "grown"
    assert text(client, "growing__grow", name="bud") == "grown"
    expect(client, "growing__grow", "growing__leaf", "growing__bud")
    assert client.notifications(CHANGED) != []
    assert text(client, "growing__bud") == "bud was called"


def test_who_says_so_all_the_time_changes_nothing(gateway, home):
    home.add_python("restless", "restless.py")
    client = gateway()
    for _ in range(5):
        assert list(tools(client)) == ["restless__fidget"]
        assert text(client, "restless__fidget") == "done"
    assert client.notifications(CHANGED) == []


def test_the_configuration_changes_meanwhile(gateway, home):
    home.add_python("plain", "plain.py")
    client = gateway()
    plain = ["plain__blob", "plain__digest", "plain__echo"]
    expect(client, *plain)
    added = home.add_python("many", "many_tools.py", "2", "2")
    expect(client, *plain, "many__tool_0", "many__tool_1")
    assert text(client, "many__tool_1") == "tool_1 was called"
    home.add_python("many", "many_tools.py", "1", "2", tools={"disabled": []})
    expect(client, *plain, "many__tool_0")
    added.unlink()
    expect(client, *plain)
    error = client.error("tools/call", {"name": "many__tool_0", "arguments": {}})
    assert error["code"] == -32602
    assert len(text(client, "plain__blob", size=5)) == 5


@pytest.mark.parametrize("how", ["waits to be read", "runs on"])
def test_a_server_is_taken_out_of_the_configuration_in_the_middle_of_a_call(gateway, home, how):
    file = home.add_python("faulty", "faulty.py", *(["stubborn"] if how == "runs on" else []))
    client = gateway()
    tools(client)
    id = begin_call(client)
    file.unlink()
    assert client.wait(id)["error"] == {
        "code": -32000,
        "message": f"server 'faulty' was ended: it was removed from the configuration ({file})"}
    expect(client)


def test_the_entry_of_a_server_changes_in_the_middle_of_a_call(gateway, home):
    home.add_python("faulty", "faulty.py")
    client = gateway()
    tools(client)
    id = begin_call(client)
    file = home.add_python("faulty", "faulty.py", env={"NEW": "yes"})
    error = client.wait(id)["error"]
    assert error == {"code": -32000, "message": f"server 'faulty' was ended: what {file} says of it "
                                                "has changed; the next call starts it anew"}
    assert text(client, "faulty__ok").startswith("ok by ")


def test_a_tool_that_an_old_list_has_not_is_asked_for(gateway, home):
    home.add_python("many", "many_tools.py", "3", "9")
    client = gateway()
    assert len(tools(client)) == 3
    client.close(timeout=20)
    kept, = (home.path / ".cache/headrace/catalogue").glob("*.tools.json")
    head, body = kept.read_text().split("\n")
    listed = json.loads(body)
    listed["tools"].pop()
    kept.write_text(head + "\n" + json.dumps(listed))
    client = gateway()
    assert list(tools(client)) == ["many__tool_0", "many__tool_1"]
    # It is called by whoever has known it from before, and then shown to all.
    assert text(client, "many__tool_2") == "tool_2 was called"
    expect(client, "many__tool_0", "many__tool_1", "many__tool_2")
    error = client.error("tools/call", {"name": "many__tool_22", "arguments": {}})
    assert error["code"] == -32602 and "did you mean 'many__tool_2'?" in error["message"]


def test_a_call_may_come_before_everything(gateway, home):
    home.add_python("verbatim", "verbatim.py")
    client = gateway(MCP_BRIDGE_BACKGROUND_LISTS=0)
    assert text(client, "verbatim__process").isdigit()


# --- calls ---


@pytest.fixture
def verbatim(gateway, home):
    home.add_python("verbatim", "verbatim.py")
    return gateway()


@pytest.mark.off_schema("a server may send what its version does not know")
def test_a_result_is_what_the_server_sent(verbatim):
    result = {"content": [{"type": "text", "text": "ä", "_meta": {"x": 1}},
                          {"type": "resource", "resource": {"uri": "a://b", "blob": "AAAA"}}],
              "structuredContent": {"n": 12345678901234567890123456789012345678901234567890},
              "isError": True, "_meta": {"example.com/a": [1.5, None]}, "more": {"of": "this"}}
    assert call(verbatim, "verbatim__answer", result=json.dumps(result)) == result


def test_an_error_is_what_the_server_sent(verbatim):
    error = {"code": -31999, "message": "no", "data": {"why": ["a", 1.5]}}
    assert verbatim.error("tools/call", {"name": "verbatim__refuse", "arguments": {
        "error": json.dumps(error)}}) == error


def test_arguments_and_meta_are_what_the_client_sent(verbatim):
    verbatim.send_bytes(
        b'{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"verbatim__repeat",'
        b'"arguments":{"n":1.50 , "big":123456789012345678901234567890,"t":"\xc3\xa4"},'
        b'"_meta":{"example.com/trace":{"id":1.50},"progressToken":"p"}}}\n')
    line = verbatim.wait("a")["result"]["content"][0]["text"]
    assert '"arguments":{"n":1.50 , "big":123456789012345678901234567890,"t":"ä"}' in line
    assert '"example.com/trace":{"id":1.50}' in line
    message = json.loads(line)
    assert message["params"]["name"] == "repeat"
    # The client's own token is another's here.
    assert message["params"]["_meta"]["progressToken"] != "p"
    # Who asks for nothing sends nothing more.
    plain = json.loads(text(verbatim, "verbatim__repeat"))
    assert plain["params"] == {"name": "repeat", "arguments": {}}


def test_arguments_are_not_judged(verbatim):
    line = text(verbatim, "verbatim__repeat", anything=[None, {"at": "all"}])
    assert json.loads(line)["params"]["arguments"] == {"anything": [None, {"at": "all"}]}


def test_large_arguments_and_results(gateway, home):
    home.add_python("plain", "plain.py")
    client = gateway()
    size = 20_000_000
    blob = text(client, "plain__blob", size=size)
    assert blob == load("plain").blob(size)
    length, digest = text(client, "plain__digest", text=blob).split()
    assert (int(length), digest) == (size, hashlib.sha256(blob.encode()).hexdigest())


def test_calls_are_answered_in_any_order(gateway, home):
    home.add_python("plain", "plain.py", "200")
    client = gateway()
    ids = [client.request("tools/call", {"name": "plain__echo", "arguments": {"number": n}})
           for n in range(200)]
    answers = [client.wait(id)["result"]["structuredContent"]["number"] for id in ids]
    assert answers == list(range(200))


def test_a_server_that_dies_takes_its_call_with_it_and_no_other(gateway, home):
    home.add_python("faulty", "faulty.py")
    home.add_python("verbatim", "verbatim.py")
    client = gateway()
    tools(client)
    process = text(client, "verbatim__process")
    for name, words in (("exit", "the disk is on fire"), ("killed", "signal 9"),
                        ("half_then_exit", "server 'faulty'")):
        error = client.error("tools/call", {"name": f"faulty__{name}", "arguments": {}})
        assert error["code"] == -32000 and words in error["message"], error
        assert text(client, "faulty__ok").startswith("ok by ")
    assert text(client, "verbatim__process") == process


def test_a_call_that_is_given_up_is_given_up_at_the_server(gateway, home):
    home.add_python("faulty", "faulty.py")
    client = gateway()
    tools(client)
    id = begin_call(client)
    client.notify("notifications/cancelled", {"requestId": id, "reason": "enough"})
    assert len(json.loads(text(client, "faulty__cancelled"))) == 1
    assert client.answers(id) == []


def test_a_time_for_calls(gateway, home):
    home.add_python("faulty", "faulty.py")
    client = gateway("--timeout", "1s")
    tools(client)
    error = client.error("tools/call", {"name": "faulty__silent", "arguments": {}})
    assert error["code"] == -32001 and "did not answer in time" in error["message"]
    assert text(client, "faulty__ok").startswith("ok by ")


def test_what_servers_log_comes_with_their_names(gateway, home):
    home.add_python("office", "office.py")
    client = gateway()
    assert text(client, "office__grumble", text="dust") == "logged"
    told = client.wait_notification("notifications/message",
                                    lambda params: params["data"] == "dust")
    assert told["level"] == "warning" and told["logger"].startswith("office")
    client.call("logging/setLevel", {"level": "error"})
    assert text(client, "office__grumble", text="a trifle") == "logged"
    assert text(client, "office__grumble", text="another") == "logged"
    assert [each["params"]["data"] for each in client.notifications("notifications/message")
            if "office" in each["params"]["logger"]] == ["dust"]


def test_a_tool_that_is_only_to_be_had_as_a_task(gateway, home, node):
    home.add_node("every", "server-everything")
    client = gateway()
    shown = tools(client)["every__simulate-research-query"]
    # Clients refuse to call such a one plainly.
    assert "execution" not in shown
    assert "# Research Report: mills" in text(client, "every__simulate-research-query",
                                              topic="mills")


def test_progress_is_the_servers(gateway, home):
    home.add("both", official.needs_modern_python(), "-B", conftest.SERVERS / "both_eras.py")
    client = gateway()
    id = client.request("tools/call", {"name": "both__climb", "arguments": {"steps": 100},
                                       "_meta": {"progressToken": "p"}})
    assert client.wait(id)["result"]["content"][0]["text"] == "at the top"
    told = [each["params"] for each in client.messages
            if each.get("method") == "notifications/progress"]
    assert told == [{"progressToken": "p", "progress": step, "total": 100,
                     "message": f"step {step}"} for step in range(1, 101)]
    # All of them before the answer.
    assert "method" not in client.messages[-1] and client.messages[-1]["id"] == id


def test_a_server_is_not_asked_for_what_the_client_can_not(gateway, home):
    home.add_python("asking", "asking.py")
    client = gateway()
    result = call(client, "asking__confirm", question="Really?")
    assert result["isError"] is True


def test_roots_are_the_clients_and_so_are_their_changes(start, home, node):
    folders = [home.path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
        (folder / "file.txt").write_text(folder.name)
    home.add_node("files", "server-filesystem", str(home.path / "MCPs"))
    client = start(None, "gateway", initialize=False)
    shown = [folders[0]]
    user = User(client, roots_list=lambda params: {
        "roots": [{"uri": f"file://{folder}"} for folder in shown]})
    client.initialize(capabilities={"roots": {"listChanged": True}})

    def read(folder):
        return call(client, "files__read_text_file", path=str(folder / "file.txt"))

    processes.eventually(lambda: not read(folders[0]).get("isError"), lambda: "the first is seen")
    assert read(folders[1]).get("isError")
    shown[:] = [folders[1]]
    client.notify("notifications/roots/list_changed")
    processes.eventually(lambda: not read(folders[1]).get("isError"), lambda: "the second is seen")
    assert read(folders[0]).get("isError")
    assert len(user.of("roots/list")) >= 2


def test_the_end_of_a_call_ends_its_question(start, home):
    home.add_python("asking", "asking.py")
    client = start(None, "gateway", initialize=False)
    client.initialize(capabilities=CAPABILITIES)
    id = client.request("tools/call", {"name": "asking__confirm",
                                       "arguments": {"question": "Really?"}})
    asked = client.wait_until(
        lambda: [each for each in client.messages if each.get("method") == "elicitation/create"],
        "a question")[0]
    client.notify("notifications/cancelled", {"requestId": id})
    told = client.wait_notification("notifications/cancelled")
    assert told["requestId"] == asked["id"]
    assert client.answers(id) == []


# --- the end ---


@pytest.mark.parametrize("how", ["end of file", "SIGTERM", "SIGKILL"])
def test_nothing_is_left_behind(gateway, home, how):
    home.add_python("stubborn", "faulty.py", "stubborn")
    home.add_python("verbatim", "verbatim.py")
    client = gateway()
    tools(client)
    assert text(client, "stubborn__ok").startswith("ok by ")
    client.request("tools/call", {"name": "stubborn__silent", "arguments": {}})
    if how == "end of file":
        assert client.close(timeout=20) == 0
    elif how == "SIGTERM":
        client.signal(signal.SIGTERM)
        assert client.wait_exit(timeout=20) == 0
    else:
        client.kill()
    # The fixture `watch` sees to it that no process is left.


def test_what_is_in_flight_at_the_end_is_answered(gateway, home):
    home.add_python("verbatim", "verbatim.py")
    client = gateway()
    text(client, "verbatim__process")
    id = client.request("tools/call", {"name": "verbatim__process", "arguments": {}})
    assert client.close(timeout=20) == 0
    assert len(client.answers(id)) == 1 and "result" in client.answers(id)[0]
