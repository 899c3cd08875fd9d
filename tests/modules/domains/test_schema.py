"""The schema of image Examples: inferred and curated, or pinned and checked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform.tf_metadata import schema_utils

from modules.core.errors import DataError, DomainValidationError
from modules.domains.schema import infer_image_schema, read_pinned_schema
from tests.tiny_domain import balanced, statistics_of

PINNED = Path(__file__).parents[3] / "configs" / "schemas" / "digits.pbtxt"


def inferred(num_classes: int = 10, **changes: object) -> schema_pb2.Schema:
    return infer_image_schema([statistics_of(balanced(2, num_classes, **changes))], num_classes)


def feature(schema: schema_pb2.Schema, name: str) -> schema_pb2.Feature:
    (found,) = (feature for feature in schema.feature if feature.name == name)
    return found


def test_pinned_digits_schema_is_what_inference_gives() -> None:
    pinned = text_format.Parse(PINNED.read_text(), schema_pb2.Schema())
    assert pinned == inferred(10)
    assert read_pinned_schema(str(PINNED), 10) == PINNED.read_text()


def test_image_size_and_domain_name_of_the_source_do_not_enter_the_schema() -> None:
    other = inferred(10, height=[28], width=[30], channels=[3], domain=[b"elsewhere"])
    assert other == inferred(10)
    assert not other.string_domain


@pytest.mark.parametrize("num_classes", [2, 37])
def test_labels_are_categories_from_zero_to_the_number_of_classes(num_classes: int) -> None:
    labels = feature(inferred(num_classes), "label").int_domain
    assert (labels.min, labels.max, labels.is_categorical) == (0, num_classes - 1, True)


def test_transform_reads_every_feature_as_a_dense_tensor() -> None:
    spec = schema_utils.schema_as_feature_spec(inferred()).feature_spec
    assert {tuple(parsing.shape) for parsing in spec.values()} == {(1,)}
    assert len(spec) == 7


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channels": None}, "no 'channels'"),
        ({"image": [3]}, "'image' is INT and not BYTES"),
        ({"label": [b"seven"]}, "'label' is BYTES and not INT"),
    ],
)
def test_source_without_the_features_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(DomainValidationError, match=message):
        inferred(10, **changes)


def test_source_without_statistics_is_refused() -> None:
    with pytest.raises(DomainValidationError, match="no 'image'"):
        infer_image_schema([], 10)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda schema: schema.feature.pop(0), "no 'image'"),
        (lambda schema: feature(schema, "label").int_domain.ClearField("max"), r"lies in \[0, 0\]"),
        (lambda schema: feature(schema, "width").ClearField("shape"), "'width' has no shape"),
        (
            lambda schema: setattr(feature(schema, "domain"), "type", schema_pb2.INT),
            "'domain' is INT and not BYTES",
        ),
    ],
)
def test_pinned_schema_that_does_not_cover_the_features_is_refused(
    tmp_path: Path, change: Callable[[schema_pb2.Schema], object], message: str
) -> None:
    schema = inferred()
    change(schema)
    (tmp_path / "pinned.pbtxt").write_text(text_format.MessageToString(schema))
    with pytest.raises(DataError, match=message):
        read_pinned_schema(str(tmp_path / "pinned.pbtxt"), 10)


def test_pinned_schema_of_other_classes_is_refused() -> None:
    with pytest.raises(DataError, match=r"digits\.pbtxt.*with 12 classes"):
        read_pinned_schema(str(PINNED), 12)
