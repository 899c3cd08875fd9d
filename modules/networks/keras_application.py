"""Any classification network of `keras.applications`, without its top."""

from __future__ import annotations

import inspect
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from modules.core.errors import ConfigError, DataError, one_line
from modules.core.nearest_name import nearest_name_hint
from modules.networks.network import FEATURES
from modules.settings import NetworkSettings
from modules.settings.network import IMAGENET, NO_WEIGHTS

_NEEDED_ARGUMENTS = {"include_top", "weights", "input_shape", "pooling"}
# What Keras writes today, and what keras.applications itself downloads.
_WEIGHT_FILES = (".weights.h5", ".keras", ".h5")
_LARGEST_VALUE = 255.0
_MOST_MOMENTUM = 0.9
_LOADING_ERRORS = (AttributeError, KeyError, OSError, TypeError, ValueError, zipfile.BadZipFile)

Application = Callable[..., keras.Model]


class ApplicationInput(keras.layers.Layer):
    """Turns pixels from 0 to 1 into what a network of `keras.applications` was trained on.

    Args:
        preprocess: The `preprocess_input` that belongs to the network: takes RGB from 0 to 255.

    Example:
        >>> layer = ApplicationInput(keras.applications.mobilenet_v2.preprocess_input)
        >>> layer(keras.ops.ones([1, 2, 2, 1])).shape
        TensorShape([1, 2, 2, 3])
    """

    def __init__(self, preprocess: Callable[[Any], Any], **options: Any) -> None:
        super().__init__(dtype="float32", **options)
        self._preprocess = preprocess

    def call(self, images: Any) -> Any:
        """Scales f32 [N, S, S, 1 or 3]; the result is f32 [N, S, S, 3]."""
        if images.shape[-1] == 1:
            images = keras.ops.repeat(images, 3, axis=-1)
        return self._preprocess(images * _LARGEST_VALUE)


def application_features(settings: NetworkSettings, images: keras.KerasTensor) -> keras.KerasTensor:
    """Computes the average-pooled features of the network `settings.model`.

    Its layers keep their names. Grey images become three equal channels.

    Args:
        settings: `model` and `weights`; the image size must be one that the model takes.
        images: f32 [N, S, S, C], pixels from 0 to 1.

    Returns:
        [N, D], in the type that the global dtype policy computes in.

    Raises:
        ConfigError: There is no such model, it does not take images of that size, or its published
            weights cannot be downloaded.
        DataError: The file with the weights is missing, or does not fit the model.
    """
    application = _find_application(settings.model or "")
    preprocess = inspect.getmodule(application).preprocess_input  # type: ignore[union-attr]
    scaled = ApplicationInput(preprocess, name="application_input")(images)
    # Built on the scaled images: a model that is called on them would hide its layers.
    model = _build(application, settings, input_tensor=scaled)
    _load_weights(model, application, settings)
    _follow_statistics_soon(model)
    return keras.layers.Activation("linear", name=FEATURES)(model.output)


def application_names() -> tuple[str, ...]:
    """Lists the networks of `keras.applications` that give features of images."""
    return tuple(
        name
        for name, value in sorted(vars(keras.applications).items())
        if inspect.isfunction(value)
        and set(inspect.signature(value).parameters) >= _NEEDED_ARGUMENTS
        and hasattr(inspect.getmodule(value), "preprocess_input")
    )


def _find_application(name: str) -> Application:
    names = application_names()
    if name not in names:
        raise ConfigError(
            f"network.model: keras.applications has no classification network '{name}'"
            f"{nearest_name_hint(name, names)}"
        )
    application: Application = getattr(keras.applications, name)
    return application


def _build(application: Application, settings: NetworkSettings, **options: Any) -> keras.Model:
    size = settings.image_size
    options = {"weights": None, "input_shape": (size, size, 3), **options}
    try:
        return application(include_top=False, pooling="avg", **options)
    except ValueError as error:
        raise ConfigError(
            f"network.image_size: {settings.model} cannot be built for {size}x{size} pixels: "
            f"{one_line(error)}"
        ) from error


def _follow_statistics_soon(model: keras.Model) -> None:
    """Lets moving statistics follow in tens of steps: 0.999, as in MobileNetV3, takes thousands."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = min(layer.momentum, _MOST_MOMENTUM)


def _load_weights(model: keras.Model, application: Application, settings: NetworkSettings) -> None:
    if settings.weights == NO_WEIGHTS:
        return
    if settings.weights == IMAGENET:
        model.set_weights(_published(application, settings).get_weights())
        return
    path = settings.weights
    wanted = f"weights of {settings.model} without its top, as a file {' or '.join(_WEIGHT_FILES)}"
    fix = (
        f"Write them with keras.applications.{settings.model}(include_top=False, pooling='avg', "
        "...).save_weights('NAME.weights.h5'), or name the file that keras.applications downloads "
        "(its name has notop or no_top in it)."
    )
    if not path.endswith(_WEIGHT_FILES) or not Path(path).is_file():
        found = "another kind of file" if Path(path).is_file() else "no such file"
        raise DataError(path, expected=wanted, found=found, fix=fix)
    try:
        model.load_weights(path)
    except _LOADING_ERRORS as error:
        raise DataError(path, expected=wanted, found=one_line(error)[:300], fix=fix) from error


def _published(application: Application, settings: NetworkSettings) -> keras.Model:
    try:
        return _build(application, settings, weights=IMAGENET)
    except ConfigError:
        raise
    except Exception as error:  # Keras raises Exception itself where a download fails.
        raise ConfigError(
            f"network.weights: the ImageNet weights of {settings.model} could not be downloaded: "
            f"{one_line(error)}. Download the file elsewhere and name it: network.weights: PATH."
        ) from error
