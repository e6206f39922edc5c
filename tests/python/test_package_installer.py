"""The program that installs packages: offline, with wheels made here."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

SOURCE = (Path(__file__).resolve().parents[2] / "python" / "package_installer.py").read_text()


def installer(mode, order=None, options=(), **environment):
    text = json.dumps(order) + "\n" if order is not None else ""
    return subprocess.run([sys.executable, *options, "-c", SOURCE, mode], input=text,
                          capture_output=True, text=True, timeout=200,
                          env=dict(os.environ, **environment))


def add_wheel(folder, name="tiny"):
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        info = f"{name}-1.0.dist-info"
        wheel.writestr(f"{name}.py", "answer = 42\n")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
                                        "Tag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def order(folder, requirements="tiny\n", **more):
    return {"requirements": requirements, "target": str(folder / "target"),
            "environment": {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}, **more}


def test_facts():
    facts = json.loads(installer("facts").stdout)
    assert facts["python"].split(".")[:2] == [str(part) for part in sys.version_info[:2]]
    assert facts["abi"].startswith(f"cp{sys.version_info[0]}{sys.version_info[1]}")
    assert all(tag.startswith(("manylinux", "musllinux")) for tag in facts["platforms"])


def test_installs_into_a_folder(tmp_path):
    add_wheel(tmp_path)
    done = installer("install", order(tmp_path))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "target" / "tiny.py").read_text() == "answer = 42\n"
    assert list((tmp_path / "target" / "__pycache__").glob("tiny.*.pyc"))


def test_installs_for_another_python(tmp_path):
    add_wheel(tmp_path)
    other = {"python": "3.9.1", "abi": "cp39", "platforms": ["manylinux2014_x86_64"]}
    archive = tmp_path / "packed.tar"
    done = installer("install", order(tmp_path, **{"for": other}, archive=str(archive)))
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "target" / "__pycache__").exists()
    with tarfile.open(archive) as tar:
        members = {member.name: member for member in tar}
    assert "./tiny.py" in members
    assert {member.uid for member in members.values()} == {0}


def test_a_users_own_pip_settings_do_not_lead_elsewhere(tmp_path):
    add_wheel(tmp_path)
    wanted = order(tmp_path)
    wanted["environment"].update(PIP_TARGET=str(tmp_path / "elsewhere"), PIP_USER="1",
                                 PIP_REQUIRE_VIRTUALENV="1")
    assert installer("install", wanted).returncode == 0
    assert (tmp_path / "target" / "tiny.py").exists()
    assert not (tmp_path / "elsewhere").exists()


def test_nothing_is_built_outside_of_a_container(tmp_path):
    source = tmp_path / "tiny-1.0"
    source.mkdir()
    (source / "setup.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n"
                                     "from setuptools import setup\nsetup(name='tiny')\n")
    (source / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
    with tarfile.open(tmp_path / "tiny-1.0.tar.gz", "w:gz") as tar:
        tar.add(source, "tiny-1.0")
    done = installer("install", order(tmp_path))
    assert done.returncode == 1
    assert "No matching distribution found for tiny" in done.stderr
    assert not (tmp_path / "ran").exists()


def test_certificates_reach_pip_in_a_file_that_is_gone_afterwards(tmp_path):
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__main__.py").write_text(
        "import os, sys\n"
        "if '--version' not in sys.argv:\n"
        "    print(open(os.environ['PIP_CERT']).read(), os.environ['PIP_CERT'], sep='\\n')\n")
    (tmp_path / "pip" / "__init__.py").write_text("")
    done = installer("install", dict(order(tmp_path), certificates="a certificate"),
                     PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stderr
    text, file = done.stdout.splitlines()
    assert text == "a certificate"
    assert not os.path.exists(file)


def test_no_pip_has_a_status_of_its_own(tmp_path):
    # Without the folder of packages there is none to be imported.
    wanted = {"requirements": "tiny\n"}
    done = installer("install", wanted, options=("-I", "-S"))
    assert done.returncode == 3, done.stderr
    assert os.listdir(tmp_path) == []
