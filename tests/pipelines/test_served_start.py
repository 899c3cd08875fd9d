"""The DAG of a run that starts from what is served, and of one that does not."""

from __future__ import annotations

import pytest

from modules.core.errors import ConfigError
from pipelines.config import load_config
from pipelines.transfer_pipeline import create_pipeline

CONFIG = "configs/mnist_to_optdigits.yaml"


def upstream(*overrides: str) -> dict[str, set[str]]:
    """The names of the components before each."""
    config = load_config(CONFIG, overrides)
    pipeline = create_pipeline(config, pipeline_root="root", serving_directory="serving")
    return {
        component.id: {before.id for before in component.upstream_nodes}
        for component in pipeline.components
    }


def test_what_is_served_is_found_before_the_training_only_if_that_starts_from_it() -> None:
    usual, served = upstream(), upstream("transfer.start=served")
    trained = {"ScratchTrainer", "WarmStartTrainer"}
    assert usual["ServedModelFinder"] == trained
    assert "ServedModelFinder" not in usual["WarmStartTrainer"]
    assert served["ServedModelFinder"] == {
        "SourceExampleGen",
        "TargetExampleGen",
        "Transform",
        "PretrainTrainer",
    }
    assert served["WarmStartTrainer"] == usual["WarmStartTrainer"] | {"ServedModelFinder"}
    for other in set(usual) - {"ServedModelFinder", "WarmStartTrainer"}:
        assert usual[other] == served[other]


@pytest.mark.parametrize("start", ["scratch", "latest"])
def test_another_start_is_refused(start: str) -> None:
    with pytest.raises(ConfigError, match=r"transfer\.start"):
        load_config(CONFIG, [f"transfer.start={start}"])
