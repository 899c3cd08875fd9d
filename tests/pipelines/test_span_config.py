"""`target.path` with spans, and `target.spans`."""

from __future__ import annotations

from pathlib import Path

import pytest

from modules.core.errors import ConfigError
from pipelines.config import Config, load_config
from pipelines.targets.scenario import SeveralTargets, load_scenario

CONFIG = "configs/mnist_to_optdigits.yaml"


def load(*overrides: str) -> Config:
    return load_config(CONFIG, overrides)


@pytest.mark.parametrize("spans", ["latest", "all", "last:4"])
def test_spans_are_chosen_where_the_path_has_them(spans: str) -> None:
    target = load("target.path=data/site/span-{SPAN}", f"target.spans={spans}").target
    assert target.spans == spans
    assert target.folder == "data/site"


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["target.path=d/{YYYY}"], "target.path: needs each of {YYYY}, {MM} and {DD}"),
        (["source.path=d/{SPAN}"], "source.path: only target.path can have spans"),
        (["target.spans=all"], "target: spans is all, and the path data/optdigits has none"),
        (["target.path=d/{SPAN}", "target.spans=newest"], "target.spans: expected latest, all, or"),
        (["target.path=d/{SPAN}", "target.spans=last:0"], "found 'last:0'"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_key(overrides: list[str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(*overrides)
    assert said in str(caught.value)


def test_paths_with_spans_become_absolute() -> None:
    target = load("target.path=data/site/span-{SPAN:2}").with_absolute_paths().target
    assert target.path == f"{Path.cwd()}/data/site/span-{{SPAN:2}}"


def test_each_of_several_targets_is_named_by_the_folder_above_its_spans(tmp_path: Path) -> None:
    for site in ("a", "b"):
        (tmp_path / "sites" / site / "span-1").mkdir(parents=True)
    config = tmp_path / "sites.yaml"
    config.write_text(
        f"name: sites\nsource: {{name: mnist, path: data/mnist}}\n"
        f"targets: {tmp_path}/sites/*/span-{{SPAN}}\n"
    )
    loaded = load_scenario(config)
    assert isinstance(loaded, SeveralTargets)
    assert {name: each.target.path for name, each in loaded.branches.items()} == {
        site: f"{tmp_path}/sites/{site}/span-{{SPAN}}" for site in ("a", "b")
    }
