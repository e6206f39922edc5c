"""The files of the project, and how a check tells what it found."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS = ("framing", "engine", "discovery", "sandbox", "server")


def files(*suffixes):
    """Tracked and new files that git does not ignore, as paths relative to the root."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):  # a source archive has no git
        names = (str(path.relative_to(ROOT)) for path in ROOT.rglob("*")
                 if not path.relative_to(ROOT).parts[0].startswith((".git", "build")))
    paths = (pathlib.PurePath(name) for name in sorted(set(names)) if name)
    return [path for path in paths
            if (not suffixes or path.suffix in suffixes) and (ROOT / path).is_file()]


def read(path):
    """The text of a file, or None when it is not text."""
    data = (ROOT / path).read_bytes()
    return None if b"\0" in data else data.decode("utf-8", "replace")


def finish(name, faults, checked):
    """Prints faults, each a (path, line, message), and ends with the check's verdict."""
    for path, line, message in faults:
        print(f"{path}:{line}: {message}")
    if not checked:
        print(f"{name}: found no files to check")
    elif not faults:
        print(f"{name}: {checked} files are in order")
    sys.exit(1 if faults or not checked else 0)


def self_test(name, cases, check):
    """Ends with whether `check` finds a fault in a snippet exactly when the case says so.

    `cases` are (is faulty, snippet) or (is faulty, path, snippet); `check` takes what follows the
    verdict and returns faults.
    """
    wrong = [case for case in cases if bool(list(check(*case[1:]))) != case[0]]
    for faulty, *snippet in wrong:
        print(f"{name}: {'missed' if faulty else 'wrongly rejected'}: {snippet}")
    verdicts = {case[0] for case in cases}
    print(f"{name}: {len(cases) - len(wrong)} of {len(cases)} snippets judged rightly")
    sys.exit(1 if wrong or verdicts != {True, False} else 0)
