"""`warmstart predict` on a pushed, tiny model: what it answers, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner, Result
from PIL import Image

from modules.core.checksums import CHECKSUMS_FILE
from pipelines.cli import main
from tests.modules.sources.images import encoded
from tests.pushed_models import push


@pytest.fixture(scope="module")
def run(pretrained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("run")
    push(pretrained / "model", output)
    return output


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    rng = np.random.default_rng(0)
    for name, shape in [("b.png", (9, 9)), ("a.jpg", (20, 30, 3)), ("deep/c.PNG", (12, 8, 4))]:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, shape, dtype=np.uint8)).save(path)
    (folder / "notes.txt").write_text("no image, and not asked about")
    return folder


def predict(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["predict", *map(str, arguments)])


def version(run: Path) -> Path:
    (found,) = (run / "serving").glob("[0-9]*")
    return found


def test_a_folder_is_predicted_as_the_models_own_signature_answers(run: Path, images: Path) -> None:
    result = predict(run, images, "--format", "json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.output)
    assert document["model"] == str(version(run))
    names = [str(images / name) for name in ("a.jpg", "b.png", "deep/c.PNG")]
    assert [row["image"] for row in document["predictions"]] == names
    serve = tf.saved_model.load(str(version(run))).signatures["serving_default"]
    for row in document["predictions"]:
        content = Path(row["image"]).read_bytes()
        feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[content]))
        example = tf.train.Example(features=tf.train.Features(feature={"image": feature}))
        answer = serve(examples=tf.constant([example.SerializeToString()]))
        assert row["class"] == answer["class_name"].numpy()[0].decode()
        assert row["probability"] == pytest.approx(answer["probabilities"].numpy().max(), abs=1e-5)


@pytest.mark.parametrize("place", [".", "serving", "version"])
def test_a_run_its_serving_folder_and_a_version_are_the_same_model(
    run: Path, images: Path, place: str
) -> None:
    model = version(run) if place == "version" else run / place
    result = predict(model, images / "b.png", "--format", "csv")
    assert result.exit_code == 0, result.output
    assert result.output == predict(run, images / "b.png", "--format", "csv").output
    (row,) = csv.DictReader(io.StringIO(result.output))
    assert list(row) == ["image", "class", "probability"]


def test_of_several_versions_the_newest_answers(
    pretrained: Path, images: Path, tmp_path: Path
) -> None:
    push(pretrained / "model", tmp_path)
    newest = tmp_path / "serving" / "99999999999"
    shutil.copytree(version(tmp_path), newest)
    document = json.loads(predict(tmp_path, images, "--format", "json").output)
    assert document["model"] == str(newest)


def test_output_is_a_file_and_the_terminal_stays_empty(
    run: Path, images: Path, tmp_path: Path
) -> None:
    result = predict(run, images, "--format", "csv", "--output", tmp_path / "answers.csv")
    assert (result.exit_code, result.output) == (0, "")
    assert len((tmp_path / "answers.csv").read_text().splitlines()) == 4
    assert not list(tmp_path.glob("*.partial"))


def test_one_bad_file_is_named_and_nothing_is_predicted(run: Path, images: Path) -> None:
    (images / "bad.png").write_bytes(b"GIF89a")
    result = predict(run, images)
    assert result.exit_code == 1
    assert "bad.png: expected an image with a valid header" in result.output
    assert "1 of 4 files are not images" in result.output
    assert "a.jpg" not in result.output


def test_bad_files_can_be_skipped_which_is_said(run: Path, images: Path, tmp_path: Path) -> None:
    (images / "bad.png").write_bytes(b"GIF89a")
    output = tmp_path / "answers.csv"
    result = predict(run, images, "--skip-bad", "--format", "csv", "--output", output)
    assert result.exit_code == 0
    assert result.output.startswith("Skipped ")
    assert "bad.png" in result.output
    assert len(output.read_text().splitlines()) == 4


def test_mistakes_end_in_one_message_and_code_one(run: Path, images: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.png").write_text("text")
    for model, image, message in [
        (tmp_path / "absent", images, "absent: expected a pushed model, found nothing"),
        (tmp_path / "empty", images, "empty: expected a pushed model, found another folder"),
        (run, tmp_path / "absent", "absent: expected an image, found nothing"),
        (run, tmp_path / "empty", "in the folder or below, found none"),
        (run, tmp_path / "text.png", "There is no image to predict"),
    ]:
        result = predict(model, image)
        assert result.exit_code == 1, result.output
        assert message in result.output
        assert "Traceback" not in result.output


@pytest.mark.parametrize("file", ["saved_model.pb", "variables/variables.index", CHECKSUMS_FILE])
def test_a_model_that_was_changed_is_refused_before_it_is_loaded(
    run: Path, images: Path, tmp_path: Path, file: str
) -> None:
    copy = shutil.copytree(version(run), tmp_path / "1")
    content = (copy / file).read_bytes()
    (copy / file).write_bytes(bytes([content[0] ^ 1]) + content[1:])
    result = predict(copy, images)
    assert result.exit_code == 1
    assert "it was changed since" in result.output
    (copy / file).unlink()
    assert predict(copy, images).exit_code == 1


def upright_photo() -> Image.Image:
    rng = np.random.default_rng(1)
    small = Image.fromarray(rng.integers(0, 255, (4, 3, 3), dtype=np.uint8))
    return small.resize((30, 40), Image.Resampling.BICUBIC)


def probabilities(run: Path, folder: Path) -> dict[str, tuple[str, float]]:
    document = json.loads(predict(run, folder, "--format", "json").output)
    return {
        Path(row["image"]).name: (row["class"], row["probability"])
        for row in document["predictions"]
    }


def test_a_photo_that_is_stored_rotated_is_predicted_as_its_upright_copy(
    run: Path, tmp_path: Path
) -> None:
    photo = upright_photo()
    ways = {
        3: photo.transpose(Image.Transpose.ROTATE_180),
        6: photo.transpose(Image.Transpose.ROTATE_90),
        8: photo.transpose(Image.Transpose.ROTATE_270),
    }
    photo.save(tmp_path / "plain.png")
    ways[6].save(tmp_path / "sideways.png")
    for orientation, stored in ways.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        for format in ("PNG", "TIFF", "WEBP"):
            content = encoded(stored, format, exif=exif, lossless=True)
            (tmp_path / f"{orientation}.{format}").write_bytes(content)
        stored.save(tmp_path / f"{orientation}.jpg", exif=exif, quality=100, subsampling=0)
    found = probabilities(run, tmp_path)
    plain, sideways = found.pop("plain.png"), found.pop("sideways.png")
    assert abs(plain[1] - sideways[1]) > 1e-3
    assert len(found) == 12
    for name, (class_name, probability) in found.items():
        assert class_name == plain[0]
        close = 2e-4 if name.endswith(".jpg") else 1e-6
        assert probability == pytest.approx(plain[1], abs=close), name


def test_every_format_gives_the_answer_of_its_pixels(run: Path, tmp_path: Path) -> None:
    grey = upright_photo().convert("L")
    for format in ("PNG", "WEBP", "BMP", "GIF", "TIFF"):
        (tmp_path / f"a.{format}").write_bytes(encoded(grey, format, lossless=True))
    found = probabilities(run, tmp_path)
    expected = found.pop("a.PNG")
    assert len(found) == 4
    for name, (class_name, probability) in found.items():
        assert class_name == expected[0]
        assert probability == pytest.approx(expected[1], abs=1e-5), name
