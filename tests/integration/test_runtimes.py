"""Which runtime is taken, what is said when there is none, and what becomes of a sandbox that nobody
uses."""

import glob
import os
import pathlib
import resource
import shutil
import subprocess
import tarfile
import tempfile
import time

import pytest

import processes
from conftest import IMAGE, RUNTIMES
from raw_client import text_of

HINTS = ["sudo apt install podman", "sudo apt install docker.io", "bubblewrap"]


class Path:
    """A PATH of its own, with only what is put there."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        # What Headrace starts itself, and what a runtime needs.
        for name in ("sh", "ps", "sleep", "python3", "true", "env"):
            self.link(name)

    def link(self, name):
        found = shutil.which(name)
        if found is not None:
            (self.folder / name).symlink_to(found)

    def script(self, name, text):
        file = self.folder / name
        file.write_text("#!/bin/sh\n" + text + "\n")
        file.chmod(0o755)

    def runtime(self, name):
        """The real one; it finds its own helpers by the real PATH."""
        command = shutil.which(name)
        if name == "bwrap":
            self.link("bwrap")
        else:
            self.script(name, f'PATH="{os.environ["PATH"]}" exec {command} "$@"')

    def __str__(self):
        return str(self.folder)


@pytest.fixture
def path(tmp_path):
    return Path(tmp_path / "bin")


def using(headrace):
    """What it says it uses."""
    headrace.wait_stderr("using ")
    return headrace.errors.partition("using ")[2].split()[0]


BROKEN = {
    "is killed": "kill -9 $$",
    "fails": "echo 'storage is not what it was' >&2; exit 125",
    "talks": "echo hello",
    "says nothing": "exit 1",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_auto_passes_over_one_that_is_broken(start, path, runtime, text):
    for name in ("podman", "docker", "bwrap"):
        if name == runtime:
            path.runtime(name)
            break
        path.script(name, text)
    headrace = start("auto", PATH=path)
    assert headrace.output("print(6 * 7)") == "42"
    assert using(headrace) == ("bubblewrap" if runtime == "bwrap" and "bubblewrap" in headrace.errors
                               else runtime)
    for name in ("podman", "docker"):
        if name == runtime:
            break
        assert f"{name} can't be used: " in headrace.errors
        if "storage" in text:
            assert "storage is not what it was" in headrace.errors


@pytest.fixture
def open_path():
    """One that whom bubblewrap steps down to may look into."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(pathlib.Path(folder) / "bin")


def test_what_a_guess_takes_for_granted_is_found_out(start, open_path, runtime):
    """An older bubblewrap lacks an option, a podman that talks to a server knows others, and a
    docker daemon may be unable to limit memory: a sandbox comes up all the same, as it has to be."""
    real = shutil.which(runtime)
    words = f'PATH="{os.environ["PATH"]}" {real}'
    script = OTHERWISE[runtime].replace("REAL", words).replace("SED", shutil.which("sed"))
    open_path.script(runtime, script)
    headrace = start(runtime, PATH=open_path)
    assert headrace.output("print(6 * 7)") == "42"
    limit = headrace.output("import resource as r; print(r.getrlimit(r.RLIMIT_DATA)[0])")
    if runtime == "docker":
        assert limit == str(512 << 20)
    headrace.wait_stderr("using ")
    version = {"podman": "podman 9.9.9, remote", "docker": "docker ", "bwrap": "bubblewrap 0.7"}
    assert "using " + version[runtime] in headrace.errors


# Each refuses, or says of itself, what the real one does not.
OTHERWISE = {
    "podman": """case "$*" in
*--env-host*) echo "Error: unknown flag: --env-host" >&2; exit 125 ;;
*version*) echo '{"Client":{"Version":"9.9.9"},"Server":{"Version":"9.9.9"}}' ;;
*) REAL "$@" ;;
esac""",
    "docker": """case "$*" in
*info*) REAL "$@" | SED 's/"MemoryLimit":true/"MemoryLimit":false/' ;;
*) REAL "$@" ;;
esac""",
    "bwrap": """case "$*" in
*--disable-userns*) echo "bwrap: Unknown option --disable-userns" >&2; exit 1 ;;
*--version*) echo bubblewrap 0.7.0 ;;
*) REAL "$@" ;;
esac""",
}


def test_auto_takes_podman_before_docker_before_bwrap(start):
    if not RUNTIMES:
        pytest.skip("no runtime is up")
    headrace = start("auto")
    assert headrace.output("print(1)") == "1"
    assert using(headrace).startswith(RUNTIMES[0][:5])


def test_one_that_is_asked_for_and_not_there_falls_through(start, path, runtime):
    path.runtime(runtime)
    for wanted in ("podman", "docker", "bwrap"):
        if wanted == runtime:
            continue
        headrace = start(wanted, PATH=path)
        assert headrace.output("print(6 * 7)") == "42"


