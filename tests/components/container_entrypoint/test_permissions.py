"""A path that a task may not use ends in one message, whoever found out."""

from __future__ import annotations

import os

import pytest

from components.container_entrypoint.permissions import refusals_explained
from modules.core.errors import DataError, WarmstartError

EXPECTED = f"expected access for user {os.getuid()} of group {os.getgid()}, found permission denied"


def test_a_volume_of_another_user_is_named_with_the_remedy() -> None:
    with (
        pytest.raises(DataError, match=f"^/state/1f: {EXPECTED}.*chmod -R g"),
        refusals_explained(),
    ):
        raise PermissionError(13, "Permission denied", "/state/1f")


def test_tensorflows_own_error_too() -> None:
    import tensorflow as tf

    with pytest.raises(DataError, match=f"^/serving/1: {EXPECTED}"), refusals_explained():
        raise tf.errors.PermissionDeniedError(None, None, "/serving/1; Permission denied")


@pytest.mark.parametrize("error", [ValueError("x"), FileNotFoundError(2, "x"), WarmstartError("x")])
def test_other_errors_stay_what_they_are(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, refusals_explained():
        raise error
    assert caught.value is error
