"""Names of layers in the configuration: of one layer, or of a block of layers."""

from __future__ import annotations

from collections.abc import Iterable


def layers_of(name: str, layers: Iterable[str]) -> list[str]:
    """Finds the layer with a name or, if there is none, those of the block with that name.

    Example:
        >>> names = ["conv", "conv_bn", "stage1_conv1", "stage1_conv2", "stage10_conv1"]
        >>> layers_of("stage1", names), layers_of("conv", names), layers_of("stage", names)
        (['stage1_conv1', 'stage1_conv2'], ['conv'], [])
    """
    known = list(layers)
    if name in known:
        return [name]
    return [layer for layer in known if layer.startswith((f"{name}_", f"{name}/"))]
