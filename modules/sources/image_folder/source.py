"""Image files in folders of their classes, or listed in a table: the format `image_folder`."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from modules.core.errors import DataError
from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT
from modules.core.wording import percent
from modules.sources.base import (
    ImageRecord,
    ImageShard,
    ImageSource,
    Refuse,
    shard_ranges,
    stop,
)
from modules.sources.detection import LABEL_TABLE
from modules.sources.encoded import (
    Decode,
    decode_with_pillow,
    decode_with_tensorflow,
    read_encoded_image,
)
from modules.sources.files import list_folder
from modules.sources.image_files import read_image
from modules.sources.image_folder.class_folders import read_class_folders
from modules.sources.image_folder.content import FolderContent, LabelledFile
from modules.sources.image_folder.eval_split import draw_eval_units
from modules.sources.image_folder.group_hints import find_group_hints
from modules.sources.image_folder.label_table import read_label_table
from modules.sources.labels import natural_order


@dataclass(frozen=True)
class ImageFolderShard(ImageShard):
    """Some image files of one split: paths below the source's folder, each with its label.

    Args:
        group_names: The group of each file; None without groups.
    """

    folder: str
    files: tuple[tuple[str, int], ...]
    group_names: tuple[str, ...] | None = None

    def read(self, refuse: Refuse = stop) -> Iterator[ImageRecord]:
        """Streams the files; the id of each example is its path below the folder."""
        return self._read(range(len(self.files)), decode_with_tensorflow, refuse)

    def labels(self) -> list[int]:
        """Returns the labels of the files, known from their folders or the table."""
        return [label for _, label in self.files]

    def groups(self) -> dict[str, str]:
        """Returns the groups of the files, known from their names or the table."""
        names = (name for name, _ in self.files)
        return dict(zip(self.group_names or (), names, strict=False))

    def preview(self, rows: Collection[int], refuse: Refuse = stop) -> Iterator[ImageRecord]:
        """Reads some files; Pillow, which loads seconds before TensorFlow, proves them."""
        return self._read(rows, decode_with_pillow, refuse)

    def _read(self, rows: Iterable[int], decode: Decode, refuse: Refuse) -> Iterator[ImageRecord]:
        for row in rows:
            name, label = self.files[row]
            path = os.path.join(self.folder, name)
            try:
                stored = read_encoded_image(read_image(path), path, decode=decode)
            except DataError as error:
                refuse(error)
                continue
            group = None if self.group_names is None else self.group_names[row]
            yield ImageRecord(name, stored.content, label, *stored.shape, group)


class ImageFolderSource(ImageSource):
    """A folder with `labels.csv`, or with one folder a class in `train` and `eval` or by itself.

    Without an eval split one is drawn. Labels follow the sorted class names, by value where all are
    whole numbers. Files are read in the order of their paths' hashes, which mixes the classes.
    """

    # Which file is in which split is not a matter of its name alone.
    split_patterns = dict.fromkeys((TRAIN_SPLIT, EVAL_SPLIT), "*")
    carries_class_names = True

    def shards(self, split: str, num_shards: int | None = None) -> list[ImageShard]:
        """Divides a split by its files' names; no image is opened yet."""
        files = self._files[split]
        shards: list[ImageShard] = []
        for begin, end in shard_ranges(len(files), num_shards):
            named = tuple((file.name, label) for file, label in files[begin:end])
            groups = tuple(file.group or file.name for file, _ in files[begin:end])
            shards.append(ImageFolderShard(self.folder, named, groups if self.grouping else None))
        return shards

    def class_names(self, labels: Mapping[str, Mapping[int, str]]) -> tuple[str, ...]:
        """Names the classes: as given, or as those of the images that may be trained on."""
        return self._class_names

    @property
    def notes(self) -> Sequence[str]:
        """Says which splits are used, and whether one was drawn."""
        files = self._content.files
        if self._drawn is None or not files:
            return self._content.notes
        drawn = len(self._files[EVAL_SPLIT])
        whole = ", groups as a whole" if any(file.group for file in files) else ""
        return [
            *self._content.notes,
            f"No eval split was found. One was drawn by seed {self.draw.seed}{whole}: {drawn:,} of "
            f"{len(files):,} images, {percent(drawn / len(files))}.",
        ]

    @property
    def group_hints(self) -> Sequence[str]:
        """Looks at the table's columns, the folders and the files' names."""
        return [] if self.grouping else find_group_hints(self._content)

    @property
    def refused(self) -> Sequence[str]:
        """Names the files among the images that are none."""
        return self._content.refused

    @functools.cached_property
    def _content(self) -> FolderContent:
        grouping = self.grouping
        column = grouping.setting if grouping and not grouping.is_pattern else None
        if LABEL_TABLE in list_folder(self.folder):
            content = read_label_table(self.folder, column)
        elif column is None:
            content = read_class_folders(self.folder)
        else:
            raise DataError(
                self.folder,
                expected=f"a {LABEL_TABLE} with the column {column!r}, which the domain's `group` "
                "names",
                found="images in class folders",
                fix="Give a regular expression on file names, with the group in parentheses.",
            )
        content.raise_problems(self.folder)
        if grouping and grouping.is_pattern:
            content.files = [
                file._replace(group=grouping.group_of(file.name, self.folder))
                for file in content.files
            ]
        return content

    @functools.cached_property
    def _drawn(self) -> set[str] | None:
        """The files and groups that were drawn for the eval split; None if the folder has one."""
        files = self._content.files
        if any(file.split == EVAL_SPLIT for file in files):
            return None
        return draw_eval_units(
            ((file.group or file.name, file.class_name) for file in files), self.draw
        )

    def _split(self, file: LabelledFile) -> str | None:
        if self._drawn is None:
            return file.split
        return EVAL_SPLIT if (file.group or file.name) in self._drawn else TRAIN_SPLIT

    @functools.cached_property
    def _class_names(self) -> tuple[str, ...]:
        files = self._content.files
        return self.classes or tuple(
            natural_order({file.class_name for file in files if file.split != EVAL_SPLIT})
        )

    @functools.cached_property
    def _files(self) -> dict[str, list[tuple[LabelledFile, int]]]:
        """Each split's files with their labels."""
        labels = {name: label for label, name in enumerate(self._class_names)}
        problems = FolderContent()
        splits: dict[str, list[tuple[bytes, LabelledFile, int]]] = {
            TRAIN_SPLIT: [],
            EVAL_SPLIT: [],
        }
        unknown: set[str] = set()
        for file in self._content.files:
            label, split = labels.get(file.class_name), self._split(file)
            if label is not None and split is not None:
                try:
                    splits[split].append((_hash(file.name, self.folder), file, label))
                except DataError as error:
                    problems.problems.append(error)
            elif file.class_name not in unknown:
                unknown.add(file.class_name)
                problems.problems.append(self._unknown_class(file))
        problems.raise_problems(self.folder)
        return {
            split: [(file, label) for _, file, label in sorted(files)]
            for split, files in splits.items()
        }

    def _unknown_class(self, file: LabelledFile) -> DataError:
        return DataError(
            os.path.join(self.folder, file.name),
            expected=f"one of the {len(self._class_names)} classes of the train split or of "
            "`classes`",
            found=f"class {file.class_name!r}",
            fix="Rename or remove the class, or add it to the train split.",
        )


def _hash(name: str, folder: str) -> bytes:
    try:
        return hashlib.sha256(name.encode()).digest()
    except UnicodeEncodeError:
        raise DataError(
            os.path.join(folder, ascii(name)),
            expected="a file name in UTF-8",
            found="other bytes",
            fix="Rename the file.",
        ) from None
