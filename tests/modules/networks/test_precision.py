"""The choice of the number format."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest

from modules.networks import precision
from modules.networks.precision import choose_precision, cpu_flags, precision_policy


@pytest.mark.parametrize("flag", ["avx512_bf16", "amx_bf16"])
def test_auto_takes_bfloat16_where_the_cpu_multiplies_it_natively(flag: str) -> None:
    assert choose_precision("auto", frozenset({"fpu", "avx512f", flag})) == "mixed_bfloat16"


@pytest.mark.parametrize("flags", [frozenset(), frozenset({"fpu", "avx2", "avx512f", "amx_int8"})])
def test_auto_takes_float32_elsewhere(flags: frozenset[str]) -> None:
    assert choose_precision("auto", flags) == "float32"


@pytest.mark.parametrize("flags", [frozenset(), frozenset({"avx512_bf16"})])
def test_a_named_precision_is_taken_whatever_the_cpu_is(flags: frozenset[str]) -> None:
    assert choose_precision("float32", flags) == "float32"
    assert choose_precision("mixed_bfloat16", flags) == "mixed_bfloat16"


def test_auto_follows_this_machines_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    assert choose_precision("auto") == choose_precision("auto", cpu_flags())


@pytest.mark.parametrize(
    ("isa", "chosen"),
    [
        ("avx2", "float32"),
        ("AVX512_CORE", "float32"),
        ("AVX512_CORE_BF16", "mixed_bfloat16"),
        ("ALL", "mixed_bfloat16"),
    ],
)
def test_auto_takes_float32_where_onednn_is_held_to_an_older_instruction_set(
    isa: str, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "cpu_flags", lambda: frozenset({"avx512_bf16"}))
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", isa)
    assert choose_precision("auto") == chosen


def test_flags_are_those_of_the_first_core(tmp_path: Path) -> None:
    cpu_info = tmp_path / "cpuinfo"
    cpu_info.write_text("processor\t: 0\nflags\t\t: fpu avx2\n\nprocessor\t: 1\nflags\t\t: sse\n")
    assert cpu_flags(cpu_info) == {"fpu", "avx2"}


def test_a_machine_without_the_file_or_without_flags_has_no_flags(tmp_path: Path) -> None:
    arm = tmp_path / "cpuinfo"
    arm.write_text("processor\t: 0\nFeatures\t: fp asimd bf16\n")
    assert cpu_flags(arm) == frozenset()
    assert cpu_flags(tmp_path / "missing") == frozenset()


def test_the_policy_holds_inside_the_block_and_for_layers_built_there() -> None:
    with precision_policy("mixed_bfloat16"):
        layer = keras.layers.Dense(1)
        layer.build((None, 1))
    assert layer.compute_dtype == "bfloat16"
    assert keras.layers.Dense(1).compute_dtype == "float32"


def test_the_former_policy_comes_back_even_after_an_error() -> None:
    before = keras.config.dtype_policy().name
    with pytest.raises(RuntimeError, match="inside"), precision_policy("mixed_bfloat16"):
        raise RuntimeError("inside")
    assert keras.config.dtype_policy().name == before
