"""How far the target's labels fit its images, as the pretrained model sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from modules.core.arms import PRETRAINED, ZERO_SHOT
from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT
from modules.examples.input_pipeline import ExampleIndex
from modules.examples.records import encoded_image, read_records
from modules.models.artifact import saved_model_dir
from modules.report.drawing.pictures import encoded_picture
from modules.report.evidence.model_features import model_features
from modules.report.evidence.predictions import Predictions
from modules.report.evidence.projector import ProjectedExamples
from modules.transfer.labels.permutation import find_permutation
from modules.transfer.labels.suspects import find_suspects

_MOST_TRAIN_EXAMPLES = 1000
_MOST_SHOWN = 12
_SEED = 0


@dataclass(frozen=True)
class SuspectLabel:
    """An example whose label looks wrong.

    Attributes:
        given: Its class by the label.
        likely: The class of most of the images that are like it.
        picture: `data:` URI of the image; empty where it is not shown.
    """

    example_id: str
    given: str
    likely: str
    picture: str = ""


@dataclass(frozen=True)
class SplitAudit:
    """What was found in one split.

    Attributes:
        examples: How many labels were judged.
        agreement: Share of them that most of the similar images have, too; None for too few.
        are_unrelated: The labels have nothing to do with the images.
        permutation: Which classes look exchanged, in words; None where none do.
        suspects: The most doubtful labels first.
    """

    split: str
    examples: int
    agreement: float | None
    are_unrelated: bool
    permutation: str | None
    suspects: Sequence[SuspectLabel]

    def as_json(self) -> dict[str, Any]:
        """Returns the audit without its pictures."""
        content = asdict(self)
        for suspect in content["suspects"]:
            del suspect["picture"]
        return content


def audit_eval_labels(
    projected: ProjectedExamples,
    predictions: Predictions,
    pretrained_kind: str,
    class_names: Sequence[str],
) -> SplitAudit:
    """Judges labels of the eval split; nothing else depends on it.

    Args:
        projected: The evaluated examples, or a draw of them, with their features.
        predictions: All answers; those of a probe, which learned the target's own labels, say
            nothing about a permutation.
        pretrained_kind: What the pretrained arm is.
        class_names: K names in label order.
    """
    found = None
    if pretrained_kind == ZERO_SHOT:
        found = find_permutation(predictions.labels, predictions.predicted[PRETRAINED], class_names)
    return _audit(
        EVAL_SPLIT,
        projected.before,
        projected.labels,
        projected.example_ids,
        projected.images,
        class_names,
        None if found is None else str(found),
    )


def audit_train_labels(
    index: ExampleIndex, pretrained_model: str, class_names: Sequence[str]
) -> SplitAudit:
    """Judges labels of the train split, a thousand of them where there are more.

    All of its labels, whatever the number of shots: this is about the data, and trains nothing.

    Args:
        index: The split's index.
        pretrained_model: Root folder of the pretrained Model artifact.
        class_names: K names in label order.
    """
    rng = np.random.default_rng(_SEED)
    rows = np.sort(rng.permutation(len(index))[:_MOST_TRAIN_EXAMPLES])
    records = read_records(index, rows)
    return _audit(
        TRAIN_SPLIT,
        model_features(saved_model_dir(pretrained_model), records),
        index.labels[rows],
        [example_id.decode() for example_id in index.example_ids[rows]],
        [encoded_image(record) for record in records],
        class_names,
        None,
    )


def _audit(
    split: str,
    features: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int64],
    example_ids: Sequence[str],
    images: Sequence[bytes],
    class_names: Sequence[str],
    permutation: str | None,
) -> SplitAudit:
    found = find_suspects(features, labels)
    suspects = [
        SuspectLabel(
            example_ids[row],
            class_names[labels[row]],
            class_names[likely],
            encoded_picture(images[row]) if number < _MOST_SHOWN else "",
        )
        for number, (row, likely) in enumerate(
            zip(found.rows.tolist(), found.likely.tolist(), strict=True)
        )
    ]
    return SplitAudit(
        split, len(labels), found.agreement, found.are_unrelated, permutation, suspects
    )
