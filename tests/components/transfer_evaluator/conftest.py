"""The three arms' models, for all tests of TransferEvaluator."""

from __future__ import annotations

import pytest
from tfx import types

from modules.core.arms import ARMS
from tests.components.transfer_evaluator.scripted_evaluation import NAMES
from tests.tiny_models import save_scripted_model


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, types.Artifact]:
    folder = tmp_path_factory.mktemp("models")
    artifacts = {}
    for column, arm in enumerate(ARMS):
        artifacts[arm] = save_scripted_model(folder / arm, column, NAMES)
        artifacts[arm].id = 40 + column
    return artifacts
