"""Output: order, encodings, floods, children, forks, and what is written between runs."""

from __future__ import annotations

import json
import socket
import time

import pytest
from fake_host import Host, text_result


def test_order_within_a_stream_is_exact_whoever_writes(host):
    code = """
import os, subprocess, sys
for i in range(20):
    print('print', i)
    os.write(1, f'write {i}\\n'.encode())
    sys.stdout.buffer.write(f'buffer {i}\\n'.encode()); sys.stdout.buffer.flush()
    if i % 5 == 0: subprocess.run(['echo', f'child {i}'])
    print('last', i, end='\\n', file=sys.__stdout__)
"""
    expected = "".join(
        f"print {i}\nwrite {i}\nbuffer {i}\n" + (f"child {i}\n" if i % 5 == 0 else "") + f"last {i}\n"
        for i in range(20)
    )
    assert host.run(code).stdout == expected


def test_c_output(host):
    code = "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.printf(b'from C %d\\n', 5);\nprint('py')"
    assert sorted(host.run(code).stdout.splitlines()) == ["from C 5", "py"]


def test_streams_look_as_they_should(host):
    code = """
import sys, io
print(sys.stdout.fileno(), sys.stderr.fileno(), sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.name)
print(isinstance(sys.stdout, io.TextIOWrapper), sys.stdout.writable(), sys.stdout.mode)
sys.stderr.write('e')
"""
    outcome = host.run(code)
    assert outcome.stdout == "1 2 False utf-8 <stdout>\nTrue True w\n1\n"
    assert outcome.stderr == "e"


def test_incomplete_and_invalid_bytes(host):
    code = """
import os, time
os.write(1, 'é'.encode()[:1]); time.sleep(0.06); os.write(1, 'é'.encode()[1:])
os.write(1, b'|\\xff|')
os.write(2, '\\U0001f600'.encode()[:3])
"""
    outcome = host.run(code)
    assert outcome.stdout == "é|\ufffd|3\n"
    assert outcome.stderr == "\ufffd"
    assert host.run("print('next')").stdout == "next\n"


def test_unusual_text(host):
    text = "\0\x01\x1b[0m\r\n\u2028\U0001f600\\\"\ufeff\x7f\x85"
    assert host.run(f"print({ascii(text)})").stdout == text + "\n"


def test_partial_line_is_shown_at_the_end(host):
    assert host.run("print('no newline', end='')").stdout == "no newline"
    assert host.run("import sys; sys.stdout.buffer.write(b'raw');").stdout == "raw"


@pytest.mark.parametrize(
    "code, size",
    [
        ("for _ in range(1000): print('x' * 99999)", 100_000_000),
        ("for _ in range(200000): print('x' * 99)", 20_000_000),
        ("print('é' * 10_000_000)", 20_000_001),
        ("import os\nfor _ in range(300): os.write(1, b'z' * 65536);", 300 * 65536),
        ("import subprocess\nsubprocess.run('head -c 20000000 /dev/zero', shell=True);", 20_000_000),
        ("import sys\nsys.stderr.write('e' * 5_000_000);", 5_000_000),
        ("import os\nos.write(1, b'\\xff' * 1000000);", 3_000_000),
    ],
)
def test_floods_arrive_whole(host, code, size):
    outcome = host.run(code)
    assert outcome.status == "success"
    assert len((outcome.stdout + outcome.stderr).encode()) == size


def test_a_flood_does_not_pile_up_in_memory(host):
    """While the host does not read, the writer waits."""
    outcome = host.run(
        "import resource\nbefore = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for _ in range(1000): print('x' * 99999)\n"
        "import sys; sys.stderr.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before));"
    )
    assert len(outcome.stdout) == 100_000_000
    assert int(outcome.stderr) < 30_000  # KiB


def test_a_child_that_never_stops_writing_does_not_hold_up_the_run(host):
    outcome = host.run("import subprocess\np = subprocess.Popen(['yes'])\nprint('started')")
    assert outcome.status == "success"
    assert host.run("p.kill(); p.wait()").status == "success"


def test_output_streams_while_the_code_runs(host):
    host.start("import time\nprint('early')\ntime.sleep(0.5)\nawait asyncio.sleep(0.5)\nprint('late')")
    host.wait_output("early")
    assert host._answers.empty()
    assert host.finish().stdout == "early\nlate\n"


