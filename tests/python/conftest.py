"""Fixtures: one interpreter for each test that asks for it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fake_host import Host  # noqa: E402


@pytest.fixture
def host():
    host = Host()
    host.wait_ready()
    yield host
    host.close()
    assert host.bad_lines == []
    assert b"Traceback" not in host.errors, host.errors.decode()
