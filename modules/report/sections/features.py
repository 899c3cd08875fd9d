"""Features of both domains before and after the transfer, with the class centers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes

from modules.core.arms import WARM_START
from modules.core.wording import display_name
from modules.report.drawing.palette import CARD, CLASS_COLOURS, INK
from modules.report.drawing.svg import draw_svg
from modules.report.evidence.feature_geometry import (
    FeatureSet,
    Picture,
    measure_geometry,
    project_by_neighbours,
    project_linearly,
)
from modules.report.inputs import ReportData
from modules.report.sections.section import Section

_SHORT_NAME = 3  # fits in a mark
_HEIGHT = 250.0
_SOURCE_STYLE: dict[str, Any] = {"marker": "o", "markersize": 3, "alpha": 0.35}
_TARGET_STYLE: dict[str, Any] = {"marker": "^", "markersize": 4, "alpha": 0.85}
_PILL = "round,pad=0.4,rounding_size=0.8"


def features_section(data: ReportData) -> Section:
    """Shows where both domains' examples lie in the feature space."""
    sample, names = data.features, data.evaluation["target"]["classes"]
    if sample is None:
        return Section(
            "features",
            "Features before and after",
            {"sample": None, "compared": data.source_validation is not None},
        )
    own_names = [display_name(names[label]) for label in sample.classes]
    are_short = all(len(name) <= _SHORT_NAME for name in own_names)
    # Long names would hide each other. A list beside the panels says whose the numbers are.
    shown = own_names if are_short else [str(number) for number in range(1, len(own_names) + 1)]
    views = []
    for when, features in (("before", sample.before), ("after", sample.after)):
        pictures = {
            "pca": project_linearly(features, sample.classes),
            "tsne": project_by_neighbours(features, sample.classes, data.evaluation["seed"]),
        }
        panels = {
            kind: _panel(kind, when, features, picture, sample.classes, shown)
            for kind, picture in pictures.items()
        }
        geometry = measure_geometry(features, sample.classes)
        views.append({"when": when, "geometry": geometry, **panels})
    return Section(
        "features",
        "Features before and after",
        {
            "sample": sample,
            "views": views,
            "numbered": [] if are_short else own_names,
            "examples": len(sample.before.labels),
            "dimensions": sample.before.features.shape[1],
            "some_classes": len(sample.classes) < len(names),
            "center_loss": "center_loss" in data.records[WARM_START].metrics,
        },
    )


def _panel(
    kind: str,
    when: str,
    features: FeatureSet,
    picture: Picture,
    classes: Sequence[int],
    names: Sequence[str],
) -> Markup:
    def draw(axes: Axes) -> None:
        for label, colour in zip(classes, CLASS_COLOURS, strict=False):
            own = features.labels == label
            for is_target, style in ((False, _SOURCE_STYLE), (True, _TARGET_STYLE)):
                points = picture.points[own & (features.is_target == is_target)]
                axes.plot(*points.T, linestyle="none", color=colour, mew=0, **style)
        for source, target, colour, name in zip(
            picture.source_centers, picture.target_centers, CLASS_COLOURS, names, strict=False
        ):
            axes.plot(*np.stack([source, target]).T, color=INK, linewidth=1.2)
            axes.plot(*source, "o", markersize=7, color=CARD, markeredgecolor=INK)
            axes.annotate(
                name,
                target,
                ha="center",
                va="center_baseline",
                weight="bold",
                size=8,
                bbox={"boxstyle": _PILL, "facecolor": CARD, "edgecolor": colour, "linewidth": 2},
            )
        axes.set_xticks([])
        axes.set_yticks([])
        axes.grid(False)
        axes.spines[["left", "bottom"]].set_visible(False)
        # Room for half a label at either side.
        axes.margins(x=0.05 + 0.014 * max(map(len, names)), y=0.06)

    method = {"pca": "PCA", "tsne": "t-SNE"}[kind]
    return draw_svg(
        draw,
        name=f"features-{kind}-{when}",
        title=f"Features {when} the transfer, {method}",
        description=(
            f"Examples of {len(classes)} classes of source and target in two dimensions; a line "
            "joins each class's source center with its target center. The table below gives the "
            "distances."
        ),
        height=_HEIGHT,
    )
