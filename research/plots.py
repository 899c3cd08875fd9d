"""A study's plot as a PNG file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib.style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from modules.study.plot import STYLE


@contextmanager
def png_figure(path: Path, size: tuple[float, float]) -> Iterator[Figure]:
    """Gives an empty figure in the studies' style, and saves it at the end of the block.

    Args:
        path: The PNG file. Equal figures give equal files.
        size: Width and height in inches.

    Yields:
        The figure to draw on.
    """
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
        figure.savefig(path, dpi=160, metadata={"Software": None})
