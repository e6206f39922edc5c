"""What ordinary code needs works in spite of all the locks."""

import pytest


def test_the_usual_machinery(sandbox):
    answer = sandbox.ask("""
import concurrent.futures, json, multiprocessing, os, pwd, socket, sqlite3, subprocess, sys
import tempfile, threading, time
from multiprocessing import shared_memory

results = {}
results["subprocess"] = subprocess.run([sys.executable, "-c", "print(6 * 7)"],
                                       capture_output=True, text=True).stdout
results["shell"] = subprocess.run("echo $HOME | cat", shell=True, capture_output=True,
                                  text=True).stdout
context = multiprocessing.get_context("fork")
with context.Pool(2) as pool:
    results["pool"] = pool.map(abs, [-1, -2])
with concurrent.futures.ThreadPoolExecutor(20) as threads:
    results["threads"] = sum(threads.map(int, range(100)))
connection = sqlite3.connect("/workspace/data.db")
connection.execute("pragma journal_mode=wal")
connection.execute("create table t (x)")
connection.execute("insert into t values (1)")
connection.commit()
results["sqlite"] = connection.execute("select count(*) from t").fetchone()[0]
block = shared_memory.SharedMemory(create=True, size=1000)
results["shared memory"] = block.size >= 1000
block.close(); block.unlink()
with tempfile.NamedTemporaryFile() as file:
    results["tempfile"] = file.name.startswith("/tmp/")
results["cwd"] = os.getcwd()
results["home"] = os.path.expanduser("~")
results["user"] = pwd.getpwuid(os.getuid()).pw_name
results["encodings"] = [sys.stdout.encoding, sys.getfilesystemencoding()]
results["localhost"] = socket.gethostbyname("localhost")
results["random"] = len(os.urandom(8))
results["bytecode"] = sys.dont_write_bytecode
print("\\u2603", file=sys.stderr)
print(json.dumps(results))
""")
    assert answer == {
        "subprocess": "42\n", "shell": "/workspace\n", "pool": [1, 2], "threads": 4950,
        "sqlite": 1, "shared memory": True, "tempfile": True, "cwd": "/workspace",
        "home": "/workspace", "user": answer["user"], "encodings": ["utf-8", "utf-8"],
        "localhost": "127.0.0.1", "random": 8, "bytecode": True}


def test_numerical_libraries(sandbox):
    answer = sandbox.ask("""
import json
try:
    import numpy
except ImportError:
    print(json.dumps(None))
else:
    print(json.dumps(float((numpy.ones((400, 400)) @ numpy.ones((400, 400))).sum())))
""")
    if answer is None:
        pytest.skip("this sandbox's Python has no numpy")
    assert answer == 400.0**3
