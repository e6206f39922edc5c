"""What travels in the boot frame: sources, or what a build has compiled of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fake_host import PYTHON, SOURCE, Host, modules

PACKER = Path(__file__).resolve().parents[2] / "cmake" / "pack_bytecode.py"
LOADED = """
sys = __import__("sys")  # an import statement would be kept for functions that get saved
print(*sorted(name for name in sys.modules if name.partition(".")[0] in ("mcp", "headrace_runtime")))
"""


def pack():
    # -I: each time with another seed for the hashes of texts.
    command = [PYTHON, "-I", "-B", str(PACKER), str(SOURCE)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


@pytest.fixture
def packed():
    return pack()


@pytest.fixture
def compiled(packed):
    host = Host(bytecode=packed)
    host.wait_ready()
    yield host
    host.close()
    assert host.bad_lines == []
    assert b"Traceback" not in host.errors, host.errors.decode()


def test_hello_names_the_bytecode_that_this_python_makes(host, packed):
    assert host.hello == {"bytecode": packed["key"]}
    code = "import sys; print(sys.implementation.cache_tag)"
    tag = subprocess.run([PYTHON, "-c", code], check=True, stdout=subprocess.PIPE, text=True).stdout
    assert packed["key"].startswith(tag.strip() + "-")


def test_a_build_can_be_repeated(packed):
    assert all(pack() == packed for _ in range(3))


def test_a_session_of_bytecode(compiled):
    compiled.tools["filesystem", "read"] = lambda arguments: {
        "content": [{"type": "text", "text": arguments["path"]}]
    }
    assert compiled.run("print('hi')").stdout == "hi\n"
    assert compiled.run("print(await mcp_filesystem.read(path='/x'))").stdout == "/x\n"
    outcome = compiled.run("1 / 0")
    assert outcome.error == "ZeroDivisionError: division by zero"
    assert 'File "<sandbox:3>", line 1' in outcome.stderr
    assert "headrace_runtime" not in outcome.stderr


def test_every_module_is_in_one_part(compiled, packed):
    names = sorted(name for name in modules() if name.startswith(("mcp", "headrace_runtime")))
    imports = "\n".join(f"import {name}" for name in names)
    outcome = compiled.run(imports)
    assert outcome.status == "success", outcome


def test_a_first_run_needs_the_first_part_alone(packed):
    broken = {**packed, "later": "not base64 at all"}
    host = Host(bytecode=broken)
    try:
        assert host.run("print('hi')").stdout == "hi\n"
    finally:
        host.close()


def test_the_first_part_is_what_a_first_run_needs(packed):
    """What nobody needs at first would make every start slower."""
    sys.path.insert(0, str(PACKER.parent))
    import pack_bytecode

    host = Host(bytecode=packed)
    try:
        loaded = set(host.run(LOADED).stdout.split())
    finally:
        host.close()
    lazy = {"mcp.runtime", "headrace_runtime.report"}  # there, and not yet executed
    assert loaded - lazy == pack_bytecode.START - {"headrace_bootstrap"}


def test_collections_take_place(compiled):
    code = "import gc\nprint(gc.isenabled(), gc.get_freeze_count() > 1000)"
    assert compiled.run(code).stdout == "True True\n"


def test_help_tells_the_same(compiled, host):
    code = "help(runtime.search_tool_docs)"
    text = compiled.run(code).stdout
    assert text == host.run(code).stdout and "search" in text
