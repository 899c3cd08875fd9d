"""Which images belong together: a `group` setting, and how a format understands it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from modules.core.errors import DataError, DataErrors
from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT
from modules.core.wording import count

# What people call the columns and features that say which images belong together, without an s.
# fmt: off
_GROUP_NAMES = frozenset(
    (
        "author", "batch", "burst", "camera", "clip", "device", "donor", "episode",
        "font", "group", "hospital", "participant", "patient", "person", "scanner",
        "scene", "sequence", "serie", "session", "site", "slide", "speaker", "study",
        "subject", "user", "video", "writer",
    )
)
# fmt: on


@dataclass(frozen=True)
class Grouping:
    """How the group of each image is found; it can be pickled.

    A setting with a parenthesis is a regular expression on example ids, whose first capture group
    is the image's group. Any other setting names a column of the table of labels, or a feature of
    the tf.Examples.

    Attributes:
        setting: The `group` of a domain.

    Example:
        >>> Grouping(r"/(w\\d+)_").group_of("train/seven/w12_003.png", "runs/digits")
        'w12'
    """

    setting: str

    @property
    def is_pattern(self) -> bool:
        """Whether the setting is a regular expression on example ids."""
        return "(" in self.setting

    def group_of(self, example_id: str, place: str) -> str:
        """Finds the group that an example's id names.

        Args:
            example_id: A path below the domain's folder, or what the format gives.
            place: Where the example is, for the message.

        Raises:
            DataError: The expression does not match, or captures nothing.
        """
        match = re.search(self.setting, example_id)
        if match and match[1]:
            return match[1]
        raise DataError(
            f"{place}, {example_id}",
            expected=f"a name that the domain's `group` {self.setting!r} matches, with a group in "
            "its first parentheses",
            found="no match" if match is None else "nothing in the parentheses",
            fix="Correct the expression, or the name.",
        )


def check_group_pattern(setting: str) -> str:
    """Raises a ValueError for a regular expression that is none, or that captures nothing."""
    if "(" in setting:
        try:
            groups = re.compile(setting).groups
        except re.error as error:
            raise ValueError(f"is not a regular expression: {error}") from None
        if not groups:
            raise ValueError("has no parentheses that capture a group, as in '/(w[0-9]+)_'")
    return setting


def group_like(names: Iterable[str]) -> list[str]:
    """Picks the names of columns or features that seem to say which images belong together.

    Example:
        >>> group_like(["label", "Writer_ID", "age", "patients"])
        ['Writer_ID', 'patients']
    """
    return [
        name
        for name in names
        if re.sub(r"[ _.-]?(id|no|nr|name|number|key)$", "", name.lower()).rstrip("s")
        in _GROUP_NAMES
    ]


def refuse_shared_groups(place: str, groups: Mapping[str, Mapping[str, str]]) -> None:
    """Raises if a group has images in both splits.

    What a model learned of a writer, patient or video is no proof of what it can do with others.

    Args:
        place: Folder of the domain.
        groups: For each split, its groups, each with the id of one of its examples.

    Raises:
        DataErrors: Names the groups, with an example of each split.
    """
    train, evaluation = (groups.get(split, {}) for split in (TRAIN_SPLIT, EVAL_SPLIT))
    shared = sorted(train.keys() & evaluation.keys())
    if not shared:
        return
    raise DataErrors(
        place,
        [
            f"{place}: expected each group in one split, found group '{group}' in "
            f"{TRAIN_SPLIT} ({train[group]}) and in {EVAL_SPLIT} ({evaluation[group]})"
            for group in shared
        ],
        f"{count(len(shared), 'group')} of {len(evaluation):,} in the eval split: move each to one "
        "split. Or merge the splits, and let warmstart draw an eval split of whole groups "
        "(eval_share).",
    )
