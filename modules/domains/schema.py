"""The schema of image Examples: what TFDV infers from the source, then curated."""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from modules.core.errors import DataError, DomainValidationError
from modules.core.example_features import (
    CHANNEL_CHOICES,
    CHANNELS,
    DOMAIN,
    EXAMPLE_ID,
    GROUP,
    HEIGHT,
    IMAGE,
    LABEL,
    SPAN,
    WIDTH,
)
from modules.sources.files import explained, open_file

# Generous: the target's images may have another size than the source's.
_MAX_IMAGE_SIDE = 16_384

_FIX = "Correct the file, or leave source.schema_file out to infer the schema."
_TYPES = {
    IMAGE: schema_pb2.BYTES,
    LABEL: schema_pb2.INT,
    DOMAIN: schema_pb2.BYTES,
    EXAMPLE_ID: schema_pb2.BYTES,
    HEIGHT: schema_pb2.INT,
    WIDTH: schema_pb2.INT,
    CHANNELS: schema_pb2.INT,
}


def infer_image_schema(
    statistics: Iterable[statistics_pb2.DatasetFeatureStatisticsList], num_classes: int
) -> schema_pb2.Schema:
    """Infers features and types with TFDV, then keeps what must hold for every domain.

    Args:
        statistics: Statistics of the source's splits.
        num_classes: K, the number of class names.

    Raises:
        DomainValidationError: A feature is missing from the statistics or has another type.
    """
    import tensorflow_data_validation as tfdv  # Takes seconds; a pinned schema needs none of it.

    inferred: schema_pb2.Schema | None = None
    for split in statistics:
        if inferred is None:
            inferred = tfdv.infer_schema(split, infer_feature_shape=True)
        else:
            inferred = tfdv.update_schema(inferred, split, infer_feature_shape=True)
    types = {feature.name: feature.type for feature in inferred.feature} if inferred else {}
    problems = _wrong_types(types)
    if problems:
        raise DomainValidationError(
            "The source's examples do not have the features that the pipeline needs: "
            f"{'; '.join(problems)}. Ingest the source with ImageExampleGen."
        )
    return _curated_schema(num_classes)


def read_pinned_schema(path: str, num_classes: int) -> str:
    """Reads a pinned schema, comments included, if it covers the features as they are used.

    Args:
        path: A schema as text proto.
        num_classes: K, the number of the source's class names.

    Raises:
        DataError: The file is not readable or no schema; a feature is missing, has another type or
            no shape of one value; or the labels' domain is not [0, K).
    """
    with explained(path), open_file(path) as file:
        text: str = file.read().decode("utf-8")
    try:
        schema = text_format.Parse(text, schema_pb2.Schema())
    except text_format.ParseError as error:
        raise DataError(path, expected="a schema text proto", found=f"{error}", fix=_FIX) from error
    features = {feature.name: feature for feature in schema.feature}
    problems = _wrong_types({name: feature.type for name, feature in features.items()})
    problems += [
        f"'{name}' has no shape of one value"
        for name in _TYPES
        if name in features and [dim.size for dim in features[name].shape.dim] != [1]
    ]
    if LABEL in features:
        labels = features[LABEL].int_domain
        if (labels.min, labels.max) != (0, num_classes - 1):
            problems.append(f"'{LABEL}' lies in [{labels.min}, {labels.max}]")
    if problems:
        raise DataError(
            path,
            expected=f"a schema of image examples with {num_classes} classes",
            found="; ".join(problems),
            fix=_FIX,
        )
    return text


def with_groups(schema: schema_pb2.Schema) -> schema_pb2.Schema:
    """Returns a copy of a schema for a domain whose examples name their groups."""
    return _with_feature(schema, GROUP, schema_pb2.BYTES)


def with_spans(schema: schema_pb2.Schema) -> schema_pb2.Schema:
    """Returns a copy of a schema for a domain whose examples name their spans."""
    return _with_feature(schema, SPAN, schema_pb2.INT)


def _with_feature(
    schema: schema_pb2.Schema, name: str, feature_type: schema_pb2.FeatureType.ValueType
) -> schema_pb2.Schema:
    adapted = schema_pb2.Schema()
    adapted.CopyFrom(schema)
    if all(feature.name != name for feature in adapted.feature):
        feature = adapted.feature.add(name=name, type=feature_type)
        feature.presence.min_fraction = 1.0
        feature.presence.min_count = 1
        feature.shape.dim.add(size=1)
    return adapted


def with_classes(schema: schema_pb2.Schema, num_classes: int) -> schema_pb2.Schema:
    """Returns a copy of the source's schema for a domain with another number of classes."""
    adapted = schema_pb2.Schema()
    adapted.CopyFrom(schema)
    for feature in adapted.feature:
        if feature.name == LABEL and feature.HasField("int_domain"):
            feature.int_domain.max = num_classes - 1
    return adapted


def _wrong_types(types: dict[str, int]) -> list[str]:
    problems = [f"no '{name}'" for name in _TYPES if name not in types]
    problems += [
        f"'{name}' is {schema_pb2.FeatureType.Name(types[name])} and not "
        f"{schema_pb2.FeatureType.Name(expected)}"
        for name, expected in _TYPES.items()
        if name in types and types[name] != expected
    ]
    return problems


def _curated_schema(num_classes: int) -> schema_pb2.Schema:
    side = schema_pb2.IntDomain(min=1, max=_MAX_IMAGE_SIDE)
    # The schema language knows bounds only.
    channels = schema_pb2.IntDomain(
        min=min(CHANNEL_CHOICES), max=max(CHANNEL_CHOICES), is_categorical=True
    )
    labels = schema_pb2.IntDomain(min=0, max=num_classes - 1, is_categorical=True)
    bounds = {LABEL: labels, HEIGHT: side, WIDTH: side, CHANNELS: channels}
    schema = schema_pb2.Schema()
    for name, feature_type in _TYPES.items():
        feature = schema.feature.add(name=name, type=feature_type, int_domain=bounds.get(name))
        feature.presence.min_fraction = 1.0
        feature.presence.min_count = 1
        # A fixed shape makes Transform read dense tensors.
        feature.shape.dim.add(size=1)
        if name == IMAGE:
            feature.image_domain.SetInParent()
    return schema