def test_output_between_runs(host):
    host.run("import threading, time\nt = threading.Timer(0.05, print, ('between',))\nt.start()")
    host.wait_until(lambda: ("stdout", "between\n") in host.between)
    host.run("t = threading.Timer(1.3, print, ('much later',))\nt.start()")
    host.wait_until(lambda: ("stdout", "much later\n") in host.between)
    assert host.run("print('run')").stdout == "run\n"


def test_frames_faked_on_descriptor_1_are_output(host):
    fake = '{"jsonrpc":"2.0","id":1001,"result":{"run":1,"status":"success","exitCode":7}}'
    outcome = host.run(f"import os\nos.write(1, {fake!r}.encode() + b'\\n')\nprint('real', end='')")
    assert outcome.exit_code == 0
    assert outcome.stdout == fake + "\nreal"


def test_os_exit_loses_nothing():
    host = Host()
    host.wait_ready()
    host.start("import os\nprint('last words')\nos._exit(9)")
    assert host.wait_exit() == 9
    host._reader.join(5)
    assert host._outputs == [("stdout", "last words\n")]
    host.close()


# -- children ------------------------------------------------------------------------------------


def test_fork(host):
    code = """
import os, sys
sys.stdout.flush()
pid = os.fork()
if pid == 0:
    print('child')
    try: await mcp_filesystem.x()
    except runtime.MCPError as e: print(e)
    try: mcp_filesystem.x.sync()
    except runtime.MCPError as e: print(e)
    await asyncio.sleep(0.01)
    os._exit(5)
print('status', os.waitpid(pid, 0)[1] >> 8)
"""
    outcome = host.run(code)
    assert outcome.stdout == "child\nRPC channel closed\nRPC channel closed\nstatus 5\n", outcome
    assert host.calls == 0
    host.tools["filesystem", "x"] = lambda arguments: text_result("x")
    assert host.run("await asyncio.sleep(0.01)\n(await mcp_filesystem.x()).text").stdout == "'x'\n"


@pytest.mark.parametrize(
    "ending, status, words",
    [
        ("pass", 0, ""),
        ("1/0", 1, "ZeroDivisionError"),
        ("sys.exit(7)", 7, ""),
        ("await asyncio.sleep(0.01); asyncio.run(asyncio.sleep(0)); sys.exit(8)", 8, ""),
    ],
)
def test_a_forked_child_that_reaches_the_end_sends_no_result(host, ending, status, words):
    code = f"import os, sys\npid = os.fork()\nif pid == 0:\n    {ending}\nelse:\n    print(os.waitpid(pid, 0)[1] >> 8)"
    outcome = host.run(code)
    assert outcome.stdout == f"{status}\n"
    assert words in outcome.stderr
    assert host.run("await asyncio.sleep(0.01); 1").stdout == "1\n"


def test_multiprocessing_by_fork(host):
    code = """
import multiprocessing
def square(x): print('in', x); return x * x
context = multiprocessing.get_context('fork')
with context.Pool(2) as pool:
    print(pool.map(square, range(4)))
p = context.Process(target=asyncio.run, args=(asyncio.sleep(0.01),)); p.start(); p.join(); print(p.exitcode)
"""
    outcome = host.run(code)
    assert "[0, 1, 4, 9]\n" in outcome.stdout and outcome.stdout.endswith("\n0\n"), outcome
    assert outcome.stdout.count("in ") == 4


def test_multiprocessing_as_it_comes(host):
    code = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
def square(x): return x * x
with multiprocessing.Pool(2) as pool: print(pool.map(square, range(4)))
with ProcessPoolExecutor(2) as pool: print(list(pool.map(square, range(4))))
"""
    assert host.run(code).stdout.endswith("[0, 1, 4, 9]\n[0, 1, 4, 9]\n")


def test_multiprocessing_by_choice(host):
    code = "import multiprocessing as m\nm.set_start_method('spawn'); print(m.get_start_method())"
    assert host.run(code).stdout == "spawn\n"


def test_asyncio_gets_ssl_when_somebody_imports_it(host):
    code = """
import asyncio.sslproto as proto
print(proto.ssl)
import ssl
print(proto.ssl is ssl is asyncio.selector_events.ssl is asyncio.base_events.ssl)
"""
    assert host.run(code).stdout == "None\nTrue\n"


def test_process_pool_executor(host):
    code = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
def square(x): return x * x
with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context('fork')) as pool:
    print(list(pool.map(square, range(4))))
    print(await asyncio.get_running_loop().run_in_executor(pool, square, 9))
"""
    assert host.run(code).stdout == "[0, 1, 4, 9]\n81\n"


