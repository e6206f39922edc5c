"""Files under /workspace: those a run made or changed, lists of them, and their content."""

from __future__ import annotations

import base64
import json
import os
import threading

import pytest
from fake_host import PATIENCE, Host


class Files(Host):
    """A host that asks for files; answers to that come beside those of runs."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self._asked = 0
        self._arrived = threading.Condition()
        self._file_answers: dict = {}
        super().__init__(options={"workspace": str(folder)}, cwd=folder)

    def _line(self, line: bytes) -> None:
        message = json.loads(line) if b'"id":"file' in line[:40].replace(b" ", b"") else None
        if message is not None:
            with self._arrived:
                self._file_answers[message["id"]] = message
                self._arrived.notify_all()
        else:
            super()._line(line)

    def ask(self, method: str, **params: object) -> dict:
        self._asked += 1
        number = f"file {self._asked}"
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        with self._arrived:
            assert self._arrived.wait_for(lambda: number in self._file_answers, PATIENCE)
            return self._file_answers[number]

    def listed(self) -> list:
        return [(each["path"], each["size"]) for each in self.ask("list_files")["result"]["files"]]

    def read(self, path: object, limit: object = 1000) -> dict:
        answer = self.ask("read_file", path=path, limit=limit)
        return answer.get("result") or answer["error"]


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "workspace"
    folder.mkdir()
    host = Files(folder)
    host.wait_ready()
    yield host
    host.close()
    assert host.bad_lines == []


def made(outcome) -> list:
    return [(each["path"], each["size"]) for each in outcome.files or []]


def test_files_that_a_run_made_or_changed(files):
    assert files.run("print(1)").files is None
    code = "import os\nopen('a.txt', 'w').write('abc')\nos.makedirs('sub/deep')\nopen('sub/deep/é.bin', 'wb').write(b'12');"
    assert made(files.run(code)) == [("a.txt", 3), ("sub/deep/é.bin", 2)]
    assert files.run("open('a.txt').read()").files is None
    assert made(files.run("open('a.txt', 'a').write('d');")) == [("a.txt", 4)]
    assert files.run("os.remove('a.txt')").files is None
    assert made(files.run("open('a.txt', 'w').write('abc'); 1/0")) == [("a.txt", 3)]
    old = "os.utime('a.txt', (1, 1)); open('old', 'w').close(); os.utime('old', (1, 1))"
    assert made(files.run(old)) == [("a.txt", 3), ("old", 0)]


def test_what_is_not_reported(files):
    code = """
