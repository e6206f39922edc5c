"""The commands for people: `headrace tools`, `docs` and `call`, on real servers and on odd ones."""

import json
import os
import pty
import signal
import subprocess
import sys

import pytest

import conftest
import processes

LIMIT = 120


class Done:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


@pytest.fixture
def run(home, watch):
    """run(*arguments, input=…, code=…, NAME=value…) → what it printed; its exit code is `code`."""

    def run_it(*arguments, input="", code=0, folder=None, **settings):
        done = subprocess.run([conftest.PROGRAM, *map(str, arguments)], capture_output=True,
                              env=home.environment(**settings), cwd=folder or home.path,
                              input=input.encode(), timeout=LIMIT)
        done = Done(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert done.code == code, done
        return done

    return run_it


def begin(home, *arguments, **pipes):
    return subprocess.Popen([conftest.PROGRAM, *map(str, arguments)], env=home.environment(),
                            cwd=home.path, **{"stdin": subprocess.DEVNULL, **pipes})


def at_terminal(home, *arguments):
    """What a terminal is written on stdout and stderr."""
    main, sub = pty.openpty()
    process = begin(home, *arguments, stdout=sub, stderr=sub)
    os.close(sub)
    data = b""
    while True:
        try:
            chunk = os.read(main, 65536)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        data += chunk
    os.close(main)
    return process.wait(LIMIT), data.decode()


def is_plain(text):
    return not any(ord(c) < 0x20 and c not in "\n\t" or 0x7F <= ord(c) < 0xA0 or c in "\u2028\u2029"
                   for c in text)


# --- tools ---

def test_tools_of_real_servers_are_listed(run, home, node):
    home.add_node("every thing", "server-everything", file="a.json")
    home.add_node("files", "server-filesystem", home.path, file="b.json")
    text = run("tools").out
    assert text.index("every thing  (in code: mcp_every_thing)") < text.index("\nfiles\n")
    assert "    get-sum " in text and "    read_text_file " in text
    only = run("tools", "--server", "every_thing").out
    assert "get-sum" in only and "read_text_file" not in only


def test_tools_are_searched(run, home, node):
    home.add_node("every", "server-everything")
    home.add_node("files", "server-filesystem", home.path)
    lines = run("tools", "read", "text", "file").out.splitlines()
    assert lines[0].split()[1:3] == ["files", "read_text_file"]
    assert len(run("tools", "read file", "--limit", "2").out.splitlines()) == 2
    found = json.loads(run("tools", "read text file", "--json").out)
    best = found["tools"][0]
    assert (best["server"], best["tool"]) == ("files", "read_text_file") and best["score"] > 0
    assert [tool["score"] for tool in found["tools"]] == sorted(
        (tool["score"] for tool in found["tools"]), reverse=True)
    assert all(tool["server"] == "every"
               for tool in json.loads(run("tools", "get", "--server", "every", "--json").out)["tools"])


def test_a_search_that_finds_nothing_says_so(run, home):
    home.add_python("odd", "peculiar.py")
    done = run("tools", "zzzqqq", code=1)
    assert done.out == "" and "no tool fits 'zzzqqq'" in done.err
    assert json.loads(run("tools", "zzzqqq", "--json", code=1).out)["tools"] == []


def test_servers_that_fail_hide_no_others(run, home):
    home.add_python("odd", "peculiar.py")
    home.add("broken", "false")
    home.add("missing", "/nowhere/at-all")
    done = run("tools")
    assert "grüße" in done.out
    for name in ("broken", "missing"):
        assert f"the tools of '{name}' are not known" in done.err
    found = json.loads(run("tools", "--json").out)
    assert sorted(failure["server"] for failure in found["failed"]) == ["broken", "missing"]
    assert all(failure["error"] for failure in found["failed"])
    assert {tool["server"] for tool in found["tools"]} == {"odd"}


def test_nothing_but_failures_is_a_failure(run, home):
    home.add("broken", "false")
    assert run("tools", code=1).out == ""


def test_no_servers_at_all(run):
    done = run("tools")
    assert done.out == "" and "no servers are configured" in done.err


def test_nothing_is_started_where_that_is_not_wanted(run, home, tmp_path):
    starts = tmp_path / "starts"
    home.add_python("odd", "peculiar.py", starts)
    done = run("tools", "--no-start")
    assert done.out == "" and "not known yet: odd" in done.err
    assert json.loads(run("tools", "--no-start", "--json").out)["unknown"] == ["odd"]
    assert not starts.exists()


def test_more_servers_than_are_started_at_once(run, home):
    for i in range(11):
        home.add_python(f"odd{i}", "peculiar.py")
    found = json.loads(run("tools", "--json").out)
    assert {tool["server"] for tool in found["tools"]} == {f"odd{i}" for i in range(11)}


def test_what_servers_write_does_not_steer_the_terminal(run, home):
    home.add_python("odd\x1b[1m\nname", "peculiar.py", file="odd.json")
    for arguments in (["tools"], ["tools", "steers"], ["docs", "odd_1m_name"], ["servers"],
                      ["docs", "odd\x1b[1m\nname", "evil\x1b[31m\nname", "--full"]):
        assert is_plain(run(*arguments).out), arguments
    assert is_plain(run("call", "odd\x1b[1m\nname", "none\x1b[1m", code=1).err)
    assert is_plain(run("docs", "\x1b[1m", code=1).err)


def test_a_terminal_sees_how_far_it_is(home, watch):
    home.add_python("odd", "peculiar.py")
    code, text = at_terminal(home, "tools")
    assert code == 0 and "asking servers for their tools: 0 of 1" in text
    assert text.index("\r\033[K") < text.index("grüße")


# --- what is kept ---

def starts_of(path):
    return len(path.read_text().splitlines()) if path.exists() else 0


def test_what_was_asked_once_needs_no_server(run, home, tmp_path):
    starts = tmp_path / "starts"
    home.add_python("odd", "peculiar.py", starts)
    assert run("index").out == "odd: 7 tools\n"
    asked = starts_of(starts)
    for arguments in (["tools"], ["tools", "--no-start"], ["tools", "steers"], ["docs", "odd"],
                      ["docs", "odd", "steer", "--full"], ["servers"]):
        assert "steer" in run(*arguments).out or arguments == ["servers"]
    assert starts_of(starts) == asked
    assert run("call", "odd", "arguments").out == "{}\n"
    assert starts_of(starts) > asked


def test_index_asks_all_and_says_what_came_of_it(run, home, node):
    home.add_node("files", "server-filesystem", home.path)
    for i in range(9):
        home.add_python(f"odd{i}", "peculiar.py")
    lines = run("index").out.splitlines()
    assert len(lines) == 10 and {f"odd{i}: 7 tools" for i in range(9)} < set(lines)
    home.add("broken", "false")
    done = run("index", code=1)
    assert "broken: " in done.out and "files: " in done.out and len(done.out.splitlines()) == 11
    found = {server["name"]: server
             for server in json.loads(run("index", "--json", code=1).out)["servers"]}
    assert "could not be started" in found["broken"]["error"] and found["odd3"]["tools"] == 7


def test_index_tells_that_the_lists_cannot_be_kept(run, home):
    home.add_python("odd", "peculiar.py")
    (home.path / ".cache" / "headrace").mkdir(parents=True)
    (home.path / ".cache" / "headrace" / "catalogue").write_text("no folder")
    done = run("index")
    assert "odd: 7 tools" in done.out and "can be kept" in done.err


def test_index_without_servers(run):
    assert "no servers are configured" in run("index").err
    assert json.loads(run("index", "--json").out) == {"servers": []}


def test_servers_tell_what_is_known_of_each(run, home, tmp_path):
    starts, listing = tmp_path / "starts", tmp_path / "listing"
    home.add_python("odd", "peculiar.py", starts, listing)
    home.add("broken", "false")

    def states():
        found = {server["name"]: server
                 for server in json.loads(run("servers", "--json").out)["servers"]}
        return found["odd"], found["broken"]

    odd, broken = states()
    assert odd["state"] == broken["state"] == "not listed" and not starts.exists()
    run("index", code=1)
    odd, broken = states()
    assert odd["state"] == "failed" and "is \x1b[1mlost" in odd["error"] and "tools" not in odd
    listing.touch()
    run("index", code=1)
    odd, broken = states()
    assert odd["state"] == "cached" and odd["tools"] == 7 and "error" not in odd
    assert odd["listedAt"].endswith("Z")
    assert broken["state"] == "failed" and "status 1" in broken["error"]
    listing.unlink()
    run("index", code=1)
    odd, broken = states()
    assert odd["state"] == "cached" and odd["tools"] == 7 and "lost" in odd["error"]
    text = run("servers").out
    assert "7 tools, listed just now" in text and "the last attempt to ask it failed: " in text
    assert is_plain(text)


def test_a_tool_that_is_new_is_found(run, home, tmp_path):
    script = tmp_path / "growing.py"
    text = (conftest.SERVERS / "peculiar.py").read_text()
    script.write_text(text)
    home.add("odd", sys.executable, "-B", script)
    run("index")
    script.write_text(text.replace('"steer"', '"steer_clear"'))
    assert "mcp_odd.steer_clear(" in run("docs", "odd", "steer_clear").out
    script.write_text(text.replace('"steer"', '"steer_more"'))
    assert run("call", "odd", "steer_more").out.startswith("red")


def test_without_a_place_to_keep_things(run, home):
    home.add_python("odd", "peculiar.py")
    settings = {"HOME": None, "MCP_BRIDGE_STATE_DIR": home.servers}
    assert run("index", **settings).out == "odd: 7 tools\n"
    assert "not known yet" in run("tools", "--no-start", **settings).err
    settings = {"XDG_CACHE_HOME": "/dev/null"}
    assert run("index", **settings).out == "odd: 7 tools\n"


# --- docs ---

def test_docs_of_a_tool(run, home, node):
    home.add_node("files", "server-filesystem", home.path)
    text = run("docs", "files", "read_text_file").out
    assert text.startswith("mcp_files.read_text_file(path: str, ")
    assert "Read the complete contents" in text and '"properties"' not in text
    full = run("docs", "files", "READ_TEXT_FILE", "--full").out
    assert '      "properties": {' in full
    (doc,) = json.loads(run("docs", "files", "read_text_file", "--json").out)["docs"]
    assert doc["signature"].startswith("mcp_files.read_text_file(") and "inputSchema" not in doc
    (doc,) = json.loads(run("docs", "files", "read_text_file", "--json", "--full").out)["docs"]
    assert "path" in doc["inputSchema"]["properties"]


def test_docs_of_a_server(run, home, node):
    home.add_node("files", "server-filesystem", home.path, description="What is at home")
    text = run("docs", "files").out
    assert text.startswith("files\n    What is at home\n\n")
    assert "mcp_files.write_file(path: str, content: str)" in text
    assert len(json.loads(run("docs", "files", "--json").out)["docs"]) > 5


def test_names_that_are_none_are_answered_with_the_nearest(run, home):
    home.add_python("office", "office.py")
    done = run("docs", "ofice", code=1)
    assert "'ofice' is not available; did you mean 'office'?" in done.err
    assert "did you mean 'get_issue'?" in run("docs", "office", "get_isue", code=1).err
    assert "did you mean 'get_issue'?" in run("call", "office", "getIssue", code=1).err
    assert "did you mean 'search_issues'?" in run("docs", "office", "Search", code=1).err
    done = run("call", "zzzz", "x", code=1)
    assert "did you mean" not in done.err and "headrace servers" in done.err


def test_a_server_that_is_misconfigured_says_why(run, home):
    (home.servers / "x.json").write_text('{"mcpServers": {"broken": {"args": ["x"]}, '
                                         '"far": {"url": "https://example.com/mcp"}}}')
    (home.servers / "y.json").write_text("{ this is no JSON")
    assert "`command` is missing" in run("docs", "broken", code=1).err
    assert "not reachable" in run("call", "far", "x", code=1).err
    assert "y.json" in run("servers").out


# --- call ---

def test_calls_of_real_servers(run, home, node):
    home.add_node("files", "server-filesystem", home.path)
    home.add_node("every", "server-everything")
    (home.path / "x.txt").write_text("hällo\nzwei\n")
    assert run("call", "files", "read_text_file", f"path={home.path}/x.txt").out == "hällo\nzwei\n"
    given = json.dumps({"path": f"{home.path}/x.txt", "head": 1}, indent=2)
    assert run("call", "files", "read_text_file", given).out == "hällo\n"
    assert run("call", "files", "read_text_file", "-", input=given).out == "hällo\n"
    assert "42" in run("call", "every", "get-sum", "a=40", "b=2").out
    assert "42" in run("call", "every", "get_sum", "a=40", "b=2").out  # as code calls it


def test_pictures_and_links_are_named(run, home, node):
    home.add_node("every", "server-everything")
    assert "\n[image image/png, 4033 bytes]\n" in run("call", "every", "get-tiny-image").out
    assert "[resource demo://" in run("call", "every", "get-resource-links", "count=2").out
    result = json.loads(run("call", "every", "get-tiny-image", "--json").out)
    assert [block["type"] for block in result["content"]] == ["text", "image", "text"]


def test_a_tool_that_fails_is_told_by_the_exit_code(run, home):
    home.add_python("office", "office.py")
    done = run("call", "office", "get_issue", "id=HR-9", code=1)
    assert "there is no issue HR-9" in done.out and done.err == ""
    assert json.loads(run("call", "office", "get_issue", "id=HR-9", "--json", code=1).out)["isError"]


def test_an_error_of_the_protocol_goes_to_stderr(run, home):
    home.add_python("odd", "peculiar.py")
    done = run("call", "odd", "refuse", code=1)
    assert done.out == "" and "not like that [2J (-32602)" in done.err and '"why"' in done.err
    assert run("call", "odd", "refuse", "--json", code=1).out == ""


def test_arguments_are_taken_for_what_they_are(run, home):
    home.add_python("odd", "peculiar.py")

    def given(*words, **options):
        return json.loads(run("call", "odd", "arguments", *words, **options).out)

    assert given() == {}
    assert given("text=2024", "n=5", "tags=[1, \"a\"]", "free=yes") == {
        "text": "2024", "n": 5, "tags": [1, "a"], "free": "yes"}
    assert given("text=ü=\n", "grüße=1") == {"text": "ü=\n", "grüße": 1}
    assert given('{"n": 1.50,\n "text": ""}') == {"n": 1.5, "text": ""}
    assert given("-", input='\n{"n": 10000000000000000000000}\n') == {"n": 10 ** 22}


def test_arguments_that_do_not_fit_are_a_wrong_use(run, home):
    home.add_python("office", "office.py")
    done = run("call", "office", "get_issue", "idd=HR-1", code=2)
    assert done.out == "" and "did you mean 'id'?" in done.err
    assert "query" in run("call", "office", "search_issues", '{"query": 5}', code=2).err


def test_arguments_that_can_not_be_read_are_a_wrong_use(run, home, tmp_path):
    starts = tmp_path / "starts"
    home.add_python("odd", "peculiar.py", starts)
    for words in (["{"], ["path"], ["=1"], ["n=1", "n=2"], ["n=1", "{}"]):
        assert run("call", "odd", "arguments", *words, code=2).out == ""
    assert "not valid JSON" in run("call", "odd", "arguments", "-", input="{]", code=2).err
    assert "no arguments" in run("call", "odd", "arguments", "-", code=2).err
    assert "not a time" in run("call", "odd", "arguments", "--timeout", "soon", code=2).err


def test_text_is_exact_but_at_a_terminal(run, home):
    home.add_python("odd", "peculiar.py")
    assert run("call", "odd", "steer").out == "red \x1b[31m\ttab\r\nnext\n"
    code, text = at_terminal(home, "call", "odd", "steer")
    assert code == 0 and "\x1b" not in text and "red  [31m\ttab\r\nnext\r\n" in text


def test_structured_content_alone_is_laid_out(run, home):
    home.add_python("odd", "peculiar.py")
    assert json.loads(run("call", "odd", "structured").out) == {"deep": [{"n": 1}]}
    assert run("call", "odd", "structured").out.count("\n") > 3


def test_names_in_other_alphabets(run, home):
    home.add_python("Übersicht 日本", "peculiar.py")
    assert "grüße" in run("tools", "--server", "Übersicht 日本").out
    assert run("call", "Übersicht 日本", "grüße", "wer=Ü").out == '{"wer": "Ü"}\n'
    assert "did you mean 'grüße'?" in run("call", "Übersicht 日本", "grüsse", code=1).err


def test_a_call_ends_at_its_time(run, home):
    home.add_python("faulty", "faulty.py")
    done = run("call", "faulty", "silent", "--timeout", "1s", code=1)
    assert "did not answer in time" in done.err


def test_a_server_that_dies_says_with_which_words(run, home):
    home.add_python("faulty", "faulty.py")
    done = run("call", "faulty", "exit", code=1)
    assert "the disk is on fire" in done.err and "7" in done.err
    assert "All is well" in run("docs", "faulty").out


def wait_for_call(home, tool):
    """Until the trace shows that the server was sent the call."""

    def sent():
        return any(f'\\"{tool}\\"' in line and "tools/call" in line and '"out"' in line
                   for trace in home.traces.glob("*.jsonl")
                   for line in trace.read_text().splitlines())

    processes.eventually(sent, lambda: "the server gets the call")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_cancels_the_call_and_ends_the_server(home, watch, number):
    home.add_python("faulty", "faulty.py")
    with begin(home, "call", "faulty", "silent", "--timeout", "10m", stdout=subprocess.PIPE,
               stderr=subprocess.PIPE) as process:
        wait_for_call(home, "silent")
        process.send_signal(number)
        assert process.wait(LIMIT) == 128 + number
        assert process.stdout.read() == b"" and b"cancelled" in process.stderr.read()
    assert any("notifications/cancelled" in trace.read_text() for trace in home.traces.glob("*.jsonl"))
    watch.assert_clean()


def test_a_signal_ends_the_wait_for_a_server(home, watch, tmp_path):
    started = tmp_path / "started"
    home.add("mute", "sh", "-c", f"echo >{started}; exec sleep 1000")
    with begin(home, "tools", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        processes.eventually(started.exists, lambda: "the server is started")
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT) == 128 + signal.SIGINT
    watch.assert_clean()


def test_a_second_signal_does_not_wait_for_the_server(home, watch):
    home.add_python("faulty", "faulty.py", "stubborn")
    with begin(home, "call", "faulty", "silent", "--timeout", "10m", stdout=subprocess.PIPE,
               stderr=subprocess.PIPE) as process:
        wait_for_call(home, "silent")
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT) in (128 + signal.SIGINT, 128 + signal.SIGTERM)
    watch.assert_clean()


