"""User code of the stock design: `preprocessing_fn` and `run_fn` for TFX's `module_file`.

TFX installs this file alone into a wheel, so it imports nothing of this project.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tfx_bsl.public import tfxio

PIXELS, LABEL = "image_floats", "image_class"


def preprocessing_fn(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Standardizes the pixels, as this project's preprocessing does."""
    pixels = inputs[PIXELS]
    mean, deviation = tft.mean(pixels), tf.sqrt(tft.var(pixels))
    return {PIXELS: (pixels - mean) / deviation, LABEL: inputs[LABEL]}


def run_fn(fn_args: Any) -> None:
    """Trains LeNet with `Model.fit`, from a base model where there is one, and saves it."""
    graph = tft.TFTransformOutput(fn_args.transform_graph_path)
    examples = fn_args.data_accessor.tf_dataset_factory(
        fn_args.train_files,
        tfxio.TensorFlowDatasetOptions(
            batch_size=fn_args.custom_config["batch_size"], shuffle=True
        ),
        graph.transformed_metadata.schema,
    )
    model = _lenet()
    if fn_args.base_model:
        model.load_weights(f"{fn_args.base_model}/model.weights.h5")
    model.compile(
        keras.optimizers.Adam(fn_args.custom_config["learning_rate"]),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(
        examples.map(lambda features: (features[PIXELS], features[LABEL])).repeat(),
        steps_per_epoch=fn_args.train_steps,
        verbose=0,
    )
    servable = _Servable(model, graph)
    tf.saved_model.save(servable, fn_args.serving_model_dir, servable.serve)
    model.save_weights(f"{fn_args.serving_model_dir}/model.weights.h5")


class _Servable(tf.Module):
    def __init__(self, model: keras.Model, graph: tft.TFTransformOutput) -> None:
        super().__init__()
        self._variables = [variable.value for variable in model.variables]
        self._transform = graph.transform_features_layer()
        self._model = model
        self._graph = graph

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Answers serialized examples."""
        spec = {
            name: kind for name, kind in self._graph.raw_feature_spec().items() if name != LABEL
        }
        features = self._transform(tf.io.parse_example(examples, spec))
        return {"probabilities": tf.nn.softmax(self._model(features[PIXELS]))}


def _lenet() -> keras.Model:
    keras.utils.set_random_seed(0)
    conv = {"padding": "same", "activation": "relu"}
    return keras.Sequential(
        [
            keras.layers.Input([784]),
            keras.layers.Reshape([28, 28, 1]),
            keras.layers.Conv2D(32, 5, **conv),
            keras.layers.MaxPool2D(),
            keras.layers.Conv2D(64, 5, **conv),
            keras.layers.MaxPool2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(1024, activation="relu"),
            keras.layers.Dense(10),
        ]
    )
