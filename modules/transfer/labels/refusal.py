"""Refuses to train on permuted labels."""

from __future__ import annotations

from typing import Literal

import numpy as np

from modules.core.errors import DataError
from modules.domains.label_space import LabelSpace
from modules.transfer.labels.permutation import find_permutation
from modules.transfer.transferability.estimates import LabelledOutputs


def refuse_permuted_labels(
    labelled: LabelledOutputs | None,
    space: LabelSpace,
    place: str,
    action: Literal["stop", "warn"],
) -> None:
    """Compares the labels of the shots with the pretrained model's answers, before any training.

    A training would learn permuted labels without complaint, and beat a pretrained model that is
    right.

    Args:
        labelled: The pretrained model's outputs for the shots, with labels of the space; None
            without shots.
        space: Classes of both domains; those of the target alone cannot be compared.
        place: Where the shots come from, for the message.
        action: `warn` leaves it to the report to say what was found.

    Raises:
        DataError: Labels look permuted.
    """
    if labelled is None or action == "warn":
        return
    columns = np.array([space.source.index(name) for name in space.shared], np.int64)
    known = np.isin(labelled.labels, columns)
    logits = labelled.outputs.logits
    if not known.any() or logits.shape[1] != len(space.source):
        return
    order = np.argsort(columns)
    labels = order[np.searchsorted(columns[order], labelled.labels[known])]
    predicted = logits[known][:, columns].argmax(axis=1)
    found = find_permutation(labels, predicted, space.shared)
    if found is not None:
        raise DataError(
            place,
            expected="labels that the pretrained model's answers resemble",
            found=str(found),
            fix="Correct the labels of this domain or of the source, or label_offset. Where the "
            "classes share no more than their names, give them others (target.classes). If all is "
            "as it should be, set validation.permuted_labels=warn.",
        )
