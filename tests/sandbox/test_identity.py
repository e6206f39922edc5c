"""Who the code is: no privileges, none to be had, nobody else to be seen."""

import os
import subprocess


STATUS = """
import json, os
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines()
              if ":\\t" in line)
print(json.dumps({"status": status, "uid": os.getresuid(), "gid": os.getresgid(),
                  "groups": os.getgroups()}))
"""


def test_is_the_wanted_user_without_privileges(sandbox):
    answer = sandbox.ask(STATUS)
    assert answer["uid"] == [65534] * 3
    assert answer["gid"] == [65534] * 3
    assert set(answer["groups"]) <= {65534}
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(answer["status"][kind], 16) == 0, kind
    assert answer["status"]["NoNewPrivs"] == "1"
    assert answer["status"]["Seccomp"] == "2"


def test_takes_another_user(sandbox):
    answer = sandbox.ask(STATUS, user="1234:2345")
    assert (answer["uid"][0], answer["gid"][0]) == (1234, 2345)
    assert int(answer["status"]["CapBnd"], 16) == 0


def test_can_not_become_root(sandbox):
    answer = sandbox.ask("""
import json, os, glob, stat, subprocess
errors = []
for call in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0]),
             lambda: os.chroot("/tmp"), lambda: os.chown("/tmp", 0, 0)):
    try:
        call()
        errors.append(None)
    except OSError as error:
        errors.append(error.errno)
# Programs with the set-user-id bit run as whoever starts them.
open("/tmp/probe", "w").close()
suid = [path for folder in ("/usr/bin", "/bin", "/usr/sbin", "/usr/lib/openssh")
        for path in glob.glob(folder + "/*")
        if os.stat(path, follow_symlinks=False).st_mode & stat.S_ISUID]
effective = []
for path in suid:
    if os.path.basename(path) in ("su", "mount", "umount", "passwd", "newgrp", "chfn", "chsh"):
        child = subprocess.Popen([path, "--help"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        try:
            lines = open(f"/proc/{child.pid}/status").read().splitlines()
            effective += [line.split()[2] for line in lines if line.startswith("Uid:")]
        except OSError:
            pass
        child.kill(); child.wait()
print(json.dumps({"errors": errors, "suid": len(suid), "effective": effective}))
""")
    assert None not in answer["errors"]
    assert "0" not in answer["effective"]


def test_sees_none_of_our_environment(sandbox):
    secret = "a-secret-that-must-stay-out"
    answer = sandbox.ask("""
import glob, json, os
seen = "".join(f"{k}={v}" for k, v in os.environ.items())
for path in glob.glob("/proc/[0-9]*/environ"):
    try:
        seen += open(path, errors="replace").read()
    except OSError:
        pass
print(json.dumps({"seen": seen, "home": os.environ["HOME"], "names": sorted(os.environ)}))
""", environment={"HEADRACE_TEST_SECRET": secret, "HTTP_PROXY": "http://u:" + secret + "@h:1",
                  "https_proxy": "http://u:" + secret + "@h:1"})
    assert secret not in answer["seen"]
    assert "HEADRACE" not in answer["seen"]
    assert answer["home"] == "/workspace"
    assert "PATH" in answer["names"]


def test_sees_and_signals_no_process_of_the_host(sandbox):
    with subprocess.Popen(["sleep", "600"]) as sleeper:
        try:
            answer = sandbox.ask(f"""
import json, os
pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
errors = {{}}
for pid in range(2, 40000):
    if pid in pids or pid == os.getpid():
        continue
    try:
        os.kill(pid, 9)
        errors["killed"] = pid
    except OSError as error:
        errors[error.errno] = True
lines = [open(f"/proc/{{pid}}/cmdline").read() for pid in pids]
try:
    os.kill({sleeper.pid}, 0)
    reached = {sleeper.pid} not in pids
except ProcessLookupError:
    reached = False
print(json.dumps({{"pids": pids, "errors": sorted(map(str, errors)), "reached": reached,
                   "sleep": sum("sleep" in line for line in lines if "listdir" not in line)}}))
""")
            assert len(answer["pids"]) <= 4
            assert answer["errors"] == ["3"]  # ESRCH, every time.
            assert not answer["reached"]
            assert answer["sleep"] == 0
            assert sleeper.poll() is None
        finally:
            sleeper.kill()


def test_has_its_own_names(sandbox):
    answer = sandbox.ask("""
import json, os
print(json.dumps({"host": os.uname().nodename,
                  "namespaces": {kind: os.readlink("/proc/self/ns/" + kind)
                                 for kind in ("pid", "net", "mnt", "ipc", "uts")}}))
""")
    assert answer["host"] == "sandbox"
    for kind, name in answer["namespaces"].items():
        assert name != os.readlink("/proc/self/ns/" + kind), kind
