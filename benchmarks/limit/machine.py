"""What this machine computes with, which decides what is wanted of it."""

from __future__ import annotations

from modules.networks.precision import cpu_flags, onednn_is_held_below_bfloat16


def has_amx() -> bool:
    """Whether bfloat16 is multiplied by AMX, eight times as fast as float32 without it."""
    return "amx_bf16" in cpu_flags() and not onednn_is_held_below_bfloat16()


def by_cpu(with_amx: float, without: float) -> float:
    """Chooses a target's value."""
    return with_amx if has_amx() else without
