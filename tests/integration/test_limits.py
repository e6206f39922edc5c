"""Code that came through `run_python` meets the same walls as in tests/sandbox, and the limits that
the environment variables set."""

import http.server
import json
import os
import secrets
import signal
import socket
import subprocess
import threading
import time
import uuid
from pathlib import Path

import pytest

import processes
from raw_client import text_of

CANARY = "canary-" + secrets.token_hex(8)


@pytest.fixture
def canaries(home):
    """Files of the host that hold the canary: in the home, in /tmp, in a folder open to all."""
    made = [home.path / "canary.txt", Path(f"/tmp/headrace-{uuid.uuid4().hex}.txt"),
            Path(f"/var/tmp/headrace-{uuid.uuid4().hex}.txt")]
    for path in made:
        path.write_text(CANARY)
        path.chmod(0o666)
    yield [str(path) for path in made]
    for path in made:
        assert path.read_text() == CANARY, "the sandbox wrote to the host's file"
        path.unlink()


def test_reads_no_file_of_the_host(start, home, canaries, runtime):
    headrace = start(runtime)
    found = headrace.json(f"""
import json, os
found = []
# No folder it can walk holds one.
for top in ('/', '/proc/1/root'):
    for folder, folders, files in os.walk(top):
        folders[:] = [f for f in folders if os.path.join(folder, f) not in
                      ('/proc', '/sys', '/usr', '/proc/1/root/proc')]
        found += [(folder, name) for name in files if name in
                  {[os.path.basename(path) for path in canaries]!r}]
for path in {canaries!r} + ['/etc/shadow', '/root' '/.bashrc', '/proc/1/root' + {canaries[1]!r},
                            '/proc/self/root' + {canaries[1]!r}, '/proc/sched_debug', '/dev/mem',
                            '/dev/kmsg', '/dev/vda']:
    try:
        with open(path, 'rb') as file:
            file.read(100)
        found.append(path)
    except OSError:
        pass
# What it writes under such a name is its own.
for path in {canaries!r}:
    try:
        with open(path, 'w') as file:
            file.write('written by the code')
    except OSError:
        pass
print(json.dumps(found))
""", timeout=100)
    assert found == []


def test_sees_none_of_the_environment(start, home, runtime):
    home.add_python("office", "office.py", env={"SERVER_SECRET": CANARY})
    headrace = start(runtime, HOST_SECRET=CANARY, HTTP_PROXY=f"http://user:{CANARY}@proxy:1",
                     https_proxy=f"http://user:{CANARY}@proxy:1")
    seen = headrace.json("""
import glob, json, os
seen = dict(os.environ)
for path in glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/cmdline'):
    try:
        seen[path] = open(path, errors='replace').read()
    except OSError:
        pass
print(json.dumps(seen))
""")
    assert CANARY not in json.dumps(seen)
    assert str(home.path) not in json.dumps(seen)
    assert seen["HOME"] == "/workspace"
    assert "MCP_BRIDGE" not in json.dumps(seen)


def test_reaches_no_network(start, runtime):
    hits = []

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            hits.append(self.path)

    abstract = f"\0headrace-{uuid.uuid4().hex}"
    with http.server.HTTPServer(("0.0.0.0", 0), Page) as web, socket.socket(socket.AF_UNIX) as unix:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        unix.bind(abstract)
        unix.listen()
        host = socket.gethostname()
        headrace = start(runtime)
        reached = headrace.json(f"""
import json, os, socket, urllib.request
reached = []
for address in ('127.0.0.1', '::1', 'localhost', {host!r}, '10.0.2.2', '172.17.0.1',
                'host.docker.internal', 'host.containers.internal', '169.254.169.254'):
    try:
        socket.create_connection((address, {web.server_port}), timeout=2).close()
        reached.append(address)
    except OSError:
        pass
for path in ({abstract!r}, '/var/run/docker.sock', '/run/docker.sock', '/run/podman/podman.sock',
             {os.environ.get("DOCKER_HOST", "unix:///none").removeprefix("unix://")!r}):
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
        reached.append(path)
    except OSError:
        pass
try:
    urllib.request.urlopen('http://127.0.0.1:{web.server_port}/', timeout=2)
    reached.append('http')
except OSError:
    pass
try:
    socket.getaddrinfo('example.com', 80)
    reached.append('dns')
except OSError:
    pass
print(json.dumps(reached))
""", timeout=100)
        web.shutdown()
    assert reached == []
    assert hits == []


