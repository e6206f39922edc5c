"""What is set up for libraries that many use, when user code imports them."""

from __future__ import annotations

import os
from typing import Any

MATPLOTLIB_FOLDER = "/tmp/.matplotlib"
_PREBUILT = "/opt/headrace/matplotlib"  # where an image has a list of its fonts
_WIDE = 240  # characters: whoever reads has no terminal to fit into
_MANY_COLUMNS = 40


def before_matplotlib() -> None:
    """A folder that it can write to, with what an image has prepared for it."""
    chosen = os.environ.get("MPLCONFIGDIR") or MATPLOTLIB_FOLDER
    prepared = [chosen, _PREBUILT]
    try:
        os.makedirs(chosen, 0o700, exist_ok=True)
        usable = os.access(chosen, os.W_OK)
    except OSError:
        usable = False
    if not usable:
        chosen = MATPLOTLIB_FOLDER
    os.environ["MPLCONFIGDIR"] = chosen
    try:
        os.makedirs(chosen, 0o700, exist_ok=True)
        for folder in prepared:
            if folder != chosen and os.path.isdir(folder):
                _copy_files(folder, chosen)
    except OSError:
        pass  # it makes another folder, and says so


def _copy_files(source: str, target: str) -> None:
    for name in os.listdir(source):
        copy = os.path.join(target, name)
        if name.startswith("fontlist-") and not os.path.exists(copy):
            with open(os.path.join(source, name), "rb") as old, open(copy, "wb") as new:
                new.write(old.read())


def after_matplotlib(matplotlib: Any) -> None:
    import logging

    fonts = logging.getLogger("matplotlib.font_manager")
    fonts.addFilter(lambda record: "building the font cache" not in str(record.msg))


def after_pyplot(pyplot: Any) -> None:
    from headrace_runtime import figures

    figures.adopt(pyplot)


def after_pandas(pandas: Any) -> None:
    """Frames in one piece as long as that can be read; pandas abbreviates longer ones."""
    for name, ours in (("display.width", _WIDE), ("display.max_columns", _MANY_COLUMNS)):
        pandas.set_option(name, ours)


def after_imageshow(imageshow: Any) -> None:
    """`image.show()` displays it: PIL would look for a program to start."""

    class Display(imageshow.Viewer):
        def show(self, image: Any, **options: Any) -> int:
            from headrace_runtime import showing

            showing.show(image)
            return 1

    imageshow.register(Display(), 0)


AFTER = {
    "matplotlib": after_matplotlib,
    "matplotlib.pyplot": after_pyplot,
    "pandas": after_pandas,
    "PIL.ImageShow": after_imageshow,
}
