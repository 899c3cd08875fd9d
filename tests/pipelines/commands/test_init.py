"""`warmstart init` turns a folder into a configuration that is ready to run, or says why not."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image, ImageDraw, ImageFont

from pipelines.cli import main
from pipelines.config import load_config
from tests import spoiled_domains as spoil


def init(folder: Path, output: Path, *more: str) -> Result:
    result = CliRunner().invoke(main, ["init", str(folder), "--output", str(output), *more])
    assert "Traceback" not in result.output
    return result


def test_digits_get_mnist_as_their_source(tmp_path: Path) -> None:
    output = tmp_path / "digits.yaml"
    result = init(Path("data/optdigits"), output)
    assert result.exit_code == 0, result.output
    assert "train: 898 images (87 to 91 per class), 8x8, grey" in result.output
    assert "8: 87 train, 87 eval" in result.output
    config = load_config(output)
    assert config.source is not None
    assert (config.source.path, config.source.format) == ("data/mnist", "idx")
    assert config.source.schema_file == "configs/schemas/digits.pbtxt"
    assert (config.target.path, config.target.shots) == ("data/optdigits", 10)
    assert (config.network.name, config.network.image_size) == ("lenet", 28)
    assert config.network.channels == 1
    assert config.preprocessing.framing
    assert config.preprocessing.augmentation == "robust"
    assert result.output.count("ink on a plain background: 100% of the train images") == 2
    assert f"#   warmstart run {output}\n" in output.read_text()


def test_what_it_writes_passes_the_check(tmp_path: Path) -> None:
    output = tmp_path / "digits.yaml"
    init(spoil.png_copy(tmp_path / "my digits"), output)
    result = CliRunner().invoke(main, ["check", str(output)])
    assert result.exit_code == 0, result.output
    assert load_config(output).target.name == "my_digits"


def test_the_contact_sheet_has_a_row_for_each_class_and_a_block_for_each_domain(
    tmp_path: Path,
) -> None:
    output = tmp_path / "digits.yaml"
    init(Path("data/optdigits"), output)
    with Image.open(io.BytesIO(output.with_suffix(".png").read_bytes())) as sheet:
        width, height = sheet.size
        assert width > 2 * 6 * 48
        assert height > 10 * 48
        assert max(sheet.convert("L").getdata()) - min(sheet.convert("L").getdata()) == 255


def test_the_same_call_again_changes_nothing_but_another_content_is_not_overwritten(
    tmp_path: Path,
) -> None:
    output = tmp_path / "digits.yaml"
    init(Path("data/optdigits"), output)
    first = output.read_bytes()
    assert init(Path("data/optdigits"), output).exit_code == 0
    assert output.read_bytes() == first
    output.write_text("mine")
    refused = init(Path("data/optdigits"), output)
    assert refused.exit_code == 1
    assert "exists already, with other content" in refused.output
    assert output.read_text() == "mine"
    assert init(Path("data/optdigits"), output, "--force").exit_code == 0
    assert output.read_bytes() == first


def colour_classes(folder: Path, side: int) -> Path:
    for split in ("train", "eval"):
        for number, name in enumerate(("cat", "<b>&\"dog'", "\u732b")):
            (folder / split / name).mkdir(parents=True)
            for shade in range(3):
                image = Image.new("RGB", (side, side + 7), (80 * number, 50 * shade, 9))
                image.save(folder / split / name / f"{shade}.jpg")
    return folder


def test_colour_photographs_keep_their_colours_and_their_frame(tmp_path: Path) -> None:
    target = colour_classes(tmp_path / "target", 83)
    source = colour_classes(tmp_path / "source", 45)
    output = tmp_path / "animals.yaml"
    result = init(target, output, "--source", str(source))
    assert result.exit_code == 0, result.output
    config = load_config(output)
    assert (config.network.name, config.network.image_size) == ("resnet", 88)
    assert config.network.channels == 3
    assert not config.preprocessing.framing
    assert not config.preprocessing.polarity
    assert config.preprocessing.augmentation == "photo"
    assert result.output.count("ink on a plain background: 0% of the train images") == 2
    assert config.target.shots == 3
    assert "found 9: the run will work, but it will not bless the model" in result.output


def test_images_beyond_96_pixels_get_a_network_of_keras_applications(tmp_path: Path) -> None:
    target = colour_classes(tmp_path / "target", 130)
    output = tmp_path / "animals.yaml"
    init(target, output, "--source", str(colour_classes(tmp_path / "source", 45)))
    network = load_config(output).network
    assert (network.name, network.model) == ("keras_application", "MobileNetV3Small")
    assert (network.weights, network.image_size) == ("none", 128)
    assert "imagenet: published ones, which Keras downloads" in output.read_text()
    result = CliRunner().invoke(main, ["check", str(output)])
    assert result.exit_code == 0, result.output


def coloured_characters(folder: Path, paper: tuple[int, int, int]) -> Path:
    """Letters in colour on plain paper."""
    ink = tuple(255 - value for value in paper)
    for split in ("train", "eval"):
        for name in ("L", "T", "X"):
            (folder / split / name).mkdir(parents=True)
            for number in range(4):
                image = Image.new("RGB", (40, 40), paper)
                draw = ImageDraw.Draw(image)
                draw.text((10 + number, 8), name, ink, ImageFont.load_default(20))
                image.save(folder / split / name / f"{number}.png")
    return folder


def test_framing_follows_what_images_look_like_and_not_their_colours(tmp_path: Path) -> None:
    source = coloured_characters(tmp_path / "source", (0, 0, 90))
    target = coloured_characters(tmp_path / "target", (250, 240, 200))
    output = tmp_path / "letters.yaml"
    result = init(target, output, "--source", str(source))
    assert result.exit_code == 0, result.output
    config = load_config(output)
    assert config.preprocessing.framing
    assert config.preprocessing.augmentation == "robust"
    assert (config.network.name, config.network.channels) == ("resnet", 3)


def test_classes_that_only_their_spelling_tells_apart_are_mapped(tmp_path: Path) -> None:
    target = colour_classes(tmp_path / "target", 40)
    source = colour_classes(tmp_path / "source", 40)
    for split in ("train", "eval"):
        (target / split / "cat").rename(target / split / "Cat ")
    result = init(target, tmp_path / "animals.yaml", "--source", str(source))
    assert result.exit_code == 0, result.output
    assert "both domains have the same 3 classes" in result.output
    assert load_config(tmp_path / "animals.yaml").target.class_map == {"Cat ": "cat"}


def test_new_classes_are_told_and_the_configuration_says_how_to_map_them(tmp_path: Path) -> None:
    target = colour_classes(tmp_path / "target", 40)
    source = colour_classes(tmp_path / "source", 40)
    for split in ("train", "eval"):
        (target / split / "cat").rename(target / split / "wolf")
    result = init(target, tmp_path / "animals.yaml", "--source", str(source))
    assert result.exit_code == 0, result.output
    text = (tmp_path / "animals.yaml").read_text()
    assert "classes: 2 shared; 1 new in the target: wolf; 1 of the source alone: cat" in text
    assert "target.class_map: {wolf: NAME}" in text
    assert load_config(tmp_path / "animals.yaml").target.class_map == {}


def test_other_classes_than_digits_ask_for_a_source(tmp_path: Path) -> None:
    result = init(colour_classes(tmp_path / "target", 20), tmp_path / "animals.yaml")
    assert result.exit_code == 1
    assert "of the same classes or of others: --source DIR" in result.output
    assert not (tmp_path / "animals.yaml").exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (spoil.missing_train, "Put images into train/<class>/."),
        (spoil.empty_class, "eval/4: expected at least one image"),
        (spoil.class_that_eval_lacks, "found 0 of class '4'"),
        (spoil.undecodable_image, "expected a complete PNG image"),
        (spoil.empty_folder, "found an empty folder"),
        (spoil.missing_folder, "expected a folder, found nothing"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_data_that_cannot_run_get_no_configuration(
    damage: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    domain = spoil.png_copy(tmp_path / "domain")
    damage(domain)
    result = init(domain, tmp_path / "digits.yaml")
    assert result.exit_code == 1
    assert message in result.output
    assert sorted(path.name for path in tmp_path.iterdir()) in (["domain"], [])


def test_class_folders_alone_get_a_configuration_and_an_eval_split(tmp_path: Path) -> None:
    domain = spoil.png_copy(tmp_path / "domain", per_class=60)
    output = tmp_path / "digits.yaml"
    result = init(domain / "train", output)
    assert result.exit_code == 0, result.output
    assert "No eval split was found. One was drawn by seed 0" in result.output
    assert load_config(output).target.path == str(domain / "train")
