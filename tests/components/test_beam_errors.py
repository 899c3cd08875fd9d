"""Errors of a user come back from Beam workers as themselves; others stay what they are."""

from __future__ import annotations

import apache_beam as beam
import pytest

from components.beam_errors import reraise_user_errors
from modules.core.errors import DataError, DomainValidationError


def _fail_with_data_error(_: int) -> None:
    raise DataError("a.gz", expected="magic 2051", found="magic 7", fix="Replace it.", offset=0)


def _fail_with_several_lines(_: int) -> None:
    raise DomainValidationError("The domain differs:\n  - label 3\n  - label 4")


def _fail_with_another_error(_: int) -> None:
    raise ValueError("a mistake in the code")


def _run(fail: object) -> None:
    with reraise_user_errors(), beam.Pipeline(argv=["--runner=FnApiRunner"]) as pipeline:
        _ = pipeline | beam.Create([1]) | beam.Reshuffle() | beam.Map(fail)


def test_error_from_a_worker_is_itself_again() -> None:
    with pytest.raises(DataError) as caught:
        _run(_fail_with_data_error)
    assert str(caught.value) == "a.gz (byte 0): expected magic 2051, found magic 7. Replace it."
    assert caught.value.__cause__ is not None


def test_message_of_several_lines_is_kept_whole() -> None:
    with pytest.raises(DomainValidationError) as caught:
        _run(_fail_with_several_lines)
    assert str(caught.value) == "The domain differs:\n  - label 3\n  - label 4"


def test_other_errors_from_a_worker_stay() -> None:
    with pytest.raises(Exception, match="a mistake in the code") as caught:
        _run(_fail_with_another_error)
    assert not isinstance(caught.value, DataError)


def test_error_outside_of_workers_passes_unchanged() -> None:
    error = DomainValidationError("as it is")
    with pytest.raises(DomainValidationError) as caught, reraise_user_errors():
        raise error
    assert caught.value is error


@pytest.mark.parametrize(
    "text", ["modules.core.errors.Unknown: x", "modules.core.errors.annotations: x", "DataError: x"]
)
def test_text_that_only_looks_like_a_user_error_changes_nothing(text: str) -> None:
    with pytest.raises(RuntimeError, match=text), reraise_user_errors():
        raise RuntimeError(text)
