"""`headrace proxy`: whatever is said goes through, with real clients and real servers at its ends, and
the end of one side is the end of the other."""

import json
import os
import shlex
import signal
import subprocess
import sys

import conftest
import official
import processes
import pytest
from raw_client import RawClient

# Whole conversations of the official clients, here with a proxy between them and Headrace.
from official import converse  # noqa: F401
from test_clients import test_a_conversation, test_auto_asks_a_sibling_what_we_are  # noqa: F401
from test_clients_questions import askers, test_answers_reach_the_code_that_waits  # noqa: F401


def script(path, *command, before=""):
    """A program that is a command with arguments, for clients that take no arguments."""
    path.write_text(f"#!/bin/sh\n{before}exec {shlex.join(map(str, command))} \"$@\"\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def recorded_program(home, watch):
    pids = home.path / "headrace.pids"
    behind = script(home.path / "behind", conftest.PROGRAM,
                    before=f"echo $$ >>{shlex.quote(str(pids))}\n")
    yield script(home.path / "headrace", conftest.PROGRAM, "proxy", "--", behind)
    watch.pids.extend(int(line) for line in pids.read_text().split() if pids.exists())


@pytest.fixture
def proxy(home, watch):
    """proxy(command…, options=(), NAME=value…) → a RawClient in front of that server."""
    clients = []

    def begin(*command, options=(), start_reading=True, **settings):
        # Most servers here speak no MCP, which a trace would be looked at for.
        settings.setdefault("MCP_BRIDGE_TRACE", None)
        argv = [conftest.PROGRAM, "proxy", *options, "--", *map(str, command)]
        client = RawClient(argv, home.environment(**settings), cwd=home.path,
                           start_reading=start_reading)
        clients.append(client)
        return client

    yield begin
    for client in clients:
        client.kill()
        client.wait_exit()
    for client in clients:
        assert client.bad_lines == []


def python_server(name):
    return [sys.executable, "-B", conftest.SERVERS / name]


# --- real clients in front of real servers ---


@pytest.mark.parametrize("which", official.CLIENTS)
def test_official_clients_visit_an_official_server(home, node, watch, which):
    server = [official.needs_modern_python(), "-B", conftest.SERVERS / "both_eras.py"]
    program = script(home.path / "proxied", conftest.PROGRAM, "proxy", "--", *server)
    done = subprocess.run([*official.command("visiting", which, node), program],
                          env=home.environment(), cwd=home.path, capture_output=True, text=True,
                          timeout=200)
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["modern"] is (which in official.MODERN)
    assert report["tools"] == ["climb", "folders", "grow", "travel"]
    steps = [[n, 50, f"step {n}"] for n in range(1, 51)]
    # What the TypeScript SDK reads in one chunk with the answer comes too late for it: it has forgotten
    # by then who wanted progress, with or without a proxy.
    seen = len(report["steps"]) if which.startswith("typescript") else len(steps)
    assert report["steps"] == steps[:seen]
    faults = [fault for fault in report.get("faults", [])
              if "progress notification for an unknown token" not in fault]
    assert faults == []
    assert report["climbed"] == "at the top" and report["together"] == ["at the top"]
    assert report["travelled"] == "Ada, 3 days in Rome: <Plan 3 days in Rome for Ada>"
    assert report["asked"] == ["Who travels to Rome, and for how long?",
                               "Plan 3 days in Rome for Ada"]
    assert "file:///srv/shared" in report["folders"]
    assert "note://never" in report["unknown"]["message"]
    assert report["grown"] == "grown"
    assert report["afterwards"] == ["climb", "folders", "grow", "sprout", "travel"]


CONVERSATION = [
    ("initialize", {"protocolVersion": "2025-06-18", "capabilities": {"roots": {}},
                    "clientInfo": {"name": "raw", "version": "1"}}),
    ("tools/list", {}), ("tools/list", {"cursor": "nowhere"}), ("resources/list", {}),
    ("prompts/list", {}), ("no/such/method", {}), ("tools/call", {"name": "no such tool"}), ("ping", None)]


@pytest.mark.off_schema("it asks for what there is not")
@pytest.mark.parametrize("package", ["server-filesystem", "server-memory",
                                     "server-sequential-thinking"])
def test_servers_say_what_they_say_without_it(home, node, watch, package):
    """Byte for byte, and stderr too."""
    server = ["node", node / "@modelcontextprotocol" / package / "dist" / "index.js", home.path]
    lines = "".join(json.dumps({"jsonrpc": "2.0", "id": number, "method": method,
                                **({} if params is None else {"params": params})}) + "\n"
                    for number, (method, params) in enumerate(CONVERSATION))

    def said(*command):
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=home.environment(),
                              cwd=home.path) as process:
            process.stdin.write(lines.encode())
            process.stdin.flush()
            # All answers, before it hears that nothing more comes.
            output = [process.stdout.readline() for _ in CONVERSATION]
            rest, errors = process.communicate(timeout=100)
        return sorted(output), rest, errors

    assert said(*server) == said(conftest.PROGRAM, "proxy", "--", *server)


