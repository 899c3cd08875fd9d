"""Images of both domains side by side, as they are and as the network sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modules.report.sections.section import Section
from modules.settings import PreprocessingSettings

MOST_CLASSES = 10


@dataclass(frozen=True)
class ClassSamples:
    """One image of each domain.

    Attributes:
        label: Of both.
        source: `data:` URI of a source image; None if the class has none.
        target: `data:` URI of a target image; None if the class has none.
        target_preprocessed: The same image as the network sees it.
    """

    label: int
    source: str | None
    target: str | None
    target_preprocessed: str | None


def samples_section(
    samples: Sequence[ClassSamples],
    evaluation: Mapping[str, Any],
    preprocessing: PreprocessingSettings,
) -> Section:
    """Makes the domain shift visible.

    Args:
        samples: A column each.
        evaluation: Content of evaluation.json.
        preprocessing: What was done to the images.

    Returns:
        The section.
    """
    return Section(
        "samples",
        "The two domains",
        {
            "names": [evaluation["target"]["classes"][sample.label] for sample in samples],
            "rows": [
                {"label": "Source", "pictures": [sample.source for sample in samples]},
                {"label": "Target, raw", "pictures": [sample.target for sample in samples]},
                {
                    "label": "Target, framed" if preprocessing.framing else "Target, resized",
                    "pictures": [sample.target_preprocessed for sample in samples],
                },
            ],
            "source": evaluation["source"]["name"],
            "target": evaluation["target"]["name"],
            "framing": preprocessing.framing,
        },
    )