import os, socket
os.mkdir('__pycache__'); open('__pycache__/x.pyc', 'w').close()
os.mkdir('.hidden'); open('.hidden/x', 'w').close(); open('.x', 'w').close()
os.mkfifo('pipe'); os.symlink('/etc/passwd', 'link'); os.symlink('/etc', 'folder')
s = socket.socket(socket.AF_UNIX); s.bind('socket')
open(b'bad\\xff', 'w').close()
"""
    outcome = files.run(code)
    assert outcome.status == "success" and outcome.files is None, outcome
    assert files.listed() == []


def test_many_files(files):
    outcome = files.run("for i in range(3000): open(f'{i:04}', 'w').close()")
    assert len(outcome.files) == 50
    answer = files.ask("list_files")["result"]
    assert answer["truncated"] is True and len(answer["files"]) == 1000
    files.run("import time; time.sleep(0.05)")
    assert files.run("1").files is None


def test_files_are_listed(files):
    assert files.ask("list_files")["result"] == {"files": [], "truncated": False}
    files.run("open('b', 'w').write('12'); open('a', 'w').write('1');")
    assert files.listed() == [("a", 1), ("b", 2)]
    assert files.ask("list_files")["result"]["truncated"] is False


def test_files_are_read(files):
    (files.folder / "a.csv").write_text("x,y\né")
    assert files.read("a.csv") == {"size": 6, "mimeType": "text/csv", "text": "x,y\né"}
    assert files.read("./a.csv")["size"] == 6
    assert files.read(str(files.folder / "a.csv"))["size"] == 6
    (files.folder / "noname").write_text("t")
    assert files.read("noname")["mimeType"] == "text/plain"
    (files.folder / "empty").write_bytes(b"")
    assert files.read("empty", 0) == {"size": 0, "mimeType": "text/plain", "text": ""}
    (files.folder / "inner").symlink_to("a.csv")
    assert files.read("inner")["text"] == "x,y\né"


@pytest.mark.parametrize("content", [b"\x89PNG\xff", b"text\0", b"\xff", b"\x01" * 5000])
def test_what_is_no_text_comes_as_base64(files, content):
    (files.folder / "p.png").write_bytes(content)
    answer = files.read("p.png", 10_000)
    assert answer["mimeType"] == "image/png" and base64.b64decode(answer["data"]) == content


@pytest.mark.parametrize(
    "path, words",
    [
        ("missing", "No such file"),
        ("../secret", "is not under /workspace"),
        ("sub/../../secret", "is not under /workspace"),
        ("/etc/passwd", "is not under /workspace"),
        ("out", "is not under /workspace"),
        ("outer/secret", "is not under /workspace"),
        ("loop", "loop"),
        (".", "is not under /workspace"),
        ("sub", "is not a regular file"),
        ("pipe", "is not a regular file"),
        ("zero", "is not under /workspace"),
        ("", "'path' must be"),
        ("a\0b", "'path' must be"),
        (None, "'path' must be"),
        (5, "'path' must be"),
        pytest.param("x" * 100_000, "cannot be read", id="long"),
        ("\ud800", "cannot be read"),
    ],
)
def test_paths_that_are_refused(files, path, words):
    (files.folder.parent / "secret").write_text("s")
    (files.folder / "sub").mkdir()
    (files.folder / "out").symlink_to("../secret")
    (files.folder / "outer").symlink_to("..")
    (files.folder / "loop").symlink_to("loop")
    (files.folder / "zero").symlink_to("/dev/zero")
    os.mkfifo(files.folder / "pipe")
    answer = files.read(path)
    assert answer["code"] == -32602 and words in answer["message"], answer
    assert len(answer["message"]) < 1000


@pytest.mark.parametrize("limit", [None, -1, "5", 1.5, True])
def test_limits_that_are_no_limits(files, limit):
    (files.folder / "a").write_text("1")
    assert files.read("a", limit)["code"] == -32602


def test_files_over_the_limit(files):
    (files.folder / "a").write_text("12345")
    assert files.read("a", 5)["size"] == 5
    assert files.read("a", 4)["message"] == "'a' is 5 bytes long and the limit is 4"
    with open(files.folder / "huge", "wb") as file:
        file.truncate(10**12)
    assert "1,000,000,000,000 bytes" in files.read("huge", 10**13)["message"]


BUSY = {
    "computing": "while True: pass",
    "sleeping": "import time; time.sleep(1000)",
    "awaiting": "await asyncio.sleep(1000)",
    "calling": "mcp_filesystem.never.sync()",
}


@pytest.mark.parametrize("code", BUSY.values(), ids=BUSY.keys())
def test_files_are_answered_while_code_is_busy(files, code):
    files.start(f"open('a', 'w').write('1')\nprint('begun')\n{code}")
    files.wait_output("begun")
    assert files.listed() == [("a", 1)] and files.read("a")["text"] == "1"
    files.interrupt()
    assert made(files.finish()) == [("a", 1)]


def test_a_workspace_that_is_gone(files):
    code = f"import shutil, os; os.chdir('/'); shutil.rmtree({str(files.folder)!r})"
    assert files.run(code).status == "success"
    assert files.listed() == []
    assert files.run("1").stdout == "1\n"


def test_files_after_code_has_broken_os(files):
    (files.folder / "a").write_text("1")
    files.run("import os; os.scandir = os.stat = os.open = os.lstat = None")
    assert files.ask("list_files").get("result") or files.ask("list_files")["error"]
    assert files.read("a").get("code", -32603) in (-32603, -32602)
    assert files.run("2").stdout == "2\n"
