"""What was found in the data, and how far apart the domains' labels are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT
from modules.core.wording import display_name, percent
from modules.report.drawing.palette import RULE, SOURCE, TARGET
from modules.report.drawing.svg import draw_svg
from modules.report.sections.section import Section

_DRAWN = 24
_LONGEST_NAME = 14


def data_section(source: Mapping[str, Any], target: Mapping[str, Any]) -> Section:
    """Shows both domains' validation and the skew between their labels.

    Args:
        source: Content of the source's validation.json.
        target: Content of the target's.

    Returns:
        The section.
    """
    return Section(
        "data",
        "Data validation and skew",
        {
            "domains": [source, target],
            "splits": [TRAIN_SPLIT, EVAL_SPLIT],
            "findings": [
                {"domain": domain["domain"], **finding}
                for domain in (source, target)
                for finding in domain["findings"]
            ],
            "skew": target["label_skew"],
            "covariate": target["covariate_shift"],
            "shifts": target["shifts"],
            "figure": _label_shares(source, target),
            "source": source["domain"],
            "target": target["domain"],
        },
    )


def _label_shares(source: Mapping[str, Any], target: Mapping[str, Any]) -> Markup:
    shares = [_shares(domain) for domain in (source, target)]
    differences = {name: abs(shares[0].get(name, 0.0) - share) for name, share in shares[1].items()}
    largest = sorted(differences, key=lambda name: -differences[name])[:_DRAWN]
    names = [name for name in differences if name in largest]

    def draw(axes: Axes) -> None:
        for row, name in enumerate(names):
            both = [domain.get(name, 0.0) for domain in shares]
            axes.plot(both, [row, row], color=RULE, linewidth=2.5, zorder=1)
        for domain, colour, marker, label in zip(
            shares, (SOURCE, TARGET), "o^", ("source", "target"), strict=True
        ):
            axes.plot(
                [domain.get(name, 0.0) for name in names],
                range(len(names)),
                marker,
                color=colour,
                markersize=6,
                label=label,
                clip_on=False,
            )
        axes.set_yticks(range(len(names)), [display_name(name, _LONGEST_NAME) for name in names])
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlim(left=0)
        axes.spines["left"].set_visible(False)
        axes.tick_params(length=0)
        axes.grid(False, axis="y")
        axes.grid(True, axis="x")
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        axes.locator_params(axis="x", nbins=5)
        axes.set_xlabel("share of the train split")
        axes.figure.legend(loc="outside upper left", ncols=2, handletextpad=0.1)

    return draw_svg(
        draw,
        name="labels",
        title="Share of each class in the train splits of source and target",
        description="; ".join(
            f"{display_name(name, _LONGEST_NAME)}: {percent(shares[0].get(name, 0.0))} of the "
            f"source, {percent(shares[1][name])} of the target"
            for name in names
        ),
        height=64 + 17 * len(names),
    )


def _shares(validation: Mapping[str, Any]) -> dict[str, float]:
    counts: Mapping[str, int] = validation["splits"][TRAIN_SPLIT]["examples_per_class"]
    total = sum(counts.values())
    return {name: number / total if total else 0.0 for name, number in counts.items()}
