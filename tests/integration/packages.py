"""What the tests of packages share: where they are kept, which images there are."""

import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

IMAGE = os.environ.get("HEADRACE_TEST_IMAGE", "")
IMAGE_NAME = "localhost/headrace-packages"
SMALL = "six==1.17.0"


def open_folder():
    """A folder that also the user can reach whom root steps down to."""
    folder = tempfile.mkdtemp(prefix="headrace-packages-", dir="/var/tmp")
    os.chmod(folder, 0o755)
    return folder


def images(runtime):
    if runtime == "bwrap":
        return set()
    listed = subprocess.run([runtime, "images", "--format", "{{.Repository}}:{{.Tag}}"],
                            capture_output=True, text=True, timeout=120).stdout.split()
    return {name for name in listed if name.startswith(IMAGE_NAME)}


def made_by(headrace):
    """The images that it says it has made."""
    return set(re.findall(re.escape(IMAGE_NAME) + r":\w+", headrace.errors))


def image_with_pip(engine, folder):
    """The test image, with a pip."""
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder,
                    "pip>=25"], check=True, capture_output=True, timeout=200)
    wheel, = folder.glob("pip-*.whl")
    (folder / "context" / "site").mkdir(parents=True)
    zipfile.ZipFile(wheel).extractall(folder / "context" / "site")
    (folder / "context" / "Containerfile").write_text(
        f"FROM {IMAGE}\nCOPY site /usr/local/lib/python3.13/dist-packages\n")
    name = f"localhost/headrace-test-pip:{os.getpid()}"
    environment = dict(os.environ, DOCKER_BUILDKIT="0")
    subprocess.run([engine, "build", "-q", "-t", name, "-f", folder / "context" / "Containerfile",
                    folder / "context"], check=True, capture_output=True, timeout=300,
                   env=environment)
    return name


def kept_folder():
    """One that outlives the tests, since what they need is large."""
    cache = Path(os.environ.get("HEADRACE_TEST_CACHE", "/var/tmp/headrace-tests"))
    if os.getuid() == 0 and not all(part.stat().st_mode & 1 for part in
                                    [cache, *cache.parents] if part.exists()):
        cache = Path("/var/tmp/headrace-tests-root")
    folder = cache / "packages"
    folder.mkdir(0o755, parents=True, exist_ok=True)
    return folder
