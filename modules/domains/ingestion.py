"""Reads what ImageExampleGen says about its Examples beside the Examples themselves."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass

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
    """

    notes: Sequence[str] = ()
    findings: Sequence[Finding] = ()


def read_ingestion(examples_uri: str) -> Ingestion:
    """Reads the file at the root of an Examples artifact; another component's has none.

    Raises:
        DataError: The file is not readable.
    """
    path = os.path.join(examples_uri, INGESTION_FILE)
    try:
        with tf.io.gfile.GFile(path, "r") as file:
            content = json.load(file)
        return Ingestion(content["notes"], [Finding(**found) for found in content["findings"]])
    except tf.errors.NotFoundError:
        return Ingestion()
    except (ValueError, KeyError, TypeError, tf.errors.OpError) as error:
        raise DataError(
            path,
            expected="what ImageExampleGen wrote",
            found=str(error),
            fix="Run the pipeline with --fresh to ingest the data again.",
        ) from error
