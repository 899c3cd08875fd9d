"""Finds images that the target shares with the source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from modules.core.example_features import EVAL_SPLIT, IMAGE, TRAIN_SPLIT
from modules.core.finding import Finding
from modules.core.wording import count
from modules.domains.duplicates.copies import CopyGroup, copy_sentence, group_copies
from modules.domains.duplicates.judgement import MOST_NAMED
from modules.domains.duplicates.search import (
    candidate_pairs,
    confirmed_pairs,
    sort_into_buckets,
)
from modules.domains.duplicates.signatures import Signatures
from modules.settings import ValidationSettings

_SOURCE, _TARGET = 0, 1
DOMAINS = ("source", "target")


class SignedDomain(NamedTuple):
    """A domain's signatures by split, and its classes in label order."""

    splits: Mapping[str, Signatures]
    class_names: Sequence[str]


@dataclass(frozen=True)
class SharedImages:
    """What the target shares with the source.

    Attributes:
        images: How many images of both were compared.
        evaluated: Target eval images that the source trains on.
        trained: Target train images that the source has; they do no harm, but teach little.
        named: Some of the former, then of the latter, a sentence each.
    """

    images: int
    evaluated: int = 0
    trained: int = 0
    named: tuple[str, ...] = ()

    @property
    def notes(self) -> list[str]:
        """Says what is no fault, a sentence each."""
        if not self.trained:
            return []
        found = count(self.trained, "train image")
        return [f"{found} of the target {'is' if self.trained == 1 else 'are'} in the source, too."]

    def as_json(self) -> dict[str, Any]:
        """Returns what `validation.json` keeps."""
        return {**asdict(self), "named": list(self.named)}


def find_shared_images(source: SignedDomain, target: SignedDomain) -> SharedImages:
    """Compares every image of the target with every image of the source."""
    parts = [
        (domain, split, signatures)
        for domain, signed in ((_SOURCE, source), (_TARGET, target))
        for split, signatures in signed.splits.items()
    ]
    signatures = Signatures.concatenate([part for _, _, part in parts])
    domain_of = np.repeat([domain for domain, _, _ in parts], [len(part) for _, _, part in parts])
    splits = [split for _, split, part in parts for _ in range(len(part))]
    pairs = _pairs_across(signatures, domain_of)
    groups = [
        group
        for group in group_copies(
            signatures,
            pairs,
            splits,
            (source.class_names, target.class_names),
            DOMAINS,
            domain_of.tolist(),
        )
        if len({copy.domain for copy in group.copies}) == 2
    ]
    evaluated = [text for group in groups for text in _sentences(group, EVAL_SPLIT)]
    trained = [text for group in groups for text in _sentences(group, TRAIN_SPLIT)]
    named = (*evaluated, *trained)[:MOST_NAMED]
    return SharedImages(len(signatures), len(evaluated), len(trained), named)


def check_shared_images(shared: SharedImages, settings: ValidationSettings) -> list[Finding]:
    """Says what is wrong with what the target shares with the source."""
    if not shared.evaluated:
        return []
    named = shared.named[: shared.evaluated]
    more = shared.evaluated - len(named)
    return [
        Finding(
            EVAL_SPLIT,
            IMAGE,
            expected="images that the source does not train on",
            found=f"{count(shared.evaluated, 'image')} that it trains on: {'; '.join(named)}"
            + (f"; and {more:,} more" if more else ""),
            fix="Remove them from the source's train split or from this split. Or go on with "
            "validation.duplicates=warn.",
            stops_the_run=settings.duplicates != "warn",
        )
    ]


def _pairs_across(
    signatures: Signatures, domain_of: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Finds copies in the buckets that both domains have: int64 [P, 2]."""
    candidates = []
    for table, block in sort_into_buckets(signatures, np.arange(len(signatures))):
        is_target = domain_of[block.places] == _TARGET
        shared = np.intersect1d(block.keys[is_target], block.keys[~is_target])
        candidates.append(candidate_pairs(table, block.take(np.isin(block.keys, shared))))
    return confirmed_pairs(signatures, candidates)


def _sentences(group: CopyGroup, split: str) -> Iterator[str]:
    """Names each image of the target's split with the one of the source that matters most.

    For an eval image only the source's train split matters.
    """
    originals = [copy for copy in group.of_split(TRAIN_SPLIT) if copy.domain == DOMAINS[_SOURCE]]
    if split == TRAIN_SPLIT:
        originals += [copy for copy in group.copies if copy.domain == DOMAINS[_SOURCE]]
    for copy in group.of_split(split):
        if copy.domain == DOMAINS[_TARGET] and originals:
            yield copy_sentence(copy, originals[0])
