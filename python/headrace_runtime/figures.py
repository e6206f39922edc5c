"""matplotlib without a screen: figures are displayed when shown, and at the end of a run.

Like `showing`, this holds nothing that an interrupt could leave half-way.
"""

from __future__ import annotations

import io
import sys
from typing import Any

from headrace_runtime import showing

_shown: list = []  # figures of this run that have been displayed


def _render(figure: Any) -> bytes:
    file = io.BytesIO()
    canvas = figure.canvas
    if not hasattr(canvas, "print_figure"):
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        canvas = FigureCanvasAgg(figure)
    canvas.print_figure(
        file,
        format="png",
        dpi=figure.dpi,
        facecolor=figure.get_facecolor(),
        edgecolor=figure.get_edgecolor(),
        bbox_inches="tight",
    )
    return file.getvalue()


def show_figure(figure: Any) -> None:
    if len(figure.get_children()) <= 1:
        print(repr(figure), file=sys.stdout)  # nothing on it yet but its background
        return
    try:
        picture = _render(figure)
    except Exception as error:
        showing.complain(figure, "savefig", error)
        print(repr(figure), file=sys.stdout)
    else:
        showing.send("image/png", picture)
    figure.stale = False
    _shown.append(figure)


def _is_due(figure: Any) -> bool:
    """Whether there is something on it that has not been shown."""
    if len(figure.get_children()) <= 1:
        return False
    return figure.stale or not any(figure is known for known in _shown)


def show_open(visible: bool = True) -> None:
    """Displays the figures that are open, and closes them."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    if pyplot is None or helpers is None:
        return
    try:
        for manager in helpers.Gcf.get_all_fig_managers():
            if visible and _is_due(manager.canvas.figure):
                show_figure(manager.canvas.figure)
    finally:
        pyplot.close("all")


def end_of_run(visible: bool) -> None:
    """Nothing is carried over to the next run; unseen, what was drawn for an interrupted one."""
    try:
        show_open(visible)
    finally:
        _shown.clear()


# -- what pyplot gets ----------------------------------------------------------------------------


def _pyplot_show(*args: Any, block: Any = None, **unused: Any) -> None:
    """Displays all open figures and closes them."""
    if block is None and args:
        block = args[0]
    # Without blocking, code goes on drawing: its figures are displayed when the run ends.
    if block is None or block:
        show_open()


def _figure_show(self: Any, warn: bool = True) -> None:
    """Displays this figure and closes it."""
    if _is_due(self):
        show_figure(self)
    sys.modules["matplotlib.pyplot"].close(self)


def adopt(pyplot: Any) -> None:
    """Gives pyplot a screen."""
    pyplot.show = _pyplot_show
    pyplot.Figure.show = _figure_show
