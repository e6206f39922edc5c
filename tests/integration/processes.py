"""Which processes and containers a Headrace has started, however they were orphaned."""

import ctypes
import os
import re
import subprocess
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
OWNER_LABEL = "headrace.owner"
ENGINES = ("podman", "docker")  # the runtimes that have containers to look for


def adopt_orphans():
    """From here on every descendant whose parent dies becomes a child of this process: nothing that
    a test starts can get out of sight."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _stat(pid):
    """State and parent of a process; None when there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2:].split()
    return fields[0], int(fields[1])


def all_processes():
    """pid → (state, parent)."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            stat = _stat(int(name))
            if stat is not None:
                found[int(name)] = stat
    return found


def descendants(pid=None):
    """The live processes below one (by default this), their zombies left out."""
    top = os.getpid() if pid is None else pid
    processes = all_processes()
    children = {}
    for each, (_, parent) in processes.items():
        children.setdefault(parent, []).append(each)
    found, left = [], [top]
    while left:
        for child in children.get(left.pop(), ()):
            left.append(child)
            if processes[child][0] not in "ZX":
                found.append(child)
    return found


def command_line(pid):
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    return b" ".join(words).decode(errors="replace").strip()


def memory(pid):
    """Its resident memory in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def bytes_read(pid):
    """What it has read from anywhere, in bytes."""
    return int(re.search(r"rchar: (\d+)", Path(f"/proc/{pid}/io").read_text())[1])


def is_sandbox(pid, runtime):
    """Whether it is a runtime's command, or runs inside of bubblewrap."""
    words = command_line(pid).split()
    return any(os.path.basename(word) == runtime for word in words[:4])


def describe(pids):
    return "\n".join(f"{pid}: {command_line(pid)[:200]}" for pid in pids)


def reap_orphans():
    """Collects children that have ended, the adopted ones above all. Not for the middle of a test:
    whoever started a child wants its exit status."""
    for pid, (state, parent) in all_processes().items():
        if state == "Z" and parent == os.getpid():
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass


def containers(runtime, pid=None):
    """Names of the containers that carry the product's label; with `pid`, those of that process."""
    return [name for name, owner in labelled_containers(runtime) if pid in (None, owner)]


def labelled_containers(runtime):
    """Name and owner's pid of each container of the product, of this machine's or not."""
    if runtime not in ENGINES:
        return []
    label = (f'{{{{index .Labels "{OWNER_LABEL}"}}}}' if runtime == "podman"
             else f'{{{{.Label "{OWNER_LABEL}"}}}}')
    command = [runtime, "ps", "--all", "--no-trunc", "--filter", f"label={OWNER_LABEL}",
               "--format", "{{.Names}}\t" + label]
    # podman fails when a container goes away while it lists them.
    for _ in range(10):
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if done.returncode == 0:
            break
    assert done.returncode == 0, done.stderr
    found = []
    for line in done.stdout.splitlines():
        name, _, owner = line.partition("\t")
        parts = owner.split(".")
        found.append((name, int(parts[2]) if len(parts) == 4 and parts[2].isdigit() else 0))
    return found


def this_boot_and_namespace():
    """The first two parts of an owner's id on this machine."""
    boot = re.sub("[^0-9a-zA-Z]", "", Path("/proc/sys/kernel/random/boot_id").read_text())[:12]
    return boot + "." + re.sub("[^0-9a-zA-Z]", "", os.readlink("/proc/self/ns/pid"))


def eventually(condition, what, limit=60):
    """Waits for what must come true, however slow the machine is; returns the true value."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"never: {what() if callable(what) else what}"
        time.sleep(0.02)
