"""The images that images/ describes, built for real and used as sandboxes."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import packages
from conftest import IMAGE, RUNTIMES

IMAGES = Path(__file__).resolve().parents[2] / "images"

# The data-science image of a few packages takes as long to build as must be.
PLOTTING = {"contourpy", "cycler", "fonttools", "kiwisolver", "matplotlib", "numpy", "packaging",
            "pillow", "pyparsing", "python-dateutil"}


@pytest.fixture
def build():
    """build(engine, containerfile, context, *options) → the image's name."""
    built = []

    def build(engine, containerfile, context, *options):
        name = f"localhost/headrace-test-{Path(containerfile).stem.lower()}:{os.getpid()}"
        done = subprocess.run([engine, "build", "-t", name, *options, "-f", containerfile, context],
                              capture_output=True, text=True, timeout=500,
                              env=dict(os.environ, DOCKER_BUILDKIT="0"))
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        built.append((engine, name))
        return name

    yield build
    for engine, name in built:
        subprocess.run([engine, "rmi", "--force", name], capture_output=True, timeout=120)


@pytest.mark.parametrize("engine", [name for name in RUNTIMES if name != "bwrap"] or [None])
def test_the_plain_one(start, build, engine):
    if engine is None:
        pytest.skip("no container engine is up")
    image = build(engine, IMAGES / "Containerfile", IMAGES, "--build-arg", f"BASE={IMAGE}")
    headrace = start(engine, MCP_BRIDGE_IMAGE=image)
    assert headrace.output("import json, sqlite3, os; print(os.getcwd(), json.__cached__)"
                           ).startswith("/workspace /usr/lib/python3")
    assert headrace.output("import os, json; print(os.path.exists(json.__cached__))") == "True"


@pytest.mark.timeout(600)
def test_the_one_for_data_science(start, build, tmp_path):
    if "podman" not in RUNTIMES:
        pytest.skip("podman is not up")  # the only one that lets a build see certificates
    base = packages.image_with_pip("podman", tmp_path)
    context = tmp_path / "images"
    shutil.copytree(IMAGES, context)
    lines = (context / "requirements.txt").read_text().splitlines()
    (context / "requirements.txt").write_text("\n".join(
        line for line in lines if re.split("==", line)[0] in PLOTTING))
    options = ["--network", "host", "--build-arg", f"BASE={base}"]
    for name in ("PIP_CERT", "PIP_INDEX_URL"):
        if os.environ.get(name):
            options += ["--build-arg", f"{name}={os.environ[name]}"]
    if Path(os.environ.get("PIP_CERT", "")).is_file():
        folder = Path(os.environ["PIP_CERT"]).parent
        options += ["--volume", f"{folder}:{folder}:ro"]
    try:
        image = build("podman", context / "data-science.Containerfile", context, *options)
        headrace = start("podman", MCP_BRIDGE_IMAGE=image)
        result = headrace.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
        assert not result.get("isError"), result
        assert "image" in [block["type"] for block in result["content"]]
        # Its list of fonts was prepared, and taken.
        assert headrace.output(
            "import glob, os\n"
            "at = lambda f: [open(n).read() for n in glob.glob(f + '/fontlist-*')]\n"
            "ours = at(os.environ['MPLCONFIGDIR'])\n"
            "print(len(ours), ours == at('/opt/headrace/matplotlib'))") == "1 True"
    finally:
        subprocess.run(["podman", "rmi", "--force", base], capture_output=True, timeout=120)
