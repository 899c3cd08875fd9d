"""Settles what the search for copies has found: stops, leaves train images out, or warns."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from tfx.dsl.io import fileio

from components.image_example_gen.copy_search import read_copies
from components.image_example_gen.shard_writer import leave_out, split_folder
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
        pattern = os.path.join(
            split_folder(root, file.split), f"data_tfrecord-{file.shard:05d}-of-*"
        )
        (examples,) = fileio.glob(pattern)
        leave_out(examples, rows.tolist())
        write_signatures(file.path, signatures.take(kept))
    return judgement
