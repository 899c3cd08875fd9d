"""Zero-shot transfer does not train."""

from __future__ import annotations

from modules.transfer.methods.fine_tune import FineTune
from modules.transfer.methods.zero_shot import ZeroShot


def test_it_has_no_stream_to_train_on() -> None:
    assert not ZeroShot.trains()
    assert FineTune.trains()
