"""The system call filter, from inside."""

import platform

import pytest

# Numbers on x86-64 and on the architectures that share the generic table.
CALLS = {
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "unshare": (272, 97), "setns": (308, 268), "ptrace": (101, 117), "add_key": (248, 217),
    "request_key": (249, 218), "keyctl": (250, 219), "bpf": (321, 280),
    "perf_event_open": (298, 241), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "kexec_load": (246, 104), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "open_by_handle_at": (304, 265),
    "userfaultfd": (323, 282), "acct": (163, 89), "quotactl": (179, 60),
    "settimeofday": (164, 170), "sethostname": (170, 161), "syslog": (103, 116),
    "pidfd_getfd": (438, 438), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "mount_setattr": (442, 442), "kcmp": (312, 272),
    "move_pages": (279, 239), "vmsplice": (316 - 38, 75), "fanotify_init": (300, 262),
}
ABSENT = {"clone3": 435, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
          "memfd_secret": 447, "a call to come": 999}

CALLER = """
import ctypes, json
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

def call(number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *map(ctypes.c_ulong, arguments))
    return ctypes.get_errno() if result == -1 else 0
"""

column = {"x86_64": 0, "aarch64": 1, "riscv64": 1}.get(platform.machine())
pytestmark = pytest.mark.skipif(column is None, reason="numbers are unknown on this architecture")


def test_refuses_what_acts_on_the_system(sandbox):
    numbers = {name: pair[column] for name, pair in CALLS.items()}
    answer = sandbox.ask(CALLER + f"""
print(json.dumps({{name: call(number) for name, number in {numbers!r}.items()}}))
""")
    assert answer == {name: 1 for name in CALLS}


def test_answers_unknown_calls_as_an_old_kernel_would(sandbox):
    answer = sandbox.ask(CALLER + f"""
print(json.dumps({{name: call(number) for name, number in {ABSENT!r}.items()}}))
""")
    assert answer == {name: 38 for name in ABSENT}


def test_makes_no_namespaces_by_any_flag(sandbox):
    clone = (56, 220)[column]
    answer = sandbox.ask(CALLER + f"""
import os
flags = [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000,
         0x7E020000, 0x10000000 | 0xFFFFFFFF00000000]
results = []
for flag in flags:
    ctypes.set_errno(0)
    child = libc.syscall(ctypes.c_long({clone}), ctypes.c_ulong(flag | 17), ctypes.c_ulong(0),
                         ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))
    if child == 0:
        os._exit(0)
    results.append(ctypes.get_errno())
    if child > 0:
        os.waitpid(child, 0)
        results[-1] = 0
print(json.dumps(results))
""")
    assert answer == [1] * 9


def test_types_into_no_terminal(sandbox):
    ioctl = (16, 29)[column]
    answer = sandbox.ask(CALLER + f"""
import os
pair = os.openpty()
requests = {{"sti": 0x5412, "linux": 0x541C, "sti, high bits": 0x100005412,
             "linux, high bits": 0xFFFFFFFF0000541C, "window": 0x5413, "attributes": 0x5401,
             "group": 0x5410, "set window": 0x5414}}
buffer = ctypes.create_string_buffer(256)
print(json.dumps({{name: call({ioctl}, pair[1], request, ctypes.addressof(buffer))
                   for name, request in requests.items()}}))
""")
    for name in ("sti", "linux", "sti, high bits", "linux, high bits"):
        assert answer[name] == 1, name
    # What is wrong with these is never that they are refused.
    for name in ("window", "attributes", "set window"):
        assert answer[name] == 0, name
    assert answer["group"] != 1


def test_knows_no_other_architecture(sandbox):
    if platform.machine() != "x86_64":
        pytest.skip("only x86-64 has more than one")
    answer = sandbox.ask(CALLER + """
import mmap, os

def succeeds(attempt):
    # In a process of its own, since an engine's answer may be to kill it.
    child = os.fork()
    if child == 0:
        os._exit(77 if attempt() == os.getpid() else 0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 77

# mov eax, 20 (getpid); int 0x80; ret
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3]))
function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
print(json.dumps({"x32": succeeds(lambda: libc.syscall(ctypes.c_long(0x40000000 + 39))),
                  "i386": succeeds(function),
                  "native": succeeds(lambda: libc.syscall(ctypes.c_long(39)))}))
""")
    assert answer == {"x32": False, "i386": False, "native": True}
