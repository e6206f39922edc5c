"""The official clients hear of resources that come and change, in each era's way."""

import official
import pytest
from official import converse  # noqa: F401

URI = "headrace://sessions/default/files/watched.txt"


@pytest.mark.parametrize("which", official.CLIENTS)
def test_a_file_that_is_watched(converse, which):
    report = converse("listening", which)
    modern = which in official.MODERN
    assert report["modern"] is modern
    assert report["listed"] is True
    assert report["more"] >= 1
    assert report["updated"] == URI
    assert report["content"] == "two and more"
    assert report["afterwards"] == "there"
    if modern:
        assert report["honoured"] == {"resourcesListChanged": True, "resourceSubscriptions": [URI]}
        assert report["closed"] == "local"
    assert report["protocolErrors"] == []


@pytest.mark.parametrize("which", [name for name in official.CLIENTS if "typescript" in name])
def test_a_server_behind_us_has_other_tools(converse, home, which):
    """What run_python can reach has changed, and the client looks at our list again."""
    home.add_python("growing", "growing.py")
    report = converse("refreshing", which)
    assert report["grown"] == "grown" and report["used"] == "fresh was called"
    assert report["changed"] == {"error": None, "tools": ["run_python"]}
    assert report["protocolErrors"] == []
