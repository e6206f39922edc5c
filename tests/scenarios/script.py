"""Reads a scenario and performs it, line by line: each line is something that a party does, or waits
for something that a party must see."""

import collections
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from parties import PATIENCE, Client, Failed, Server, Stage, Switchboard
from pattern import Malformed, Mismatch, Reader, match, read, shown
from play import MODERN, VERSIONS, Play, Silence

SCRIPTED_SERVER = Path(__file__).parent / "scripted_server.py"
MODERN_META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "scenario", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
CLIENT_INFO = {"name": "scenario", "version": "1"}


class Line:
    def __init__(self, number, text):
        self.number, self.text = number, text


def read_script(text):
    """Its lines: comments and blank ones left out, what is indented joined to the line above."""
    lines = []
    for number, text in enumerate(text.splitlines(), 1):
        if text[:1].isspace() and text.strip() and lines:
            lines[-1].text += "\n" + text
        elif text.strip() and not text.startswith("#"):
            lines.append(Line(number, text))
    return lines


class Scenario:
    """One performance of a script. `program` is Headrace's, `home` an empty folder."""

    def __init__(self, text, program, home):
        self.lines = read_script(text)
        self.program, self.home = program, home
        self.traces = home / "traces"
        self.stage = Stage()
        self.names = {"modern": MODERN_META, "client_info": CLIENT_INFO}
        self.settings = {}
        self.arguments = []
        self.servers = {}
        self.client = None
        self.pings = 0
        self.over = False

    def needs_sandbox(self):
        return any(line.text.startswith("client runs ") for line in self.lines)

    # --- the frame ---

    def perform(self):
        with contextlib.ExitStack() as stack:
            # The path of a socket may not be long.
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="scenario-"))
            self.socket = Path(folder) / "switchboard"
            self.switchboard = Switchboard(self.stage, self.socket)
            stack.callback(self.switchboard.close)
            stack.callback(lambda: self.client and self.client.kill())
            for line in self.lines:
                self.perform_line(line)
            self.perform_line(Line("the end", "headrace exits 0"))

    def perform_line(self, line):
        if not (line.number == "the end" and self.over):
            self.stage.note("", "#", f"line {line.number}: {line.text.splitlines()[0]}")
            try:
                self.statement(line.text)
            except (Failed, Mismatch, Malformed) as fault:
                raise Failed(f"line {line.number}: {line.text.strip()}\n{fault}") from fault

    def statement(self, text):
        party, _, rest = text.partition(" ")
        verb, _, rest = rest.partition(" ")
        if party == "server":
            self.add_server(verb, rest)
            return
        if party == "set":
            self.names[verb.lstrip("$")] = read(rest.removeprefix("to")).build(self.names)
            return
        if party in self.servers:
            method, target = "server_", self.servers[party]
        elif party in ("client", "headrace"):
            method, target = party + "_", self
        else:
            raise Malformed(f"there is nobody called '{party}'")
        act = getattr(self, method + verb.rstrip(":"), None)
        if act is None:
            raise Malformed(f"{party} does not know how '{verb}' goes")
        if party == "headrace" and verb in ("with", "proxies"):
            act(rest)
            return
        self.start()
        if method == "server_":
            act(target, rest)
        else:
            act(rest)

    # --- who takes part ---

    def add_server(self, name, rest):
        """server NAME: TOOL, TOOL… | server NAME modern: TOOL… | server NAME silent |
        server NAME by hand"""
        if name.endswith(":"):
            name, rest = name[:-1], "legacy:" + rest
        play = None if rest == "by hand" else self.play_of(rest)
        self.servers[name] = self.switchboard.servers[name] = Server(self.stage, name, play)
        folder = self.home / "MCPs"
        folder.mkdir(exist_ok=True)
        command, *arguments = self.command_of(name)
        entry = {"command": command, "args": arguments}
        (folder / f"{name}.json").write_text(json.dumps({"mcpServers": {name: entry}}))

    def command_of(self, name):
        return [sys.executable, "-I", "-S", str(SCRIPTED_SERVER), str(self.socket), name]

    @staticmethod
    def play_of(text):
        if text == "silent":
            return Silence()
        kind, _, tools = text.partition(":")
        return Play("modern" in kind, [tool.strip() for tool in tools.split(",") if tool.strip()])

    def start(self):
        if self.client is not None:
            return
        environment = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        environment.update({"HOME": str(self.home), "MCP_BRIDGE_RUNTIME": "bwrap",
                            "MCP_BRIDGE_WARM": "0", "MCP_BRIDGE_SOURCES": "none",
                            "MCP_BRIDGE_TRACE": str(self.traces), **self.settings})
        self.client = Client(self.stage, [self.program, *self.arguments], environment, self.home)

    def headrace_with(self, rest):
        """headrace with NAME=value…: settings, before anything else."""
        if self.client is not None:
            raise Malformed("headrace runs already")
        self.settings.update(setting.split("=", 1) for setting in rest.split())

    def headrace_proxies(self, rest):
        """headrace proxies NAME: it stands between the client and this server, and does nothing else."""
        if self.client is not None:
            raise Malformed("headrace runs already")
        name = rest.strip()
        self.arguments = ["proxy", "--name", name, "--", *self.command_of(name)]

    # --- what is sent ---

    def client_sends(self, rest):
        """client sends {…} | client sends raw "…\\n": the message, or just these bytes."""
        if rest.startswith("raw "):
            self.client.send_raw(self.raw(rest[4:]))
        else:
            self.client.send({"jsonrpc": "2.0", **read(rest).build(self.names)})

    def server_sends(self, server, rest):
        if rest.startswith("raw "):
            server.send_bytes(self.raw(rest[4:]))
        else:
            server.send({"jsonrpc": "2.0", **read(rest).build(self.names)})

    @staticmethod
    def raw(text):
        reader = Reader(text)
        value = reader.text_value()
        reader.end()
        # "\xff" is that byte, and everything beyond is UTF-8.
        return b"".join(bytes([ord(c)]) if 0x80 <= ord(c) <= 0xFF else c.encode() for c in value) \
            if not value.isascii() else value.encode()

    def server_answers(self, server, rest):
        """NAME answers $call "text" | {…}: the result of a call, as text or whole."""
        reader = Reader(rest)
        id = reader.value().build(self.names)
        value = reader.value().build(self.names)
        reader.end()
        result = value if isinstance(value, dict) else {"content": [{"type": "text", "text": value}]}
        if server.modern:
            result = {"resultType": "complete", **result}
        server.send({"jsonrpc": "2.0", "id": id, "result": result})

    def client_initializes(self, rest):
        """client initializes [VERSION] [CAPABILITIES]: the whole greeting."""
        reader = Reader(rest)
        reader.skip()
        version = reader.value().build({}) if reader.text[:1].isdigit() else VERSIONS[0]
        capabilities = reader.value().build(self.names) if reader.text.strip() else {}
        self.client.send({"jsonrpc": "2.0", "id": "initialize", "method": "initialize",
                          "params": {"protocolVersion": version, "capabilities": capabilities,
                                     "clientInfo": CLIENT_INFO}})
        self.client_receives("{id: initialize, result: {protocolVersion: '%s', ...}}" % version)
        self.client.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def client_runs(self, rest):
        """client runs ID [{timeout: 1, _meta: {…}, inputResponses: {…}}]: CODE"""
        reader = Reader(rest)
        id = reader.value().build(self.names)
        reader.skip()
        arguments = reader.value().build(self.names) if reader.text.startswith("{") else {}
        reader.need(":")
        params = {key: arguments.pop(key) for key in ("_meta", "inputResponses", "requestState")
                  if key in arguments}
        first, _, more = reader.text.partition("\n")
        code = textwrap.dedent(more) if not first.strip() else first.strip()
        self.client.send({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {
            "name": "run_python", "arguments": {"code": code, **arguments}, **params}})

    def client_cancels(self, rest):
        id = read(rest).build(self.names)
        self.client.send({"jsonrpc": "2.0", "method": "notifications/cancelled",
                          "params": {"requestId": id}})

    # --- what is seen ---

    def next_message(self, party, what):
        def arrived():
            return party.inbox or getattr(party, "ended", False)
        self.stage.wait(arrived, f"a message to {party.name}; expected was {what}")
        with self.stage.changed:
            if not party.inbox:
                raise Failed(f"headrace ended; to {party.name} should have come {what}")
            return party.inbox.popleft()

    def receive(self, party, rest):
        """The next message, or several that are alike, or in any order the next few."""
        times, _, each = rest.partition(" times ")
        if times.isdigit():
            for _ in range(int(times)):
                self.receive(party, each)
            return
        if not rest.startswith("in any order"):
            node = read(rest)
            message = self.next_message(party, rest)
            match(node, {key: value for key, value in message.items() if key != "jsonrpc"},
                  self.names, "it")
            return
        reader, nodes = Reader(rest.removeprefix("in any order")), []
        while reader.text.strip():
            before = reader.text.strip()
            node = reader.value()
            nodes.append((before.removesuffix(reader.text), node))
        while nodes:
            message = self.next_message(party, "one of " + "; ".join(text for text, _ in nodes))
            del message["jsonrpc"]
            faults = []
            for index, (text, node) in enumerate(nodes):
                try:
                    match(node, message, self.names, "it")
                except Mismatch as fault:
                    faults.append(str(fault))
                else:
                    del nodes[index]
                    break
            else:
                raise Mismatch("none fits:\n" + "\n".join(faults))

    def client_receives(self, rest):
        """client receives {…} | in any order … | output ID "…" | failure ID "…" | error ID CODE "…" """
        kind, _, more = rest.partition(" ")
        if kind in ("output", "failure"):
            self.receive_run(kind == "failure", more)
        elif kind == "error":
            self.receive_error(more)
        else:
            self.receive(self.client, rest)

    def receive_run(self, failed, rest):
        reader = Reader(rest)
        id, expected = reader.value(), reader.value()
        reader.end()
        message = self.next_message(self.client, rest)
        if "result" not in message:
            raise Mismatch(f"it is no result: {shown(message)}")
        match(id, message["id"], self.names, "its id")
        result = message["result"]
        texts = [block["text"] for block in result.get("content", ()) if block["type"] == "text"]
        if result.get("isError", False) is not failed:
            raise Mismatch(f"the run has {'not ' if failed else ''}failed: {shown(result)}")
        match(expected, "\n".join(texts), self.names, "its text")

    def receive_error(self, rest):
        reader = Reader(rest)
        id, code = reader.value(), reader.value()
        words = reader.value() if reader.text.strip() else None
        reader.end()
        message = self.next_message(self.client, rest)
        if "error" not in message:
            raise Mismatch(f"it is no error: {shown(message)}")
        match(id, message.get("id", "nothing"), self.names, "its id")
        match(code, message["error"]["code"], self.names, "its code")
        if words is not None:
            match(words, message["error"]["message"], self.names, "its message")

    def server_receives(self, server, rest):
        self.receive(server, rest)

    def client_pings(self, rest):
        """client pings: nothing was on its way but the answer to this."""
        self.pings += 1
        id = f"ping {self.pings}"
        self.client.send({"jsonrpc": "2.0", "id": id, "method": "ping"})
        self.client_receives('{id: "%s", result: {}}' % id)

    def client_may(self, rest):
        """client may receive {…}: if that is the next message, it is taken."""
        node = read(rest.removeprefix("receive"))
        with self.stage.changed:
            first = self.stage.wait(lambda: self.client.inbox or self.client.ended, rest)
        with contextlib.suppress(Mismatch):
            if first is not True:
                message = {key: value for key, value in first[0].items() if key != "jsonrpc"}
                match(node, message, self.names)
                self.client.inbox.popleft()

    def client_skips(self, rest):
        """client skips METHOD: such messages are checked, and not waited for."""
        with self.stage.changed:
            self.client.skipped.add(rest.strip())
            kept = [each for each in self.client.inbox if each.get("method") != rest.strip()]
            self.client.inbox = collections.deque(kept)

    def client_hears(self, rest):
        """client hears METHOD: such messages are waited for like all others."""
        self.client.skipped.discard(rest.strip())

    def client_stops(self, rest):
        """client stops reading"""
        self.client.reading.clear()

    def client_reads(self, rest):
        """client reads again"""
        self.client.reading.set()

    def client_closes(self, rest):
        """client closes: end of file on Headrace's stdin."""
        self.client.close()

    def client_hangs(self, rest):
        """client hangs up: both pipes at once."""
        self.client.hang_up()

    # --- servers' lives ---

    def server_plays(self, server, rest):
        """NAME plays [modern|legacy]: TOOLS: from here on it does the usual by itself."""
        server.begin_to_play(self.play_of(rest))

    def server_opens(self, server, rest):
        """NAME opens: a server by hand plays a legacy server's greeting, and only that."""
        while True:
            message = self.next_message(server, "initialize")
            for answer in Play(False, []).answers(message) or ():
                server.send(answer)
            if message.get("method") == "notifications/initialized":
                return

    def server_starts(self, server, rest):
        """NAME starts: it has been started once more than what the script has seen."""
        self.names.setdefault(f"starts of {server.name}", 0)
        self.names[f"starts of {server.name}"] += 1
        count = self.names[f"starts of {server.name}"]
        self.stage.wait(lambda: len(server.starts) >= count, f"start {count} of {server.name}")
        if len(server.starts) > count:
            raise Failed(f"{server.name} was started {len(server.starts)} times and not {count}")

    def server_exits(self, server, rest):
        """NAME exits CODE: and Headrace may not have noticed yet."""
        start = server.current()
        start.tell(b"x", rest.strip().encode())
        self.stage.wait(lambda: start.gone, f"the end of {server.name}")

    def server_sees(self, server, rest):
        """NAME sees the end of input"""
        self.stage.wait(lambda: server.starts and server.starts[-1].end_of_input,
                        f"the end of the input of {server.name}")

    def server_is(self, server, rest):
        """NAME is gone: it ended, by itself or killed."""
        self.stage.wait(lambda: server.starts and server.starts[-1].gone, f"the end of {server.name}")

    def server_closes(self, server, rest):
        """NAME closes its output, and goes on otherwise"""
        server.current().tell(b"c")

    def server_complains(self, server, rest):
        """NAME complains "…": on its stderr."""
        server.current().tell(b"s", self.raw(rest))

    def server_stops(self, server, rest):
        """NAME stops reading"""
        server.current().tell(b"p")

    def server_reads(self, server, rest):
        """NAME reads again"""
        server.current().tell(b"r")

    # --- Headrace itself ---

    def headrace_logs(self, rest):
        """headrace logs ~"…": a line of its stderr, now or later."""
        regex = read(rest).regex
        self.stage.wait(lambda: regex.search(self.client.errors), f"{regex.pattern!r} on its stderr")

    def headrace_gets(self, rest):
        """headrace gets SIGTERM"""
        self.client.process.send_signal(getattr(signal, rest.strip()))

    def headrace_exits(self, rest):
        """headrace exits CODE: after all has been read that came; the script may have closed before."""
        self.client.reading.set()
        self.client.close()
        try:
            code = self.client.process.wait(PATIENCE)
        except subprocess.TimeoutExpired as fault:
            raise Failed("headrace does not end") from fault
        self.over = True
        self.stage.note("headrace", "·", f"(exited with {code})")
        if code != int(rest):
            raise Failed(f"headrace exited with {code}; its stderr:\n{self.client.errors[-3000:]}")
        self.stage.wait(lambda: self.client.ended, "the end of its output")
        self.nothing_left()

    def nothing_left(self):
        for server in self.servers.values():
            for start in server.starts:
                self.stage.wait(lambda start=start: start.gone, f"the end of {server.name}")
            asked = [message for message in server.inbox if "id" in message]
            if asked:
                raise Failed(f"{server.name} was sent more than the script says: {shown(asked)}")
        if self.client.inbox:
            raise Failed("the client was sent more than the script says: "
                         + shown(list(self.client.inbox)))


def sandbox_missing():
    """Why no code can be run here; empty if it can."""
    runtimes = os.environ.get("HEADRACE_TEST_RUNTIMES")
    if shutil.which("bwrap") is None or (runtimes is not None and "bwrap" not in runtimes.split()):
        return "bubblewrap does not work here"
    return ""
