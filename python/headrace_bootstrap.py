"""What runs first in the sandbox: an importer for the boot frame's modules, then the session."""

from __future__ import annotations

import sys
from _thread import RLock
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Callable

# Modules that everybody gets and few runs use: they fill themselves at the first look.
_LAZY = ("mcp.runtime", "headrace_runtime.report")


class LazyModule(ModuleType):
    """A module that has not been executed yet."""

    def __getattr__(self, name: str) -> Any:
        if name in ("__path__", "__file__", "__wrapped__"):
            raise AttributeError(name)
        _fill(self)
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}") from None

    def __dir__(self) -> list[str]:
        _fill(self)
        return dir(self)


_filling: list[ModuleType] = []
_fill_lock = RLock()


def _fill(module: ModuleType) -> None:
    """Executes it, once; other threads wait for that, and a failed attempt is repeated."""
    with _fill_lock:
        if type(module) is LazyModule and module not in _filling:
            _filling.append(module)
            try:
                module.__spec__.loader.execute(module)
                module.__class__ = ModuleType
            finally:
                _filling.remove(module)


class MemoryImporter:
    """Finds and loads the modules of the boot frame; they are compiled when first imported."""

    def __init__(self, sources: dict[str, str]) -> None:
        self._sources = sources

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name not in self._sources:
            return None
        prefix = name + "."
        package = any(other.startswith(prefix) for other in self._sources)
        return ModuleSpec(name, self, origin=f"<{name}>", is_package=package)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return LazyModule(spec.name) if spec.name in _LAZY else None

    def exec_module(self, module: ModuleType) -> None:
        if type(module) is not LazyModule:
            self.execute(module)

    def execute(self, module: ModuleType) -> None:
        name = module.__name__
        exec(compile(self._sources[name], f"<{name}>", "exec", dont_inherit=True), module.__dict__)

    def get_source(self, name: str) -> str:
        return self._sources[name]


class AfterImport:
    """Calls a function once a certain module of the standard library has been imported."""

    def __init__(self, name: str, act: Callable[[ModuleType], None]) -> None:
        self._name, self._act = name, act

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        from importlib.util import find_spec

        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            self._execute = spec.loader.exec_module
            spec.loader.exec_module = self._exec_module
        return spec

    def _exec_module(self, module: ModuleType) -> None:
        self._execute(module)
        self._act(module)


def _import_asyncio() -> None:
    """asyncio without the ssl that it loads on the side: a sixth of all the time to start, for a
    sandbox without a network. When user code imports ssl after all, asyncio gets it too."""
    if "asyncio" in sys.modules or "ssl" in sys.modules:
        return
    sys.modules["ssl"] = None  # type: ignore[assignment]
    try:
        import asyncio.selector_events  # noqa: F401
    finally:
        del sys.modules["ssl"]
    sys.meta_path.insert(0, AfterImport("ssl", _give_to_asyncio))


def _give_to_asyncio(ssl: ModuleType) -> None:
    from importlib import reload

    for name, module in list(sys.modules.items()):
        if name.startswith("asyncio.") and getattr(module, "ssl", ssl) is None:
            module.ssl = ssl
    reload(sys.modules["asyncio.sslproto"])


def _fork_by_default(context: Any) -> None:
    """multiprocessing starts children from 3.14 on in a way that has them import the functions
    they run; those of a session are in no file. User code may still choose otherwise."""
    default = context._default_context
    if default._actual_context is None:
        default._default_context = context._concrete_contexts["fork"]


def main(params: dict, rest: bytes) -> None:
    """Takes over the process; `rest` is what was read from descriptor 0 past the boot frame."""
    scope = sys.modules["__main__"].__dict__
    for name in [name for name in scope if not name.startswith("__")]:
        del scope[name]
    sys.meta_path.insert(0, MemoryImporter(params["modules"]))
    options = params.get("options") or {}
    from headrace_runtime import process, supervisor

    descriptors = process.Descriptors(options.get("channel"))
    supervisor.watch_over(descriptors)
    _import_asyncio()
    if sys.version_info >= (3, 14):
        sys.meta_path.insert(0, AfterImport("multiprocessing.context", _fork_by_default))
    from headrace_runtime import session

    session.start(options, rest, descriptors)
