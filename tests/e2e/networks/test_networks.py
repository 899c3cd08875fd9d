"""Colour images through other networks: pretrained, warm-started, pushed, answering everywhere."""

from __future__ import annotations

import io
from pathlib import Path

import keras
import numpy as np
import pytest
import yaml
from PIL import Image

from tests.e2e.conftest import FinishedCommand, read_result, warmstart
from tests.e2e.serving.served_formats import assert_equal_answers_in_three_formats, serialize_images

pytestmark = pytest.mark.e2e

SIZE = 32
CLASSES = ("rows", "columns", "checks")
# The target's patches are fainter, and their tints belong to other classes.
SOURCE_TINTS = ((220, 80, 60), (70, 200, 90), (60, 90, 220))
TARGET_TINTS = ((90, 120, 200), (200, 120, 100), (110, 190, 120))


def patch(label: int, tint: tuple[int, int, int], rng: np.random.Generator) -> Image.Image:
    """A noisy pattern in a colour; its class is the pattern."""
    period, phase = rng.integers(6, 10), rng.integers(0, 8)
    wave = (np.arange(SIZE) + phase) % period < period // 2
    rows, columns = np.broadcast_to(wave[:, None], (SIZE, SIZE)), wave[None, :]
    pattern = (rows, np.broadcast_to(columns, (SIZE, SIZE)), rows ^ columns)[label]
    pixels = np.where(pattern[..., None], tint, np.array(tint) // 3)
    noisy = pixels + rng.normal(0, 20, (SIZE, SIZE, 3))
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def write_patches(
    folder: Path, tints: tuple[tuple[int, int, int], ...], train: int, seed: int
) -> Path:
    rng = np.random.default_rng(seed)
    for split, count in (("train", train), ("eval", 40)):
        for label, name in enumerate(CLASSES):
            (folder / split / name).mkdir(parents=True)
            for number in range(count):
                patch(label, tints[label], rng).save(folder / split / name / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("patches")
    return (
        write_patches(folder / "source", SOURCE_TINTS, train=60, seed=0),
        write_patches(folder / "target", TARGET_TINTS, train=20, seed=1),
    )


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights as others would write them, with statistics of images that they have seen."""
    keras.utils.set_random_seed(0)
    model = keras.applications.MobileNetV3Small(
        include_top=False, weights=None, input_shape=(SIZE, SIZE, 3), pooling="avg"
    )
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    model(np.random.default_rng(0).integers(0, 256, (32, SIZE, SIZE, 3)), training=True)
    path = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    model.save_weights(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One output folder for all runs: ingestion and validation are the same, and cached."""
    return tmp_path_factory.mktemp("runs")


def run(pair: tuple[Path, Path], folder: Path, network: dict[str, object]) -> FinishedCommand:
    source, target = pair
    config = {
        "name": "patches",
        "source": {"name": "bright", "path": str(source), "format": "image_folder"},
        "target": {
            "name": "faint",
            "path": str(target),
            "format": "image_folder",
            "shots": 10,
        },
        "network": {"image_size": SIZE, "channels": 3, **network},
        "preprocessing": {"framing": False, "polarity": False, "augmentation": "photo"},
        "pretraining": {"steps": 40, "batch_size": 30, "optimizer": "AdamW"},
        "transfer": {
            "method": "fine_tune",
            "steps": 40,
            "batch_size": 30,
            "learning_rate": 1e-3,
            "optimizer": {"name": "AdamW", "weight_decay": 1e-3},
            "layer_decay": 0.8,
        },
        # The tints mislead on purpose: labels look permuted to a model that goes by them.
        "validation": {"permuted_labels": "warn"},
        # The runs share a folder for their cache alone: neither replaces the other's model.
        "gate": {"scratch_margin": 0.5, "max_class_drop": 1.0, "served": "ignore"},
    }
    path = folder / "patches.yaml"
    path.write_text(yaml.safe_dump(config))
    return warmstart("run", path, "--output", folder / "output")


@pytest.mark.parametrize("name", ["resnet", "MobileNetV3Small"])
def test_a_colour_pair_is_warm_started_pushed_and_served(
    name: str, pair: tuple[Path, Path], weights: Path, folder: Path, tmp_path: Path
) -> None:
    network: dict[str, object] = {"name": name}
    if name != "resnet":
        network = {"name": "keras_application", "model": name, "weights": str(weights)}
    done = run(pair, folder, network)
    assert done.code == 0, done.output
    result = read_result(folder / "output")
    assert result["verdict"] == "blessed", done.output
    assert result["config"]["preprocessing"]["standardize"] == (name == "resnet")
    accuracies = {arm: values["accuracy"] for arm, values in result["arms"].items()}
    assert accuracies["warm_start"] > accuracies["pretrained"] + 0.1
    encoded = []
    for place in sorted(pair[1].glob("eval/*/1?.png")):
        buffer = io.BytesIO()
        Image.open(place).save(buffer, "PNG")
        encoded.append(buffer.getvalue())
    served = assert_equal_answers_in_three_formats(
        result["pushed_to"], serialize_images(encoded), tmp_path
    )
    assert served["probabilities"].shape == (30, 3)
    right = np.repeat(sorted(CLASSES), 10) == [value.decode() for value in served["class_name"]]
    assert right.mean() > 0.8
