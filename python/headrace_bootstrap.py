"""What runs first in the sandbox: an importer for the modules of the boot frame, then the session."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec


class MemoryImporter:
    """Finds and loads modules whose sources came in the boot frame; compiled when first imported."""

    def __init__(self, sources: dict[str, str]) -> None:
        self._sources = sources

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name not in self._sources:
            return None
        prefix = name + "."
        package = any(other.startswith(prefix) for other in self._sources)
        return ModuleSpec(name, self, origin=f"<{name}>", is_package=package)

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: object) -> None:
        name = module.__name__
        exec(compile(self._sources[name], f"<{name}>", "exec", dont_inherit=True), module.__dict__)

    def get_source(self, name: str) -> str:
        return self._sources[name]


def main(params: dict, rest: bytes) -> None:
    """Takes over the process; `rest` is what was read from descriptor 0 past the boot frame."""
    scope = sys.modules["__main__"].__dict__
    for name in [name for name in scope if not name.startswith("__")]:
        del scope[name]
    sys.meta_path.insert(0, MemoryImporter(params["modules"]))
    from headrace_runtime import session

    session.start(params.get("options") or {}, rest)
