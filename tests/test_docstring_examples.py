"""Every example in a docstring runs and prints what it says."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from modules.settings import CenterLossSettings, GateSettings, NetworkSettings, TransferSettings
from modules.training.objectives import CrossEntropy, Stream
from modules.transfer.methods import MethodContext

ROOT = Path(__file__).parents[1]
PACKAGES = ("modules", "components", "pipelines", "kubeflow", "research", "data", "warmstart")
NOT_RUN = {
    "modules.networks.registry": "registers a network for the rest of the process",
    "modules.training.session": "trains for 800 steps on examples that only the reader has",
}
# Names that examples use without importing them, besides those of their own module.
NAMES: dict[str, Any] = {
    "CenterLossSettings": CenterLossSettings,
    "CrossEntropy": CrossEntropy,
    "GateSettings": GateSettings,
    "MethodContext": MethodContext,
    "NetworkSettings": NetworkSettings,
    "Stream": Stream,
    "TransferSettings": TransferSettings,
    "keras": keras,
    "np": np,
    "tf": tf,
}


def modules_with_examples() -> list[str]:
    return [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if ">>> " in path.read_text(encoding="utf-8")
    ]


EXAMPLES = modules_with_examples()


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in NOT_RUN])
def test_the_examples_of_a_module_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = doctest.testmod(importlib.import_module(name), extraglobs=NAMES)
    assert result.attempted > 0, "the example is not in a docstring"
    assert result.failed == 0


def test_examples_that_are_not_run_still_exist() -> None:
    assert set(NOT_RUN) <= set(EXAMPLES)
