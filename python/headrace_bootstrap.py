"""What runs first in the sandbox: an importer for the boot frame's modules, then the session."""

from __future__ import annotations

import os
import sys
from _thread import RLock
from functools import partial
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Callable

_OURS = ("headrace_runtime", "mcp")  # the packages
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
    """Finds and loads the modules of the boot frame, which are sources or code objects; sources
    are compiled when first imported. `more` returns those that are unpacked when first needed."""

    def __init__(self, modules: dict[str, Any], more: Callable[[], dict[str, Any]]) -> None:
        self._modules = modules
        self._more: Callable[[], dict[str, Any]] | None = more

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name.partition(".")[0] not in _OURS:
            return None
        if name not in _LAZY and self._find(name) is None:
            return None
        return ModuleSpec(name, self, origin=f"<{name}>", is_package=name in _OURS)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return LazyModule(spec.name) if spec.name in _LAZY else None

    def exec_module(self, module: ModuleType) -> None:
        if type(module) is not LazyModule:
            self.execute(module)

    def execute(self, module: ModuleType) -> None:
        name = module.__name__
        code = self._find(name)
        if type(code) is str:
            code = compile(code, f"<{name}>", "exec", dont_inherit=True)
        exec(code, module.__dict__)

    def get_source(self, name: str) -> str | None:
        source = self._find(name)
        return source if type(source) is str else None

    def _find(self, name: str) -> Any:
        if name not in self._modules and self._more is not None:
            self._modules.update(self._more())
            self._more = None
        return self._modules.get(name)


class AroundImports:
    """Calls functions before and after certain modules are executed for the first time."""

    def __init__(self) -> None:
        self.before: dict[str, Callable[[], None]] = {}
        self.after: dict[str, Callable[[ModuleType], None]] = {}
        self._finding = ""

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:
        if name not in self.after or name == self._finding:
            return None
        from importlib.util import find_spec

        self._finding = name
        try:
            spec = find_spec(name)
        finally:
            self._finding = ""
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            self._try(self.before.pop(name, int))
            execute(module)
            self._try(self.after.pop(name, bool), module)

        spec.loader.exec_module = exec_module
        return spec

    @staticmethod
    def _try(function: Callable, *args: Any) -> None:
        try:
            function(*args)
        except Exception as error:
            sys.stderr.write(f"headrace: {error!r} in setting up a library\n")


_around = AroundImports()
_LIBRARIES = ("matplotlib", "matplotlib.pyplot", "pandas", "PIL.ImageShow")


def _set_up_libraries() -> None:
    def after(module: ModuleType) -> None:
        from headrace_runtime import libraries

        libraries.AFTER[module.__name__](module)

    def before_matplotlib() -> None:
        from headrace_runtime import libraries

        libraries.before_matplotlib()

    _around.before["matplotlib"] = before_matplotlib
    for name in _LIBRARIES:
        _around.after[name] = after
    # Read by the interpreter and by Pythons that it starts; what an image has chosen stays.
    os.environ.setdefault("MPLBACKEND", "agg")
    os.environ.setdefault("MPLCONFIGDIR", "/tmp/.matplotlib")


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
    _around.after["ssl"] = _give_to_asyncio


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


def _add_packages(folder: str) -> None:
    """What the user asked for goes before what the Python has."""
    from site import addsitedir

    known = len(sys.path)
    addsitedir(folder)
    added = sys.path[known:]
    del sys.path[known:]
    installed = [place.endswith(("site-packages", "dist-packages")) for place in sys.path]
    at = installed.index(True) if True in installed else known
    sys.path[at:at] = added


def main(
    params: dict,
    modules: dict[str, Any],
    unpack: Callable[[str], dict[str, Any]] | None,
    channel: tuple[int, int],
    rest: bytes,
) -> None:
    """Takes over the process; `rest` is what was read from the channel past the boot frame."""
    scope = sys.modules["__main__"].__dict__
    for name in [name for name in scope if not name.startswith("__")]:
        del scope[name]
    more: Callable[[], dict[str, Any]] = dict
    if unpack is not None and "bytecode" in params:
        more = partial(unpack, params["bytecode"]["later"])
    sys.meta_path.insert(0, MemoryImporter(modules, more))
    options = params.get("options") or {}
    from headrace_runtime import process, supervisor

    descriptors = process.Descriptors(*channel)
    supervisor.watch_over(descriptors)
    if options.get("packages"):
        _add_packages(options["packages"])
    _import_asyncio()
    if sys.version_info >= (3, 14):
        _around.after["multiprocessing.context"] = _fork_by_default
    _set_up_libraries()
    sys.meta_path.insert(0, _around)
    from headrace_runtime import session

    session.start(options, rest, descriptors)
