"""A configuration that names plug-ins is checked before anything runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from modules.core.errors import ConfigError
from pipelines.config import Config, load_config
from pipelines.registered_names import find_unknown_names
from pipelines.transfer_pipeline import create_pipeline
from tests.plugins.conftest import forget_plugins
from tests.plugins.page import files_of_the_page


def configured(plugins: Path, *overrides: str) -> Config:
    return load_config(plugins / "plugins.yaml", overrides)


def refusals(plugins: Path, *overrides: str) -> list[str]:
    return [str(error) for error in find_unknown_names(configured(plugins, *overrides))]


def fingerprints(config: Config) -> dict[str, str]:
    """What the cache keys hold of the code, by component."""
    pipeline = create_pipeline(config, pipeline_root="/root", serving_directory="/serving")
    return {each.id: str(sorted(each.exec_properties.items())) for each in pipeline.components}


def test_the_page_has_a_file_of_each_kind() -> None:
    kinds = ("networks", "methods", "formats", "augmentations", "requirements")
    assert {f"my_plugins/{kind}.py" for kind in kinds} <= set(files_of_the_page())


def test_the_configuration_of_the_page_is_accepted(plugins: Path) -> None:
    assert refusals(plugins) == []


def test_a_format_is_known_without_tensorflow(plugins: Path) -> None:
    code = (
        "import sys; from pipelines.config import load_config; "
        f"load_config({str(plugins / 'plugins.yaml')!r}); print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        (
            "source.format=my_plugins.formats:Arays",
            "module 'my_plugins.formats' has no 'Arays'",
        ),
        (
            "source.format=my_plugins.networks:small",
            "'my_plugins.networks:small' is no format",
        ),
        ("target.options.imagse=x", "imagse: unknown key; did you mean 'images'?"),
        ("target.format=idx", "options: the format 'idx' takes no options, found images"),
    ],
)
def test_a_format_or_its_options_are_refused_as_the_file_is_read(
    plugins: Path, override: str, problem: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        configured(plugins, override)
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ("network.options.unist=3", "network.options: not valid for the network"),
        ("network.name=my_plugins.networks:smal", "network.name: module 'my_plugins.networks' has"),
        ("network.name=my_plugins.methods:Smoothed", "network.name: 'my_plugins.methods:Smoothed'"),
        ("network.name=lenet", "network.options: the network 'lenet' takes no options"),
        ("transfer.options.smoothing=2", "transfer.options: not valid for the method"),
        ("transfer.method=auto", "transfer.options: method 'auto' takes none, found smoothing"),
        ("transfer.method=joint", "transfer.options: the method 'joint' takes no options"),
        (
            "preprocessing.augmentation_options.amount=much",
            "preprocessing.augmentation_options: not valid for the augmentation",
        ),
        (
            "gate.requirements=[{name: 'my_plugins.requirements:none'}]",
            "gate.requirements: module 'my_plugins.requirements' has no 'none'",
        ),
        (
            "gate.requirements=[{name: 'my_plugins.requirements:every_class', options: {at: 1}}]",
            "gate.requirements.0.options: not valid for the requirement",
        ),
    ],
)
def test_other_names_and_options_are_refused_before_a_run(
    plugins: Path, override: str, problem: str
) -> None:
    (refusal,) = refusals(plugins, override)
    assert problem in refusal


@pytest.mark.parametrize(
    ("overrides", "starter"),
    [
        ((), "PretrainTrainer"),
        (("pretraining={from: model.ckpt, classes: [a, b, c], pixels: unit}",), "ModelImporter"),
    ],
)
def test_an_edit_changes_the_cache_keys_of_what_runs_the_package_and_of_nothing_else(
    plugins: Path, overrides: Sequence[str], starter: str
) -> None:
    config = configured(plugins, *overrides)
    before = fingerprints(config)
    file = plugins / "my_plugins/methods.py"
    text = file.read_text()
    file.write_text(f"{text}\n# edited\n")
    forget_plugins()
    after = fingerprints(config)
    file.write_text(text)
    forget_plugins()
    assert {name for name in before if before[name] != after[name]} == {
        "SourceExampleGen",
        "TargetExampleGen",
        starter,
        "ScratchTrainer",
        "WarmStartTrainer",
        "TransferEvaluator",
    }
    assert fingerprints(config) == before
