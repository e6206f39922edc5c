"""MCP_BRIDGE_PACKAGES and requirements.txt: installed once on the host's side, or a clear word why not."""

import concurrent.futures
import os
import shutil
import socket
import subprocess

import pytest

import packages
import processes
from conftest import RUNTIMES
from packages import IMAGE_NAME, SMALL


@pytest.fixture
def cache(tmp_path_factory, runtime):
    """A cache of its own, and the images that were made with it removed afterwards."""
    before = packages.images(runtime)
    folder = packages.open_folder()
    yield folder

    def removed():
        # One may still be in use by a container that is on its way out.
        for image in packages.images(runtime) - before:
            subprocess.run([runtime, "rmi", "--force", image], capture_output=True, timeout=120)
        return packages.images(runtime) <= before

    processes.eventually(removed, lambda: "the images that were made are removed: "
                         f"{packages.images(runtime) - before}", limit=60)
    shutil.rmtree(folder)


# The cache before the rest, so that its images are removed when those who run them are gone.
@pytest.fixture
def begin(cache, start, runtime):
    def begin(**settings):
        return start(runtime, MCP_BRIDGE_PACKAGE_CACHE=cache, **settings)
    return begin


def said(headrace):
    return [m["params"].get("message", "") for m in
            headrace.notifications("notifications/progress")]


def run(headrace, code):
    id = headrace.start_run(code, progress_token=f"t{headrace.pid}")
    return headrace.end_of_run(id, timeout=200)


def text(result):
    return result["content"][0]["text"]


USE = "import six; print(six.__version__)"


def test_packages_are_installed_once_with_progress(begin, cache, runtime):
    headrace = begin(MCP_BRIDGE_PACKAGES=SMALL)
    result = run(headrace, USE)
    assert not result.get("isError"), text(result)
    assert text(result) == "1.17.0"
    assert any("installing packages" in line for line in said(headrace)), said(headrace)
    made = os.listdir(cache)
    assert not [name for name in made if name.endswith((".new", ".tar"))], made
    # The next one takes what is there: without a pip, without a network, with nothing to say.
    again = begin(MCP_BRIDGE_PACKAGES=SMALL, PIP_INDEX_URL="http://127.0.0.1:9/", PIP_RETRIES=0)
    assert text(run(again, USE)) == "1.17.0"
    assert not any("installing" in line for line in said(again))
    assert sorted(os.listdir(cache)) == sorted(made)


def test_pythons_that_code_starts_have_them_too(begin):
    headrace = begin(MCP_BRIDGE_PACKAGES=SMALL)
    assert headrace.output("import subprocess, sys\n"
                           f"print(subprocess.run([sys.executable, '-c', '{USE}'],"
                           "capture_output=True, text=True).stdout)").strip() == "1.17.0"


def test_a_requirements_file_in_the_state_folder(begin, home):
    (home.servers / "requirements.txt").write_text("# what we need\nsix==1.17.0  # small\n")
    assert text(run(begin(), USE)) == "1.17.0"


@pytest.mark.parametrize("content", ["", "# nothing yet\n\n"], ids=["empty", "comment"])
def test_a_file_that_asks_for_nothing_costs_nothing(begin, cache, home, content):
    (home.servers / "requirements.txt").write_text(content)
    assert text(run(begin(), "print(1)")) == "1"
    assert os.listdir(cache) == []


def test_many_runs_wait_for_one_installation(begin, runtime):
    headrace = begin(MCP_BRIDGE_PACKAGES=SMALL)
    ids = [headrace.start_run(USE, progress_token=f"t{i}", session=f"s{i}") for i in range(3)]
    for id in ids:
        assert text(headrace.end_of_run(id, timeout=200)) == "1.17.0"
    assert headrace.errors.count("installing packages for") == 1


def test_two_headraces_install_once(begin):
    both = [begin(MCP_BRIDGE_PACKAGES=SMALL) for _ in range(2)]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        assert [text(result) for result in pool.map(lambda h: run(h, USE), both)] == ["1.17.0"] * 2
    assert sum(h.errors.count("installing packages for") for h in both) == 1


def test_no_such_package(begin, cache):
    headrace = begin(MCP_BRIDGE_PACKAGES="headrace-has-no-such-package==9.9")
    result = run(headrace, "print(1)")
    assert result["isError"]
    words = text(result)
    assert "MCP_BRIDGE_PACKAGES" in words
    assert "there is no such package" in words
    assert "headrace-has-no-such-package" in words  # by pip
    assert "Install one" not in words  # another runtime would not help
    assert [name for name in os.listdir(cache) if not name.endswith(".lock")] == []


