"""The official SDKs' clients, in each way that they have to find out what a server speaks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "clients"
MODERN_PYTHON = os.environ.get("HEADRACE_TEST_PYTHON_MODERN", "")
CLIENTS = ["typescript 1", "typescript 2 legacy", "typescript 2 auto", "typescript 2 modern",
           "python 1", "python 2 legacy", "python 2 auto", "python 2 modern"]
# Those that end up in the modern era with a server that speaks both.
MODERN = {name for name in CLIENTS if name.endswith(("auto", "modern"))}


def needs_modern_python():
    if not os.path.exists(MODERN_PYTHON):
        pytest.skip("the modern Python SDK is not installed: tests/environment/install brings it")
    return MODERN_PYTHON


def command(program, which, node_modules):
    """What runs a program of the folder clients/ as one of CLIENTS, but for its last arguments."""
    language, version, *mode = which.split()
    if language == "typescript":
        return ["node", PROGRAMS / f"{program}.mjs", node_modules, mode[0] if mode else "sdk"]
    python = sys.executable if version == "1" else needs_modern_python()
    return [python, "-B", PROGRAMS / f"{program}.py", mode[0] if mode else "legacy"]


@pytest.fixture
def converse(home, node, some_runtime, recorded_program):
    """converse(program, which, *arguments) → the report of a client in a user's home. What it
    leaves behind is found by `watch`, which `recorded_program` asks for."""

    def run(program, which, *arguments, **settings):
        done = subprocess.run(
            [*command(program, which, node), recorded_program, *arguments],
            env=home.environment(MCP_BRIDGE_RUNTIME=some_runtime, **settings), cwd=home.path,
            capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run
