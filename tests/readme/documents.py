"""The project's Markdown files, taken apart: links, names of files, fenced blocks."""
import pathlib
import re
import sys
from typing import NamedTuple

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "checks"))
import tree  # noqa: E402

ROOT = tree.ROOT


class Block(NamedTuple):
    """A fenced block: its language, text and place."""
    path: pathlib.PurePath
    line: int
    language: str
    text: str


def markdown():
    return [(path, tree.read(path)) for path in tree.files(".md")]


def blocks(path, text, *languages):
    found, start, language, lines = [], None, "", []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("```"):
            lines.append(line)
        elif start is None:
            start, language, lines = number, line[3:].strip(), []
        else:
            found.append(Block(path, start, language, "\n".join(lines) + "\n"))
            start = None
    return [block for block in found if not languages or block.language in languages]


def blocks_of(name, *languages):
    return blocks(pathlib.PurePath(name), tree.read(pathlib.PurePath(name)), *languages)


def prose(text):
    """The lines outside of fenced blocks, with their numbers."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            inside = not inside
        elif not inside:
            yield number, line


def anchor(heading):
    """What a heading is called in a link."""
    words = re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", heading.strip()).lower())
    return words.replace(" ", "-")


def anchors(text):
    return {anchor(line.lstrip("#")) for _, line in prose(text) if line.startswith("#")}


LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# In back quotes: a path below one of our folders, or the name of a file as we have them.
NAMED = re.compile(r"`([\w./{},*-]+)`")
SUFFIXES = (".cpp", ".hpp", ".py", ".md", ".cmake", ".sh")


def is_path(name, folders):
    first = name.split("/")[0]
    if "*" in name or "{" in name or name.startswith((".", "/")):
        return False
    return ("/" in name and first in folders) or (name.endswith(SUFFIXES) and name not in SUFFIXES)


def faults_in(path, text, known):
    """What a file links to or names and is not there; `known` are all files and folders."""
    folders = {name.split("/")[0] for name in known if "/" in name}
    basenames = {name.split("/")[-1] for name in known}
    here = pathlib.PurePath(path).parent
    for number, line in prose(text):
        for target in LINK.findall(line):
            name, _, fragment = target.partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            file = str(here / name) if name else str(path)
            parts = []
            for part in pathlib.PurePath(file).parts:
                parts = parts[:-1] if part == ".." else parts + [part]
            file = "/".join(parts)
            if file not in known:
                yield path, number, f"links to {target}, which is not there"
            elif fragment and fragment not in anchors(text if not name else
                                                      (ROOT / file).read_text("utf-8")):
                yield path, number, f"links to {target}, but there is no such heading"
        for name in NAMED.findall(line):
            name = name.rstrip("/")
            if not is_path(name, folders) or name in known or str(here / name) in known:
                continue
            if "/" not in name and name in basenames:
                continue
            # The tail of a path, such as mcp/result.py, is a name too.
            if any(each.endswith("/" + name) for each in known):
                continue
            yield path, number, f"names `{name}`, which is not there"
