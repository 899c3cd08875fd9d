"""What a configuration may say of a model to start from, and what `check` finds out about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from modules.core.errors import ConfigError
from pipelines.checking.imported_model import check_model_path
from pipelines.commands.config_check import check_config
from pipelines.config import Config
from tests.modules.models.imported.outside_models import SIZE, save_as, strokes_model

NAMES = ["vertical", "horizontal", "diagonal"]


def config(path: Path | str | None, target: str = "data/optdigits", **pretraining: Any) -> Config:
    section = {**({} if path is None else {"from": str(path)}), **pretraining}
    return Config.model_validate(
        {
            "name": "c",
            "target": {"name": "t", "path": target},
            "network": {"image_size": SIZE},
            "pretraining": section,
        }
    )


def test_the_source_may_be_left_out_where_a_model_is_named() -> None:
    assert config("m.keras").source is None
    assert config("m.keras").start_name == "m.keras"
    with pytest.raises(ValidationError, match=r"source: missing.*unless pretraining\.from names"):
        config(None)


def test_nothing_is_pretrained_beside_a_model() -> None:
    with pytest.raises(ValidationError, match="leave out batch_size, steps"):
        config("m.keras", steps=5, batch_size=7)


def test_what_describes_a_model_needs_one() -> None:
    with pytest.raises(ValidationError, match="features, pixels describe a model that is there"):
        config(None, features="a", pixels="unit")


@pytest.mark.parametrize(
    "settings", [{"pixel_mean": [0.5]}, {"pixel_mean": [0.5], "pixel_deviation": [0.1]}]
)
def test_mean_and_deviation_come_together_and_with_standardized_pixels(
    settings: dict[str, Any],
) -> None:
    with pytest.raises(ValidationError, match="pixel_mean and pixel_deviation"):
        config("m.keras", pixels="unit", **settings)


def test_settings_travel_under_the_name_that_the_file_has() -> None:
    written = config("m.keras", pixels="unit").model_dump(mode="json")
    assert written["pretraining"]["from"] == "m.keras"
    assert Config.model_validate(written) == config("m.keras", pixels="unit")


def test_a_run_is_refused_at_once_where_there_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"pretraining\.from: .*expected a \.keras file"):
        check_model_path(config(tmp_path / "missing"))
    with pytest.raises(ConfigError, match="Copy the model here"):
        check_model_path(config("s3://bucket/m.keras"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_as("keras", strokes_model(), tmp_path_factory.mktemp("model"))


def test_check_says_what_the_model_is_and_which_classes_are_new(model: Path) -> None:
    names = [0, 1, "x"]  # YAML takes names for numbers
    lines = [line.text for line in check_config(config(model, pixels="unit", classes=names))]
    said = next(line for line in lines if line.startswith("model "))
    assert f"Keras file, {SIZE}x{SIZE} pixels, 1 channel, 16 features, 3 classes: 0, 1, x" in said
    assert any("8 new in the target: 2, 3" in line for line in lines)
    assert any("auto takes label_propagation" in line for line in lines)


def test_check_refuses_new_classes_for_a_graph_that_nothing_can_build(
    tmp_path: Path,
) -> None:
    saved = save_as("saved_model", strokes_model(), tmp_path)
    lines = list(check_config(config(saved, pixels="unit", classes=["0", "1", "x"])))
    assert any(line.text.startswith(f"model {saved}: SavedModel") for line in lines)
    errors = [line.text for line in lines if line.level == "error"]
    assert any("a saved graph has logits for the source's classes alone" in each for each in errors)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"classes": NAMES}, "pretraining.pixels: a Keras file does not say"),
        ({"pixels": "unit"}, "pretraining.classes: nothing says what its 3 logits"),
        ({"pixels": "unit", "classes": NAMES, "features": "nope"}, "the model does not have"),
    ],
)
def test_check_refuses_settings_that_do_not_fit(
    settings: dict[str, Any], message: str, model: Path
) -> None:
    errors = [
        line.text for line in check_config(config(model, **settings)) if line.level == "error"
    ]
    assert any(message in error for error in errors)
