"""What a folder says about its images: class, split and group of each file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from modules.core.errors import DataError, DataErrors


class LabelledFile(NamedTuple):
    """One image file.

    Args:
        name: Path below the domain's folder.
        class_name: Its class.
        split: `train` or `eval`; None where the folder does not say.
        group: Files of one group stay on one side of a drawn split; None for a group of its own.
    """

    name: str
    class_name: str
    split: str | None
    group: str | None = None


@dataclass
class FolderContent:
    """What was found in a folder.

    Attributes:
        files: The image files, in any order.
        problems: What is wrong with the folder; it cannot be used then.
        refused: Files among the images that are none, a message for each.
        notes: What was decided, a sentence each.
        columns: Names of the columns of the table of labels, if there is one.
    """

    files: list[LabelledFile] = field(default_factory=list)
    problems: list[DataError] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)

    def raise_problems(self, folder: str) -> None:
        """Raises all problems as one DataError, if there are any."""
        if self.problems:
            raise DataErrors(folder, [str(problem) for problem in self.problems])