def test_a_signal_while_stdin_is_read(home, watch):
    home.add_python("odd", "peculiar.py")
    process = begin(home, "call", "odd", "arguments", "-", stdin=subprocess.PIPE)
    process.send_signal(signal.SIGINT)
    assert process.wait(LIMIT) in (-signal.SIGINT, 128 + signal.SIGINT)
    process.stdin.close()


def test_a_reader_that_has_seen_enough_is_no_fault(home, watch):
    home.add_python("odd", "peculiar.py")
    for arguments in (["tools"], ["docs", "odd"], ["docs", "odd", "long", "--full"], ["servers"],
                      ["call", "odd", "arguments"]):
        with begin(home, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            assert process.wait(LIMIT) == 0, arguments
            assert process.stderr.read() == b""


def test_a_full_disk_is_told(home, watch):
    home.add_python("odd", "peculiar.py")
    with open("/dev/full", "w") as full, begin(home, "docs", "odd", stdout=full,
                                               stderr=subprocess.PIPE) as process:
        error = process.stderr.read().decode()
        assert process.wait(LIMIT) == 1 and "No space left" in error


@pytest.mark.parametrize("closed", [[0], [1], [2], [0, 1], [0, 1, 2]])
def test_closed_streams_are_not_taken_for_others(home, watch, closed):
    home.add_python("odd", "peculiar.py")
    close = " ".join({0: "<&-", 1: ">&-", 2: "2>&-"}[fd] for fd in closed)
    done = subprocess.run(["sh", "-c", f'"$0" call odd arguments n=1 {close}', conftest.PROGRAM],
                          env=home.environment(), cwd=home.path, timeout=LIMIT,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.stdout == (b"" if 1 in closed else b'{"n": 1}\n'), done
    assert done.returncode == (1 if 1 in closed else 0), done
    assert (b"can't be written" in done.stderr) == (closed in ([1], [0, 1]))


def test_without_a_home(run, home):
    home.add_python("odd", "peculiar.py")
    settings = {"HOME": None, "MCP_BRIDGE_STATE_DIR": home.servers}
    assert "grüße" in run("tools", **settings).out
    assert run("call", "odd", "arguments", "n=1", **settings).out == '{"n": 1}\n'
    run("servers", "--json", **settings)


# --- the command line ---

@pytest.mark.parametrize("command", ["servers", "tools", "docs", "call", "index"])
def test_help(run, command):
    assert f"headrace {command}" in run(command, "--help").out


def test_a_wrong_use_is_told(run):
    for arguments in (["--bogus"], ["tools", "--bogus"], ["docs"], ["call", "x"],
                      ["index", "x"], ["tools", "x", "--limit", "0"], ["tools", "--limit", "5"], ["nonsense"]):
        assert run(*arguments, code=2).out == ""


def test_a_setting_that_can_not_be_read_is_told(run):
    assert "MCP_BRIDGE_MEMORY" in run("tools", code=1, MCP_BRIDGE_MEMORY="lots").err


def test_servers_may_be_named_as_commands_are(run, home):
    for name in ("tools", "docs", "call", "run"):
        home.add_python(name, "peculiar.py")
        assert "grüße" in run("docs", name).out
    assert run("call", "tools", "arguments", "n=1").out == '{"n": 1}\n'
