"""The target examples that the warm start finds hardest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modules.core.arms import ARMS, WARM_START
from modules.core.wording import ARM_NAMES
from modules.report.evidence.predictions import Predictions
from modules.report.sections.section import Section

MOST_EXAMPLES = 16


@dataclass(frozen=True)
class HardExample:
    """An example's images.

    Attributes:
        row: Of the predictions.
        raw: `data:` URI of the image.
        preprocessed: `data:` URI of what the network sees.
    """

    row: int
    raw: str
    preprocessed: str


def hardest_section(
    hardest: Sequence[HardExample], predictions: Predictions, names: Sequence[str]
) -> Section:
    """Shows what is left to learn.

    Args:
        hardest: The examples, hardest first.
        predictions: Of every arm.
        names: Of all classes, in label order.

    Returns:
        The section.
    """
    wrong = predictions.predicted[WARM_START] != predictions.labels
    return Section(
        "hardest",
        "Hardest target examples",
        {
            "errors": int(wrong.sum()),
            "examples": [
                {
                    "id": predictions.example_ids[example.row],
                    "name": names[predictions.labels[example.row]],
                    "raw": example.raw,
                    "preprocessed": example.preprocessed,
                    "answers": [
                        {
                            "arm": ARM_NAMES[arm],
                            "name": names[predictions.predicted[arm][example.row]],
                            "confidence": float(predictions.confidence[arm][example.row]),
                            "right": bool(
                                predictions.predicted[arm][example.row]
                                == predictions.labels[example.row]
                            ),
                        }
                        for arm in ARMS
                    ],
                }
                for example in hardest
            ],
        },
    )
