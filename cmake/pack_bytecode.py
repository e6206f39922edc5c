"""Compiles the interpreter's side with the Python that runs this, and packs it for the boot frame.

    pack_bytecode.py --key              only says for which Pythons; fails in one before 3.9
    pack_bytecode.py FOLDER             as a line of JSON
    pack_bytecode.py FOLDER OUTPUT      as an element of a C++ table

What a first run needs is one part, all else another: code objects by module, marshalled,
compressed, as base64. Both are for Pythons whose `key` is that of this one.
"""

import binascii
import json
import marshal
import sys
import zlib
from importlib._bootstrap_external import MAGIC_NUMBER
from pathlib import Path

KEY = f"{sys.implementation.cache_tag}-{int.from_bytes(MAGIC_NUMBER[:2], 'little')}"

START = frozenset(
    """
    headrace_bootstrap headrace_runtime headrace_runtime.capture headrace_runtime.catalogue
    headrace_runtime.channel headrace_runtime.errors headrace_runtime.interrupts
    headrace_runtime.loops headrace_runtime.namespace headrace_runtime.process
    headrace_runtime.proxies headrace_runtime.session headrace_runtime.sources
    headrace_runtime.supervisor headrace_runtime.usage headrace_runtime.wire
    headrace_runtime.workspace mcp
    """.split()
)
APART = ("loader", "package_installer")  # programs of their own


def pack(folder):
    parts = {"start": {}, "later": {}}
    for path in sorted(Path(folder).rglob("*.py")):
        words = path.relative_to(folder).with_suffix("").parts
        name = ".".join(words[:-1] if words[-1] == "__init__" else words)
        if name not in APART:
            code = compile(path.read_text("utf-8"), f"<{name}>", "exec", dont_inherit=True)
            parts["start" if name in START else "later"][name] = code
    packed = {"key": KEY}
    for part, codes in parts.items():
        data = zlib.compress(marshal.dumps(codes), 9)
        packed[part] = binascii.b2a_base64(data, newline=False).decode()
    return packed


def literal(text):
    """With its length, which is not to be counted while compiling; neighbours are joined."""
    pieces = [text[start : start + 12000] for start in range(0, len(text), 12000)]
    return "{" + "\n     ".join(f'"{piece}"' for piece in pieces) + f", {len(text)}}}"


def main():
    if sys.argv[1] == "--key":
        sys.exit(print(KEY) if sys.version_info >= (3, 9) else "older than 3.9")
    packed = pack(sys.argv[1])
    if len(sys.argv) < 3:
        print(json.dumps(packed))
    else:
        fields = ",\n     ".join(literal(text) for text in packed.values())
        Path(sys.argv[2]).write_text("{" + fields + "},\n", "utf-8")


if __name__ == "__main__":
    main()
