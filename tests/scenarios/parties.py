"""The client and the servers of a scenario, as ends of real pipes: what they are sent waits in an inbox
until the script asks for it."""

import collections
import contextlib
import json
import os
import queue
import socket
import struct
import subprocess
import threading
import time

from pattern import shown
from rules import Broken, ClientRules, ServerRules, parse

PATIENCE = 60  # seconds; only a fault waits so long


class Failed(Exception):
    """The scenario did not go as it was written."""


class Stage:
    """What all parties share: one lock, one transcript."""

    def __init__(self):
        self.changed = threading.Condition()
        self.transcript = []
        self.broken = None  # the first rule that Headrace broke
        self.began = time.monotonic()

    def note(self, party, arrow, what):
        with self.changed:
            text = what
            if isinstance(what, bytes):
                text = what[:1600].decode(errors="replace").rstrip("\n")
                if len(what) > 1600:
                    text = f"{text[:400]}… ({len(what)} bytes)"
            self.transcript.append((time.monotonic() - self.began, party, arrow, shown(text, 400)))
            self.changed.notify_all()

    def fault(self, party, fault, line):
        with self.changed:
            if self.broken is None:
                self.broken = f"to {party}: {fault}: {shown(line.decode(errors='replace'))}"
            self.changed.notify_all()

    def wait(self, condition, what, limit=PATIENCE):
        """Waits for condition() to be true; returns its value."""
        end = time.monotonic() + limit
        with self.changed:
            while True:
                if self.broken:
                    raise Failed(self.broken)
                value = condition()
                if value:
                    return value
                left = end - time.monotonic()
                if left <= 0:
                    raise Failed(f"never: {what}")
                self.changed.wait(left)

    def story(self):
        with self.changed:
            return "\n".join(f"{at:7.3f}  {party:>10} {arrow} {text}"
                             for at, party, arrow, text in self.transcript)


class Writer:
    """Writes in a thread of its own, so that a party that does not read stops nobody else."""

    def __init__(self, write):
        self.queue = queue.SimpleQueue()
        self.write = write
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        for item in iter(self.queue.get, None):
            try:
                self.write(item)
            except (OSError, ValueError):
                pass  # the other end is gone, and the script will see what comes of it

    def put(self, item):
        self.queue.put(item)

    def finish(self):
        self.queue.put(None)
        self.thread.join(PATIENCE)


class Lines:
    """Bytes to whole lines."""

    def __init__(self):
        self.rest = []

    def add(self, data):
        *whole, last = data.split(b"\n")
        for line in whole:
            self.rest.append(line + b"\n")
            yield b"".join(self.rest)
            self.rest = []
        if last:
            self.rest.append(last)


class Client:
    """A Headrace, and the client at its stdin and stdout."""

    name = "client"

    def __init__(self, stage, argv, environment, folder):
        self.stage = stage
        self.inbox = collections.deque()
        self.skipped = {"notifications/message"}
        self.rules = ClientRules()
        self.raw_lines = Lines()
        self.errors = ""
        self.ended = False
        self.closed = False
        self.reading = threading.Event()
        self.reading.set()
        self.process = subprocess.Popen(argv, env=environment, cwd=folder,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, bufsize=0)
        self.writer = Writer(self.write)
        self.threads = [threading.Thread(target=target, daemon=True)
                        for target in (self.read_messages, self.read_errors)]
        for thread in self.threads:
            thread.start()

    def write(self, data):
        if data == "close":
            self.process.stdin.close()
            return
        left = memoryview(data)
        while left:
            left = left[os.write(self.process.stdin.fileno(), left):]

    def read_messages(self):
        lines = Lines()
        while True:
            self.reading.wait()
            try:
                data = os.read(self.process.stdout.fileno(), 1 << 16)
            except (OSError, ValueError):
                data = b""
            if not data:
                break
            for line in lines.add(data):
                self.take(line)
        if lines.rest and self.reading.is_set():
            self.take(b"".join(lines.rest))
        with self.stage.changed:
            self.ended = True
            self.stage.changed.notify_all()

    def take(self, line):
        self.stage.note(self.name, "←", line)
        try:
            message = parse(line)
            with self.stage.changed:
                self.rules.received(line, message)
                if message.get("method") not in self.skipped:
                    self.inbox.append(message)
                self.stage.changed.notify_all()
        except Broken as fault:
            self.stage.fault(self.name, fault, line)

    def read_errors(self):
        for data in iter(lambda: os.read(self.process.stderr.fileno(), 65536), b""):
            with self.stage.changed:
                self.errors += data.decode(errors="replace")
                self.stage.changed.notify_all()

    def send(self, message):
        line = json.dumps(message, ensure_ascii=False).encode() + b"\n"
        with self.stage.changed:
            self.rules.sent(message)
        self.send_bytes(line)

    def send_raw(self, data):
        self.register(data)
        self.send_bytes(data)

    def register(self, data):
        """What of it is a request will be answered."""
        for line in self.raw_lines.add(data):
            with contextlib.suppress(ValueError), self.stage.changed:
                self.rules.sent(json.loads(line))

    def send_bytes(self, data):
        self.stage.note(self.name, "→", data)
        self.writer.put(data)

    def close(self):
        self.register(b"\n")  # what has no newline counts as a line
        if not self.closed:
            self.stage.note(self.name, "→", "(end of input)")
            self.closed = True
            self.writer.put("close")

    def hang_up(self):
        """Both pipes at once, as when the host is killed."""
        self.stage.note(self.name, "→", "(both pipes closed)")
        self.writer.put("close")
        self.process.stdout.close()

    def kill(self):
        self.reading.set()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.writer.finish()
        for thread in self.threads:
            thread.join(PATIENCE)


