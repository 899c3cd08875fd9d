"""Image files sorted into folders: `train/<class>/*.png|jpg|jpeg` and `eval/<class>/...`."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from modules.core.errors import DataError
from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT
from modules.core.wording import listed
from modules.sources.base import ImageRecord, ImageShard, ImageSource, shard_ranges
from modules.sources.detection import IMAGE_SUFFIXES, is_image_name
from modules.sources.encoded import (
    Decode,
    check_encoded_image,
    decode_with_pillow,
    decode_with_tensorflow,
)
from modules.sources.files import check_stays_inside, list_folder
from modules.sources.image_files import read_image
from modules.sources.labels import natural_order

_OTHER_NAMES = {
    TRAIN_SPLIT: ("training",),
    EVAL_SPLIT: ("test", "testing", "val", "valid", "validation", "evaluation"),
}


@dataclass(frozen=True)
class ImageFolderShard(ImageShard):
    """Some image files of one split: paths below the source's folder, each with its label."""

    folder: str
    files: tuple[tuple[str, int], ...]

    def read(self) -> Iterator[ImageRecord]:
        """Streams the files, unchanged; the id of each example is its path below the folder."""
        return self._read(range(len(self.files)), decode_with_tensorflow)

    def labels(self) -> list[int]:
        """Takes the labels from the files' folders."""
        return [label for _, label in self.files]

    def preview(self, rows: Collection[int]) -> Iterator[ImageRecord]:
        """Reads some files; Pillow, which loads seconds before TensorFlow, proves them."""
        return self._read(rows, decode_with_pillow)

    def _read(self, rows: Iterable[int], decode: Decode) -> Iterator[ImageRecord]:
        for row in rows:
            name, label = self.files[row]
            path = os.path.join(self.folder, name)
            data = read_image(path)
            shape = check_encoded_image(data, path, decode=decode)
            yield ImageRecord(name, data, label, *shape)


class ImageFolderSource(ImageSource):
    """A folder with `train` and `eval`, each with one folder a class.

    Labels follow the sorted names of the train split's folders, by value where all are whole
    numbers. Files are read in the order of their paths' hashes, which mixes the classes.
    """

    split_patterns = {split: f"{split}/*/*" for split in (TRAIN_SPLIT, EVAL_SPLIT)}
    carries_class_names = True

    def shards(self, split: str, num_shards: int | None = None) -> list[ImageShard]:
        """Divides a split by its files' names; no image is opened yet."""
        files = self._list_images(split)
        return [
            ImageFolderShard(self.folder, tuple(files[begin:end]))
            for begin, end in shard_ranges(len(files), num_shards)
        ]

    def class_names(self, labels: Mapping[str, Mapping[int, str]]) -> tuple[str, ...]:
        """Names the classes: as given, or by the train split's folders."""
        return self._class_names

    @functools.cached_property
    def _class_names(self) -> tuple[str, ...]:
        return self.classes or tuple(natural_order(self._list_classes(TRAIN_SPLIT)))

    def _list_classes(self, split: str) -> list[str]:
        folder = os.path.join(self.folder, split)
        splits = list_folder(self.folder)
        if split not in splits:
            raise DataError(
                self.folder,
                expected=f"a folder '{split}' with one folder for each class",
                found=listed(splits) or "an empty folder",
                fix=_missing_split_fix(split, splits),
            )
        check_stays_inside(folder, self.folder)
        return _list_filled(
            folder, "one folder for each class", f"Put images into {split}/<class>/."
        )

    def _list_images(self, split: str) -> list[tuple[str, int]]:
        labels = {name: label for label, name in enumerate(self._class_names)}
        files = []
        for class_name in self._list_classes(split):
            folder = os.path.join(self.folder, split, class_name)
            if class_name not in labels:
                raise DataError(
                    folder,
                    expected=f"one of the {len(labels)} classes of the train split or of `classes`",
                    found=f"class {class_name!r}",
                    fix="Rename or remove the folder, or add the class to the train split.",
                )
            check_stays_inside(folder, self.folder)
            files += [
                (f"{split}/{class_name}/{name}", labels[class_name])
                for name in self._list_class(folder)
            ]
        return sorted(files, key=lambda file: _hash(file[0], self.folder))

    def _list_class(self, folder: str) -> list[str]:
        names = _list_filled(
            folder, "at least one image", "Add images of this class, or remove the folder."
        )
        for name in names:
            path = os.path.join(folder, name)
            if not is_image_name(name):
                raise DataError(
                    path,
                    expected=f"only images ({', '.join(IMAGE_SUFFIXES)}) in a class folder",
                    found="another file or folder",
                    fix="Convert or remove it.",
                )
            check_stays_inside(path, self.folder)
        return names


def _list_filled(folder: str, expected: str, fix: str) -> list[str]:
    names = list_folder(folder)
    if not names:
        raise DataError(folder, expected=expected, found="an empty folder", fix=fix)
    return names


def _missing_split_fix(split: str, names: Sequence[str]) -> str:
    other = next((name for name in names if name.lower() in _OTHER_NAMES[split]), None)
    if other is not None:
        return f"Rename '{other}' to '{split}'."
    if split == EVAL_SPLIT:
        return (
            "Move some images of each class, a fifth or more, from train/<class>/ to eval/<class>/."
        )
    return f"Put images into {split}/<class>/."


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
