"""The ranking of the transferability estimates, from pretraining to table."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from pipelines.config import load_config
from research.rank_correlation import OVER
from research.transfer_pairs import Pair, PairRunner, Pretraining
from research.transferability import OUTCOMES, rank, write_rankings
from tests.training_domain import NETWORK, TinyDomains

OPTDIGITS = Path("data/optdigits")


def made_pairs() -> list[Pair]:
    """Where `right` foretells the accuracy, and `wrong` its opposite."""
    accuracies: list[list[float]] = np.random.default_rng(0).uniform(size=(3, 4)).tolist()
    return [
        Pair(
            source=str(source),
            target=str(target),
            estimates={"right": value, "wrong": -value},
            zero_shot=0.0,
            scratch=1.0 - value,
            fine_tuned=value,
        )
        for source, row in enumerate(accuracies)
        for target, value in enumerate(row)
    ]


def test_an_estimate_is_ranked_by_what_it_foretells() -> None:
    found = {place: row.value for place, row in rank(made_pairs(), resamples=5).items()}
    assert len(found) == 2 * len(OUTCOMES) * len(OVER)
    for outcome in OUTCOMES:
        for over in OVER:
            assert found["right", outcome, over] == pytest.approx(1.0)
            assert found["wrong", outcome, over] == pytest.approx(-1.0)


def test_pairs_rankings_and_plot_are_written(tmp_path: Path) -> None:
    pairs = made_pairs()
    text = write_rankings(pairs, rank(pairs, resamples=5), tmp_path)
    assert text == (tmp_path / "ranking.md").read_text(encoding="utf-8")
    assert "| accuracy | all pairs | +1.00 (+1.00 to +1.00) | -1.00 (-1.00 to -1.00) |" in text
    for name, rows in (("pairs.csv", 12), ("ranking.csv", 18)):
        with (tmp_path / name).open(encoding="utf-8") as file:
            assert len(list(csv.DictReader(file))) == rows
    assert (tmp_path / "ranking.png").read_bytes().startswith(b"\x89PNG")
    assert {path.suffix for path in tmp_path.iterdir()} == {".csv", ".md", ".png"}


def test_a_pair_is_pretrained_estimated_and_fine_tuned(
    tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    config = load_config(
        "configs/mnist_to_optdigits.yaml", ["transfer.steps=30", "transfer.learning_rate=1e-3"]
    ).model_copy(update={"network": NETWORK})
    runner = PairRunner(config, str(tiny_domains.transform_graph), OPTDIGITS)
    target = runner.read_target("inverted", OPTDIGITS, tmp_path, 400)
    assert len(target.shots) == 100
    # Half of the 400 images are the train split, which the shots are drawn from.
    assert len(set(target.shots.example_ids)) == 100
    assert set(target.shots.example_ids) <= {b"%08d" % row for row in range(200)}
    (pair,) = runner.run(Pretraining("tiny", 30, 300, augmented=False), [target])
    assert (pair.source, pair.target) == ("tiny", "inverted")
    assert set(pair.estimates) == {
        "leep",
        "log_me",
        "h_score",
        "shots_accuracy",
    }
    assert np.isfinite(list(pair.estimates.values())).all()
    assert pair.estimates["leep"] <= 0
    # Its source does not show inverted ink; the shots do.
    assert pair.fine_tuned > pair.zero_shot + 0.1
