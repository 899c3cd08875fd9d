"""Four spans arrive one by one: each run reads the new one, and starts from what is served."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from ml_metadata.metadata_store import MetadataStore

import warmstart
from data.idx_arrays import read_idx_arrays, write_idx_arrays
from data.write_spans import write_spans
from modules.models.serving_folder import SERVING_FOLDER
from pipelines.running.artifacts import metadata_in
from pipelines.running.history import read_history
from tests.e2e.conftest import write_first_images_of_mnist

pytestmark = pytest.mark.e2e

SPANS = 4
EVAL_IMAGES = [180, 180, 180, 180]


class Chain(NamedTuple):
    """Runs in one output folder, one after each arrival.

    Attributes:
        site: The folder that the spans arrive in.
        output: The runs' folder.
        results: The result of each run, a span more each time.
        later: A span that has not arrived yet.
    """

    site: Path
    output: Path
    results: list[dict[str, Any]]
    later: Path


def run(site: Path, output: Path) -> dict[str, Any]:
    config = warmstart.load_config(
        "configs/mnist_to_optdigits.yaml",
        [
            f"source.path={site.parent / 'mnist'}",
            f"target.path={site}/span-{{SPAN}}",
            "target.shots=5",
            "pretraining.steps=150",
            "transfer.steps=40",
            "transfer.start=served",
            "training.precision=float32",
        ],
    )
    return dict(warmstart.run(config, output=output).content)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """In this process, which has imported TensorFlow already."""
    folder = tmp_path_factory.mktemp("spans")
    write_first_images_of_mnist(folder / "mnist", train=4000, t10k=200)
    site, results = folder / "site", []
    site.mkdir()
    *arrivals, last = write_spans(Path("data/optdigits"), folder / "later", SPANS + 1)
    for arrival in arrivals:
        shutil.move(arrival, site / arrival.name)
        results.append(run(site, folder / "run"))
    return Chain(site, folder / "run", results, last)


def test_each_run_reads_the_new_span_and_trains_on_it(chain: Chain) -> None:
    assert [result["target"]["spans"] for result in chain.results] == [
        {"found": list(range(1, number + 1)), "trained": [number], "ingested": [number]}
        for number in range(1, SPANS + 1)
    ]


def test_the_metadata_store_tells_the_same(chain: Chain) -> None:
    store = MetadataStore(metadata_in(chain.output))
    found = [
        {name: value.string_value for name, value in artifact.custom_properties.items()}
        for artifact in store.get_artifacts_by_type("Examples")
        if "spans" in artifact.custom_properties
    ]
    assert [artifact["ingested_spans"] for artifact in found] == ["1", "2", "3", "4"]
    assert [artifact["trained_spans"] for artifact in found] == ["1", "2", "3", "4"]
    assert [artifact["spans"] for artifact in found] == ["1", "1,2", "1,2,3", "1,2,3,4"]


def test_every_arm_is_judged_on_the_eval_images_of_all_spans(chain: Chain) -> None:
    for number, result in enumerate(chain.results, start=1):
        totals = {arm["total"] for arm in result["arms"].values()}
        assert totals == {sum(EVAL_IMAGES[:number])}


def versions(output: Path) -> list[str]:
    return sorted(version.name for version in (output / SERVING_FOLDER).iterdir())


def test_the_first_run_starts_from_the_pretrained_model_and_the_others_from_what_is_served(
    chain: Chain,
) -> None:
    first, *others = (result["transfer"]["start"] for result in chain.results)
    assert (first["used"], first["reason"]) == ("pretrained", "nothing is served yet")
    assert chain.results[0]["verdict"] == "blessed"
    served = Path(chain.results[0]["pushed_to"]).name
    for start, result in zip(others, chain.results[1:], strict=True):
        assert (start["used"], str(start["version"])) == ("served", served)
        assert str(result["arms"]["served"]["version"]) == served
        served = Path(result["pushed_to"] or served).name


def test_accuracy_is_told_on_the_newest_span_and_on_all_with_what_was_forgotten(
    chain: Chain,
) -> None:
    assert chain.results[0]["spans"]["forgetting"] is None
    for number, result in enumerate(chain.results[1:], start=2):
        spans = result["spans"]
        assert spans["newest"] == number
        assert spans["by_span"][0]["examples"] == EVAL_IMAGES[number - 1]
        assert spans["all"]["arms"]["warm_start"] == {
            key: value
            for key, value in result["arms"]["warm_start"].items()
            if key in spans["all"]["arms"]["warm_start"]
        }
        low, high = spans["forgetting"]["ci95"]
        assert low <= spans["forgetting"]["difference"] <= high
    assert "New data and old" in (chain.output / "report.html").read_text(encoding="utf-8")


def test_the_history_shows_the_chain(chain: Chain) -> None:
    records = read_history(chain.output)
    assert [record.span for record in records[:SPANS]] == [1, 2, 3, 4]
    assert [record.start for record in records[:SPANS]] == [
        str(start["version"] or "pretrained")
        for start in (result["transfer"]["start"] for result in chain.results)
    ]


def test_the_source_is_read_and_trained_on_once(chain: Chain) -> None:
    once = {"SourceExampleGen", "Transform", "PretrainTrainer"}
    first, *others = (set(result["cached"]) for result in chain.results)
    assert not once & first
    assert all(once <= cached for cached in others)
    assert all("TargetExampleGen" not in cached for cached in others)


def test_without_a_new_span_everything_comes_from_the_cache(chain: Chain) -> None:
    again = run(chain.site, chain.output)
    assert {"TargetExampleGen", "WarmStartTrainer", "ScratchTrainer"} <= set(again["cached"])
    assert again["target"] == chain.results[-1]["target"]
    assert again["transfer"]["start"] == chain.results[-1]["transfer"]["start"]


def test_a_span_of_broken_labels_changes_nothing_that_is_served(chain: Chain) -> None:
    before = versions(chain.output)
    rng = np.random.default_rng(0)
    for split, prefix in (("train", "train"), ("eval", "t10k")):
        images, labels = read_idx_arrays(chain.later, split)
        write_idx_arrays(chain.later, prefix, images, rng.permutation(labels))
    shutil.move(chain.later, chain.site / chain.later.name)
    result = run(chain.site, chain.output)
    assert result["verdict"] == "not_blessed"
    assert versions(chain.output) == before
