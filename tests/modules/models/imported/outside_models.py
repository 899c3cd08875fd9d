"""Models as people have them: made with plain Keras and TensorFlow, not with this project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from modules.examples.input_pipeline import (
    ImagePreprocessor,
    index_examples,
    preprocess_examples,
)
from modules.models.imported.importing import ImportJob, import_model
from modules.settings import ImportSettings, NetworkSettings
from modules.settings.plans import ImportPlan
from tests.training_domain import CLASS_NAMES, TinyDomains

SIZE = 12


def strokes_model(head: list[keras.Layer] | None = None, policy: str | None = None) -> keras.Model:
    """A small convolutional network with all that makes imports hard, untrained but not trivial."""
    keras.utils.set_random_seed(3)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 1)),
            layers.Conv2D(4, 3, activation="relu", name="logits", dtype=policy),
            layers.BatchNormalization(dtype=policy),
            layers.Dropout(0.1, name="dropout", dtype=policy),
            layers.Flatten(dtype=policy),
            layers.Dense(16, activation="relu", name="embedding", dtype=policy),
            layers.Dropout(0.3, name="last_dropout", dtype=policy),
            *(head or [layers.Dense(3, activation="softmax", name="answer", dtype=policy)]),
        ]
    )
    # Statistics as after a training, and logits of some size.
    for weight in model.weights:
        if "moving" in weight.path or weight.path.startswith("answer"):
            weight.assign(keras.random.uniform(weight.shape, 0.5, 1.5, seed=len(weight.path)))
    return model


def save_as(kind: str, model: keras.Model, folder: Path) -> Path:
    """Saves a model as a `keras` file, a `saved_model` or a `checkpoint`."""
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "keras":
        path = folder / "strokes.keras"
        model.save(path)
    elif kind == "saved_model":
        path = folder / "strokes"
        model.export(path, verbose=False)
    else:
        path = folder / "strokes"
        tf.train.Checkpoint(model=model).write(str(path))
    return path


def target_images(domains: TinyDomains) -> np.ndarray:
    """Images of the target's train split as the network sees them."""
    index = index_examples([str(domains.target / "Split-train" / "*")])
    preprocessor = ImagePreprocessor(str(domains.transform_graph))
    return np.asarray(preprocess_examples(index, preprocessor, memory_cache_mib=64).images)


def run_import(
    path: Path,
    domains: TinyDomains,
    output: Path,
    *,
    source: bool = False,
    network: NetworkSettings | None = None,
    own_preprocessing: bool = False,
    **settings: Any,
) -> Path:
    """Imports a model into `output`/model, and returns that."""
    if not own_preprocessing:
        settings = {"pixels": "standardized", "classes": CLASS_NAMES, **settings}
    import_model(
        ImportJob(
            plan=ImportPlan(
                imported=ImportSettings.model_validate({"from": str(path), **settings}),
                network=network or NetworkSettings(image_size=SIZE),
            ),
            path=str(path),
            examples=str(domains.target),
            source_examples=str(domains.source) if source else None,
            given_transform_graph=None if own_preprocessing else str(domains.transform_graph),
            model=str(output / "model"),
            transform_graph=str(output / "transform_graph"),
        )
    )
    return output / "model"
