"""What TransferEvaluator takes: its examples and the models of the arms."""

from __future__ import annotations

from tfx import types
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import io_utils, path_utils

from modules.core.arms import ARMS, PRETRAINED
from modules.core.class_names import read_class_names
from modules.core.errors import DataError
from modules.core.example_features import EVAL_SPLIT
from modules.domains.label_space import LabelSpace
from modules.models.served_version import ServedVersion
from modules.transfer.served.start import ServedStart
from modules.transfer.start import start_class_names

TARGET_EXAMPLES_KEY = "target_examples"
SOURCE_EXAMPLES_KEY = "source_examples"
MODEL_KEYS = {arm: f"{arm}_model" for arm in ARMS}
BASE_MODEL_KEY = "base_model"
SERVED_MODEL_KEY = "served_model"

Artifacts = dict[str, list[types.Artifact]]


def label_space(input_dict: Artifacts) -> LabelSpace:
    """Relates the classes of the pretrained model to the target's."""
    source = input_dict.get(SOURCE_EXAMPLES_KEY)
    model = input_dict[MODEL_KEYS[PRETRAINED] if source else BASE_MODEL_KEY]
    names = start_class_names(
        artifact_utils.get_single_uri(source) if source else None,
        artifact_utils.get_single_uri(model),
    )
    target = artifact_utils.get_single_uri(input_dict[TARGET_EXAMPLES_KEY])
    return LabelSpace.of(names, read_class_names(target))


def served_version(input_dict: Artifacts) -> ServedVersion:
    """Reads what is served; without that input, nothing is."""
    if SERVED_MODEL_KEY not in input_dict:
        return ServedVersion()
    return ServedVersion.read(artifact_utils.get_single_uri(input_dict[SERVED_MODEL_KEY]))


def served_start(input_dict: Artifacts) -> ServedStart | None:
    """Reads whether the run may start from what is served; None where it was not to."""
    if SERVED_MODEL_KEY not in input_dict:
        return None
    return ServedStart.read(artifact_utils.get_single_uri(input_dict[SERVED_MODEL_KEY]))


def model_path(input_dict: Artifacts, key: str) -> str:
    """Returns the folder of a model's SavedModel."""
    model = artifact_utils.get_single_instance(input_dict[key])
    return path_utils.serving_model_path(model.uri, path_utils.is_old_model_artifact(model))


def eval_folder(input_dict: Artifacts, key: str) -> str:
    """Returns the folder of a domain's eval split."""
    return artifact_utils.get_split_uri(input_dict[key], EVAL_SPLIT)


def eval_files(input_dict: Artifacts, key: str) -> list[str]:
    """Returns the files of a domain's eval split, of which there must be some."""
    folder = eval_folder(input_dict, key)
    files = fileio.glob(io_utils.all_files_pattern(folder))
    if not files:
        raise DataError(
            folder,
            expected="files of examples",
            found="none",
            fix="Run the pipeline with --fresh to ingest the data again.",
        )
    return sorted(files)
