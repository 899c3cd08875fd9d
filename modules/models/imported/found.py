"""Finds out what lies at the path of a model to import, by looking at names alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from modules.core.errors import DataError
from modules.models.serving_folder import SAVED_MODEL_FILE, SERVING_FOLDER, pushed_versions

# Model servers and loaders ignore this folder of a SavedModel; it travels with it.
EXTRA_FOLDER = "assets.extra"
FACTS_FILE = "warmstart.json"

_MODEL_FOLDER = "Format-Serving"
_RUN_FILE = "result.json"
_STARTERS = ("PretrainTrainer", "ModelImporter")
_EXPECTED = (
    "a .keras file, the folder of a SavedModel, a TensorFlow checkpoint (its prefix or folder), or "
    "an earlier run's output folder, pushed version or Model artifact"
)
_FIX = "Correct pretraining.from."


class Kind(Enum):
    """What kinds of models can be imported; the value names one in messages."""

    KERAS = "Keras file"
    SAVED_MODEL = "SavedModel"
    CHECKPOINT = "TensorFlow checkpoint"
    OWN = "model of an earlier run"


@dataclass(frozen=True)
class FoundModel:
    """A model, and where exactly it is.

    Attributes:
        kind: What it is.
        path: The .keras file, the SavedModel's folder, or the checkpoint's prefix.
    """

    kind: Kind
    path: str


def find_model_to_import(path: str) -> FoundModel:
    """Finds the model at a path.

    Args:
        path: What `pretraining.from` says, on a local disk.

    Raises:
        DataError: There is nothing, or nothing that can be imported; says what is accepted.
    """
    place = Path(path)
    if place.is_file() and place.suffix == ".keras":
        return FoundModel(Kind.KERAS, path)
    if place.is_dir():
        for find in (_saved_model, _run, _checkpoint_folder):
            if found := find(place):
                return found
    elif place.parent.is_dir() and place.with_name(f"{place.name}.index").is_file():
        return FoundModel(Kind.CHECKPOINT, path)
    raise DataError(path, expected=_EXPECTED, found=_describe(place), fix=_fix(place))


def _saved_model(folder: Path) -> FoundModel | None:
    for place in (folder / _MODEL_FOLDER, folder):
        if (place / SAVED_MODEL_FILE).is_file():
            is_own = (place / EXTRA_FOLDER / FACTS_FILE).is_file()
            return FoundModel(Kind.OWN if is_own else Kind.SAVED_MODEL, str(place))
    return None


def _run(folder: Path) -> FoundModel | None:
    serving = folder / SERVING_FOLDER if (folder / _RUN_FILE).is_file() else folder
    if versions := pushed_versions(serving):
        return _saved_model(versions[-1].path)
    for starter in _STARTERS:
        executions = [
            each for each in folder.glob(f"artifacts/{starter}/model/*") if each.name.isdecimal()
        ]
        for model in sorted(executions, key=lambda each: int(each.name), reverse=True):
            if found := _saved_model(model):
                return found
    return None


def _checkpoint_folder(folder: Path) -> FoundModel | None:
    # TensorFlow writes the prefix of the newest checkpoint into this file.
    state = folder / "checkpoint"
    prefixes = sorted(folder.glob("*.index"))
    if state.is_file():
        for line in state.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            prefix = folder / value.strip().strip('"')
            if (
                key == "model_checkpoint_path"
                and prefix.with_name(f"{prefix.name}.index").is_file()
            ):
                return FoundModel(Kind.CHECKPOINT, str(prefix))
    if len(prefixes) == 1:
        return FoundModel(Kind.CHECKPOINT, str(prefixes[0])[: -len(".index")])
    return None


def _describe(place: Path) -> str:
    if place.is_dir():
        names = sorted(each.name for each in place.iterdir())
        return f"a folder with {', '.join(names[:5])}" if names else "an empty folder"
    return f"a file that ends in '{place.suffix}'" if place.exists() else "nothing"


def _fix(place: Path) -> str:
    if place.suffix in (".h5", ".hdf5"):
        return "Load it with keras.saving.load_model and save it again as a .keras file."
    return _FIX