def test_sees_and_signals_no_process_of_the_host(start, runtime):
    with subprocess.Popen(["sleep", "1000"]) as sleeper:
        try:
            headrace = start(runtime)
            answer = headrace.json(f"""
import json, os
lines = []
for name in os.listdir('/proc'):
    if name.isdigit():
        try:
            lines.append(open(f'/proc/{{name}}/cmdline').read().replace('\\0', ' '))
        except OSError:
            pass
signalled = []
for pid in ({sleeper.pid}, {headrace.pid}, {os.getpid()}):
    try:
        os.kill(pid, 9)
        signalled.append(pid)
    except OSError:
        pass
print(json.dumps({{'lines': lines, 'signalled': signalled, 'own': len(lines)}}))
""")
            assert answer["signalled"] == []
            assert not [line for line in answer["lines"] if "sleep 1000" in line or "pytest" in line]
            assert 1 <= answer["own"] < 10
            assert sleeper.poll() is None
        finally:
            sleeper.send_signal(signal.SIGKILL)


def test_is_nobody_and_can_become_nobody_else(start, runtime):
    headrace = start(runtime)
    answer = headrace.json("""
import json, os
status = dict(line.split(':\\t', 1) for line in open('/proc/self/status').read().splitlines())
could = []
for call in ('setuid', 'setgid'):
    try:
        getattr(os, call)(0)
        could.append(call)
    except OSError:
        pass
for folder in ('/', '/usr', '/etc', '/proc/sys/kernel', '/sys'):
    try:
        open(folder + '/probe', 'w').close()
        could.append(folder)
    except OSError:
        pass
print(json.dumps({'uid': os.getuid(), 'could': could, 'status': status}))
""")
    assert answer["uid"] == 65534
    assert answer["could"] == []
    assert int(answer["status"]["CapEff"], 16) == 0
    assert int(answer["status"]["CapBnd"], 16) == 0
    assert answer["status"]["NoNewPrivs"].strip() == "1"
    assert answer["status"]["Seccomp"].strip() == "2"


EATS = """
blocks = []
while len(blocks) < {mebibytes}:
    blocks.append(bytearray(b'x') * (1 << 20))
print('had', len(blocks), 'MiB')
"""


def test_memory_is_limited_as_set(start, runtime):
    headrace = start(runtime, MCP_BRIDGE_MEMORY="128m")
    assert "had 40 MiB" in headrace.output(EATS.format(mebibytes=40) + "blocks.clear()")
    text = headrace.failure(EATS.format(mebibytes=256), timeout=100)
    assert "had" not in text
    assert "MemoryError" in text or "memory" in text
    # With all of it still held, or in an interpreter of its own.
    assert headrace.output("print(6 * 7)").splitlines()[0] == "42"
    more = start(runtime, MCP_BRIDGE_MEMORY="1g")
    assert "had 256 MiB" in more.output(EATS.format(mebibytes=256), timeout=100)


def test_memory_of_all_processes_together_is_limited(start, runtime):
    headrace = start(runtime, MCP_BRIDGE_MEMORY="192m")
    text = headrace.failure("""
import os, time
children = []
for _ in range(6):
    pid = os.fork()
    if pid == 0:
        block = bytearray(b'x') * (60 << 20)
        time.sleep(1000)
        os._exit(0)
    children.append(pid)
_, status = os.wait()
assert not os.WIFSIGNALED(status), 'a child was killed'
""", timeout=60)
    assert "timed out" not in text
    assert "a child was killed" in text or "memory" in text


