"""The lineage: which artifact came from which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from modules.core.arms import WARM_START
from modules.report.contract import REPORT_INPUTS
from modules.report.drawing.palette import ARM_COLOURS, CARD, MUTED, SOURCE, TARGET
from modules.report.drawing.svg import draw_svg
from modules.report.evidence.lineage import ArtifactFact
from modules.report.inputs import ReportData
from modules.report.sections.section import Section

_FINGERPRINT_SHOWN = 12

# Column (left the source's, right the target's) and row, from the top, of each box.
_PLACES = {
    "source_examples": (0.0, 0),
    "target_examples": (1.1, 0),
    "transform_graph": (0.0, 1),
    "pretrained_model": (0.0, 2),
    "scratch_model": (1.1, 2),
    "warm_start_model": (0.55, 3),
    "evaluation": (0.55, 4),
    "blessing": (0.55, 5),
}
_DOWN = (
    ("source_examples", "transform_graph"),
    ("transform_graph", "pretrained_model"),
    ("transform_graph", "scratch_model"),
    ("target_examples", "scratch_model"),
    ("pretrained_model", "warm_start_model"),
    ("target_examples", "warm_start_model"),
    ("warm_start_model", "evaluation"),
    ("evaluation", "blessing"),
)
# Around the box in between, to the side of the evaluation: -1 is its left one.
_AROUND = (("pretrained_model", -1), ("scratch_model", 1))
_BOX_COLOURS = {
    "source_examples": SOURCE,
    "target_examples": TARGET,
    **{f"{arm}_model": colour for arm, colour in ARM_COLOURS.items()},
}
_BOX_WIDTH, _BOX_HEIGHT = 0.84, 0.5


def lineage_section(data: ReportData) -> Section:
    """Shows where each artifact comes from, and checks the links that can be checked."""
    by_key = {fact.key: fact for fact in data.lineage}
    return Section(
        "lineage",
        "Lineage",
        {
            "rows": [
                {
                    "title": made.title,
                    "made_by": made.made_by,
                    "parents": [
                        REPORT_INPUTS[parent].title.lower()
                        for parent in made.parents
                        if parent in by_key
                    ],
                    "fact": by_key[key],
                }
                for key, made in REPORT_INPUTS.items()
                if key in by_key
            ],
            "shown": _FINGERPRINT_SHOWN,
            "mapping": data.mapping,
            "same_weights": data.mapping.fingerprint == by_key["pretrained_model"].fingerprint,
            "blessed_model_id": data.blessed_model_id,
            "is_about_warm_start": data.evaluation["pushed_arm"] in (None, WARM_START),
            "same_model": data.blessed_model_id == by_key["warm_start_model"].id,
            "figure": _family_tree(by_key),
        },
    )


def _family_tree(facts: Mapping[str, ArtifactFact]) -> Markup:
    def draw(axes: Axes) -> None:
        for parent, child in _DOWN:
            if parent not in facts:
                continue
            (x1, y1), (x2, y2) = _PLACES[parent], _PLACES[child]
            lean = max(-0.36, min(0.36, 0.6 * (x2 - x1)))
            _draw_arrow(
                axes, (x1 + lean, -y1 - _BOX_HEIGHT / 2), (x2 - lean / 6, -y2 + _BOX_HEIGHT / 2)
            )
        for parent, side in _AROUND:
            (x1, y1), (x2, y2) = _PLACES[parent], _PLACES["evaluation"]
            _draw_arrow(
                axes,
                (x1 + side * 0.25, -y1 - _BOX_HEIGHT / 2),
                (x2 + side * _BOX_WIDTH / 2, -y2),
                "angle,angleA=90,angleB=0,rad=3",
            )
        for key, (x, y) in _PLACES.items():
            if key not in facts:
                continue
            axes.add_patch(
                FancyBboxPatch(
                    (x - _BOX_WIDTH / 2, -y - _BOX_HEIGHT / 2),
                    _BOX_WIDTH,
                    _BOX_HEIGHT,
                    boxstyle="round,pad=0,rounding_size=0.06",
                    facecolor=CARD,
                    edgecolor=_BOX_COLOURS.get(key, MUTED),
                    linewidth=1.4,
                    zorder=2,
                )
            )
            centred: dict[str, Any] = {"ha": "center", "va": "center"}
            axes.annotate(REPORT_INPUTS[key].title, (x, -y + 0.09), weight="bold", **centred)
            fingerprint = facts[key].fingerprint[:_FINGERPRINT_SHOWN]
            axes.annotate(fingerprint, (x, -y - 0.12), size=7, color=MUTED, **centred)
        axes.set_xlim(-0.45, 1.55)
        axes.set_ylim(-5.3, 0.3)
        axes.axis("off")

    return draw_svg(
        draw,
        name="lineage",
        title="Which artifact came from which",
        description="The table below lists every artifact with the artifacts it was made from.",
        height=300,
    )


def _draw_arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], path: str = "arc3"
) -> None:
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=7,
            color=MUTED,
            linewidth=0.9,
            shrinkA=1,
            shrinkB=1,
            zorder=1,
            connectionstyle=path,
        )
    )