def test_everything_asks_and_tells(proxy, node):
    """It asks for roots by itself, tells of each step, and changes its list, before and after."""
    client = proxy("node", node / "@modelcontextprotocol/server-everything/dist/index.js")
    client.initialize(capabilities={"roots": {"listChanged": True}, "sampling": {}})
    asked = client.wait_until(
        lambda: [m for m in client.messages if m.get("method") == "roots/list"], "roots/list")[0]
    client.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"roots": []}})
    id = client.request("tools/call", {
        "name": "trigger-long-running-operation", "arguments": {"duration": 0.2, "steps": 4},
        "_meta": {"progressToken": "steps"}})
    assert "completed" in client.wait(id)["result"]["content"][0]["text"]
    steps = [m["params"]["progress"] for m in client.notifications("notifications/progress")]
    assert steps == [1, 2, 3, 4]
    assert client.close() == 0


def test_a_server_without_any_library(proxy):
    client = proxy(*python_server("echoing.py"))
    client.initialize()
    told = client.call("tools/call", {"name": "anything", "arguments": {"n": 2, "ü": "€"}})
    assert told["structuredContent"]["arguments"] == {"n": 2, "ü": "€"}
    assert client.close() == 0


# --- sizes ---

ECHO = """
import sys
for line in sys.stdin.buffer:
    head, _, body = line.partition(b'"params":')
    id = head.partition(b'"id":')[2].partition(b",")[0].strip()
    if id:
        sys.stdout.buffer.write(b'{"jsonrpc":"2.0","id":' + id + b',"result":' + body)
        sys.stdout.buffer.flush()
"""


@pytest.mark.parametrize("size", [100, 4095, 4096, 65536, 1 << 20, 20 << 20, 60 << 20])
def test_frames_of_all_sizes(proxy, size):
    client = proxy(sys.executable, "-c", ECHO)
    for _ in range(2):
        assert client.call("echo", {"text": "x" * size}) == {"text": "x" * size}
    assert client.close() == 0


def test_many_requests_at_once(proxy):
    """More than all pipes and queues between hold; none is lost or comes twice."""
    client = proxy(sys.executable, "-c", ECHO)
    ids = [client.request("echo", {"n": n, "text": "y" * (n % 3000)}) for n in range(20000)]
    for n, id in enumerate(ids):
        assert client.wait(id)["result"]["n"] == n
    assert all(len(client.answers(id)) == 1 for id in ids)
    answers = [m["id"] for m in client.messages if "method" not in m]
    assert answers == ids
    assert client.close() == 0


# --- ends ---


def test_a_command_that_is_not_there(proxy):
    client = proxy("no-such-server", "--stdio")
    assert client.wait_exit() == 127
    assert "no-such-server" in client.errors and "can't be started" in client.errors


def test_a_file_that_is_no_program(proxy, home):
    path = home.path / "notes.txt"
    path.write_text("to do")
    client = proxy(path)
    assert client.wait_exit() == 127
    assert str(path) in client.errors


