"""Writes `data/alphabets` and `data/latin` from Omniglot's small background set.

    python -m data.write_omniglot ARCHIVE [FOLDER]

ARCHIVE is `images_background_small1.zip` of https://github.com/brendenlake/omniglot, in its folder
`python`. It writes the same files each time.
"""

from __future__ import annotations

import argparse
import io
import re
import string
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from data.idx_arrays import write_idx_arrays
from modules.sources.class_names_file import CLASS_NAMES_FILE

_MEMBER = re.compile(
    r"[^/]+/(?P<alphabet>[^/]+)/character(?P<character>\d+)/\d+_(?P<drawer>\d+)\.png"
)
_DRAWERS = range(1, 21)


class EmbeddedPart(NamedTuple):
    """What one embedded domain takes.

    Attributes:
        alphabets: Its classes are their characters, in this order.
        eval_drawers: Whose drawings are the eval split. The others' are the train split.
        names: Its class names; None calls a character `<alphabet>_<its number>`.
    """

    alphabets: tuple[str, ...]
    eval_drawers: range
    names: str | None = None


PARTS = {
    "alphabets": EmbeddedPart(("Balinese", "Early_Aramaic", "Greek", "Korean"), range(17, 21)),
    "latin": EmbeddedPart(("Latin",), range(11, 21), string.ascii_lowercase),
}


def write_omniglot(archive: Path, folder: Path) -> None:
    """Writes each part's splits, as zipped IDX files, and class names into a folder of its name.

    Args:
        archive: Omniglot's zip file.
        folder: For the parts' folders.
    """
    with zipfile.ZipFile(archive) as members:
        drawings = _find_drawings(members)
        for name, part in PARTS.items():
            characters = [
                (alphabet, character)
                for alphabet in part.alphabets
                for character in sorted({key[1] for key in drawings if key[0] == alphabet})
            ]
            held_out = part.eval_drawers
            rest = [drawer for drawer in _DRAWERS if drawer not in held_out]
            for prefix, drawers in (("train", rest), ("t10k", held_out)):
                keys = [(*character, drawer) for character in characters for drawer in drawers]
                images = np.stack([_read(members, drawings[key]) for key in keys])
                labels = np.repeat(np.arange(len(characters), dtype=np.uint8), len(drawers))
                write_idx_arrays(folder / name, prefix, images, labels)
            names = part.names or ["_".join(character) for character in characters]
            (folder / name / CLASS_NAMES_FILE).write_text("\n".join(names) + "\n", "utf-8")


def _find_drawings(members: zipfile.ZipFile) -> dict[tuple[str, str, int], str]:
    """Finds the drawings' paths by alphabet, character and drawer."""
    matches = [_MEMBER.fullmatch(path) for path in members.namelist()]
    return {
        (match["alphabet"], match["character"], int(match["drawer"])): match[0]
        for match in matches
        if match
    }


def _read(members: zipfile.ZipFile, path: str) -> np.ndarray:
    """Decodes a drawing, dark ink on white, uint8 [105, 105]."""
    with Image.open(io.BytesIO(members.read(path))) as image:
        return np.asarray(image.convert("L"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write two domains of Omniglot's characters.")
    parser.add_argument("archive", type=Path)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parent)
    arguments = parser.parse_args()
    write_omniglot(arguments.archive, arguments.folder)
