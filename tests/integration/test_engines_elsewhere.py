"""Engines behind a port or a socket, as on another machine: nothing is mounted into their
containers, no descriptor is passed to them, and all goes on as it does here."""

import json
import os
import subprocess

import pytest

import processes
import second_engines
from conftest import IMAGE, RUNTIMES

DAEMON_IMAGE = "localhost/headrace-elsewhere:1"
NOWHERE = "tcp://127.0.0.1:9"


@pytest.fixture(scope="module")
def docker_host():
    if "docker" not in RUNTIMES:
        pytest.skip("docker is not up")
    with second_engines.docker_daemon(DAEMON_IMAGE) as address:
        yield address


@pytest.fixture(scope="module")
def podman_host():
    if "podman" not in RUNTIMES:
        pytest.skip("podman is not up")
    with second_engines.podman_service() as address:
        yield address


@pytest.fixture(params=["docker over tcp", "docker context", "podman service", "podman connection"])
def elsewhere(request, tmp_path):
    """An engine's name, and the settings by which its command finds it."""
    if request.param == "docker over tcp":
        address = request.getfixturevalue("docker_host")
        return "docker", {"DOCKER_HOST": address, "MCP_BRIDGE_IMAGE": DAEMON_IMAGE}
    if request.param == "docker context":
        address = request.getfixturevalue("docker_host")
        config = {"DOCKER_CONFIG": str(tmp_path / "docker"), "DOCKER_HOST": ""}
        env = {name: value for name, value in os.environ.items() if name != "DOCKER_HOST"}
        subprocess.run(["docker", "context", "create", "elsewhere", "--docker", f"host={address}"],
                       check=True, capture_output=True, env={**env, **config}, timeout=60)
        return "docker", {"DOCKER_CONFIG": config["DOCKER_CONFIG"], "DOCKER_HOST": None,
                          "DOCKER_CONTEXT": "elsewhere", "MCP_BRIDGE_IMAGE": DAEMON_IMAGE}
    address = request.getfixturevalue("podman_host")
    if request.param == "podman service":
        return "podman", {"CONTAINER_HOST": address}
    conf = tmp_path / "containers.conf"
    conf.write_text(open(os.environ["CONTAINERS_CONF"]).read() + f"""
remote = true
active_service = "elsewhere"
[engine.service_destinations.elsewhere]
uri = "{address}"
""")
    return "podman", {"CONTAINERS_CONF": str(conf)}


def ask(engine, settings, *words):
    env = {name: value for name, value in {**os.environ, **settings}.items() if value is not None}
    return subprocess.run([engine, *words], capture_output=True, text=True, timeout=120, check=True,
                          env=env).stdout


def containers(engine, settings, headrace):
    names = ask(engine, settings, "ps", "--all", "--format", "{{.Names}}").split()
    return [name for name in names if f".{headrace.pid}." in name]


def test_runs_code_that_calls_servers_and_keeps_state(elsewhere, start, home):
    engine, settings = elsewhere
    home.add_python("plain", "plain.py")
    headrace = start(engine, **settings)
    assert headrace.output("kept = 6\nprint('first')") == "first"
    assert ", remote" in headrace.errors.partition("using ")[2].splitlines()[0]
    assert headrace.output("""
import asyncio
many = await asyncio.gather(*(mcp_plain.digest(text='x' * n) for n in range(100)))
big = await mcp_plain.blob(size=4 << 20)
print(len(many), len(big.text), kept * 7)
""", timeout=100) == "100 4194304 42"
    assert "timed out" in headrace.failure("while True: pass", timeout=1)
    assert headrace.output("print(kept)") == "6"


def test_nothing_is_mounted_and_nothing_passed(elsewhere, start):
    engine, settings = elsewhere
    headrace = start(engine, MCP_BRIDGE_WARM=0, **settings)
    roads = headrace.output("""
import os
print(*sorted({os.readlink(f'/proc/self/fd/{n}').partition(':')[0] for n in os.listdir('/proc/self/fd')
               if int(n) >= 100 and os.path.lexists(f'/proc/self/fd/{n}')}))
print(os.path.exists('/run/headrace'))
""").splitlines()
    assert "pipe" in roads[0] and "socket" not in roads[0]
    assert roads[1] == "False"
    [name, *_] = containers(engine, settings, headrace)
    [facts] = json.loads(ask(engine, settings, "inspect", name))
    assert not facts["HostConfig"].get("Binds")
    assert [mount for mount in facts["Mounts"] if mount["Type"] != "tmpfs"] == []
    assert facts["HostConfig"]["NetworkMode"] == "none"


def test_tells_how_an_interpreter_ended(elsewhere, start):
    engine, settings = elsewhere
    headrace = start(engine, MCP_BRIDGE_MEMORY="128m", **settings)
    text = headrace.failure("blocks = []\nwhile True:\n    blocks.append(bytearray(b'x') * (4 << 20))",
                            timeout=60)
    assert "the interpreter was killed for using more than 128 MiB of memory" in text
    assert "crashed: segmentation fault" in headrace.failure("import ctypes\nctypes.string_at(0)")


@pytest.mark.parametrize("end", ["end of input", "SIGKILL"])
def test_leaves_no_container(elsewhere, start, end):
    engine, settings = elsewhere
    headrace = start(engine, **settings)
    headrace.output("print(1)")
    assert containers(engine, settings, headrace)
    if end == "SIGKILL":
        headrace.kill()
    else:
        assert headrace.close() == 0
    processes.eventually(lambda: not containers(engine, settings, headrace),
                         lambda: f"none is left, but {containers(engine, settings, headrace)}")


@pytest.mark.parametrize("engine, settings", [
    ("docker", {"DOCKER_HOST": NOWHERE}), ("podman", {"CONTAINER_HOST": NOWHERE})],
    ids=["docker", "podman"])
def test_one_that_does_not_answer_is_explained(start, engine, settings):
    if engine not in RUNTIMES:
        pytest.skip(f"{engine} is not up")
    text = start(engine, **settings).failure("print(1)")
    assert "No sandbox can be started here" in text
    if engine == "docker":
        assert "the docker daemon" in text and "DOCKER_HOST" in text
    else:
        assert "CONTAINER_HOST" in text


def test_the_image_of_the_machine_itself_is_not_asked_for(start, docker_host):
    # It is here, and not there: whoever looks here would not notice.
    text = start("docker", DOCKER_HOST=docker_host, MCP_BRIDGE_IMAGE=IMAGE).failure("print(1)")
    assert f"the image '{IMAGE}' is not here and can't be pulled" in text
