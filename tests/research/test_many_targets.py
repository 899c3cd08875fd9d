"""The runs that are compared are of the same scenarios."""

from __future__ import annotations

from pathlib import Path

from pipelines.config import load_config
from pipelines.targets.scenario import SeveralTargets, load_scenario
from research.many_targets import write_configs


def test_each_target_is_alone_what_it_is_among_the_others(tmp_path: Path) -> None:
    together, alone = write_configs(("blur", "thin"), tmp_path)
    loaded = load_scenario(together)
    assert isinstance(loaded, SeveralTargets)
    assert dict(loaded.branches) == {name: load_config(path) for name, path in alone.items()}
