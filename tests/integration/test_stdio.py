"""How the program is started and ended: its command line, its settings, and what its stdin may be."""

import json
import os
import pty
import socket
import subprocess

import pytest

import conftest
from raw_client import text_of

INITIALIZE = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
    "protocolVersion": "2025-06-18", "capabilities": {},
    "clientInfo": {"name": "t", "version": "1"}}}
RUN = {"jsonrpc": "2.0", "id": "run", "method": "tools/call", "params": {
    "name": "run_python", "arguments": {"code": "print(6 * 7)"}}}


def lines(*messages):
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


def answers(output):
    """id → answer."""
    return {message["id"]: message for message in map(json.loads, output.splitlines())
            if "method" not in message}


@pytest.fixture
def run(home, watch):
    """Runs the program to its end."""

    def start(*arguments, **options):
        settings = options.pop("settings", {})
        process = subprocess.Popen([conftest.PROGRAM, *arguments], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, cwd=home.path,
                                   env=home.environment(**settings),
                                   stdin=options.pop("stdin", subprocess.DEVNULL))
        watch.pids.append(process.pid)
        out, err = process.communicate(options.pop("input", None), timeout=100)
        return process.returncode, out, err.decode()

    return start


# --- the command line ---


def test_help(run):
    code, out, err = run("--help")
    assert code == 0 and not err
    text = out.decode()
    assert "Usage" in text and "run" in text and "--version" in text and "MCP_BRIDGE_" in text


def test_version(run):
    code, out, err = run("--version")
    assert code == 0 and not err
    name, version = out.decode().split()
    assert name == "headrace" and version[0].isdigit()


@pytest.mark.parametrize("argument", ["--no-such-flag", "no-such-command"])
def test_what_it_does_not_know_is_refused_by_name(run, argument):
    code, out, err = run(argument)
    assert code not in (0, -6, -11) and not out
    assert argument in err and "--help" in err


@pytest.mark.parametrize("arguments", [[], ["run"]])
def test_it_serves_with_and_without_the_word_run(run, arguments):
    code, out, _ = run(*arguments, stdin=subprocess.PIPE, input=lines(INITIALIZE))
    assert code == 0
    assert answers(out)[1]["result"]["serverInfo"]["name"] == "headrace"


# --- settings ---


@pytest.mark.parametrize("name, value", [
    ("MCP_BRIDGE_RUNTIME", "lxc"), ("MCP_BRIDGE_IMAGE", "-v /:/host"),
    ("MCP_BRIDGE_TIMEOUT", "soon"), ("MCP_BRIDGE_TIMEOUT", "0"), ("MCP_BRIDGE_TIMEOUT", "-3"),
    ("MCP_BRIDGE_MAX_TIMEOUT", "1 parsec"), ("MCP_BRIDGE_MEMORY", "much"),
    ("MCP_BRIDGE_MEMORY", "1m"), ("MCP_BRIDGE_PIDS", "0"), ("MCP_BRIDGE_PIDS", "many"),
    ("MCP_BRIDGE_CPUS", "-1"), ("MCP_BRIDGE_CPUS", "nan"),
    ("MCP_BRIDGE_CONTAINER_USER", "--privileged"),
    ("MCP_BRIDGE_RUNTIME_IDLE_TIMEOUT", "never"), ("MCP_BRIDGE_OUTPUT_MODE", "yaml"),
    ("MCP_BRIDGE_LOG_LEVEL", "LOUD"), ("MCP_BRIDGE_ALLOW_SELF_SERVER", "perhaps"),
    ("MCP_BRIDGE_STRICT_SERVERS", "2"),
])
def test_a_bad_setting_ends_the_start_and_is_named(run, name, value):
    code, out, err = run(settings={name: value})
    assert code == 1 and not out
    assert name in err
    assert len(err.splitlines()) == 1, err


@pytest.mark.parametrize("settings", [
    {"MCP_BRIDGE_TIMEOUT": "30s", "MCP_BRIDGE_MAX_TIMEOUT": "2m"},
    {"MCP_BRIDGE_TIMEOUT": "", "MCP_BRIDGE_MEMORY": "", "MCP_BRIDGE_RUNTIME": ""},
    {"MCP_BRIDGE_LOG_LEVEL": "debug", "MCP_BRIDGE_OUTPUT_MODE": "JSON"},
    {"MCP_BRIDGE_MEMORY": "1g", "MCP_BRIDGE_CPUS": "1.5", "MCP_BRIDGE_PIDS": " 64 "},
])
def test_good_settings(run, settings):
    code, out, err = run(settings=settings)
    assert code == 0 and not out and "MCP_BRIDGE" not in err


def test_times_reach_the_schema(start):
    headrace = start(None, MCP_BRIDGE_TIMEOUT="45s", MCP_BRIDGE_MAX_TIMEOUT="2m")
    timeout = headrace.call("tools/list")["tools"][0]["inputSchema"]["properties"]["timeout"]
    assert (timeout["minimum"], timeout["maximum"], timeout["default"]) == (1, 120, 45)


# --- stdin ---


def test_stdin_from_a_file_is_answered_to_its_end(run, home, some_runtime):
    script = home.path / "requests"
    script.write_bytes(lines(INITIALIZE, {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}))
    with script.open("rb") as file:
        code, out, _ = run(stdin=file)
    assert code == 0
    assert sorted(answers(out)) == [1, 2]


