"""Names that would run, escape or overflow, from an image folder to a prediction."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
import yaml
from click.testing import CliRunner, Result
from PIL import Image
from rich.cells import cell_len

from modules.core.checksums import write_checksums
from modules.core.wording import display_name
from modules.models.serving import export_saved_model
from modules.networks.registry import build_network
from modules.settings import NetworkSettings
from pipelines.cli import main
from tests.modules.tiny_transform_graph import SIZE, write_transform_graph

FOLDERS = (
    "<script>alert(1)<\N{DIVISION SLASH}script>",
    "\"double\" and 'single' & more",
    "=cmd|' C calc'!A0",
    "emoji \N{UNICORN FACE} \N{WOMAN}\N{ZERO WIDTH JOINER}\N{ROCKET}",
    "a line\nbreak and \x1b[31mred\x1b[0m",
    "x" * 250,
    "[red]markup[bold]",
)
CLASSES = (*FOLDERS, "y" * 300)
# A script, a formula, an escape sequence, and 300 characters.
ANSWERED = (0, 2, 4, 7)


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


def assert_harmless(text: str) -> None:
    assert not [c for c in text if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160)]


@pytest.fixture(scope="module")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("domains") / "hostile"
    rng = np.random.default_rng(0)
    for split, count in (("train", 4), ("eval", 12)):
        for name in FOLDERS:
            (folder / split / name).mkdir(parents=True)
            for number in range(count):
                pixels = rng.integers(0, 255, (8, 8), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / split / name / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models that take every image for one class: in folder `n`, for class `n`."""
    root = tmp_path_factory.mktemp("models")
    transform_graph = str(root / "transform_graph")
    write_transform_graph(transform_graph, tf.io.FixedLenFeature([], tf.string))
    settings = NetworkSettings(image_size=SIZE)
    for label in ANSWERED:
        keras.utils.set_random_seed(0)
        network = build_network(settings, len(CLASSES))
        bias = network.trainable_variables[-1]
        bias.assign(100.0 * np.eye(len(CLASSES), dtype=np.float32)[label])
        folder = str(root / str(label))
        export_saved_model(network, transform_graph, CLASSES, folder)
        write_checksums(folder)
    return root


def test_init_and_check_show_hostile_classes_and_obey_none(domain: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    made = invoke("init", domain, "--source", domain, "--output", config)
    assert made.exit_code == 0, made.output
    assert_harmless(made.output)
    assert "\N{UNICORN FACE}" in made.output
    assert yaml.safe_load(config.read_text())["target"]["path"] == str(domain)
    assert config.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    checked = invoke("check", config)
    assert checked.exit_code == 0, checked.output
    assert_harmless(checked.output)


def test_predictions_show_hostile_classes_and_files_within_80_columns(
    domain: Path, model: Path
) -> None:
    for label in ANSWERED:
        answered = invoke("predict", model / str(label), domain / "eval")
        assert answered.exit_code == 0, answered.output
        assert_harmless(answered.output)
        assert max(map(cell_len, answered.output.splitlines())) <= 80
        assert display_name(CLASSES[label])[0] in answered.output


def test_json_has_the_exact_names_and_csv_no_formula(domain: Path, model: Path) -> None:
    for label in ANSWERED:
        answered = invoke("predict", model / str(label), domain / "eval", "--format", "json")
        assert_harmless(answered.output)
        rows = json.loads(answered.output)["predictions"]
        assert {row["class"] for row in rows} == {CLASSES[label]}
        assert {Path(row["image"]).parent.name for row in rows} == set(FOLDERS)
        answered = invoke("predict", model / str(label), domain / "eval", "--format", "csv")
        assert_harmless(answered.output)
        assert len(answered.output.splitlines()) == 1 + len(rows)
        assert ",=cmd" not in answered.output


def test_errors_show_hostile_paths_and_obey_none(model: Path, tmp_path: Path) -> None:
    bad = tmp_path / "\x1b[31mbad\x1b[0m.png"
    bad.write_text("no image")
    for arguments in (("predict", model / "0", bad), ("predict", bad, bad), ("history", bad)):
        refused = invoke(*arguments)
        assert refused.exit_code == 1
        assert "bad" in refused.output
        assert_harmless(refused.output)
