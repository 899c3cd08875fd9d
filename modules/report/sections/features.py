"""Features of both domains before and after the transfer, with the class centers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes

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
from modules.report.sections.section import Section

MOST_CLASSES = len(CLASS_COLOURS)
MOST_POINTS = 400

_LONGEST_NAME = 10
_HEIGHT = 250.0
_PILL = "round,pad=0.4,rounding_size=0.8"


@dataclass(frozen=True)
class FeatureSample:
    """The same examples as the pretrained and as the warm-started model see them.

    Attributes:
        before: By the pretrained model.
        after: By the warm-started model.
        classes: Labels that have examples in both domains.
    """

    before: FeatureSet
    after: FeatureSet
    classes: Sequence[int]


def features_section(
    sample: FeatureSample | None, names: Sequence[str], *, center_loss: bool, seed: int
) -> Section:
    """Shows where both domains' examples lie in the feature space.

    Args:
        sample: Features; None if fewer than two classes have examples in both domains.
        names: Of all classes, in label order.
        center_loss: Whether it was part of the training.
        seed: Of the layout.

    Returns:
        The section.
    """
    if sample is None:
        return Section("features", "Features before and after", {"sample": None})
    shown = [display_name(names[label], _LONGEST_NAME) for label in sample.classes]
    views = []
    for when, data in (("before", sample.before), ("after", sample.after)):
        pictures = {
            "pca": project_linearly(data, sample.classes),
            "tsne": project_by_neighbours(data, sample.classes, seed),
        }
        views.append(
            {
                "when": when,
                "geometry": measure_geometry(data, sample.classes),
                **{
                    kind: _panel(kind, when, data, picture, sample.classes, shown)
                    for kind, picture in pictures.items()
                },
            }
        )
    return Section(
        "features",
        "Features before and after",
        {
            "sample": sample,
            "views": views,
            "examples": len(sample.before.labels),
            "dimensions": sample.before.features.shape[1],
            "some_classes": len(sample.classes) < len(names),
            "center_loss": center_loss,
        },
    )


def _panel(
    kind: str,
    when: str,
    data: FeatureSet,
    picture: Picture,
    classes: Sequence[int],
    names: Sequence[str],
) -> Markup:
    def draw(axes: Axes) -> None:
        for label, colour in zip(classes, CLASS_COLOURS, strict=False):
            own = data.labels == label
            for is_target, style in ((False, _source_style), (True, _target_style)):
                points = picture.points[own & (data.is_target == is_target)]
                axes.plot(*points.T, linestyle="none", **style(colour))
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
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
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


def _source_style(colour: str) -> dict[str, Any]:
    return {"marker": "o", "markersize": 3, "color": colour, "alpha": 0.35, "mew": 0}


def _target_style(colour: str) -> dict[str, Any]:
    return {"marker": "^", "markersize": 4, "color": colour, "alpha": 0.85, "mew": 0}