def test_stdin_from_dev_null(run):
    code, out, err = run()
    assert (code, out) == (0, b"") and "speaks the Model Context Protocol" not in err


def test_a_last_line_without_a_newline_is_answered(run):
    code, out, _ = run(stdin=subprocess.PIPE, input=lines(INITIALIZE).rstrip())
    assert code == 0 and 1 in answers(out)


@pytest.mark.parametrize("closing, missing", [
    ("0<&-", "stdin"), ("1>&-", "stdout"), ("0<&- 1>&-", "stdin"), ("0<&- 1>&- 2>&-", None)])
def test_closed_descriptors_end_it_with_a_reason(home, watch, closing, missing):
    """Whatever was opened next would take their places."""
    done = subprocess.run(["/bin/sh", "-c", f'exec "{conftest.PROGRAM}" {closing}'],
                          env=home.environment(), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 1 and not done.stdout
    assert missing is None or f"{missing} is not open" in done.stderr


def test_a_closed_stderr_harms_nothing(home, watch, some_runtime):
    home.add("gone", "/does/not/exist")
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "{conftest.PROGRAM}" 2>&-'], capture_output=True, timeout=100,
        env=home.environment(MCP_BRIDGE_RUNTIME=some_runtime, MCP_BRIDGE_LOG_LEVEL="debug"),
        input=lines(INITIALIZE, {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}))
    assert done.returncode == 0
    assert sorted(answers(done.stdout)) == [1, 2]
    assert len(done.stdout.splitlines()) == 2


def test_a_stderr_that_nobody_reads_stops_nothing(home, watch, some_runtime):
    home.add_python("faulty", "faulty.py")
    process = subprocess.Popen(
        [conftest.PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=home.environment(MCP_BRIDGE_RUNTIME=some_runtime, MCP_BRIDGE_LOG_LEVEL="debug"))
    watch.pids.append(process.pid)
    code = "print(await mcp_faulty.flood())"
    process.stdin.write(lines(INITIALIZE, {"jsonrpc": "2.0", "id": "run", "method": "tools/call",
                                           "params": {"name": "run_python",
                                                      "arguments": {"code": code, "timeout": 100}}}))
    process.stdin.flush()
    found = [answers(line) for line in (process.stdout.readline(), process.stdout.readline())]
    assert "flood by" in text_of(found[1]["run"]["result"])
    process.stdin.close()
    assert process.wait(20) == 0
    process.stdout.close()
    process.stderr.close()


def test_stdin_and_stdout_on_one_socket(home, watch, some_runtime):
    ours, theirs = socket.socketpair()
    process = subprocess.Popen([conftest.PROGRAM], stdin=theirs, stdout=theirs,
                               stderr=subprocess.PIPE,
                               env=home.environment(MCP_BRIDGE_RUNTIME=some_runtime))
    watch.pids.append(process.pid)
    theirs.close()
    ours.settimeout(100)
    ours.sendall(lines(INITIALIZE, RUN))
    with ours, ours.makefile("rb") as stream:
        found = answers(stream.readline() + stream.readline())
        assert text_of(found["run"]["result"]) == "42"
        ours.shutdown(socket.SHUT_WR)
        assert stream.read() == b""
    assert process.wait(100) == 0
    process.stderr.close()


def test_a_terminal_is_told_what_this_is(home, watch):
    master, slave = pty.openpty()
    process = subprocess.Popen([conftest.PROGRAM], stdin=slave, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=home.environment())
    watch.pids.append(process.pid)
    os.close(slave)
    os.write(master, lines(INITIALIZE))
    assert json.loads(process.stdout.readline())["id"] == 1
    os.write(master, b"\x04")  # Ctrl-D
    out, err = process.communicate(timeout=60)
    os.close(master)
    assert process.returncode == 0 and not out
    assert b"speaks the Model Context Protocol" in err and b"--help" in err


def test_a_terminal_that_hangs_up_ends_it(home, watch):
    master, slave = pty.openpty()
    process = subprocess.Popen([conftest.PROGRAM], stdin=slave, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=home.environment())
    watch.pids.append(process.pid)
    os.close(slave)
    process.stderr.readline()
    os.close(master)
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_shared_stdin_is_left_blocking(home, watch):
    """The descriptor's owner goes on using it after us."""
    reader, writer = os.pipe()
    process = subprocess.Popen([conftest.PROGRAM], stdin=reader, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, env=home.environment())
    watch.pids.append(process.pid)
    os.write(writer, lines(INITIALIZE))
    assert json.loads(process.stdout.readline())["id"] == 1
    assert os.get_blocking(reader)
    os.close(writer)
    process.communicate(timeout=60)
    assert process.returncode == 0 and os.get_blocking(reader)
    os.close(reader)


def test_code_that_prints_does_not_reach_the_protocol(start, runtime):
    """Whatever the interpreter's descriptors 1 and 2 carry ends up in the answer."""
    headrace = start(runtime)
    text = headrace.output("""
import os, sys
os.write(1, b'{"jsonrpc":"2.0","id":1,"result":{}}\\n')
os.system('echo from a child')
print("from print", flush=True)
""")
    assert text.splitlines() == ['{"jsonrpc":"2.0","id":1,"result":{}}', "from a child", "from print"]
