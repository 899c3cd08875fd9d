"""The embedded characters are Omniglot's, each with the drawings of the right people."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data.idx_arrays import read_idx_arrays
from data.write_omniglot import PARTS, write_omniglot
from modules.sources.idx import IdxSource

_DATA = Path(__file__).resolve().parents[2] / "data"
_CHARACTERS = {"Balinese": 24, "Early_Aramaic": 22, "Greek": 24, "Korean": 40, "Latin": 26}


def embedded_drawings() -> dict[tuple[str, int, int], np.ndarray]:
    """By alphabet, number of the character and drawer, as Omniglot's file has them."""
    drawings = {}
    for name, part in PARTS.items():
        first = 0
        splits = {split: read_idx_arrays(_DATA / name, split) for split in ("train", "eval")}
        drawers = {
            "eval": list(part.eval_drawers),
            "train": [drawer for drawer in range(1, 21) if drawer not in part.eval_drawers],
        }
        for alphabet in part.alphabets:
            for split, (images, labels) in splits.items():
                for character in range(_CHARACTERS[alphabet]):
                    own = images[labels == first + character]
                    for drawer, image in zip(drawers[split], own, strict=True):
                        drawings[alphabet, character + 1, drawer] = image
            first += _CHARACTERS[alphabet]
    return drawings


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip file in Omniglot's layout, of the embedded drawings."""
    path = tmp_path_factory.mktemp("omniglot") / "images_background_small1.zip"
    with zipfile.ZipFile(path, "w") as members:
        members.writestr("images_background_small1/Latin/", "")
        for (alphabet, character, drawer), image in embedded_drawings().items():
            png = io.BytesIO()
            Image.fromarray(image).convert("1").save(png, "png")
            folder = f"images_background_small1/{alphabet}/character{character:02d}"
            members.writestr(f"{folder}/{character + 100:04d}_{drawer:02d}.png", png.getvalue())
    return path


def test_the_archive_s_drawings_become_the_committed_files(archive: Path, tmp_path: Path) -> None:
    write_omniglot(archive, tmp_path)
    written = sorted(tmp_path.glob("*/*.gz"))
    assert len(written) == 8
    for path in written:
        committed = _DATA / path.parent.name / path.name
        assert gzip.decompress(path.read_bytes()) == gzip.decompress(committed.read_bytes())
    for name in PARTS:
        committed = _DATA / name / "classes.txt"
        assert (tmp_path / name / "classes.txt").read_bytes() == committed.read_bytes()


def test_names_are_in_label_order() -> None:
    alphabets, latin = (IdxSource(str(_DATA / name)).class_names({}) for name in PARTS)
    assert len(alphabets) == 110
    assert alphabets[23:25] == ("Balinese_24", "Early_Aramaic_01")
    assert latin == tuple("abcdefghijklmnopqrstuvwxyz")


def test_every_character_has_each_drawer_once_in_one_of_the_splits() -> None:
    drawings = embedded_drawings()
    assert len(drawings) == 136 * 20
    assert all(set(np.unique(image)) == {0, 255} for image in drawings.values())
    assert len({image.tobytes() for image in drawings.values()}) == len(drawings)
    assert all(np.median(image) == 255 for image in drawings.values())  # dark ink on white
