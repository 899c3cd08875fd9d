"""Proposes network and preprocessing for two domains, by what their train splits look like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from modules.settings.network import KERAS_APPLICATION, NO_WEIGHTS

# Share of a domain's images that are ink on a plain background.
_IS_INK = 0.8
_MAY_BE_INK = 0.2

_DROPOUT = 0.3  # as in the default scenario
_MODEL = "MobileNetV3Small"
_LARGEST_FOR_LENET = 32
_LARGEST_FOR_RESNET = 96
# Framed ink shows all it has in this many pixels; published weights were trained on 224.
_LARGEST_FRAMED, _LARGEST = 64, 224


@dataclass(frozen=True)
class Look:
    """What the images of a domain's train split look like.

    Attributes:
        side: The longer side of its most common size, in pixels.
        has_colour: Whether some of them have colour.
        ink_share: Share that is ink on a plain background, see
            `modules.images.ink_share.measure_ink_share`.
    """

    side: int
    has_colour: bool
    ink_share: float


def propose_preprocessing(source: Look, target: Look) -> dict[str, Any]:
    """Proposes the section `preprocessing`.

    Framing and inverting suit ink, in both domains. Mirroring, cropping and colour suit
    photographs; where one domain holds characters, a mirrored one would be another.

    Example:
        >>> photos = Look(side=32, has_colour=True, ink_share=0.05)
        >>> propose_preprocessing(photos, photos)
        {'framing': False, 'polarity': False, 'augmentation': 'photo'}
    """
    shares = source.ink_share, target.ink_share
    if min(shares) >= _IS_INK:
        return {"framing": True, "augmentation": "robust"}
    if max(shares) <= _MAY_BE_INK:
        return {"framing": False, "polarity": False, "augmentation": "photo"}
    return {"framing": False, "augmentation": "robust"}


def propose_network(source: Look, target: Look, *, framed: bool) -> dict[str, Any]:
    """Proposes the section `network`.

    Args:
        source, target: The domains. Colour is used if both have it: otherwise grey is what they
            share. The larger one's size counts.
        framed: Whether images are cropped to their ink.

    Example:
        >>> digits = Look(side=28, has_colour=False, ink_share=1.0)
        >>> propose_network(digits, digits, framed=True)["name"]
        'lenet'
    """
    channels = 3 if source.has_colour and target.has_colour else 1
    side = min(max(source.side, target.side), _LARGEST_FRAMED if framed else _LARGEST)
    if side <= _LARGEST_FOR_LENET and channels == 1:
        network: dict[str, Any] = {"name": "lenet", "image_size": _rounded(side, 28, 4)}
    elif side <= _LARGEST_FOR_RESNET:
        network = {"name": "resnet", "image_size": _rounded(side, 32, 8)}
    else:
        size = _rounded(side, 96, 32)
        network = {"name": KERAS_APPLICATION, "model": _MODEL, "weights": NO_WEIGHTS}
        network["image_size"] = size
    return {**network, "channels": channels, "dropout": _DROPOUT}


def _rounded(side: int, smallest: int, multiple: int) -> int:
    side = max(side, smallest)
    return side - side % multiple
