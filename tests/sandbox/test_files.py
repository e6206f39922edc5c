"""What the code can read and write: its two folders, and nothing of the host."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest


def test_writes_only_where_it_may(sandbox):
    answer = sandbox.ask("""
import json, os
# What is there in truth, not what access() believes: a file is made wherever that works.
writable, seen = [], 0
for folder, folders, files in os.walk("/"):
    if folder == "/":
        folders.remove("proc")
    seen += 1
    path = os.path.join(folder, "headrace-probe")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL))
        os.unlink(path)
        writable.append(folder)
    except OSError:
        pass
print(json.dumps({"writable": writable, "seen": seen}))
""")
    assert answer["seen"] > 20
    # The queues of POSIX messages are memory too, bounded by a limit of their own.
    assert set(answer["writable"]) - {"/dev/mqueue"} == {"/tmp", "/workspace", "/dev/shm"}


def test_writes_no_existing_file_of_the_system(sandbox):
    answer = sandbox.ask("""
import json, os, stat
opened = []
for top in ("/etc", "/sys", "/proc/sys", "/usr/bin", "/dev", "/proc/irq", "/proc/bus"):
    for folder, folders, files in os.walk(top):
        for name in files:
            path = os.path.join(folder, name)
            try:
                if not stat.S_ISREG(os.lstat(path).st_mode):
                    continue
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
                opened.append(path)
            except OSError:
                pass
for path in ("/proc/sysrq-trigger", "/proc/kcore", "/proc/kmsg", "/dev/mem", "/dev/kmsg"):
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
        opened.append(path)
    except OSError:
        pass
print(json.dumps(opened))
""")
    assert answer == []


def test_sees_no_file_of_the_host(sandbox):
    folders = [tempfile.gettempdir(), str(Path.home()), "/var/tmp", os.getcwd()]
    names = []
    try:
        for folder in folders:
            handle, path = tempfile.mkstemp(prefix="headrace-host-file-", dir=folder)
            os.close(handle)
            os.chmod(path, 0o644)
            names.append(path)
        answer = sandbox.ask(f"""
import json, os
found = [path for path in {names!r} if os.path.exists(path)]
for top in ("/tmp", "/workspace", "/home", "/root", "/var", "/run", "/mnt", "/srv", "/proc/1/cwd",
            "/proc/1/root", "/dev/shm"):
    for folder, _, files in os.walk(top):
        if folder.startswith("/proc/1/root/"):
            break
        found += [os.path.join(folder, name) for name in files if name.startswith("headrace-host")]
try:
    shadow = open("/etc/shadow").read()
except OSError:
    shadow = ""
print(json.dumps({{"found": found, "shadow": shadow, "passwd": open("/etc/passwd").read(),
                   "listing": os.listdir("/workspace") + os.listdir("/tmp")}}))
""")
        assert answer["found"] == []
        assert answer["shadow"] == ""
        assert answer["listing"] == []
    finally:
        for path in names:
            os.unlink(path)


@pytest.mark.parametrize("folder, option", [("/tmp", "tmp"), ("/workspace", "workspace"),
                                            ("/dev/shm", None)])
def test_disk_space_is_bounded(sandbox, folder, option):
    size = 16 << 20
    options = {option: size} if option else {}
    answer = sandbox.ask(f"""
import errno, json, os
written, error = 0, None
with open("{folder}/big", "wb", buffering=0) as file:
    try:
        while written < 256 << 20:
            written += file.write(bytes(1 << 20))
    except OSError as failure:
        error = failure.errno
os.unlink("{folder}/big")
print(json.dumps({{"written": written, "error": error, "nospace": errno.ENOSPC}}))
""", **options)
    assert answer["error"] == answer["nospace"]
    assert answer["written"] <= (size if option else 64 << 20)
    assert answer["written"] >= (15 << 20)


def test_devices_are_the_harmless_ones(sandbox):
    answer = sandbox.ask("""
import json, os, stat
devices, blocks = [], []
for folder, _, files in os.walk("/dev"):
    for name in files:
        path = os.path.join(folder, name)
        mode = os.stat(path, follow_symlinks=False).st_mode
        if stat.S_ISCHR(mode):
            devices.append(path)
        if stat.S_ISBLK(mode):
            blocks.append(path)
errors = []
for kind, major, minor in ((stat.S_IFCHR, 1, 1), (stat.S_IFBLK, 8, 0)):
    try:
        os.mknod("/tmp/node", kind | 0o666, os.makedev(major, minor))
        errors.append(None)
    except OSError as error:
        errors.append(error.errno)
try:
    open("/dev/tty", "r+b")
    tty = True
except OSError:
    tty = False
print(json.dumps({"devices": sorted(devices), "blocks": blocks, "errors": errors, "tty": tty}))
""")
    assert answer["blocks"] == []
    assert set(answer["devices"]) <= {
        "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty",
        "/dev/ptmx", "/dev/pts/ptmx", "/dev/console"}
    assert answer["errors"] == [1, 1]
    assert not answer["tty"]


def test_programs_in_its_folders(sandbox):
    answer = sandbox.ask("""
import json, os, shutil, subprocess
results = {}
for folder in ("/tmp", "/workspace"):
    path = shutil.copy("/bin/true", folder + "/true")
    os.chmod(path, 0o4755)
    try:
        results[folder] = subprocess.call([path])
    except PermissionError:
        results[folder] = "refused"
print(json.dumps(results))
""")
    # bubblewrap can't mount without leave to execute; docs/sandbox.md says so.
    expected = 0 if sandbox.runtime == "bwrap" else "refused"
    assert answer == {"/tmp": expected, "/workspace": expected}


def test_bubblewrap_takes_a_folder(sandbox, open_folder):
    source = os.environ.get("HEADRACE_TEST_ROOTFS", "")
    if sandbox.runtime != "bwrap" or not source:
        pytest.skip("a folder is an image for bubblewrap alone")
    image, before = source, ()
    if os.geteuid() == 0:
        # It is in root's home, where whom root steps down to can't go: show it elsewhere, in a
        # mount namespace that ends with the command.
        image = str(open_folder)
        before = ("unshare", "--mount", "sh", "-c",
                  'mount --bind "$1" "$2" && shift 2 && exec "$@"', "sh", source, image)
    answer = sandbox.ask("""
import json, os, pwd, sys
print(json.dumps({"version": sys.version_info[:2], "prefix": sys.prefix,
                  "names": sorted(os.listdir("/")), "user": pwd.getpwuid(65534).pw_name}))
""", image=image, before=before)
    assert answer["version"] == [3, 13]
    assert answer["prefix"] == "/usr"
    assert {"bin", "etc", "usr", "tmp", "workspace"} <= set(answer["names"])
    assert not {"run", "sys"} & set(answer["names"])


def test_bubblewrap_names_a_folder_without_python(sandbox, open_folder):
    if sandbox.runtime != "bwrap":
        pytest.skip("a folder is an image for bubblewrap alone")
    (open_folder / "etc").mkdir()
    done = sandbox.run("", image=str(open_folder), check=False)
    assert done.returncode != 0
    assert "python3" in done.stderr


def test_bubblewrap_refuses_what_is_no_python(sandbox, open_folder):
    if sandbox.runtime != "bwrap":
        pytest.skip("a path is an image for bubblewrap alone")
    script = open_folder / "python3"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    done = subprocess.run(sandbox.command("run", "", image=str(script)),
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert str(script) in done.stderr
