"""Nothing outlives its owner, and what did is found."""

import json
import os
import signal
import socket
import subprocess

import pytest

WAITS = 'import sys\nprint("started", flush=True)\nsys.stdin.read()\n'
MARK = "# a sandbox of test_lifetime"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_sandbox_dies_with_the_command(sandbox, eventually, processes, how):
    mark = f"{MARK} {os.getpid()} {how}"
    running = sandbox.start(mark + "\n" + WAITS)
    assert running.stdout.readline() == "started\n"
    assert processes(mark)
    running.send_signal(how)
    running.wait(timeout=60)
    eventually(lambda: processes(mark) == [], "the sandbox's processes are gone")
    eventually(lambda: not sandbox.exists(sandbox.started[-1]), "the container is gone")
    running.stdin.close()


def test_the_end_of_input_ends_it(sandbox, eventually):
    running = sandbox.start(WAITS)
    assert running.stdout.readline() == "started\n"
    running.stdin.close()
    assert running.wait(timeout=60) == 0
    eventually(lambda: not sandbox.exists(sandbox.started[-1]), "the container is gone")


def test_orphans_are_reaped(sandbox):
    if not sandbox.described()["init"]:
        pytest.skip("this runtime has no init here")
    answer = sandbox.ask("""
import json, os, time

def is_zombie(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return False

for _ in range(20):
    if os.fork() == 0:
        if os.fork() == 0:
            os._exit(0)
        os._exit(0)
    os.wait()
end = time.monotonic() + 30
while time.monotonic() < end:
    zombies = [pid for pid in os.listdir("/proc") if pid.isdigit() and is_zombie(pid)]
    if not zombies:
        break
    time.sleep(0.05)
print(json.dumps(zombies))
""")
    assert answer == []


def test_leftovers_of_the_dead_are_found_and_removed(sandbox, eventually):
    tool = os.environ["HEADRACE_SANDBOX_ARGV"]

    def leftovers():
        done = subprocess.run([tool, "leftovers", sandbox.runtime], capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    if sandbox.runtime == "bwrap":
        assert leftovers() == []
        return
    # The tool that told its owner's id has ended: an owner that is gone.
    owner = subprocess.run([tool, "owner"], capture_output=True, text=True).stdout.strip()
    name = f"headrace-{owner}-1"
    alive = f"headrace-elsewhere.pid1.1.1-2"
    commands = []
    for container, whose in ((name, owner), (alive, "elsewhere.pid1.1.1")):
        command = sandbox.command("run", WAITS, owner=whose)
        command[4] = container
        sandbox.started.append(container)
        commands.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True))
        assert commands[-1].stdout.readline() == "started\n"
    assert name in leftovers()
    assert alive not in leftovers()
    described = json.loads(subprocess.run(
        [tool, "print", sandbox.runtime, os.environ["HEADRACE_TEST_IMAGE"], name, "--"],
        capture_output=True, text=True).stdout)
    assert subprocess.run(described["remove"], capture_output=True, timeout=60).returncode == 0
    eventually(lambda: name not in leftovers(), "the leftover is gone")
    assert subprocess.run(described["remove"], capture_output=True, timeout=60).returncode == 0
    for running in commands:
        running.communicate(timeout=60)


def test_podman_passes_a_socket_on(sandbox):
    if sandbox.runtime != "podman":
        pytest.skip("descriptors are podman's road")
    ours, theirs = socket.socketpair()
    # A shell puts it where the product would: under number 3.
    command = sandbox.command("run", """
import socket
with socket.socket(fileno=3) as channel:
    channel.sendall(channel.recv(100).upper())
""", channel="descriptor")
    running = subprocess.Popen(
        ["bash", "-c", f'exec 3<&{theirs.fileno()}; exec "$@"', "bash", *command],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, pass_fds=[theirs.fileno()])
    theirs.close()
    ours.sendall(b"through")
    assert ours.recv(100) == b"THROUGH"
    running.communicate(timeout=60)
    assert running.returncode == 0


def test_docker_mounts_a_socket(sandbox, open_folder):
    if sandbox.runtime != "docker":
        pytest.skip("a mounted socket is docker's road")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(open_folder / "channel"))
        (open_folder / "channel").chmod(0o666)
        server.listen()
        running = subprocess.Popen(sandbox.command("run", """
import os, socket
with socket.socket(socket.AF_UNIX) as channel:
    channel.connect("/run/headrace/channel")
    channel.sendall(channel.recv(100).upper())
try:
    open("/run/headrace/other", "w")
except OSError as error:
    print(error.errno)
""", socket_directory=open_folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        server.settimeout(60)
        peer, _ = server.accept()
        with peer:
            peer.sendall(b"through")
            assert peer.recv(100) == b"THROUGH"
        assert running.communicate(timeout=60)[0] == "30\n"  # EROFS
