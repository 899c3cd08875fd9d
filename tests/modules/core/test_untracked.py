"""Attributes that checkpoints do not hold."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from modules.core.untracked import Untracked


def test_a_checkpoint_holds_no_variable_of_an_untracked_attribute(tmp_path: Path) -> None:
    module = tf.Module()
    module.own = tf.Variable(1.0)
    module.other = Untracked([tf.Variable(2.0), tf.Module()])
    assert module.variables == (module.own,)
    path = tf.train.Checkpoint(module=module).write(str(tmp_path / "checkpoint"))
    saved = [name for name, _ in tf.train.list_variables(path) if name.startswith("module")]
    assert saved == ["module/own/.ATTRIBUTES/VARIABLE_VALUE"]