def test_one_that_is_asked_for_and_broken_is_an_error(start, path, runtime):
    path.runtime(runtime)
    for wanted in ("podman", "docker"):
        if wanted == runtime:
            continue
        path.script(wanted, "echo 'storage is not what it was' >&2; exit 125")
        headrace = start(wanted, PATH=path)
        text = headrace.failure("print(1)")
        assert wanted in text
        assert "storage is not what it was" in text


@pytest.mark.parametrize("wanted", ["auto", "podman", "docker", "bwrap"])
def test_none_at_all_says_what_to_install(start, path, wanted):
    headrace = start(wanted, PATH=path)
    result = headrace.run("print(1)")
    text = result["content"][0]["text"]
    assert result["isError"]
    assert result["structuredContent"]["status"] == "error"
    for words in ["No sandbox can be started here", *HINTS]:
        assert words in text
    for name in ("podman", "docker", "bwrap"):
        assert f"{name}: not installed" in text
    # The rest of it goes on, and nothing is done twice.
    assert text == headrace.failure("print(1)")
    assert len(headrace.call("tools/list")["tools"]) == 1


def test_one_that_hangs_does_not_hold_up_the_end(start, path):
    path.script("podman", "exec /bin/sleep 1000")
    headrace = start("auto", PATH=path)
    headrace.start_run("print(1)")
    processes.eventually(lambda: "sleep" in processes.describe(
        processes.descendants(headrace.pid)), "it was asked")
    assert headrace.close() == 0


def test_one_that_can_be_used_later_is_found_then(start, path, some_runtime):
    headrace = start("auto", PATH=path)
    assert "No sandbox can be started here" in headrace.failure("print(1)")
    path.runtime(some_runtime)
    assert headrace.output("print(6 * 7)") == "42"


def engines():
    return [name for name in RUNTIMES if name != "bwrap"] or [None]


@pytest.fixture(params=engines())
def engine(request):
    if request.param is None:
        pytest.skip("no container engine is up")
    return request.param


def test_an_image_that_can_not_be_had_is_explained(start, engine):
    # A registry on this machine that nobody listens for.
    image = "127.0.0.1:9/nowhere/python:none"
    headrace = start(engine, MCP_BRIDGE_IMAGE=image)
    id = headrace.start_run("print(1)", progress_token="pull")
    text = headrace.end_of_run(id, timeout=200)["content"][0]["text"]
    assert f"the image '{image}' is not here and can't be pulled" in text
    assert "connect" in text or "reach" in text
    said = [m["params"].get("message", "") for m in
            headrace.notifications("notifications/progress")]
    assert any("pulling" in message for message in said), said
    # The engine's own progress is not the user's to read.
    assert "Trying to pull" not in headrace.errors


def test_an_image_without_python_is_explained(start, engine, tmp_path):
    image = "localhost/headrace-test-empty:none"
    archive = tmp_path / "empty.tar"
    with tarfile.open(archive, "w") as tar:
        (tmp_path / "readme").write_text("empty")
        tar.add(tmp_path / "readme", "readme")
    subprocess.run([engine, "import", str(archive), image], check=True, capture_output=True,
                   timeout=120)
    try:
        headrace = start(engine, MCP_BRIDGE_IMAGE=image)
        text = headrace.failure("print(1)")
        assert "the image has no python3" in text
        assert "MCP_BRIDGE_IMAGE" in text
    finally:
        subprocess.run([engine, "rmi", "--force", image], capture_output=True, timeout=120)


def test_an_idle_interpreter_is_shut_down_and_the_next_run_says_so(start, watch, runtime):
    headrace = start(runtime, MCP_BRIDGE_RUNTIME_IDLE_TIMEOUT=1)
    headrace.output("kept = 1")
    processes.eventually(lambda: not [pid for pid in processes.descendants(headrace.pid)
                                      if processes.is_sandbox(pid, runtime)],
                         lambda: "it was shut down, but there are\n" +
                         processes.describe(processes.descendants(headrace.pid)))
    if runtime != "bwrap":
        processes.eventually(lambda: not processes.containers(runtime, headrace.pid),
                             "its container is gone")
    text = headrace.output("print('again')")
    assert text.splitlines()[0] == "again"
    assert "the interpreter was shut down after 1 s without use" in text
    assert "variables and imports of earlier runs are gone" in text
    # Once is enough.
    assert headrace.output("print('again')") == "again" or "1 s without use" in text
    assert "NameError" in headrace.failure("print(kept)")


def test_a_run_is_not_idle(start, runtime):
    headrace = start(runtime, MCP_BRIDGE_RUNTIME_IDLE_TIMEOUT=1)
    assert headrace.output("import time\ntime.sleep(2.5)\nprint('done')") == "done"


def test_state_outlasts_pauses_that_are_shorter(start, runtime):
    headrace = start(runtime)
    headrace.output("kept = 1")
    time.sleep(1.5)
    assert headrace.output("print(kept)") == "1"


