"""What validation found in the data, and how far apart the domains' labels are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT
from modules.core.wording import percent
from modules.report.drawing.dot_plot import MOST_ROWS, ROW_HEIGHT, draw_dots, short_name
from modules.report.drawing.palette import SOURCE, TARGET
from modules.report.drawing.svg import draw_svg
from modules.report.inputs import ReportData
from modules.report.sections.section import Section


def data_section(data: ReportData) -> Section:
    """Shows both domains' validation and the skew between their labels."""
    source, target = data.source_validation, data.target_validation
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
        },
    )


def _label_shares(source: Mapping[str, Any], target: Mapping[str, Any]) -> Markup:
    source_shares, shares = _shares(source), _shares(target)
    differences = {name: abs(source_shares.get(name, 0.0) - shares[name]) for name in shares}
    largest = sorted(differences, key=lambda name: -differences[name])[:MOST_ROWS]
    names = [name for name in differences if name in largest]
    of_source = [source_shares.get(name, 0.0) for name in names]
    of_target = [shares[name] for name in names]
    styles = [
        {"marker": "o", "markersize": 6, "color": SOURCE, "label": "source"},
        {"marker": "^", "markersize": 6, "color": TARGET, "label": "target"},
    ]

    def draw(axes: Axes) -> None:
        draw_dots(axes, names, [of_source, of_target], styles)
        axes.set_xlim(left=0)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        axes.set_xlabel("share of the train split")

    return draw_svg(
        draw,
        name="labels",
        title="Share of each class in the train splits of source and target",
        description="; ".join(
            f"{short_name(name)}: {percent(before)} of the source, {percent(after)} of the target"
            for name, before, after in zip(names, of_source, of_target, strict=True)
        ),
        height=64 + ROW_HEIGHT * len(names),
    )


def _shares(validation: Mapping[str, Any]) -> dict[str, float]:
    counts: Mapping[str, int] = validation["splits"][TRAIN_SPLIT]["examples_per_class"]
    total = sum(counts.values())
    return {name: number / total if total else 0.0 for name, number in counts.items()}
