"""The number format that a network computes in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras

from modules.settings import Precision

# With either flag oneDNN multiplies bfloat16 natively: with avx512_bf16 alone, LeNet's training
# step takes about half of float32's time. Without them bfloat16 is emulated, and slower.
_NATIVE_BFLOAT16_FLAGS = frozenset({"amx_bf16", "avx512_bf16"})
_CPU_INFO = Path("/proc/cpuinfo")
_OLDER_ISAS = frozenset(
    {"SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2", "AVX512_CORE", "AVX512_CORE_VNNI"}
)


def choose_precision(setting: Precision, flags: frozenset[str] | None = None) -> str:
    """Turns the `training.precision` setting into the name of a Keras dtype policy.

    Args:
        setting: `auto`, or a policy's name, which is returned as it is.
        flags: The CPU's feature flags. None reads this machine's, and takes ONEDNN_MAX_CPU_ISA into
            account.

    Returns:
        `mixed_bfloat16` (float32 variables, bfloat16 arithmetic) or `float32`.

    Example:
        >>> choose_precision("auto", frozenset({"avx2", "avx512_bf16"}))
        'mixed_bfloat16'
    """
    if setting != "auto":
        return setting
    if flags is None:
        flags = frozenset() if onednn_is_held_below_bfloat16() else cpu_flags()
    return "mixed_bfloat16" if flags & _NATIVE_BFLOAT16_FLAGS else "float32"


def onednn_is_held_below_bfloat16() -> bool:
    """Whether ONEDNN_MAX_CPU_ISA names an instruction set without bfloat16.

    On a CPU that has bfloat16, TensorFlow then still hands bfloat16 convolutions to oneDNN, which
    refuses them.
    """
    return os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper() in _OLDER_ISAS


def cpu_flags(cpu_info: Path = _CPU_INFO) -> frozenset[str]:
    """Reads the CPU's feature flags.

    Args:
        cpu_info: A file in the format of Linux's /proc/cpuinfo.

    Returns:
        The flags of the first core; empty where the file or its flags line is missing, as on
        systems other than Linux on x86.
    """
    try:
        lines = cpu_info.read_text(encoding="utf-8").splitlines()
    except OSError:
        return frozenset()
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == "flags":
            return frozenset(value.split())
    return frozenset()


@contextmanager
def precision_policy(name: str) -> Iterator[None]:
    """Makes `name` the global Keras dtype policy inside the block, and restores it afterwards.

    Layers keep the policy that they were built under, so only building them needs the block.

    Reference: Micikevicius et al., Mixed Precision Training, ICLR 2018, section 3.1: variables
    stay in float32.

    Example:
        >>> with precision_policy("mixed_bfloat16"):
        ...     keras.layers.Dense(1).compute_dtype
        'bfloat16'
    """
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(previous)
