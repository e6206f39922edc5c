"""Engines that are not the machine's own: a docker daemon that listens on a port, and podman behind
the socket of a service. Each ends with its `with`."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

import processes
import registry


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _end(process):
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _unmount_below(folder):
    with open("/proc/self/mountinfo") as file:
        mounted = [line.split()[4] for line in file]
    for place in reversed(mounted):
        if place.startswith(f"{folder}/"):
            subprocess.run(["umount", "-l", place], capture_output=True)


@contextlib.contextmanager
def docker_daemon(image):
    """A daemon of its own, by its tcp:// address; it has `image`, and nothing else."""
    if shutil.which("dockerd") is None or os.geteuid() != 0:
        pytest.skip("a second docker daemon needs dockerd and root")
    # Not in pytest's folder: paths of sockets are short.
    folder = Path(tempfile.mkdtemp(prefix="headrace-docker-",
                                   dir=os.environ.get("HEADRACE_TEST_CACHE")))
    address = f"tcp://127.0.0.1:{_free_port()}"
    log = open(folder / "log", "wb")
    daemon = subprocess.Popen(
        ["dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", "--tls=false",
         "--data-root", folder / "data", "--exec-root", folder / "exec",
         "--pidfile", folder / "pid", "-H", address],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def docker(*words, check=True):
        return subprocess.run(["docker", "-H", address, *words], capture_output=True, text=True,
                              timeout=180, check=check)

    def answers():
        assert daemon.poll() is None, (folder / "log").read_text()[-2000:]
        return docker("info", check=False).returncode == 0

    try:
        processes.eventually(answers, lambda: (folder / "log").read_text()[-2000:], 120)
        docker("import", str(registry.layer(folder / "layer.tar")), image)
        yield address
        assert docker("ps", "--all", "--quiet").stdout == "", "a container is left"
    finally:
        docker("container", "prune", "--force", check=False)
        _end(daemon)
        log.close()
        _unmount_below(folder)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def podman_service():
    """A service of the test environment's podman, by its unix:// address."""
    folder = Path(tempfile.mkdtemp(prefix="headrace-podman-"))
    path = folder / "podman.sock"
    service = subprocess.Popen(["podman", "system", "service", "--time=0", f"unix://{path}"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        processes.eventually(path.exists, "the service listens", 60)
        yield f"unix://{path}"
    finally:
        _end(service)
        shutil.rmtree(folder, ignore_errors=True)
