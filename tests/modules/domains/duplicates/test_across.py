"""Images that the target shares with the source: which of them matter, and what is said."""

from __future__ import annotations

import numpy as np
import pytest

from modules.domains.duplicates.across import (
    SignedDomain,
    check_shared_images,
    find_shared_images,
)
from modules.domains.duplicates.signatures import Signatures, sign_images
from modules.settings import ValidationSettings
from modules.sources.png import encode_pngs

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 16, 16), dtype=np.uint8)
CLASSES = ["a", "b"]


def signed(split: str, *rows: int) -> Signatures:
    images = list(encode_pngs(IMAGES[list(rows)]))
    return sign_images(images, [row % 2 for row in rows], [f"{split}/{row}" for row in rows])


def domain(train: list[int], evaluation: list[int]) -> SignedDomain:
    splits = {"train": signed("train", *train), "eval": signed("eval", *evaluation)}
    return SignedDomain(splits, CLASSES)


def test_a_target_eval_image_that_the_source_trains_on_stops_the_run_and_is_named() -> None:
    shared = find_shared_images(domain([0, 1, 2], [3, 4]), domain([10, 11], [12, 1]))
    assert (shared.images, shared.evaluated, shared.trained) == (9, 1, 0)
    (finding,) = check_shared_images(shared, ValidationSettings())
    assert finding.stops_the_run
    assert (
        "eval/1 (target, eval, class 'b') is an exact copy of train/1 (source, train, class 'b')"
        in finding.found
    )


@pytest.mark.parametrize(("duplicates", "stops"), [("warn", False), ("drop", True)])
def test_only_warn_lets_it_pass_since_the_source_is_ingested_by_itself(
    duplicates: str, stops: bool
) -> None:
    shared = find_shared_images(domain([0, 1], [3]), domain([10], [1]))
    settings = ValidationSettings.model_validate({"duplicates": duplicates})
    (finding,) = check_shared_images(shared, settings)
    assert finding.stops_the_run is stops


def test_what_both_train_on_or_both_evaluate_is_a_note_at_most() -> None:
    shared = find_shared_images(domain([0, 1], [2, 3]), domain([0, 10, 2], [3, 12]))
    assert (shared.evaluated, shared.trained) == (0, 2)
    assert check_shared_images(shared, ValidationSettings()) == []
    assert shared.notes == ["2 train images of the target are in the source, too."]


def test_repeated_images_are_all_counted() -> None:
    shared = find_shared_images(domain([0, 0, 1], [2]), domain([10], [0, 0, 1, 13]))
    assert shared.evaluated == 3


def test_domains_without_signatures_share_nothing_that_is_known() -> None:
    nothing = SignedDomain({}, CLASSES)
    assert find_shared_images(nothing, domain([0], [1])).named == ()
    assert find_shared_images(nothing, nothing).images == 0


def test_at_most_twenty_are_named() -> None:
    rows = list(range(30))
    shared = find_shared_images(domain(rows, [31]), domain([32], rows))
    assert (shared.evaluated, len(shared.named)) == (30, 20)
    (finding,) = check_shared_images(shared, ValidationSettings())
    assert finding.found.endswith("; and 10 more")
