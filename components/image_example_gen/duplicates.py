"""Settles what the search for copies has found: stops, leaves train images out, or warns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from components.image_example_gen.copy_search import read_copies
from components.image_example_gen.shard_writer import find_examples_file, leave_out
from modules.domains.duplicates.copies import group_copies
from modules.domains.duplicates.files import read_signatures, rows_by_file, write_signatures
from modules.domains.duplicates.judgement import DuplicateJudgement, judge_duplicates
from modules.settings import ValidationSettings


def settle_duplicates(
    root: str,
    folder: str,
    class_names: Sequence[str],
    images: int,
    settings: ValidationSettings,
) -> DuplicateJudgement:
    """Judges the copies in a domain, and takes those out of its files that may not stay.

    Args:
        root: Folder of the examples, signatures and candidates.
        folder: Where the images come from, for messages.
        class_names: K names in label order.
        images: How many images were compared.
        settings: Says what happens to copies.

    Raises:
        DataErrors: Copies stop the run.
    """
    found = read_copies(root)
    groups = group_copies(found.signatures, found.pairs, found.splits, [class_names])
    judgement = judge_duplicates(folder, groups, images, settings)
    places = np.sort(found.places[np.array(judgement.dropped_rows, np.int64)])
    for file, rows in rows_by_file(root, places):
        signatures = read_signatures(file.path)
        kept = np.delete(np.arange(len(signatures)), rows)
        leave_out(find_examples_file(root, file.split, file.shard), rows.tolist())
        write_signatures(file.path, signatures.take(kept))
    return judgement
