"""ServedModelFinder before the training: may the warm start begin from what is served?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils, channel_utils, standard_artifacts

from components.served_model_finder.component import ServedModelFinder
from components.served_model_finder.executor import Executor, look_for_served
from modules.models.checkpointing import read_checkpoint_variables
from modules.models.served_version import RunMark, ServedVersion
from modules.models.serving_folder import RUN_FILE
from modules.settings.plans import TransferPlan
from modules.transfer.served.start import ServedStart
from tests.pushed_models import push
from tests.training_domain import TRANSFER, TRANSFER_PLAN, TinyDomains

PLAN = TRANSFER_PLAN.model_copy(
    update={"transfer": TRANSFER.model_copy(update={"start": "served"})}
)


class Finder:
    """The component's executor and what its driver looks up."""

    def __init__(self, domains: TinyDomains, pretrained: Path, serving: Path) -> None:
        self._serving = serving
        self.inputs = {
            "examples": [_artifact(standard_artifacts.Examples, domains.target)],
            "source_examples": [_artifact(standard_artifacts.Examples, domains.source)],
            "transform_graph": [
                _artifact(standard_artifacts.TransformGraph, domains.transform_graph)
            ],
            "base_model": [_artifact(standard_artifacts.Model, pretrained / "model")],
        }

    def parameters(self, plan: TransferPlan = PLAN) -> dict[str, Any]:
        channels = {key: channel_utils.as_channel(value) for key, value in self.inputs.items()}
        return dict(
            ServedModelFinder(
                serving_directory=str(self._serving),
                source_fingerprint="1",
                start=channels,
                plan=plan,
            ).exec_properties
        )

    def look(self, plan: TransferPlan = PLAN) -> ServedVersion:
        return look_for_served(self.inputs, self.parameters(plan))[0]

    def run(self, folder: Path) -> ServedStart:
        folder.mkdir()  # as TFX does
        model = _artifact(standard_artifacts.Model, folder)
        Executor(base_executor.BaseExecutor.Context()).Do(
            self.inputs, {"model": [model]}, self.parameters()
        )
        start = ServedStart.read(artifact_utils.get_single_uri([model]))
        assert start is not None
        return start


def _artifact(kind: Any, uri: Path) -> Any:
    artifact = kind()
    artifact.uri = str(uri)
    return artifact


@pytest.fixture
def finder(tiny_domains: TinyDomains, pretrained: Path, tmp_path: Path) -> Finder:
    return Finder(tiny_domains, pretrained, tmp_path / "serving")


def test_a_version_that_fits_becomes_a_model_to_start_from(
    finder: Finder, pretrained: Path, tmp_path: Path
) -> None:
    nothing = finder.run(tmp_path / "first")
    assert (nothing.version, nothing.refusal) == (0, "nothing is served yet")
    version = push(pretrained / "model", tmp_path)
    found = tmp_path / "second"
    assert finder.run(found) == ServedStart(nothing.run, int(version.name), "")
    weights = read_checkpoint_variables(str(found / "checkpoint"))
    assert set(weights) == set(read_checkpoint_variables(str(pretrained / "model" / "checkpoint")))


def test_the_runs_own_product_is_passed_over_and_enters_no_cache_key(
    finder: Finder, pretrained: Path, tmp_path: Path
) -> None:
    before = finder.look()
    run = finder.run(tmp_path / "found").run
    version = push(pretrained / "model", tmp_path)
    (version / RUN_FILE).write_text(RunMark(run, 0, "warm_start").to_json())
    assert finder.look() == before == ServedVersion()
    # To a run of another seed it is what is served.
    assert finder.look(PLAN.model_copy(update={"seed": 1})).number == int(version.name)
