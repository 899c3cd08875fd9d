"""The target examples that the warm start finds hardest."""

from __future__ import annotations

from modules.core.arms import WARM_START
from modules.core.wording import ARM_NAMES
from modules.report.evidence.shown_arms import shown_arms
from modules.report.inputs import ReportData
from modules.report.sections.section import Section


def hardest_section(data: ReportData) -> Section:
    """Shows what is left to learn."""
    predictions, names = data.predictions, data.evaluation["target"]["classes"]
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
                        for arm in shown_arms(data.evaluation)
                    ],
                }
                for example in data.hardest
            ],
        },
    )
