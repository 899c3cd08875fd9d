"""Every scenario in `configs/` is ready to run, with the method that its data call for."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.checking.lines import OK
from pipelines.commands.config_check import check_config
from pipelines.config import load_config

CONFIGS = Path(__file__).parents[3] / "configs"
METHODS = {
    "mnist_to_optdigits": "information_maximization",
    "letters_to_mnist": "label_propagation",
    "alphabets_to_latin": "joint",
}


# Its data are made by commands of its header, which README.md has too.
WITHOUT_DATA = {"mnist_to_sites"}
SCENARIOS = sorted({path.stem for path in CONFIGS.glob("*.yaml")} - WITHOUT_DATA)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_it_is_ready(scenario: str) -> None:
    lines = list(check_config(load_config(CONFIGS / f"{scenario}.yaml")))
    assert [line.text for line in lines if line.level != OK] == []
    choices = [line.text for line in lines if line.text.startswith("transfer.method auto takes")]
    if scenario in METHODS:
        assert METHODS[scenario] in choices[0]
