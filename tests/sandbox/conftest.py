"""Runs code in real sandboxes, started by the very commands that the product would use."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

import pytest

ARGV_TOOL = os.environ.get("HEADRACE_SANDBOX_ARGV", "")
IMAGE = os.environ.get("HEADRACE_TEST_IMAGE", "")
RUNTIMES = os.environ.get("HEADRACE_TEST_RUNTIMES", "").split()

# The interpreter sets the limits that its runtime can't: so does this.
LIMITS = """
import resource
for name, value in ((resource.RLIMIT_DATA, {memory_limit}), (resource.RLIMIT_NPROC, {process_limit})):
    if value:
        resource.setrlimit(name, (value, value))
del name, value
"""


class Sandbox:
    """One runtime, as the product uses it here."""

    def __init__(self, runtime):
        self.runtime = runtime
        self.started = []

    def command(self, verb, code, image=None, python_options=("-I", "-B", "-X", "utf8"), **options):
        name = f"headrace-test-{uuid.uuid4().hex[:12]}"
        self.started.append(name)
        words = [f"{key}={value}" for key, value in options.items()]
        return [ARGV_TOOL, verb, self.runtime, image or IMAGE, name, *words, "--",
                *python_options, "-c", code]

    def described(self, image=None, **options):
        """What the product would start: argv, limits, facts."""
        done = subprocess.run(self.command("print", "", image, **options), capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def limited(self, code, **options):
        described = self.described(**options)
        return LIMITS.format(**described) + code

    def run(self, code, check=True, environment=None, before=(), **options):
        """Runs code to its end, under all limits; returns the completed process. `before` are
        words to put before the command."""
        done = subprocess.run(
            [*before, *self.command("run", self.limited(code, **options), **options)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
            env={**os.environ, **(environment or {})})
        if check:
            assert done.returncode == 0, done.stderr
        return done

    def ask(self, code, **options):
        """Runs code that prints one JSON document last."""
        return json.loads(self.run(code, **options).stdout.splitlines()[-1])

    def start(self, code, **options):
        """Starts code that goes on until its stdin ends."""
        return subprocess.Popen(self.command("run", self.limited(code, **options), **options),
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def exists(self, name):
        if self.runtime == "bwrap":
            return False
        done = subprocess.run([self.runtime, "ps", "--all", "--quiet", "--filter", f"name={name}"],
                              capture_output=True, text=True, timeout=60)
        return bool(done.stdout.strip())

    def clean_up(self):
        if self.runtime != "bwrap" and self.started:
            subprocess.run([self.runtime, "rm", "--force", *self.started], capture_output=True,
                           timeout=120)


def pytest_configure(config):
    if not ARGV_TOOL:
        raise pytest.UsageError("HEADRACE_SANDBOX_ARGV names the program headrace_sandbox_argv; "
                                "ctest sets it")


@pytest.fixture(scope="session", params=RUNTIMES or [None])
def sandbox(request):
    if request.param is None:
        pytest.skip("no runtime is up: " + os.environ.get("HEADRACE_TEST_SKIPPED", "unknown why"))
    made = Sandbox(request.param)
    yield made
    made.clean_up()


@pytest.fixture
def eventually():
    """Waits for a condition that must come true, however slow the machine is."""

    def wait(condition, what):
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end, f"never: {what}"
            time.sleep(0.05)

    return wait


@pytest.fixture
def open_folder():
    """A folder on the host that every user may read."""
    path = Path(tempfile.mkdtemp(prefix="headrace-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def processes():
    """The command lines of all processes of the host that hold a word."""

    def find(word):
        found = []
        for entry in Path("/proc").iterdir():
            if re.fullmatch("[0-9]+", entry.name):
                try:
                    line = (entry / "cmdline").read_bytes()
                except OSError:
                    continue
                if word.encode() in line:
                    found.append(int(entry.name))
        return found

    return find