def test_memory_of_what_a_run_left_behind_is_limited_too(start, runtime):
    if runtime != "bwrap":
        pytest.skip("the engine's cgroup sees to it")
    headrace = start(runtime, MCP_BRIDGE_MEMORY="192m")
    # Short runs, none of which lasts until somebody looks; their processes stay.
    headrace.output("kept = 1")
    for _ in range(6):
        headrace.output("""
import os, time
if os.fork() == 0:
    time.sleep(0.3)
    block = bytearray(b'x') * (60 << 20)
    time.sleep(1000)
    os._exit(0)
""")
    deadline = time.monotonic() + 60
    text = ""
    while "left running used more than 192 MiB" not in text and "together" not in text:
        assert time.monotonic() < deadline, text
        time.sleep(0.1)
        text = text_of(headrace.run("print('kept' in globals())"))


CHILDREN = """
import os, signal, time
pids = []
try:
    for _ in range(200):
        pid = os.fork()
        if pid == 0:
            signal.pause()
            os._exit(0)
        pids.append(pid)
except OSError as error:
    print(error)
for pid in pids:
    os.kill(pid, 9)
    os.waitpid(pid, 0)
print(len(pids))
"""


def test_the_number_of_processes_is_limited_as_set(start, runtime):
    few = start(runtime, MCP_BRIDGE_PIDS=24)
    assert 4 <= int(few.output(CHILDREN, timeout=100).splitlines()[-1]) < 24
    many = start(runtime, MCP_BRIDGE_PIDS=100)
    assert 60 <= int(many.output(CHILDREN, timeout=100).splitlines()[-1]) < 100


def test_what_it_writes_is_limited_and_ends_with_it(start, runtime):
    headrace = start(runtime)
    answer = headrace.json("""
import json, os
sizes = {}
for folder in ('/tmp', '/workspace'):
    path, size = folder + '/kept', 0
    try:
        with open(path, 'wb', buffering=0) as file:
            while size < 1 << 30:
                size += file.write(bytes(1 << 20))
    except OSError:
        pass
    sizes[folder] = size
    os.truncate(path, 1)
print(json.dumps(sizes))
""", timeout=100)
    assert answer["/tmp"] <= 64 << 20
    assert answer["/workspace"] <= 128 << 20
    assert min(answer.values()) >= 32 << 20
    # Files last as long as the interpreter, not longer.
    assert headrace.output("print(os.path.exists('/tmp/kept'))") == "True"
    headrace.failure("os._exit(1)")
    assert headrace.output("import os\nprint(os.path.exists('/tmp/kept'))") == "False"


def test_two_sessions_see_nothing_of_each_other(start, runtime):
    one, other = start(runtime), start(runtime)
    one.output(f"open('/tmp/{CANARY}', 'w').close()\nopen('/workspace/{CANARY}', 'w').close()")
    assert CANARY not in other.output("import os\nprint(os.listdir('/tmp'), os.listdir('.'))")
    assert one.output("import os\nprint(os.listdir('/workspace'))") == f"['{CANARY}']"


def test_what_it_leaves_running_ends_with_the_session(start, watch, runtime):
    headrace = start(runtime)
    headrace.output("""
import os, signal
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        for number in (1, 2, 13, 15):
            signal.signal(number, signal.SIG_IGN)
        if os.fork():
            os._exit(0)
        while True:
            signal.pause()
print('left')
""")
    assert headrace.close() == 0
    watch.assert_no_process()
    watch.assert_no_container()


def test_the_user_is_the_one_that_was_set(start, runtime):
    headrace = start(runtime, MCP_BRIDGE_CONTAINER_USER="1234:2345")
    assert headrace.output("import os\nprint(os.getuid(), os.getgid())") == "1234 2345"


def test_processors_are_limited_as_set(start, runtime):
    if runtime == "bwrap":
        pytest.skip("bwrap has no means to limit processors")
    headrace = start(runtime, MCP_BRIDGE_CPUS="0.5", MCP_BRIDGE_WARM=0)
    assert headrace.output("print(1)") == "1"
    [name] = processes.containers(runtime, headrace.pid)
    done = subprocess.run([runtime, "inspect", "--format", "{{.HostConfig.NanoCpus}}", name],
                          capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "500000000"
