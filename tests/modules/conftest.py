"""Fixtures that several module tests share."""

from __future__ import annotations

import pytest
import tensorflow as tf

from tests.modules.tiny_transform_graph import write_transform_graph


@pytest.fixture(scope="session")
def tiny_transform_graph(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A TransformGraph from encoded images of any size to grey ones of 8 x 8."""
    directory = str(tmp_path_factory.mktemp("transform_graph"))
    write_transform_graph(directory, tf.io.FixedLenFeature([], tf.string))
    return directory
