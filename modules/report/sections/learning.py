"""How each arm's training went."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from modules.core.wording import ARM_NAMES
from modules.report.drawing.palette import ARM_COLOURS, CLASS_COLOURS
from modules.report.drawing.svg import draw_svg
from modules.report.evidence.learning_curves import Curve
from modules.report.inputs import ReportData
from modules.report.sections.section import Section

_LOSS = "loss"
_WIDTH = 200.0  # three of them stand side by side
_FEW_DECADES = 50.0
_DASHES = ((0, (4, 1.6)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)), (0, (2, 2)))
_MARKERS = "sD^vPX"
_MOST_MARKS = 7  # on one line


def learning_section(data: ReportData) -> Section:
    """Shows the losses of each training by step."""
    curves = data.curves
    return Section(
        "learning",
        "Learning curves",
        {
            "rows": [
                {
                    "arm": ARM_NAMES[arm],
                    "record": data.records[arm],
                    "loss": _last(curves[arm].get(_LOSS, {})),
                    "figure": _losses(arm, curves[arm]) if curves[arm].get(_LOSS) else None,
                }
                for arm in curves
            ],
        },
    )


def _last(curve: Curve) -> float | None:
    return curve[max(curve)] if curve else None


def _losses(arm: str, curves: Mapping[str, Curve]) -> Markup:
    total = curves[_LOSS]
    parts = {
        tag.removeprefix(f"{_LOSS}/").replace("_", " "): curve
        for tag, curve in sorted(curves.items())
        if tag.startswith(f"{_LOSS}/")
    }
    # A single part is the total itself.
    shown = parts if len(parts) > 1 else {}

    def draw(axes: Axes) -> None:
        looks = zip(
            itertools.cycle(CLASS_COLOURS), itertools.cycle(_DASHES), itertools.cycle(_MARKERS)
        )
        for (name, curve), (colour, dashes, marker) in zip(shown.items(), looks, strict=False):
            axes.plot(
                list(curve),
                list(curve.values()),
                color=colour,
                linewidth=1.3,
                linestyle=dashes,
                marker=marker,
                markersize=3.5,
                markevery=max(1, len(curve) // _MOST_MARKS),
                label=name,
            )
        axes.plot(
            list(total),
            list(total.values()),
            color=ARM_COLOURS[arm],
            label="loss" if shown else f"loss: {next(iter(parts), 'all of it')}",
            marker="o" if len(total) == 1 else "",
        )
        if all(value > 0 for curve in (total, *shown.values()) for value in curve.values()):
            _scale_logarithmically(axes)
        axes.set_xlim(0, max(total))
        axes.set_xlabel("training step")
        axes.figure.legend(loc="outside lower left", ncols=1, handlelength=3.2)

    first = next(iter(total.values()))
    return draw_svg(
        draw,
        name=f"learning-{arm.replace('_', '-')}",
        title=f"Loss by training step: {ARM_NAMES[arm].lower()}",
        description=f"The loss goes from {first:.3g} to {_last(total):.3g} in {max(total)} steps.",
        height=165 + 12 * max(1, len(shown) + 1),
        width=_WIDTH,
    )


def _scale_logarithmically(axes: Axes) -> None:
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    few_decades = high / low < _FEW_DECADES
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few_decades else (1.0,)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