def test_asyncio_subprocess(host):
    code = """
p = await asyncio.create_subprocess_exec('echo', 'hello', stdout=asyncio.subprocess.PIPE)
out, _ = await p.communicate()
print(out, p.returncode)
p = await asyncio.create_subprocess_shell('echo direct; exit 3')
print(await p.wait())
"""
    assert host.run(code).stdout == "b'hello\\n' 0\ndirect\n3\n"


def test_children_do_not_see_the_protocol(host):
    code = "import subprocess\nprint(subprocess.run('ls /proc/self/fd | sort -n | tail -1', shell=True, capture_output=True, text=True, close_fds=False).stdout)"
    assert int(host.run(code).stdout) < 20


# -- limits --------------------------------------------------------------------------------------


def limited(**options):
    host = Host(options=options)
    host.wait_ready()
    return host


def test_memory_limit():
    host = limited(memory_limit=256 * 1024 * 1024)
    try:
        outcome = host.run("x = bytearray(400 * 1024 * 1024)")
        assert outcome.error == "MemoryError"
        assert host.run("x = bytearray(50 * 1024 * 1024); len(x)").stdout == "52428800\n"
        many = "import threading, time\nts = [threading.Thread(target=time.sleep, args=(0.2,)) for _ in range(10)]\n[t.start() for t in ts]; [t.join() for t in ts]; print('ok')"
        assert host.run(many).stdout == "ok\n"
        assert host.run("x = None\nl = []\nwhile True: l.append('y' * 10**6)").error == "MemoryError"
        assert host.run("l = None; print('alive')").stdout == "alive\n"
    finally:
        host.close()


def test_file_size_limit(tmp_path):
    host = limited(file_size_limit=100_000)
    try:
        code = f"with open({str(tmp_path / 'f')!r}, 'wb') as f: f.write(b'x' * 200000)"
        assert host.run(code).error.startswith("OSError")
        assert len(host.run("print('x' * 500000)").stdout) == 500001
    finally:
        host.close()


def test_limits_are_set(host):
    code = "import resource as r\nprint(r.getrlimit(r.RLIMIT_CORE), r.getrlimit(r.RLIMIT_NOFILE)[0] <= 4096)"
    assert host.run(code).stdout == "(0, 0) True\n"
    host = limited(process_limit=77)
    try:
        assert host.run("import resource as r\nr.getrlimit(r.RLIMIT_NPROC)").stdout == "(77, 77)\n"
    finally:
        host.close()


@pytest.mark.parametrize("kind", ["descriptor", "path"])
def test_a_channel_of_its_own(kind, tmp_path):
    """The protocol on a socket instead of descriptors 0 and 1."""
    if kind == "descriptor":
        ours, theirs = socket.socketpair()
        host = Host(channel=str(theirs.fileno()), pass_fds=[theirs.fileno()])
        theirs.close()
    else:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(tmp_path / "s"))
            listener.listen()
            host = Host(channel=str(tmp_path / "s"))
            ours, _ = listener.accept()
    stream = ours.makefile("rwb")
    assert json.loads(stream.readline())["method"] == "hello"
    stream.write(json.dumps(host.boot).encode() + b"\n")
    stream.flush()
    assert json.loads(stream.readline())["method"] == "ready"
    run = {"jsonrpc": "2.0", "id": 1, "method": "run", "params": {"run": 1, "code": "print('s')"}}
    stream.write(json.dumps(run).encode() + b"\n")
    stream.flush()
    assert json.loads(stream.readline())["params"]["text"] == "s\n"
    assert json.loads(stream.readline())["result"]["status"] == "success"
    stream.close()
    ours.close()
    assert host.wait_exit(5) == 0
    host.close()


def test_crash_says_where():
    host = Host()
    host.wait_ready()
    host.start("import ctypes\nctypes.string_at(0)")
    host.wait_exit()
    host._drainer.join(5)
    assert b"Segmentation fault" in host.errors and b"<sandbox>" in host.errors
    host.close()


def test_time_to_notice(host):
    """A trivial run is answered at once, not at the next tick of a clock."""
    host.run("1")
    began = time.monotonic()
    for _ in range(50):
        host.run("print('hi')")
    assert time.monotonic() - began < 5
