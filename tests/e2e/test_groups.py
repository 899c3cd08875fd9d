"""A target whose images belong to writers, judged twice on the same eval split."""

from __future__ import annotations

from pathlib import Path

import pytest
import tensorflow as tf
from PIL import Image

from pipelines.running.history import read_history
from tests.e2e.conftest import (
    read_idx,
    read_result,
    set_options,
    warmstart,
    write_first_images_of_mnist,
)

pytestmark = pytest.mark.e2e

WRITERS = 40


def write_writers(folder: Path) -> Path:
    """Optdigits without splits; each writer has three images of each of some digits."""
    images = read_idx(Path("data/optdigits/train-images-idx3-ubyte.gz"))
    labels = read_idx(Path("data/optdigits/train-labels-idx1-ubyte.gz"))
    for digit in range(10):
        path = folder / str(digit)
        path.mkdir(parents=True)
        for number, image in enumerate(images[labels == digit][:60]):
            writer = (number // 3 + 2 * digit) % WRITERS
            Image.fromarray(image).save(path / f"w{writer:02d}_{number}.png")
    return folder


def test_groups_are_evidence_and_a_second_attempt_is_counted_even_if_fresh(
    tmp_path: Path,
) -> None:
    source = write_first_images_of_mnist(tmp_path / "source", 400, 100)
    target = write_writers(tmp_path / "target")
    config = tmp_path / "writers.yaml"
    config.write_text(
        f"""
name: writers
source: {{name: mnist, path: {source}}}
target:
  name: writers
  path: {target}
  format: image_folder
  group: /(w[0-9]+)_
  eval_share: 0.5
  shots: 2
pretraining: {{steps: 30}}
transfer: {{steps: 6, method: fine_tune}}
"""
    )
    output = tmp_path / "run"
    first = warmstart("run", config, "--output", output)
    assert first.code == 0, first.output
    result = read_result(output)
    groups = result["assumptions"]["groups"]
    assert not result["assumptions"]["independent"]
    assert 10 <= groups <= 30
    assert result["attempt"]["number"] == 1
    text = " ".join(first.output.split())
    assert f"Assumed: {groups} groups of images are evidence" in text
    assert "Attempt 1 on this eval split" in text
    assert not writers_in(output, "train") & writers_in(output, "eval")

    options = set_options(["transfer.steps=7"])
    second = warmstart("run", config, *options, "--output", output, "--fresh")
    assert second.code == 0, second.output
    assert read_result(output)["attempt"]["number"] == 2
    assert "Attempt 2 on this eval split: tested at level 0.025" in " ".join(second.output.split())
    report = (output / "report.html").read_text(encoding="utf-8")
    assert "groups of images are evidence" in report
    assert "Attempt 2 on this eval split" in report
    assert [run.attempt for run in read_history(output)] == [1, 2]


def writers_in(output: Path, split: str) -> set[bytes]:
    """The writers in a split of the target's examples."""
    (folder,) = sorted(output.glob(f"artifacts/TargetExampleGen/examples/*/Split-{split}"))[:1]
    records = tf.data.TFRecordDataset([str(path) for path in folder.iterdir()], "GZIP")
    return {
        tf.train.Example.FromString(record).features.feature["group"].bytes_list.value[0]
        for record in records.as_numpy_iterator()
    }
