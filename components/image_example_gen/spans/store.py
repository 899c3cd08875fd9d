"""Keeps what was read of each span, so that a later run reads the new ones only."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from absl import logging
from tfx.dsl.io import fileio
from tfx.utils import io_utils

from components.image_example_gen.reading import ReadImages
from components.image_example_gen.shard_writer import ShardReport
from components.temporary_folder import discard, remove
from modules.core.atomic_files import write_atomically
from modules.sources.files import file_size, open_file
from modules.sources.spans.finding import Span

MANIFEST = "span.json"


@dataclass(frozen=True)
class StoredSpan:
    """A span that was read.

    Attributes:
        folder: Its Examples, by split, and their signatures.
        images: What the files hold.
    """

    span: Span
    folder: str
    images: ReadImages


class SpanStore:
    """A folder for each span, on a local disk or in an object store.

    A manifest is written last: a folder without one, or whose files are not those that it lists,
    does not count. One run at a time may write.

    Args:
        root: The folder of all spans.
        recipe: Everything but the span's files that decides what is read.
    """

    def __init__(self, root: str, recipe: str) -> None:
        self._root = root
        self._recipe = recipe

    def find(self, span: Span) -> StoredSpan | None:
        """Returns a span whose files are those that were read; None where there is none."""
        folder = self._folder(span)
        path = os.path.join(folder, MANIFEST)
        if not fileio.exists(path):
            return None
        try:
            manifest = json.loads(io_utils.read_string_file(path))
            if manifest["files"] != dict(_sizes(folder)):
                raise ValueError("a file is missing or has another size")
            return StoredSpan(span, folder, _images_of(manifest["images"]))
        except (ValueError, KeyError, TypeError) as error:
            logging.warning("%s: %s; the span is read again.", path, error)
            return None

    def add(self, span: Span, read: Callable[[str], ReadImages]) -> StoredSpan:
        """Reads a span, and keeps it in place of what was kept of it before.

        Args:
            span: Whose files.
            read: Takes an empty folder, and writes them there.
        """
        folder = self._folder(span)
        remove(folder)  # An earlier attempt may have been killed.
        fileio.makedirs(folder)
        try:
            images = read(folder)
            manifest = {"images": dataclasses.asdict(images), "files": dict(_sizes(folder))}
            content = json.dumps(manifest, ensure_ascii=False)
            write_atomically(os.path.join(folder, MANIFEST), content)
        except BaseException:
            discard(folder)
            raise
        self._remove_superseded(span)
        return StoredSpan(span, folder, images)

    def _folder(self, span: Span) -> str:
        text = "\0".join((self._recipe, ascii(span.name), span.fingerprint))
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        return os.path.join(self._root, f"{span.number}-{digest}")

    def _remove_superseded(self, span: Span) -> None:
        current = os.path.basename(self._folder(span))
        for name in fileio.listdir(self._root):
            name = name.rstrip("/")
            if name.startswith(f"{span.number}-") and name != current:
                discard(os.path.join(self._root, name))


def _sizes(folder: str) -> Iterator[tuple[str, int]]:
    """Yields the files below a folder, without the manifest, and their bytes."""
    for parent, _, names in fileio.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            relative = os.path.relpath(path, folder)
            if relative != MANIFEST:
                with open_file(path) as file:
                    yield relative, file_size(file)


def _images_of(values: dict[str, Any]) -> ReadImages:
    reports = {split: ShardReport.from_json(of) for split, of in values["reports"].items()}
    return ReadImages(**{**values, "reports": reports})
