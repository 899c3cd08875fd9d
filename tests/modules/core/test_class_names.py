"""Class names beside the Examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from modules.core.class_names import read_class_names
from modules.core.errors import DataError


def test_names_come_back_in_label_order(tmp_path: Path) -> None:
    tmp_path.joinpath("classes.json").write_text('["zwei", "ünf", "0"]', encoding="utf-8")
    assert read_class_names(str(tmp_path)) == ["zwei", "ünf", "0"]


@pytest.mark.parametrize(
    "text", ["", "{", '{"0": 1}', "[0, 1]", "[]", '["only one"]', '["twice", "twice"]']
)
def test_anything_else_is_refused_with_the_path(tmp_path: Path, text: str) -> None:
    tmp_path.joinpath("classes.json").write_text(text)
    with pytest.raises(DataError, match=r"classes\.json"):
        read_class_names(str(tmp_path))


def test_missing_file_is_refused_with_the_path(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"classes\.json.*found no file"):
        read_class_names(str(tmp_path))
