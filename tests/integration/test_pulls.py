"""An image that is not here: pulled from a real registry, once, with progress; and when that fails,
why."""

import subprocess

import pytest

import processes
import registry as registries
from conftest import RUNTIMES
from raw_client import text_of


@pytest.fixture(params=[name for name in RUNTIMES if name != "bwrap"] or [None])
def engine(request):
    if request.param is None:
        pytest.skip("no container engine is up")
    return request.param


@pytest.fixture
def registry(tmp_path, engine, monkeypatch):
    with registries.serve(tmp_path) as server:
        monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(server.podman_conf))
        yield server
    subprocess.run([engine, "rmi", "--force", server.reference], capture_output=True, timeout=120)


def told(headrace, token):
    return [m["params"].get("message", "") for m in headrace.notifications("notifications/progress")
            if m["params"]["progressToken"] == token]


def is_told_of_the_pull(headrace, token, image):
    return any(f"pulling the image {image}" in message for message in told(headrace, token))


def test_a_missing_image_is_pulled_once_for_all_who_wait(start, engine, registry):
    registry.hold.clear()
    headrace = start(engine, MCP_BRIDGE_IMAGE=registry.reference)
    tokens = ["one", "two", "three"]
    runs = [headrace.start_run("print(6 * 7)", progress_token=token, session=token)
            for token in tokens]
    assert registry.begun.wait(120)
    for token in tokens:
        headrace.wait_until(lambda: is_told_of_the_pull(headrace, token, registry.reference),
                            f"progress for {token}")
    # One that comes while it lasts hears of it too.
    late = headrace.start_run("print(7 * 7)", progress_token="late", session="late")
    headrace.wait_until(lambda: is_told_of_the_pull(headrace, "late", registry.reference),
                        "progress for the late one")
    registry.hold.set()
    for run in runs:
        assert text_of(headrace.end_of_run(run)).splitlines()[0] == "42"
    assert text_of(headrace.end_of_run(late)).splitlines()[0] == "49"
    assert registry.layers_begun == 1
    for words in ("Copying", "Pulling fs layer", "Trying to pull"):
        assert words not in headrace.errors


def test_an_image_that_goes_away_later_is_pulled_again(start, engine, registry):
    headrace = start(engine, MCP_BRIDGE_IMAGE=registry.reference, MCP_BRIDGE_WARM=0)
    assert headrace.output("print(1)").splitlines()[0] == "1"
    headrace.failure("import os\nos._exit(1)")
    processes.eventually(lambda: not processes.containers(engine, headrace.pid), "it is gone")
    subprocess.run([engine, "rmi", "--force", registry.reference], check=True, capture_output=True,
                   timeout=120)
    assert headrace.output("print(2)").splitlines()[0] == "2"
    assert registry.layers_begun == 2


REFUSALS = {
    "it has none of that name": ((404, "MANIFEST_UNKNOWN"), ["no such image", "MCP_BRIDGE_IMAGE"]),
    "it wants a login": ((401, "UNAUTHORIZED"), ["login"]),
}


@pytest.mark.parametrize("refusal, words", REFUSALS.values(), ids=REFUSALS)
def test_a_registry_that_refuses_is_explained_and_asked_again(start, engine, registry, refusal, words):
    registry.refusal = refusal
    headrace = start(engine, MCP_BRIDGE_IMAGE=registry.reference)
    text = headrace.failure("print(1)")
    assert f"the image '{registry.reference}' is not here and can't be pulled: {engine}: " in text
    for word in words:
        assert word in text
    assert "Install one" not in text
    registry.refusal = None
    assert headrace.output("print(6 * 7)").splitlines()[0] == "42"


@pytest.mark.parametrize("end", ["end of input", "SIGKILL"])
def test_an_interrupted_pull_leaves_nothing_and_is_taken_up_by_the_next(start, watch, engine,
                                                                        registry, end):
    registry.hold.clear()
    headrace = start(engine, MCP_BRIDGE_IMAGE=registry.reference)
    headrace.start_run("print(1)")
    assert registry.begun.wait(120)
    if end == "SIGKILL":
        headrace.kill()
    else:
        assert headrace.close() == 0
    watch.assert_no_process()
    registry.hold.set()
    again = start(engine, MCP_BRIDGE_IMAGE=registry.reference)
    assert again.output("print(6 * 7)").splitlines()[0] == "42"