def test_no_network(begin):
    headrace = begin(MCP_BRIDGE_PACKAGES=SMALL, PIP_INDEX_URL="http://127.0.0.1:9/simple/",
                     PIP_RETRIES=1, PIP_NO_CACHE_DIR=1)
    result = run(headrace, "print(1)")
    assert result["isError"]
    assert "the package index can't be reached" in text(result)
    assert "HTTPS_PROXY" in text(result)


def test_an_image_with_pip_installs_by_itself(start, tmp_path):
    engines = [name for name in RUNTIMES if name in processes.ENGINES]
    if not engines:
        pytest.skip("no container engine is up")
    engine = engines[0]
    image = packages.image_with_pip(engine, tmp_path)
    before = packages.images(engine)
    folder = packages.open_folder()
    try:
        headrace = start(engine, MCP_BRIDGE_IMAGE=image, MCP_BRIDGE_PACKAGES=SMALL,
                         MCP_BRIDGE_PACKAGE_CACHE=folder)
        assert text(run(headrace, USE)) == "1.17.0"
        made = packages.images(engine) - before
        assert len(made) == 1 and made.pop().startswith(IMAGE_NAME)
    finally:
        headrace.close()
        for made in [*(packages.images(engine) - before), image]:
            subprocess.run([engine, "rmi", "--force", made], capture_output=True, timeout=120)
        shutil.rmtree(folder)


@pytest.mark.parametrize("value", ["--index-url=x", "-r file", "'open", "/etc/passwd"])
def test_what_is_no_package_ends_the_program(start, value):
    headrace = start("auto", initialize=False, MCP_BRIDGE_PACKAGES=value)
    assert headrace.wait_exit() != 0
    assert "MCP_BRIDGE_PACKAGES" in headrace.errors


@pytest.fixture
def silent_index():
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/simple/"


@pytest.mark.parametrize("end", ["close", "kill"])
def test_the_end_of_headrace_ends_the_installation(begin, watch, cache, silent_index, end):
    headrace = begin(MCP_BRIDGE_PACKAGES=SMALL, PIP_INDEX_URL=silent_index, PIP_NO_CACHE_DIR=1,
                     MCP_BRIDGE_WARM=0)
    headrace.start_run("print(1)", progress_token="t")
    headrace.wait_stderr("installing packages for")
    headrace.wait_notification("notifications/progress",
                               lambda params: "Looking in" in params.get("message", ""))
    headrace.kill() if end == "kill" else headrace.close()
    watch.assert_clean()
    # And the next one is not hindered by what that left.
    assert text(run(begin(MCP_BRIDGE_PACKAGES=SMALL), USE)) == "1.17.0"


def test_a_container_that_installs_goes_with_headrace(start, watch, tmp_path, silent_index):
    engine = next((name for name in RUNTIMES if name in processes.ENGINES), None)
    if engine is None:
        pytest.skip("no container engine is up")
    image = packages.image_with_pip(engine, tmp_path)
    folder = packages.open_folder()
    try:
        headrace = start(engine, MCP_BRIDGE_IMAGE=image, MCP_BRIDGE_PACKAGES=SMALL,
                         MCP_BRIDGE_PACKAGE_CACHE=folder, PIP_INDEX_URL=silent_index,
                         MCP_BRIDGE_WARM=0)
        headrace.start_run("print(1)", progress_token="t")
        headrace.wait_notification("notifications/progress",
                                   lambda params: "Looking in" in params.get("message", ""))
        assert watch.containers()
        headrace.kill()
        watch.assert_clean(limit=30)
    finally:
        subprocess.run([engine, "rmi", "--force", image], capture_output=True, timeout=120)
        shutil.rmtree(folder)


def test_what_somebody_removed_is_made_again(begin, cache, runtime):
    headrace = begin(MCP_BRIDGE_PACKAGES=SMALL, MCP_BRIDGE_WARM=0)
    assert text(run(headrace, USE)) == "1.17.0"
    if runtime == "bwrap":
        folder, = (name for name in os.listdir(cache) if not name.endswith(".lock"))
        shutil.rmtree(os.path.join(cache, folder))
    else:
        before = packages.images(runtime)
        subprocess.run([runtime, "rmi", "--force", *packages.made_by(headrace)], check=True,
                       capture_output=True, timeout=120)
        assert packages.images(runtime) < before
    headrace.run("import os; os._exit(0)")
    assert text(run(headrace, USE)).startswith("1.17.0")
    assert headrace.errors.count("packages are installed") == 2
