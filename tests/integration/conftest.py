"""Fixtures: a home of its own for each test, Headrace in it on every runtime, and the proof after
each test that nothing was left behind."""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "schema"))

import processes  # noqa: E402
import validation  # noqa: E402
from raw_client import RawClient  # noqa: E402

PROGRAM = os.environ.get("HEADRACE_PROGRAM", "")
IMAGE = os.environ.get("HEADRACE_TEST_IMAGE", "")
RUNTIMES = os.environ.get("HEADRACE_TEST_RUNTIMES", "").split()
SKIPPED = os.environ.get("HEADRACE_TEST_SKIPPED", "")
NODE_MODULES = Path(os.environ.get("HEADRACE_TEST_NODE_MODULES", "/nowhere"))
SERVERS = HERE / "servers"


def pytest_configure(config):
    if not Path(PROGRAM).is_file():
        raise pytest.UsageError("HEADRACE_PROGRAM names the program under test; ctest sets it")
    config.addinivalue_line(
        "markers", "off_schema(reason): what Headrace sends in this test can't fit the schemas")
    processes.adopt_orphans()
    # A shell that put us into the background has SIGINT ignored, and what we start would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    # A hang is a failure, not the end of the whole run.
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(240))


def pytest_report_header(config):
    lines = [f"runtimes: {' '.join(RUNTIMES) or 'none'}"]
    if SKIPPED:
        lines.append(f"without: {SKIPPED}")
    return lines


def pytest_terminal_summary(terminalreporter):
    if SKIPPED:
        terminalreporter.write_line(f"runtimes that were not tested: {SKIPPED}")


class Home:
    """A user's home folder, with the settings and servers of one test."""

    def __init__(self, path):
        self.path = path
        self.traces = path.parent / "traces"
        self.servers = path / "MCPs"
        self.servers.mkdir(parents=True)

    def environment(self, **settings):
        """What a client would start Headrace with; a setting of None is unset."""
        env = {name: value for name, value in os.environ.items()
               if not name.startswith("MCP_")
               and name not in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        env.update({"HOME": str(self.path), "MCP_BRIDGE_IMAGE": IMAGE,
                    "MCP_BRIDGE_TRACE": str(self.traces)})
        env.update({name: str(value) for name, value in settings.items() if value is not None})
        return {name: value for name, value in env.items() if settings.get(name, "") is not None}

    def add(self, name, command, *args, file=None, **entry):
        """Puts a server into ~/MCPs; further keys (env, cwd, description) as in the file."""
        entry = {"command": str(command), "args": [str(arg) for arg in args], **entry}
        path = self.servers / (file or f"{name}.json")
        path.write_text(json.dumps({"mcpServers": {name: entry}}))
        return path

    def add_python(self, name, script, *args, **entry):
        """A server from the folder servers/, run by the Python that has the MCP SDK."""
        return self.add(name, sys.executable, "-B", SERVERS / script, *args, **entry)

    def add_node(self, name, package, *args, **entry):
        """One of the official servers."""
        return self.add(name, "node", NODE_MODULES / "@modelcontextprotocol" / package / "dist" /
                        "index.js", *args, **entry)


@pytest.fixture(autouse=True)
def schema_true(request, tmp_path):
    """After each test: all that Headrace sent to clients and servers is as the published schemas of
    their versions want it."""
    yield
    traces = tmp_path / "traces"
    found = [fault for path in sorted(traces.glob("*.jsonl")) for fault in validation.faults(path)]
    if request.node.get_closest_marker("off_schema") is None:
        assert not found, f"{len(found)} messages are not as they should be:\n" + "\n".join(found[:10])
    shutil.rmtree(traces, ignore_errors=True)


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture(params=RUNTIMES or [None])
def runtime(request):
    """Every runtime that is up, one after the other."""
    if request.param is None:
        pytest.skip("no runtime is up: " + (SKIPPED or "tests/environment/engines up starts them"))
    return request.param


@pytest.fixture
def some_runtime():
    """The quickest runtime, where it does not matter which."""
    if not RUNTIMES:
        pytest.skip("no runtime is up: " + (SKIPPED or "tests/environment/engines up starts them"))
    return "bwrap" if "bwrap" in RUNTIMES else RUNTIMES[0]


class Watch:
    """Sees to it that what was started here is gone again."""

    def __init__(self):
        self.pids = []  # of those who may have started containers
        self.before = set(processes.descendants())

    def alive(self):
        return [pid for pid in processes.descendants() if pid not in self.before]

    def containers(self):
        if not self.pids:
            return []
        return [name for runtime in RUNTIMES
                for name, owner in processes.labelled_containers(runtime) if owner in self.pids]

    def assert_no_process(self, limit=30):
        processes.eventually(lambda: not self.alive(), lambda: "no process is left, but there are\n"
                             + processes.describe(self.alive()), limit)

    def assert_no_container(self, limit=10):
        processes.eventually(lambda: not self.containers(),
                             lambda: f"no container is left, but there are {self.containers()}",
                             limit)

    def assert_clean(self, limit=30):
        """No process and no container that was started since the test began."""
        self.assert_no_process(limit)
        self.assert_no_container(limit)
        processes.reap_orphans()


@pytest.fixture
def watch():
    """Asserts after the test that no process and no container is left."""
    made = Watch()
    yield made
    made.assert_clean()


@pytest.fixture
def start(home, watch):
    """start(runtime, *arguments, NAME=value…) → a RawClient that is initialised. All are closed
    after the test, which fails if one wrote anything but the protocol to its stdout."""
    clients = []

    def begin(runtime, *arguments, initialize=True, stdin=-1, start_reading=True, **settings):
        if runtime is not None:
            settings = {"MCP_BRIDGE_RUNTIME": runtime, **settings}
        client = RawClient([PROGRAM, *arguments], home.environment(**settings), cwd=home.path,
                           stdin=stdin, start_reading=start_reading)
        clients.append(client)
        if runtime not in RUNTIMES or runtime in processes.ENGINES:
            watch.pids.append(client.pid)
        if initialize:
            client.initialize()
        return client

    yield begin
    for client in clients:
        try:
            client.close(timeout=20)
        finally:
            client.kill()
    for client in clients:
        assert client.bad_lines == []


@pytest.fixture
def recorded_program(home, watch):
    """The program by a path of its own, for clients that start it themselves: `watch` gets to know
    the process of each start."""
    pids = home.path / "headrace.pids"
    script = home.path / "headrace"
    script.write_text(f'#!/bin/sh\necho $$ >>"{pids}"\nexec "{PROGRAM}" "$@"\n')
    script.chmod(0o755)
    yield script
    started = [int(line) for line in pids.read_text().split()] if pids.exists() else []
    watch.pids.extend(started)


@pytest.fixture
def node():
    """Runs Node with the official packages; the test is skipped where they are not installed."""
    if not NODE_MODULES.is_dir() or shutil.which("node") is None:
        pytest.skip("Node or its packages are not installed: tests/environment/install brings them")
    return NODE_MODULES