@pytest.mark.parametrize("first, words", [
    ("#!/no/such/python3 -u\n", "names '/no/such/python3' as its interpreter, which is not there"),
    ("#!/bin/sh\r\n", "names '/bin/sh' as its interpreter, and ends as lines do on Windows"),
    ("import sys\n", "begin with '#!'"),
    ("\x7fELF\n", "no program for this machine")])
def test_a_script_that_can_not_be_executed(proxy, home, first, words):
    path = home.path / "server.py"
    path.write_bytes(first.encode() + b"print()\n")
    path.chmod(0o755)
    client = proxy(path)
    assert client.wait_exit() == 127
    [line] = client.errors.splitlines()
    assert f"'{path}' can't be executed" in line and words in line


@pytest.mark.parametrize("closing, missing", [("0<&-", "stdin"), ("1>&-", "stdout")])
def test_stdio_that_is_closed(home, watch, closing, missing):
    """Before the server is started, which would live on."""
    started = home.path / "started"
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "{conftest.PROGRAM}" proxy -- touch "{started}" {closing}'],
        env=home.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and not done.stdout and not started.exists()
    assert f"headrace: {missing} is not open" in done.stderr and "give it a pipe" in done.stderr


@pytest.mark.parametrize("arguments", [["proxy"], ["proxy", "--"], ["proxy", "--no-such-flag", "--", "x"]])
def test_without_a_command_it_says_how(home, arguments):
    done = subprocess.run([conftest.PROGRAM, *arguments], env=home.environment(), check=False,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100)
    assert done.returncode == 2 and done.stdout == "" and "--help" in done.stderr


def test_help_shows_how_it_is_configured(home):
    done = subprocess.run([conftest.PROGRAM, "proxy", "--help"], env=home.environment(), check=True,
                          capture_output=True, text=True, timeout=100)
    assert "headrace proxy -- npx" in done.stdout and '"args": ["proxy"' in done.stdout


def test_a_server_that_falls_over_at_its_start(proxy):
    """What a client sees of a typing mistake in its configuration."""
    client = proxy(sys.executable, "-m", "no_such_module")
    error = client.error("initialize", {})
    assert error["code"] == -32000
    assert "exited with status 1" in error["message"]
    assert "No module named no_such_module" in error["message"]
    assert client.wait_exit() == 1


def test_a_server_that_is_killed(proxy):
    client = proxy(sys.executable, "-c",
                   "import os; input(); os.kill(os.getpid(), 9)", options=["--name", "office"])
    error = client.error("initialize", {})
    assert "server 'office' was killed by signal 9" in error["message"]
    assert client.wait_exit() == 128 + 9


def test_what_a_server_says_last_arrives(proxy):
    """It writes more than a pipe holds and is gone."""
    code = "input(); print('{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"t\":\"' + 'x' * 5000000 + '\"}}')"
    client = proxy(sys.executable, "-c", code)
    client.request("big", {}, id=1)
    assert len(client.wait(1)["result"]["t"]) == 5000000
    assert client.wait_exit() == 1  # it ended before its client did


STUBBORN = """
import signal, subprocess, sys, time
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
print('{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"up"}}',
      flush=True)
while True:
    time.sleep(1000)
"""


@pytest.mark.parametrize("end", ["end of file", "SIGTERM", "SIGHUP", "SIGINT", "SIGKILL"])
def test_nothing_is_left_behind(proxy, watch, end):
    """Not the server that listens to nothing, not what it has started; `watch` looks, too."""
    client = proxy(sys.executable, "-c", STUBBORN)
    client.wait_notification("notifications/message")
    if end == "end of file":
        assert client.close() == 0
    elif end == "SIGKILL":
        client.kill()
        client.wait_exit()
    else:
        client.signal(getattr(signal, end))
        assert client.wait_exit() == 0
    watch.assert_no_process()


def test_a_client_that_only_stops_reading_its_answers(proxy, watch):
    """Its end of our stdout is closed; its stdin stays open."""
    client = proxy(sys.executable, "-c", ECHO, start_reading=False)
    client.process.stdout.close()
    client.request("echo", {"n": 1})
    client.process.wait(100)
    watch.assert_no_process()


