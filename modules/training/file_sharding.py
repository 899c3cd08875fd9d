"""Which files of a split a worker reads."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Literal

from modules.core.errors import ConfigError
from modules.training.placement import TrainingPlacement

Sharding = Literal["auto", "file", "data"]

_logger = logging.getLogger(__name__)


def choose_files(
    files: Sequence[str], sharding: Sharding, placement: TrainingPlacement
) -> tuple[list[str], bool]:
    """Chooses the files that this worker reads.

    Args:
        files: The split's files, in the same order on all workers.
        sharding: `file` gives each worker its own files, `data` gives all workers all files.
            `auto` means `file` where there is a file for each worker.

    Returns:
        The files, and whether only this worker reads them.

    Raises:
        ConfigError: `file` was asked for, and there are fewer files than workers.
    """
    enough = len(files) >= placement.workers
    if sharding == "file" and not enough:
        raise ConfigError(
            f"training.sharding: {placement.workers} workers cannot share {len(files)} files. "
            "Choose 'data' or 'auto', or fewer workers."
        )
    if placement.workers == 1 or sharding == "data" or not enough:
        if placement.workers > 1:
            _logger.info("Sharding by data: every worker reads all %d files.", len(files))
        return list(files), False
    own = list(files[placement.worker :: placement.workers])
    count, total = len(own), len(files)
    _logger.info("Sharding by file: worker %d reads %d of %d.", placement.worker, count, total)
    return own, True
