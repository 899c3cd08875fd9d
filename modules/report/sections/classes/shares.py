"""How many of each domain's training images each class has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes

from modules.core.example_features import TRAIN_SPLIT
from modules.core.wording import percent
from modules.report.drawing.dot_plot import ROW_HEIGHT, draw_dots, short_name
from modules.report.drawing.palette import MUTED, SOURCE, TARGET
from modules.report.drawing.svg import draw_svg
from modules.report.evidence.shown_classes import MOST_SHOWN

_WIDE_RANGE = 20.0  # of the largest share over the smallest, beyond which the axes are logarithmic


@dataclass(frozen=True)
class ClassShare:
    """A class's share of each domain's train split; None where the domain has no such class."""

    name: str
    source: float | None
    target: float | None

    @property
    def difference(self) -> float:
        """How far the shares are apart; a class that a domain lacks has no share of it."""
        return abs((self.source or 0.0) - (self.target or 0.0))


def class_shares(source: Mapping[str, Any] | None, target: Mapping[str, Any]) -> list[ClassShare]:
    """Pairs both domains' shares by class name.

    Args:
        source: Content of the source's validation.json; None without a source.
        target: Content of the target's.

    Returns:
        The target's classes in their order, then those that only the source has.
    """
    of_source = {} if source is None else _shares(source)
    of_target = _shares(target)
    return [
        ClassShare(name, of_source.get(name), of_target.get(name))
        for name in dict.fromkeys([*of_target, *of_source])
    ]


def _shares(validation: Mapping[str, Any]) -> dict[str, float]:
    counts: Mapping[str, int] = validation["splits"][TRAIN_SPLIT]["examples_per_class"]
    total = sum(counts.values())
    return {name: number / total if total else 0.0 for name, number in counts.items()}


def draw_shares(shares: Sequence[ClassShare]) -> Markup:
    """Draws a row for each class, or, of many classes, a point for each."""
    if len(shares) <= MOST_SHOWN:
        return _rows(shares)
    return _points([share for share in shares if share.source and share.target], len(shares))


def _rows(shares: Sequence[ClassShare]) -> Markup:
    styles = [
        {"marker": "o", "markersize": 6, "color": SOURCE, "label": "source"},
        {"marker": "^", "markersize": 6, "color": TARGET, "label": "target"},
    ]

    def draw(axes: Axes) -> None:
        series = [share.source for share in shares], [share.target for share in shares]
        draw_dots(axes, [share.name for share in shares], series, styles)
        axes.set_xlim(left=0)
        axes.xaxis.set_major_formatter(_short_percent)
        axes.set_xlabel("share of the train split")

    return draw_svg(
        draw,
        name="labels",
        title="Share of each class in the train splits of source and target",
        description="; ".join(
            f"{short_name(share.name)}: {percent(share.source)} of the source, "
            f"{percent(share.target)} of the target"
            for share in shares
        ),
        height=64 + ROW_HEIGHT * len(shares),
    )


def _points(common: Sequence[ClassShare], classes: int) -> Markup:
    sources = [share.source or 0.0 for share in common]
    targets = [share.target or 0.0 for share in common]
    both = [*sources, *targets] or [0.0, 1.0]
    lowest, highest = min(both), max(both)

    def draw(axes: Axes) -> None:
        axes.axline((lowest, lowest), (highest, highest), color=MUTED, linewidth=1)
        axes.plot(sources, targets, "o", color=TARGET, markersize=3.5, alpha=0.5, mew=0)
        if lowest and highest / lowest > _WIDE_RANGE:
            axes.set_xscale("log")
            axes.set_yscale("log")
        else:
            axes.set_xlim(0, 1.1 * highest)
            axes.set_ylim(0, 1.1 * highest)
        axes.grid(True, axis="both")
        axes.xaxis.set_major_formatter(_short_percent)
        axes.yaxis.set_major_formatter(_short_percent)
        axes.set_xlabel("share of the source's train split")
        axes.set_ylabel("share of the target's train split")

    return draw_svg(
        draw,
        name="labels",
        title="Share of each class in the train splits of source and target, a point each",
        description=f"{len(common)} of {classes} classes are in both domains. Their shares go from "
        f"{percent(lowest, 2)} to {percent(highest, 2)}.",
        height=250,
    )


def _short_percent(share: float, _: float) -> str:
    return f"{100 * share:.3g}\N{NO-BREAK SPACE}%"
