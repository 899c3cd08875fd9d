"""How well and how fast copies of images are found.

    python -m research.copies.search                  which copies are found, and false alarms
    python -m research.copies.search --images 600000  seconds and memory, on so many images

The first looks at train splits alone, without labels: by such figures the thresholds were set. The
second makes its images from MNIST's, shifted and with other contrasts (data.write_grown_mnist).
"""

from __future__ import annotations

import io
import resource
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import apache_beam as beam
import click
import numpy as np
import numpy.typing as npt
from apache_beam.options.pipeline_options import PipelineOptions
from PIL import Image

from components.image_example_gen.copy_search import SearchCopies, read_copies
from data.idx_arrays import read_idx_arrays
from data.write_grown_mnist import write_grown_mnist
from modules.domains.duplicates.files import (
    SIGNATURES_FOLDER,
    SPLITS,
    list_signature_files,
    signature_file,
    write_signatures,
)
from modules.domains.duplicates.search import find_pairs
from modules.domains.duplicates.signatures import SignatureCollector, Signatures
from modules.sources.formats import open_source
from modules.sources.png import encode_pngs
from modules.study.summary import to_markdown

DOMAINS = ("mnist", "optdigits", "alphabets", "latin")
_COPIES_OF_A_DOMAIN = 1000
_SEED = 0

_Copy = Callable[[Image.Image], Image.Image]


def _jpeg(quality: int) -> _Copy:
    def copy(image: Image.Image) -> Image.Image:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        return Image.open(buffer)

    return copy


def _resized(scale: float, filter: Image.Resampling) -> _Copy:
    def copy(image: Image.Image) -> Image.Image:
        width, height = (round(scale * length) for length in image.size)
        return image.resize((width, height), filter)

    return copy


def _both(image: Image.Image) -> Image.Image:
    return _jpeg(75)(_resized(0.9, Image.Resampling.BICUBIC)(image))


COPIES: Mapping[str, _Copy] = {
    "the same pixels": lambda image: image,
    **{f"JPEG, quality {quality}": _jpeg(quality) for quality in (95, 90, 75, 50)},
    **{
        f"resized to {scale:.0%}, {filter.name.lower()}": _resized(scale, filter)
        for scale in (0.9, 1.1)
        for filter in (
            Image.Resampling.BILINEAR,
            Image.Resampling.BICUBIC,
            Image.Resampling.LANCZOS,
        )
    },
    "resized to 90%, then JPEG, quality 75": _both,
}


def detection_table(domains: Sequence[str] = DOMAINS) -> list[list[str]]:
    """Plants copies of train images among all of them and counts what is found.

    Returns:
        A row for each kind of copy with the share that is found in each domain; then the pairs
        that are found without any planted copy.
    """
    header = ["copy"]
    rows = {name: [name] for name in COPIES}
    alarms = ["pairs found where nothing is planted"]
    for domain in domains:
        images, _ = read_idx_arrays(Path("data") / domain, "train")
        size = "x".join(map(str, images.shape[1:]))
        header.append(f"{domain}: {len(images):,} of {size}")
        originals = sign_arrays(images)
        alarms.append(f"{len(find_pairs(originals))}")
        chosen = np.random.default_rng(_SEED).permutation(len(images))[:_COPIES_OF_A_DOMAIN]
        for name, copy in COPIES.items():
            copies = np.stack([np.asarray(copy(Image.fromarray(images[row]))) for row in chosen])
            rows[name].append(f"{_share_found(originals, sign_arrays(copies), chosen):.1%}")
    return [header, *rows.values(), alarms]


def _share_found(originals: Signatures, copies: Signatures, chosen: npt.NDArray) -> float:
    pairs = find_pairs(Signatures.concatenate([originals, copies]))
    found = {
        row
        for original, row in (pairs - [0, len(originals)]).tolist()
        if row >= 0 and chosen[row] == original
    }
    return len(found) / len(copies)


def sign_arrays(images: npt.NDArray[np.uint8]) -> Signatures:
    """Signs images, uint8 [N, H, W], of one size."""
    collector = SignatureCollector()
    for row, image in enumerate(encode_pngs(images)):
        collector.add(image, 0, str(row))
    return collector.finish()


def measure_search(images: int) -> list[list[str]]:
    """Signs and searches a domain of so many train images and MNIST's 10,000 eval images.

    Returns:
        A row for each step with its seconds and the process's peak memory until then.
    """
    table = [["step", "seconds", "peak memory, GiB"]]

    def note(step: str, begun: float) -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        table.append([step, f"{time.perf_counter() - begun:.1f}", f"{peak:.2f}"])

    note("before", time.perf_counter())
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        source = open_source("idx", str(write_grown_mnist(root / "domain", images)))
        (root / SIGNATURES_FOLDER).mkdir()
        begun = time.perf_counter()
        signed = 0
        for split in SPLITS:
            for number, shard in enumerate(source.shards(split)):
                collector = SignatureCollector()
                for record in shard.read():
                    collector.add(record.image, record.label, record.example_id)
                signatures = collector.finish()
                signed += len(signatures)
                write_signatures(signature_file(name, split, number).path, signatures)
        note(f"read and sign {signed:,} images", begun)
        begun = time.perf_counter()
        options = PipelineOptions(["--runner=FnApiRunner", "--sdk_container_image=none"])
        with beam.Pipeline(options=options) as pipeline:
            _ = pipeline | beam.Create(list_signature_files(name)) | SearchCopies(name)
        note("search (Beam, one process)", begun)
        begun = time.perf_counter()
        found = read_copies(name)
        note(f"confirm {len(found.pairs):,} pairs", begun)
    return table


@click.command()
@click.option("--images", type=int, help="Measure the search on so many images.")
def main(images: int | None) -> None:
    """Measure the search for copies."""
    click.echo(to_markdown(measure_search(images) if images else detection_table()))


if __name__ == "__main__":
    main()
