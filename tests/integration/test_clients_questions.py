"""Questions of servers reach the user's client, and the answer goes back into the code that waits:
with the official SDKs' clients in front, and servers behind that ask in either era's way."""

import official
import pytest
from official import converse  # noqa: F401


@pytest.fixture
def askers(home):
    home.add_python("asking", "asking.py")
    home.add("both-eras", official.needs_modern_python(), "-B",
             official.PROGRAMS.parent / "servers" / "both_eras.py")


def of(report, method):
    return [each["params"] for each in report["asked"] if each["method"] == method]


@pytest.mark.parametrize("which", official.CLIENTS)
def test_answers_reach_the_code_that_waits(converse, askers, which):
    report = converse("questions", which)
    assert report["modern"] is (which in official.MODERN)
    assert report["Really?"] == "accept True 42"
    assert report["No?"] == "decline 42"
    assert report["Neither?"] == "cancel 42"
    assert report["model"] == "a-model: <What now?>"
    # What the client works on is not what its user lets a server see.
    assert "MCPError" in report["roots"] and "roots" in report["roots"]
    assert report["together"].splitlines() == [
        "accept True", "Ada, 3 days in Rome: <Plan 3 days in Rome for Ada>", "a-model: <And?>",
        "at the top"]
    # The run had three seconds; the user took five.
    assert report["slowly"] == "accept True"
    assert report["afterwards"] == "41"
    forms = of(report, "elicitation/create")
    assert sorted(form["message"] for form in forms) == [
        "Server 'asking' asks: Neither?", "Server 'asking' asks: No?",
        "Server 'asking' asks: Really?", "Server 'asking' asks: Really?",
        "Server 'asking' asks: Slowly?",
        "Server 'both-eras' asks: Who travels to Rome, and for how long?"]
    assert all(form["requestedSchema"]["type"] == "object" for form in forms)
    assert len(of(report, "sampling/createMessage")) == 3
    assert report["protocolErrors"] == []


@pytest.mark.parametrize("which", official.CLIENTS)
def test_a_client_that_can_answer_nothing(converse, askers, which):
    report = converse("questions", which, "unable")
    for run in ("Really?", "No?", "Neither?", "model", "roots"):
        assert "MCPError" in report[run] and "Traceback" in report[run], report[run]
    refused, travel, consulted, climbed = report["together"].splitlines()
    assert climbed == "at the top"
    assert "elicitation" in travel.lower() and "at the top" not in refused + travel + consulted
    assert report["afterwards"] == "41"
    assert report["asked"] == [] and report["protocolErrors"] == []
