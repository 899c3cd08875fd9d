"""Makes new domains from images of bright characters on black.

They serve to tune and study transfer without touching the data that judges it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from modules.core.errors import ConfigError
from modules.core.nearest_name import nearest_name_hint

Pixels: TypeAlias = npt.NDArray[np.uint8]
# One image, float [H, W] in [0, 1], to [H', W'] or [H', W', 3]; clipped afterwards.
Shift: TypeAlias = Callable[[npt.NDArray[np.float64], np.random.Generator], np.ndarray]

_ROTATION = (20.0, 40.0)  # degrees, to either side
_ROOM = 2  # a moved or scaled image lies on paper of this many times its size
_SHRINKING, _GROWTH = (0.5, 0.75), (1.4, 1.9)
_LOW_RESOLUTION = 9  # pixels on the longer side
_BLUR = (1.0, 1.8)  # standard deviation, pixels
_NOISE = (0.15, 0.3)  # standard deviation, share of the range
_TEXTURE_GRAIN = (1.0, 4.0)  # pixels
_TEXTURE_CONTRAST = 0.18
_INK_CONTRAST = 0.45  # least difference in brightness between ink and paper
_CROSS = ndimage.generate_binary_structure(2, 1)


def shift_names() -> tuple[str, ...]:
    """Lists the shifts."""
    return tuple(_SHIFTS)


def shift_images(images: Pixels, name: str, seed: int) -> Pixels:
    """Makes images look as if they came from another domain.

    Args:
        images: uint8 [N, H, W], bright ink on black; at least one.
        name: One of `shift_names`.
        seed: Each image draws its own strength from it and from its place.

    Returns:
        uint8 [N, H', W'] or, in colour, [N, H', W', 3].

    Raises:
        ConfigError: No shift has that name.

    Example:
        >>> int(shift_images(np.zeros([1, 2, 2], np.uint8), "inverted", seed=0).min())
        255
    """
    if name not in _SHIFTS:
        raise ConfigError(f"no shift is named '{name}'{nearest_name_hint(name, shift_names())}")
    shift = _SHIFTS[name]
    shifted = [
        shift(image / 255.0, np.random.default_rng([seed, place]))
        for place, image in enumerate(images)
    ]
    return np.round(255.0 * np.clip(np.stack(shifted), 0.0, 1.0)).astype(np.uint8)


def _rotate(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    angle = rng.uniform(*_ROTATION) * rng.choice([-1.0, 1.0])
    return ndimage.rotate(image, angle, reshape=False, order=1)


def _scale(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    factor = rng.uniform(*(_SHRINKING if rng.random() < 0.5 else _GROWTH))
    return _lay_on_paper(_resize(image, factor), image.shape, rng)


def _blur(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    blurred = ndimage.gaussian_filter(image, rng.uniform(*_BLUR))
    return blurred / max(float(blurred.max()), 1e-6)


def _add_noise(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return image + rng.normal(scale=rng.uniform(*_NOISE), size=image.shape)


def _thin(image: np.ndarray, _: np.random.Generator) -> np.ndarray:
    # On twice the pixels: a whole pixel from either side would break many strokes.
    fine = ndimage.zoom(image, 2, order=1)
    return ndimage.grey_erosion(fine, footprint=_CROSS)


def _texture(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Coloured ink on coloured, textured paper, either of which may be the darker one."""
    noise = ndimage.gaussian_filter(
        rng.normal(size=(*image.shape, 3)), (*[rng.uniform(*_TEXTURE_GRAIN)] * 2, 0)
    )
    texture = noise / max(float(noise.std()), 1e-6)
    while True:
        paper, ink = rng.uniform(size=(2, 3))
        if abs(_brightness(paper) - _brightness(ink)) >= _INK_CONTRAST:
            break
    alpha = image[..., None]
    return (1.0 - alpha) * (paper + _TEXTURE_CONTRAST * texture) + alpha * ink


def _brightness(colour: np.ndarray) -> float:
    return float(colour @ [0.299, 0.587, 0.114])


def _resize(image: np.ndarray, factor: float) -> np.ndarray:
    """Resizes with antialiasing."""
    height, width = (max(round(side * factor), 1) for side in image.shape)
    resized = Image.fromarray(image.astype(np.float32)).resize(
        (width, height), Image.Resampling.BOX if factor < 0.5 else Image.Resampling.BILINEAR
    )
    return np.asarray(resized, np.float64)


def _lay_on_paper(
    image: np.ndarray, former: tuple[int, ...], rng: np.random.Generator
) -> np.ndarray:
    """Lays an image anywhere on black paper of twice its former size."""
    paper = np.zeros([_ROOM * side for side in former])
    top, left = (
        int(rng.integers(room - side + 1))
        for room, side in zip(paper.shape, image.shape, strict=True)
    )
    paper[top : top + image.shape[0], left : left + image.shape[1]] = image
    return paper


_SHIFTS: Mapping[str, Shift] = {
    "rotation": _rotate,
    "translation": lambda image, rng: _lay_on_paper(image, image.shape, rng),
    "scale": _scale,
    "low_resolution": lambda image, rng: _resize(image, _LOW_RESOLUTION / max(image.shape)),
    "blur": _blur,
    "noise": _add_noise,
    "inverted": lambda image, rng: 1.0 - image,
    "textured_colour": _texture,
    "thick": lambda image, rng: ndimage.grey_dilation(image, footprint=_CROSS),
    "thin": _thin,
}
