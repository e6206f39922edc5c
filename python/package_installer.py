"""Installs packages for sandboxes: runs on the host, or in the container that becomes an image.

`facts` prints what this Python is. `install` and `unpack` read a line of JSON from standard input,
and write what a person may read to the standard streams. Status 3: there is no pip.
"""

from __future__ import annotations

import compileall
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from typing import Any, Iterator

NO_PIP = 3
# Where sandboxed code finds what an image has prepared for matplotlib.
MATPLOTLIB_FOLDER = "/opt/headrace/matplotlib"


def platforms() -> list[str]:
    """The tags of wheels that run here, the newest C library's first."""
    machine = sysconfig.get_platform().split("-")[-1].replace(".", "_")
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (ValueError, OSError):
        name, version = "", ""
    if name != "glibc":
        return [f"musllinux_1_{minor}_{machine}" for minor in range(2, -1, -1)]
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(int(version.split(".")[1]), 4, -1)]
    return tags + [f"{old}_{machine}" for old in ("manylinux2014", "manylinux2010", "manylinux1")]


def facts() -> dict[str, Any]:
    version = f"{sys.version_info[0]}{sys.version_info[1]}"
    return {
        "python": platform.python_version(),
        "abi": f"cp{version}" + ("t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""),
        "platforms": platforms(),
    }


def pip_environment(order: dict[str, Any], folder: str) -> dict[str, str]:
    environment = dict(os.environ, **order.get("environment", {}))
    environment.update(
        PIP_BREAK_SYSTEM_PACKAGES="1", PIP_ROOT_USER_ACTION="ignore", PIP_NO_INPUT="1",
        PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_PROGRESS_BAR="off", PIP_NO_COLOR="1",
        PYTHONUNBUFFERED="1",
    )
    # A user's own settings of where to install would be in the way.
    for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_REQUIRE_VIRTUALENV"):
        environment.pop(name, None)
    certificates = order.get("certificates")
    if certificates:
        file = os.path.join(folder, "certificates.pem")
        with open(file, "w", encoding="utf-8") as stream:
            stream.write(certificates)
        environment.update(PIP_CERT=file, SSL_CERT_FILE=file)
    return environment


def pips(folder: str, own_only: bool) -> Iterator[tuple[list[str], bool]]:
    """Commands that may be pip, and whether they are of this very Python."""
    if importlib.util.find_spec("pip"):
        yield [sys.executable, "-m", "pip"], True
    if own_only:
        return
    environment = os.path.join(folder, "pip")
    made = subprocess.run([sys.executable, "-m", "venv", environment], cwd=folder,
                          stdin=subprocess.DEVNULL, capture_output=True)
    if made.returncode == 0:
        yield [os.path.join(environment, "bin", "python"), "-m", "pip"], True
    for name in ("python3", "python"):
        other = shutil.which(name)
        if other:
            yield [other, "-m", "pip"], False
    for name in ("pip3", "pip"):
        other = shutil.which(name)
        if other:
            yield [other], False


def find_pip(folder: str, own_only: bool) -> tuple[list[str], bool] | None:
    for command, own in pips(folder, own_only):
        if subprocess.run([*command, "--version"], cwd=folder, stdin=subprocess.DEVNULL,
                          capture_output=True).returncode == 0:
            return command, own
    return None


def install(order: dict[str, Any]) -> int:
    """`requirements`: the text of a file; `environment`, `certificates`: for pip; `target`: a
    folder, and without it what is Python's own; `for`: facts of another Python; `archive`: a tar
    file to make of the target."""
    target = order.get("target")
    with tempfile.TemporaryDirectory() as folder:
        found = find_pip(folder, own_only=not target)
        if found is None:
            return NO_PIP
        command, own = found
        requirements = os.path.join(folder, "requirements.txt")
        with open(requirements, "w", encoding="utf-8") as stream:
            stream.write(order["requirements"])
        command = [*command, "install", "-r", requirements]
        wanted = order.get("for") or facts()
        if target:
            # What is not built yet would be built by running it, outside of any sandbox.
            command += ["--only-binary=:all:", "--target", target]
            if not own or wanted != facts():
                command += ["--no-compile", "--implementation", "cp", "--abi", wanted["abi"],
                            "--abi", "abi3", "--abi", "none",
                            "--python-version", wanted["python"]]
                for tag in [*wanted["platforms"], "any"]:
                    command += ["--platform", tag]
        else:
            command += ["--no-cache-dir"]
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL,
                              env=pip_environment(order, folder))
        if done.returncode != 0:
            return 1
        if target and not own and not order.get("for"):
            compileall.compile_dir(target, quiet=2)
        if order.get("archive"):
            with tarfile.open(order["archive"], "w") as tar:
                tar.add(target, ".", filter=as_root)
        if not target:
            prepare_matplotlib()
    return 0


def as_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def unpack() -> int:
    """Takes a tar archive from standard input into this Python's own packages."""
    import site

    folder = site.getsitepackages()[0]
    os.makedirs(folder, exist_ok=True)
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extraction_filter = staticmethod(tarfile.data_filter)
        tar.extractall(folder)
    compileall.compile_dir(folder, quiet=2)
    prepare_matplotlib()
    return 0


def prepare_matplotlib() -> None:
    """Looks for fonts now, and not in every sandbox."""
    if importlib.util.find_spec("matplotlib"):
        os.makedirs(MATPLOTLIB_FOLDER, exist_ok=True)
        subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"],
                       env=dict(os.environ, MPLCONFIGDIR=MATPLOTLIB_FOLDER),
                       stdin=subprocess.DEVNULL, capture_output=True)


def main(arguments: list[str]) -> int:
    if arguments == ["facts"]:
        print(json.dumps(facts()))
        return 0
    if arguments == ["unpack"]:
        return unpack()
    return install(json.loads(sys.stdin.buffer.readline()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