def test_a_client_that_dies_while_nothing_is_read(proxy, watch):
    """The server reads nothing, so that the client is not read from either: its end is noticed."""
    client = proxy(sys.executable, "-c", "import time; time.sleep(1000)", start_reading=False)
    line = b'{"jsonrpc":"2.0","id":1,"method":"x","params":"' + b"x" * (17 << 20) + b'"}\n'
    client.send_bytes(line)
    # Nobody takes this one; what fits in the pipe is left in it.
    os.set_blocking(client.process.stdin.fileno(), False)
    os.write(client.process.stdin.fileno(), line)
    client.process.stdout.close()
    client.process.wait(100)
    watch.assert_no_process()


def test_grandchildren_that_hold_the_pipe_keep_nobody(proxy):
    """The server is gone, and something it started in a session of its own holds its stdout."""
    code = ("import subprocess, sys; input();"
            "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(20)'],"
            " start_new_session=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)")
    client = proxy(sys.executable, "-c", code)
    error = client.error("initialize", {})
    assert "exited with status 0" in error["message"]
    assert client.wait_exit() == 1
    for pid in processes.descendants():
        if "time.sleep(20)" in processes.describe([pid]):
            os.kill(pid, signal.SIGKILL)


# --- its surroundings ---


def test_stderr_is_passed_on(proxy):
    client = proxy(sys.executable, "-c", "import sys; sys.stderr.write('one\\ntwo\\n'); " + ECHO)
    client.wait_stderr("one\ntwo\n")
    assert client.close() == 0


def test_nobody_has_to_read_stderr(home, watch):
    """A megabyte of it is in nobody's way."""
    code = "import sys; sys.stderr.write('e' * (1 << 20)); sys.stderr.flush(); " + ECHO
    process = subprocess.Popen([conftest.PROGRAM, "proxy", "--", sys.executable, "-c", code],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=home.environment(MCP_BRIDGE_TRACE=None))
    with process:
        process.stdin.write(b'{"jsonrpc":"2.0","id":1,"method":"echo","params":{}}\n')
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == 1
        process.stdin.close()
        errors = process.stderr.read()
        assert process.wait(100) == 0
    assert errors.startswith(b"eeee") and len(errors) < 1 << 20


def test_the_server_has_the_environment_and_the_folder_of_the_client(proxy, home):
    code = ("import json, os, sys; input(); print(json.dumps({'jsonrpc': '2.0', 'id': 1, 'result': "
            "{'token': os.environ['TOKEN'], 'folder': os.getcwd(), 'fds': os.listdir('/proc/self/fd'),"
            " 'args': sys.argv[1:]}})); input()")
    client = proxy(sys.executable, "-c", code, "--flag", "a b", "--", "-x", TOKEN="s3cret")
    client.request("look", {}, id=1)
    told = client.wait(1)["result"]
    assert told["token"] == "s3cret" and told["folder"] == str(home.path)
    assert told["args"] == ["--flag", "a b", "--", "-x"]
    # 3 is the listing itself.
    assert sorted(told["fds"]) == ["0", "1", "2", "3"]


def test_it_reads_no_configuration_and_makes_no_sandbox(proxy, home):
    (home.servers / "broken.json").write_text("{")
    client = proxy(sys.executable, "-c", ECHO, MCP_BRIDGE_RUNTIME="podman")
    assert client.call("echo", {"n": 1}) == {"n": 1}
    assert client.close() == 0
    assert client.errors == ""


@pytest.mark.off_schema("MCP has no method called echo")
def test_a_trace_has_both_sides(proxy, home):
    client = proxy(sys.executable, "-c", ECHO, options=["--name", "echo"],
                   MCP_BRIDGE_TRACE=home.traces)
    client.call("echo", {"n": 1})
    assert client.close() == 0
    records = [json.loads(line) for path in home.traces.glob("*.jsonl")
               for line in path.read_text().splitlines()[1:]]
    seen = [(record["peer"], record["direction"]) for record in records if "line" in record]
    assert seen == [("the client", "in"), ("server 'echo'", "out"), ("server 'echo'", "in"),
                    ("the client", "out")]
    assert len({record["line"] for record in records if "line" in record}) == 2
