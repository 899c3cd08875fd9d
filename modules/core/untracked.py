"""A value that TensorFlow and Keras do not track."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True)
class Untracked(Generic[Value]):
    """Keeps an attribute of a module, layer or model out of its checkpoints and SavedModels.

    TensorFlow looks for variables in attributes that are modules, lists or dicts, at any depth, but
    not in objects of other classes.

    Attributes:
        value: What is held.

    Example:
        >>> import tensorflow as tf
        >>> module = tf.Module()
        >>> module.teacher = Untracked(tf.Variable(1.0))
        >>> module.variables, float(module.teacher.value)
        ((), 1.0)
    """

    value: Value
