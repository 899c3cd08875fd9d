"""Reads what ImageExampleGen says about its Examples beside the Examples themselves."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf

from modules.core.errors import DataError
from modules.core.example_features import INGESTION_FILE
from modules.core.finding import Finding


@dataclass(frozen=True)
class Ingestion:
    """How a domain's images were read.

    Attributes:
        notes: What was decided about the splits, a sentence each.
        findings: Warnings about images that were left out.
        groups: Number of groups by split; None where each image stands for itself.
        group_hints: What suggests that images belong together, a part of a sentence each.
        eval_content: Hash of the eval split's images and labels; None where nobody computed it.
        duplicates: What the search for copies found; see `modules.domains.duplicates.judgement`.
        spans: Numbers of the spans that were `found`, and of those that are `trained`; None where
            the data do not arrive in spans.
    """

    notes: Sequence[str] = ()
    findings: Sequence[Finding] = ()
    groups: Mapping[str, int] | None = None
    group_hints: Sequence[str] = ()
    eval_content: str | None = None
    duplicates: Mapping[str, Any] = field(default_factory=dict)
    spans: Mapping[str, Sequence[int]] | None = None


def read_ingestion(examples_uri: str) -> Ingestion:
    """Reads the file at the root of an Examples artifact; another component's has none.

    Raises:
        DataError: The file is not readable.
    """
    path = os.path.join(examples_uri, INGESTION_FILE)
    try:
        with tf.io.gfile.GFile(path, "r") as file:
            content = json.load(file)
        return Ingestion(
            content["notes"],
            [Finding(**found) for found in content["findings"]],
            content["groups"],
            content["group_hints"],
            content["eval_content"],
            content["duplicates"],
            content.get("spans"),
        )
    except tf.errors.NotFoundError:
        return Ingestion()
    except (ValueError, KeyError, TypeError, tf.errors.OpError) as error:
        raise DataError(
            path,
            expected="what ImageExampleGen wrote",
            found=str(error),
            fix="Run the pipeline with --fresh to ingest the data again.",
        ) from error
