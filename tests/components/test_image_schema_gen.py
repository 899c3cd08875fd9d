"""ImageSchemaGen: its executor on real statistics, and its cache key."""

from __future__ import annotations

from pathlib import Path

import pytest
from tfx import types
from tfx.types import standard_artifacts
from tfx.utils import io_utils

from components.image_schema_gen.component import ImageSchemaGen
from components.image_schema_gen.executor import Executor
from modules.core.errors import ConfigError, DataError, DomainValidationError
from tests.tiny_domain import balanced, write_examples, write_statistics

PINNED = Path(__file__).parents[2] / "configs" / "schemas" / "digits.pbtxt"
DIGITS = [str(digit) for digit in range(10)]


def component(schema_file: Path | None = None) -> ImageSchemaGen:
    return ImageSchemaGen(
        statistics=types.Channel(type=standard_artifacts.ExampleStatistics),
        examples=types.Channel(type=standard_artifacts.Examples),
        source_fingerprint="1",
        schema_file=None if schema_file is None else str(schema_file),
    )


def schema_text(folder: Path, schema_file: Path | None = None, **changes: object) -> str:
    splits = {"train": balanced(3, 10, **changes), "eval": balanced(1, 10, **changes)}
    schema = standard_artifacts.Schema()
    schema.uri = str(folder / "schema")
    Executor().Do(
        {
            "statistics": [write_statistics(folder / "statistics", splits)],
            "examples": [write_examples(folder / "examples", splits, DIGITS)],
        },
        {"schema": [schema]},
        component(schema_file).exec_properties,
    )
    (file,) = Path(schema.uri).iterdir()
    assert file.name == "schema.pbtxt"
    return file.read_text()


def test_inferred_schema_is_the_one_that_is_pinned_for_digits(tmp_path: Path) -> None:
    inferred = tmp_path / "inferred.pbtxt"
    inferred.write_text(schema_text(tmp_path))
    reader = io_utils.SchemaReader()
    assert reader.read(str(inferred)) == reader.read(str(PINNED))


def test_pinned_schema_is_used_as_it_is_with_its_comments(tmp_path: Path) -> None:
    assert schema_text(tmp_path, PINNED) == PINNED.read_text()


def test_source_without_the_features_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DomainValidationError, match="no 'width'"):
        schema_text(tmp_path, width=None)
    assert not (tmp_path / "schema").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no schema", "a schema text proto"),
        (b"", "no 'image'"),
        (b"\xff\xfe", "something readable"),
    ],
)
def test_pinned_file_that_is_no_schema_is_refused(
    tmp_path: Path, content: bytes, message: str
) -> None:
    pinned = tmp_path / "pinned.pbtxt"
    pinned.write_bytes(content)
    with pytest.raises(DataError, match=rf"pinned\.pbtxt.*{message}"):
        schema_text(tmp_path, pinned)
    assert not (tmp_path / "schema").exists()


def test_pinned_file_that_is_missing_is_refused_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.pbtxt: there is no such file"):
        component(tmp_path / "missing.pbtxt")


def test_content_of_the_pinned_file_enters_the_cache_key(tmp_path: Path) -> None:
    pinned = tmp_path / "pinned.pbtxt"
    pinned.write_text(PINNED.read_text())
    before = component(pinned).exec_properties
    pinned.write_text(PINNED.read_text() + "# edited\n")
    assert component(pinned).exec_properties != before
