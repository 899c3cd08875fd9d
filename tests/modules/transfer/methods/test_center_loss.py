"""The tutorial's transfer: fine-tuning with center loss."""

from __future__ import annotations

import pytest

from modules.settings import CenterLossSettings
from modules.training.objectives import Objective
from modules.transfer.composition import Composition
from modules.transfer.losses.center_loss_objective import CenterLossObjective
from modules.transfer.methods import create_transfer_method
from modules.transfer.methods.center_loss import CenterLossFineTune
from modules.transfer.methods.fine_tune import FineTune
from tests.modules.transfer.tiny_transfer import context


def has_center_loss(method: Objective) -> bool:
    return isinstance(method, Composition) and isinstance(method.parts[-1], CenterLossObjective)


def test_it_is_fine_tuning_with_center_loss() -> None:
    method = create_transfer_method("center_loss", context())
    assert isinstance(method, Composition)
    assert [type(part) for part in method.parts] == [CenterLossFineTune, CenterLossObjective]
    assert issubclass(CenterLossFineTune, FineTune)
    assert CenterLossFineTune.required_streams == {"target"}


def test_plain_fine_tuning_has_none_unless_the_settings_ask_for_it() -> None:
    assert isinstance(create_transfer_method("fine_tune", context()), FineTune)
    asked = context(center_loss=CenterLossSettings(weight=0.1))
    assert has_center_loss(create_transfer_method("fine_tune", asked))


@pytest.mark.parametrize("weight", [0.0, 0.25])
def test_the_settings_weight_counts(weight: float) -> None:
    asked = context(center_loss=CenterLossSettings(weight=weight))
    assert has_center_loss(create_transfer_method("center_loss", asked)) == (weight > 0)
