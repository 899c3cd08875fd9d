"""How each arm's training went."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from modules.core.wording import ARM_NAMES
from modules.report.drawing.palette import ARM_COLOURS, CLASS_COLOURS, MUTED
from modules.report.drawing.svg import draw_svg
from modules.report.evidence.learning_curves import Curve
from modules.report.inputs import ReportData
from modules.report.sections.section import Section
from modules.training.record import FIRST_PASS_STEPS, TrainingRecord

_LOSS = "loss"
_HELD_OUT = "every image is new: held-out loss"
_WIDTH = 200.0  # three of them stand side by side
_FEW_DECADES = 50.0
_DASHES = ((0, (4, 1.6)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)), (0, (2, 2)))
_MARKERS = "sD^vPX"
_MOST_MARKS = 7  # on one line


def learning_section(data: ReportData) -> Section:
    """Shows the losses of each training by step.

    Where a training meets its images for the first time, its loss is a held-out one: each batch is
    scored before it is learnt from. That costs no image and no time.

    References:
        Blum, Kalai, Langford. Beating the hold-out: bounds for k-fold and progressive
        cross-validation. COLT 1999.
    """
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
                    "held_out_steps": _held_out_steps(data.records[arm]),
                    "figure": _losses(arm, curves[arm], _held_out_steps(data.records[arm]))
                    if curves[arm].get(_LOSS)
                    else None,
                }
                for arm in curves
            ],
        },
    )


def _last(curve: Curve) -> float | None:
    return curve[max(curve)] if curve else None


def _held_out_steps(record: TrainingRecord) -> int:
    """Counts the first steps, which trained on images that no step before them had."""
    return int(record.metrics.get(FIRST_PASS_STEPS, 0))


def _losses(arm: str, curves: Mapping[str, Curve], held_out_steps: int) -> Markup:
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
        if 0 < held_out_steps < max(total):
            axes.axvline(held_out_steps, color=MUTED, linewidth=1, linestyle=(0, (2, 2)))
        if held_out_steps:
            axes.axvspan(0, held_out_steps, color=MUTED, alpha=0.12, linewidth=0, label=_HELD_OUT)
        axes.set_xlim(0, max(total))
        axes.set_xlabel("training step")
        axes.figure.legend(loc="outside lower left", ncols=1, handlelength=3.2)

    first = next(iter(total.values()))
    return draw_svg(
        draw,
        name=f"learning-{arm.replace('_', '-')}",
        title=f"Loss by training step: {ARM_NAMES[arm].lower()}",
        description=f"The loss goes from {first:.3g} to {_last(total):.3g} in {max(total)} steps.",
        height=165 + 12 * (max(1, len(shown) + 1) + bool(held_out_steps)),
        width=_WIDTH,
    )


def _scale_logarithmically(axes: Axes) -> None:
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    few_decades = high / low < _FEW_DECADES
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few_decades else (1.0,)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