class Start:
    """One process of a server: what came from it and what goes to it."""

    def __init__(self, server, connection, pid):
        self.server, self.connection, self.pid = server, connection, pid
        self.rules = ServerRules()
        self.end_of_input = False
        self.gone = False
        self.paused = threading.Event()
        self.writer = Writer(self.write)

    def write(self, frame):
        kind, content = frame
        self.connection.sendall(kind + struct.pack(">I", len(content)) + content)

    def tell(self, kind, content=b""):
        self.writer.put((kind, content))


class Server:
    """A server by name, over all its starts."""

    def __init__(self, stage, name, play=None):
        self.stage, self.name = stage, name
        self.play = play  # what it does by itself; None: nothing
        self.inbox = collections.deque()
        self.starts = []

    @property
    def modern(self):
        return self.play is not None and self.play.modern

    def take(self, start, line):
        self.stage.note(self.name, "←", line)
        try:
            message = parse(line)
            with self.stage.changed:
                start.rules.received(message, self.modern)
                if not self.played(start, message):
                    self.inbox.append(message)
                self.stage.changed.notify_all()
        except Broken as fault:
            self.stage.fault(self.name, fault, line)

    def played(self, start, message):
        answers = self.play.answers(message) if self.play is not None else None
        for answer in answers or ():
            self.send(answer, start)
        return answers is not None

    def begin_to_play(self, play):
        """From now on, and for what waits already."""
        with self.stage.changed:
            self.play = play
            waiting, self.inbox = self.inbox, collections.deque()
            self.inbox.extend(message for message in waiting
                              if not self.played(self.starts[-1], message))

    def current(self):
        if not self.starts or self.starts[-1].gone:
            raise Failed(f"{self.name} does not run")
        return self.starts[-1]

    def send(self, message, start=None):
        line = json.dumps(message, ensure_ascii=False).encode() + b"\n"
        self.send_bytes(line, start)

    def send_bytes(self, data, start=None):
        start = start or self.current()
        self.stage.note(self.name, "→", data)
        start.tell(b"o", data)

    def saw_end(self, start):
        self.stage.note(self.name, "←", "(end of input)")
        with self.stage.changed:
            start.end_of_input = True
            if self.play is not None:
                start.tell(b"x", b"0")
            self.stage.changed.notify_all()


class Switchboard:
    """Where the processes of servers report to."""

    def __init__(self, stage, path):
        self.stage, self.servers = stage, {}
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(16)
        self.threads = [threading.Thread(target=self.accept, daemon=True)]
        self.threads[0].start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self.attend, args=(connection,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def attend(self, connection):
        with connection.makefile("rb") as stream:
            _, hello = read_frame(stream)
            if hello is None:
                return
            name, pid = hello.decode().split()
            server = self.servers[name]
            start = Start(server, connection, int(pid))
            self.stage.note(name, "·", f"(started, process {pid})")
            with self.stage.changed:
                server.starts.append(start)
                self.stage.changed.notify_all()
            lines = Lines()
            while True:
                kind, content = read_frame(stream)
                if kind is None:
                    break
                if kind == b"z":
                    server.saw_end(start)
                else:
                    for line in lines.add(content):
                        server.take(start, line)
            self.stage.note(name, "·", "(ended)")
            with self.stage.changed:
                start.gone = True
                self.stage.changed.notify_all()
            start.writer.put(None)
        connection.close()

    def close(self):
        # A thread in accept() does not notice close().
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def read_frame(stream):
    try:
        head = stream.read(5)
        if len(head) < 5:
            return None, None
        content = stream.read(struct.unpack(">I", head[1:])[0])
    except OSError:
        return None, None
    return head[:1], content