@pytest.mark.parametrize("spare", [0, 1, 4, 8, 16])
def test_a_start_without_descriptors_fails_in_words_and_the_next_one_works(start, runtime, spare):
    headrace = start(runtime, MCP_BRIDGE_WARM=0)
    before = resource.prlimit(headrace.pid, resource.RLIMIT_NOFILE)
    highest = max(int(name) for name in os.listdir(f"/proc/{headrace.pid}/fd"))
    resource.prlimit(headrace.pid, resource.RLIMIT_NOFILE, (highest + 1 + spare, before[1]))
    result = headrace.run("print(1)")
    if result.get("isError"):
        assert "Too many open files" in text_of(result)
    else:
        assert spare > 0
    resource.prlimit(headrace.pid, resource.RLIMIT_NOFILE, before)
    assert headrace.output("print(6 * 7)").splitlines()[0] == "42"


def road_of(headrace):
    """Where the interpreter's protocol comes from: 'socket' or 'pipe'."""
    return headrace.output("""
import os
kinds = set()
for name in os.listdir('/proc/self/fd'):
    if int(name) >= 100:
        try:
            kinds.add(os.readlink('/proc/self/fd/' + name).partition(':')[0])
        except OSError:
            pass
print(' '.join(sorted(kinds)))
""").split()


def test_podman_is_reached_by_a_socket_pair_where_it_is_local(start):
    if "podman" not in RUNTIMES:
        pytest.skip("podman is not up")
    headrace = start("podman")
    assert "socket" in road_of(headrace)


def test_docker_is_reached_by_a_socket_in_a_folder_that_is_gone_by_then(start):
    if "docker" not in RUNTIMES:
        pytest.skip("docker is not up")
    headrace = start("docker")
    assert "socket" in road_of(headrace)
    # Another is there for a moment, when a spare interpreter is started.
    processes.eventually(lambda: not left_folders(headrace), lambda: f"left: {left_folders(headrace)}")
    assert headrace.json("import json, os\nprint(json.dumps(os.listdir('/run/headrace')))") == []
    assert "OSError" in headrace.failure("""
try:
    open('/run/headrace/mine', 'w')
except OSError as error:
    raise OSError('as it should be') from error
""")


@pytest.mark.parametrize("after", [0.0, 0.02, 0.05, 0.1])
def test_docker_s_folder_is_gone_when_killed_at_any_time(start, watch, after):
    if "docker" not in RUNTIMES:
        pytest.skip("docker is not up")
    headrace = start("docker")
    headrace.start_run("print(1)")
    time.sleep(after)
    headrace.kill()
    processes.eventually(lambda: not left_folders(headrace), lambda: f"left: {left_folders(headrace)}")


def test_a_folder_that_can_not_be_made_costs_speed_only(start, tmp_path):
    if "docker" not in RUNTIMES:
        pytest.skip("docker is not up")
    headrace = start("docker", TMPDIR=tmp_path / "nowhere")
    assert "socket" not in road_of(headrace)


def left_folders(headrace):
    return [path for path in glob.glob("/tmp/headrace-*") if f".{headrace.pid}." in path]


def test_both_roads_carry_the_same(start, home, runtime):
    home.add_python("plain", "plain.py")
    for channel in ("auto", "stdio"):
        headrace = start(runtime, MCP_BRIDGE_CHANNEL=channel)
        road = road_of(headrace)
        if channel == "stdio":
            assert "socket" not in road
        headrace.output("kept = [1]")
        assert headrace.output("""
import asyncio
kept.append(2)
many = await asyncio.gather(*(mcp_plain.digest(text='x' * n) for n in range(200)))
big = await mcp_plain.blob(size=4 << 20)
print(len(many), len(big.text), kept)
import os
_ = os.write(1, b'to a descriptor\\n')
""", timeout=100) == "200 4194304 [1, 2]\nto a descriptor"
        assert "timed out" in headrace.failure("while True: pass", timeout=1)
        assert headrace.output("print(kept)") == "[1, 2]"
        assert headrace.close() == 0


def test_a_road_of_that_name_does_not_exist(start, watch):
    headrace = start(None, initialize=False, MCP_BRIDGE_CHANNEL="pigeon")
    assert headrace.wait_exit() == 1
    assert "MCP_BRIDGE_CHANNEL='pigeon' can't be read: it takes auto or stdio" in headrace.errors


def test_the_image_is_the_one_that_was_set(start, engine):
    headrace = start(engine, MCP_BRIDGE_IMAGE=IMAGE, MCP_BRIDGE_WARM=0)
    assert headrace.output("print(1)") == "1"
    [name] = processes.containers(engine, headrace.pid)
    done = subprocess.run([engine, "inspect", "--format",
                           "{{.Config.Image}} {{.HostConfig.NetworkMode}} "
                           "{{.HostConfig.ReadonlyRootfs}}", name],
                          capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == [IMAGE, "none", "true"]
