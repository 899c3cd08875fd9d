"""Four spans of data arrive one by one: each run reads the new one, and judges on all."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ml_metadata.metadata_store import MetadataStore

import warmstart
from data.write_spans import write_spans
from pipelines.running.artifacts import metadata_in
from tests.e2e.conftest import write_first_images_of_mnist

pytestmark = pytest.mark.e2e

SPANS = 4
EVAL_IMAGES = [225, 225, 225, 224]


class Chain(NamedTuple):
    """Runs in one output folder, one after each arrival.

    Attributes:
        site: The folder that the spans arrive in.
        output: The runs' folder.
        results: The result of each run, a span more each time.
    """

    site: Path
    output: Path
    results: list[dict[str, Any]]


def run(site: Path, output: Path) -> dict[str, Any]:
    config = warmstart.load_config(
        "configs/mnist_to_optdigits.yaml",
        [
            f"source.path={site.parent / 'mnist'}",
            f"target.path={site}/span-{{SPAN}}",
            "target.shots=5",
            "pretraining.steps=40",
            "transfer.steps=6",
            "transfer.method=fine_tune",
            "training.precision=float32",
        ],
    )
    return dict(warmstart.run(config, output=output).content)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """In this process, which has imported TensorFlow already."""
    folder = tmp_path_factory.mktemp("spans")
    write_first_images_of_mnist(folder / "mnist", train=600, t10k=100)
    site, results = folder / "site", []
    site.mkdir()
    for arrival in write_spans(Path("data/optdigits"), folder / "later", SPANS):
        shutil.move(arrival, site / arrival.name)
        results.append(run(site, folder / "run"))
    return Chain(site, folder / "run", results)


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
