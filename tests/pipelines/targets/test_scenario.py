"""A configuration of several targets is one scenario for each, which differ by the target only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from modules.core.errors import ConfigError
from pipelines.config import Config, load_config
from pipelines.targets.scenario import SeveralTargets, load_one_target, load_scenario

BASE: dict[str, Any] = {
    "name": "sites",
    "source": {"name": "mnist", "path": "data/mnist"},
    "transfer": {"steps": 50, "center_loss": {"weight": 2.0}},
    "gate": {"min_eval_examples": 80},
}


def write(folder: Path, **sections: Any) -> Path:
    path = folder / "sites.yaml"
    path.write_text(yaml.safe_dump(BASE | sections))
    return path


def several(path: Path, *overrides: str, names: tuple[str, ...] = ()) -> SeveralTargets:
    loaded = load_scenario(path, overrides, names)
    assert isinstance(loaded, SeveralTargets)
    return loaded


def refusal(path: Path, *overrides: str) -> str:
    with pytest.raises(ConfigError) as refused:
        load_scenario(path, overrides)
    return str(refused.value)


def test_a_configuration_of_a_single_target_is_read_as_before() -> None:
    path = "configs/mnist_to_optdigits.yaml"
    assert load_scenario(path) == load_config(path)


def test_each_target_may_differ_in_shots_transfer_and_gate_and_shares_the_rest(
    tmp_path: Path,
) -> None:
    own = {"shots": 1, "transfer": {"method": "coral", "center_loss": {"alpha": 0.5}}}
    path = write(
        tmp_path,
        targets=[
            {"name": "a", "path": "data/a"},
            {"name": "b", "path": "data/b", **own, "gate": {"min_eval_examples": 50}},
        ],
    )
    a, b = several(path).branches.values()
    assert (a.target.name, a.target.shots, a.transfer.method) == ("a", 10, "auto")
    assert (b.target.name, b.target.shots, b.transfer.method) == ("b", 1, "coral")
    assert (a.gate.min_eval_examples, b.gate.min_eval_examples) == (80, 50)
    # What it does not override of a section stays as all have it.
    assert b.transfer.center_loss is not None
    assert (b.transfer.steps, b.transfer.center_loss.weight) == (50, 2.0)
    assert a.model_copy(update={"target": b.target, "transfer": b.transfer, "gate": b.gate}) == b


def test_a_target_section_beside_targets_holds_what_all_of_them_share(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        target={"format": "image_folder", "shots": 3},
        targets=["data/a", {"path": "data/b", "shots": 5}],
    )
    a, b = several(path, "target.eval_share=0.5").branches.values()
    assert (a.target.format, a.target.shots, a.target.eval_share) == ("image_folder", 3, 0.5)
    assert (b.target.format, b.target.shots, b.target.eval_share) == ("image_folder", 5, 0.5)


@pytest.mark.parametrize("form", ["text", "section", "list"])
def test_a_pattern_is_one_target_for_each_folder_that_it_matches(tmp_path: Path, form: str) -> None:
    for name in ("site-b", "site a (old)"):
        (tmp_path / "sites" / name).mkdir(parents=True)
    (tmp_path / "sites" / "readme.txt").touch()
    pattern = f"{tmp_path}/sites/*"
    forms = {"text": pattern, "section": {"path": pattern}, "list": [{"path": pattern}]}
    branches = several(write(tmp_path, targets=forms[form])).branches
    assert {name: config.target.path for name, config in branches.items()} == {
        "site_a_old": f"{tmp_path}/sites/site a (old)",
        "site-b": f"{tmp_path}/sites/site-b",
    }


def test_targets_are_chosen_by_name_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, targets=["data/a", "data/b", "data/c"])
    assert list(several(path, names=("c", "a")).branches) == ["a", "c"]


def test_a_name_that_is_no_target_is_refused_with_the_nearest(tmp_path: Path) -> None:
    path = write(tmp_path, targets=["data/north", "data/south"])
    with pytest.raises(ConfigError, match=r"no target is named 'nort'; did you mean 'north'\?"):
        load_scenario(path, (), ("nort",))
    with pytest.raises(ConfigError, match="has a single 'target'"):
        load_scenario("configs/mnist_to_optdigits.yaml", (), ("optdigits",))


def test_a_command_of_one_target_asks_which(tmp_path: Path) -> None:
    path = write(tmp_path, targets=["data/a", "data/b"])
    with pytest.raises(ConfigError, match=r"found 2: a, b\. Choose one, such as --targets a\."):
        load_one_target(path, (), ())
    chosen = load_one_target(path, (), ("b",))
    assert isinstance(chosen, Config)
    assert chosen.target.name == "b"
    with pytest.raises(ConfigError, match="found 'targets'"):
        load_config(path)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([], "targets: expected at least one target, found none"),
        ([{"name": "a"}], r"targets[0]: expected a folder such as data/site_a"),
        (7, "targets: expected a folder such as data/site_a"),
        ("nowhere/*", "targets.path: no folder matches nowhere/*"),
        ([{"path": "da*", "name": "a"}], "targets[0].name: the folders of a pattern"),
        (["x/a", "y/a"], "targets[1]: another target is named 'a' as well: targets[0]"),
        (["a", {"path": "b", "shotz": 3}], "targets[1].shotz: unknown key; did you mean"),
        ([{"path": "b", "shots": "two"}], "targets[0].shots: "),
        (
            [{"path": "b", "transfer": {"stepz": 3}}],
            "targets[0].transfer.stepz: unknown key; did you mean 'transfer.steps'",
        ),
        ([{"path": "b", "pretraining": {"steps": 3}}], "targets[0].pretraining: unknown key"),
    ],
)
def test_what_is_wrong_is_named_as_the_file_has_it(
    tmp_path: Path, targets: Any, message: str
) -> None:
    assert message in refusal(write(tmp_path, targets=targets))


def test_what_is_wrong_with_all_is_not_blamed_on_a_target(tmp_path: Path) -> None:
    path = write(tmp_path, targets=[{"path": "b", "transfer": {"steps": 3}}])
    assert "\n  transfer.stepz: unknown key" in refusal(path, "transfer.stepz=1")


def test_a_target_beside_targets_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, target={"name": "a", "path": "data/a"}, targets=["data/b"])
    assert "expected 'target' or 'targets', found both" in refusal(path)
