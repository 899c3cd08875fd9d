"""Domains of real digits, and the ways in which they can be spoiled."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from data.write_image_folder import write_image_folder

IMAGES = "train-images-idx3-ubyte.gz"
LABELS = "train-labels-idx1-ubyte.gz"


def idx_copy(folder: Path) -> Path:
    shutil.copytree("data/optdigits", folder)
    return folder


def png_copy(folder: Path, per_class: int = 12) -> Path:
    write_image_folder(Path("data/optdigits"), folder, per_class)
    return folder


def change(path: Path, begin: int, new: bytes) -> None:
    """Replaces bytes of a gzipped file, counted from its unzipped begin."""
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content[:begin] + new + content[begin + len(new) :]))


def truncate(domain: Path) -> None:
    path = domain / IMAGES
    path.write_bytes(path.read_bytes()[:-100])


def wrong_magic(domain: Path) -> None:
    change(domain / IMAGES, 0, b"\x12\x34")


def count_mismatch(domain: Path) -> None:
    content = gzip.decompress((domain / LABELS).read_bytes())
    shorter = content[:4] + (897).to_bytes(4, "big") + content[8:-1]
    (domain / LABELS).write_bytes(gzip.compress(shorter))


def label_out_of_range(domain: Path) -> None:
    change(domain / LABELS, 8 + 7, bytes([77]))


def missing_file(domain: Path) -> None:
    (domain / LABELS).unlink()


def empty_folder(domain: Path) -> None:
    shutil.rmtree(domain)
    domain.mkdir()


def missing_folder(domain: Path) -> None:
    shutil.rmtree(domain)


def undecodable_image(domain: Path) -> None:
    path = sorted((domain / "train/3").iterdir())[0]
    path.write_bytes(path.read_bytes()[:-30])


def empty_class(domain: Path) -> None:
    shutil.rmtree(domain / "eval/4")
    (domain / "eval/4").mkdir()


def class_that_eval_lacks(domain: Path) -> None:
    shutil.rmtree(domain / "eval/4")


def missing_train(domain: Path) -> None:
    (domain / "train").rename(domain / "test")
