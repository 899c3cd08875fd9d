"""Running a SavedModel over a split's files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from modules.core.errors import DataError
from modules.models.served_model import ServedModel
from tests.tiny_domain import serialized_example, write_examples
from tests.tiny_models import save_scripted_model

NAMES = ["zero", "one", "two"]


def records(count: int) -> list[bytes]:
    return [
        serialized_example(index, index % 3, image=[f"{index % 3},{(index + 1) % 3},0".encode()])
        for index in range(count)
    ]


def files(folder: Path, examples: Sequence[bytes]) -> list[str]:
    write_examples(folder / "examples", {"eval": examples}, NAMES)
    return [str(path) for path in (folder / "examples" / "Split-eval").iterdir()]


@pytest.fixture(scope="module")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("model")
    save_scripted_model(folder, 1, NAMES)
    return str(folder / "Format-Serving")


def test_answers_come_in_the_order_of_files_and_records(tmp_path: Path, saved_model: str) -> None:
    paths = files(tmp_path, records(1500))  # several batches
    answers = ServedModel(saved_model, NAMES).answer(sorted(paths, reverse=True))
    index = np.arange(1500)
    assert answers.example_ids == [f"train/{i:08d}" for i in index]
    np.testing.assert_array_equal(answers.labels, index % 3)
    np.testing.assert_array_equal(answers.predicted, (index + 1) % 3)
    np.testing.assert_allclose(answers.confidence, 0.75 + 0.25 / 3, rtol=1e-6)


def test_missing_model_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere: expected a SavedModel"):
        ServedModel(str(tmp_path / "nowhere"), NAMES)


def test_model_without_the_signature_is_refused(tmp_path: Path) -> None:
    save_scripted_model(tmp_path, 0, NAMES, signature="other")
    with pytest.raises(DataError, match=r"expected a signature 'serving_default', found \['other"):
        ServedModel(str(tmp_path / "Format-Serving"), NAMES)


def test_model_with_another_signature_is_refused(tmp_path: Path) -> None:
    module = tf.Module()
    spec = tf.TensorSpec([None], tf.float32, name="pixels")
    module.serve = tf.function(lambda pixels: {"score": pixels}, input_signature=[spec])
    tf.saved_model.save(module, str(tmp_path), signatures=module.serve)
    with pytest.raises(DataError, match=r"to take 'examples', found \['pixels'\]"):
        ServedModel(str(tmp_path), NAMES)


def test_model_that_does_not_give_probabilities_is_refused(tmp_path: Path) -> None:
    module = tf.Module()
    spec = tf.TensorSpec([None], tf.string, name="examples")
    module.serve = tf.function(lambda examples: {"label": examples}, input_signature=[spec])
    tf.saved_model.save(module, str(tmp_path), signatures=module.serve)
    with pytest.raises(DataError, match=r"to give .*'probabilities'\], found \['label'\]"):
        ServedModel(str(tmp_path), NAMES)


def test_model_with_another_number_of_classes_is_refused(tmp_path: Path) -> None:
    save_scripted_model(tmp_path, 0, [*NAMES, "three"])
    model = ServedModel(str(tmp_path / "Format-Serving"), NAMES)
    with pytest.raises(DataError, match=r"expected probabilities of 3 classes, found shape \(6, 4"):
        model.answer(files(tmp_path, records(6)))


def test_model_trained_with_other_class_names_is_refused(tmp_path: Path) -> None:
    save_scripted_model(tmp_path, 0, ["one", "zero", "two"])
    model = ServedModel(str(tmp_path / "Format-Serving"), NAMES)
    with pytest.raises(DataError, match=r"expected class 0 to be 'zero', found 'one'"):
        model.answer(files(tmp_path, records(6)))


def test_labels_outside_the_classes_are_refused(tmp_path: Path, saved_model: str) -> None:
    bad = [*records(3), serialized_example(9, 3, image=[b"0,0,0"])]
    with pytest.raises(DataError, match="expected labels from 0 to 2, found labels from 0 to 3"):
        ServedModel(saved_model, NAMES).answer(files(tmp_path, bad))


def test_files_without_examples_have_no_answers(tmp_path: Path, saved_model: str) -> None:
    assert ServedModel(saved_model, NAMES).answer(files(tmp_path, [])).example_ids == []


def test_broken_files_are_refused_with_their_folder(tmp_path: Path, saved_model: str) -> None:
    paths = files(tmp_path, records(300))
    damaged = bytearray(Path(paths[0]).read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    Path(paths[0]).write_bytes(damaged)
    with pytest.raises(DataError, match="Split-eval: expected examples that the model can read"):
        ServedModel(saved_model, NAMES).answer(paths)


def test_example_without_a_label_is_refused(tmp_path: Path, saved_model: str) -> None:
    bad = [*records(3), serialized_example(9, 0, label=None)]
    with pytest.raises(DataError, match="label"):
        ServedModel(saved_model, NAMES).answer(files(tmp_path, bad))
