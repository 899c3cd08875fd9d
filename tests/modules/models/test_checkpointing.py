"""Checkpoints by name and the warm start from them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from modules.core.errors import DataError, WarmStartMappingError
from modules.models.checkpointing import (
    checkpoint_fingerprint,
    read_checkpoint_metadata,
    read_checkpoint_variables,
    save_network_checkpoint,
    warm_start_network,
)
from modules.networks.network import Network
from modules.networks.precision import precision_policy
from modules.networks.registry import BuiltNetwork, build_network
from modules.settings import NetworkSettings

NETWORK = NetworkSettings(image_size=8)
METADATA = {"network": NETWORK.model_dump(), "num_classes": 4, "class_names": ["a", "b", "c", "d"]}


HEAD = {"head/kernel": tf.Variable(tf.ones([1024, 3])), "head/bias": tf.Variable(tf.ones([3]))}


def _network(seed: int, num_classes: int = 4, dropout: float = 0.0) -> BuiltNetwork:
    keras.utils.set_random_seed(seed)
    network = build_network(NETWORK.model_copy(update={"dropout": dropout}), num_classes)
    for weight in network.weights:
        weight.assign(keras.random.normal(weight.shape, seed=seed))
    return network


def _network_of(variables: dict[str, tf.Variable]) -> Any:
    """As much of a network as checkpoints take."""
    return SimpleNamespace(named_variables=variables)


def _values(network: Network) -> dict[str, np.ndarray]:
    return {name: variable.numpy() for name, variable in network.named_variables.items()}


def _assert_equal(one: dict[str, np.ndarray], two: dict[str, np.ndarray]) -> None:
    assert set(one) == set(two)
    for name in one:
        np.testing.assert_array_equal(one[name], two[name], err_msg=name)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """The checkpoint of a network of seed 1, with 4 classes."""
    directory = tmp_path / "checkpoint"
    save_network_checkpoint(_network(seed=1), str(directory), METADATA)
    return directory


def test_weights_are_named_by_layer() -> None:
    assert list(_network(seed=1, dropout=0.5).named_variables) == [
        "conv1/kernel",
        "conv1/bias",
        "conv2/kernel",
        "conv2/bias",
        "features/kernel",
        "features/bias",
        "logits/kernel",
        "logits/bias",
    ]


def test_a_checkpoint_holds_the_networks_values_by_name_for_any_reader(checkpoint: Path) -> None:
    expected = _values(_network(seed=1))
    _assert_equal(read_checkpoint_variables(str(checkpoint)), expected)

    reader = tf.train.load_checkpoint(str(checkpoint / "variables"))
    kernel = reader.get_tensor("conv1/kernel/.ATTRIBUTES/VARIABLE_VALUE")
    np.testing.assert_array_equal(kernel, expected["conv1/kernel"])


def test_network_json_holds_the_metadata_the_shapes_and_the_fingerprint(checkpoint: Path) -> None:
    record = json.loads((checkpoint / "network.json").read_text())
    assert record == read_checkpoint_metadata(str(checkpoint))
    assert {key: record[key] for key in METADATA} == METADATA
    assert record["variables"]["logits/kernel"] == [1024, 4]
    assert record["fingerprint"] == checkpoint_fingerprint(_values(_network(seed=1)))


def test_saving_twice_writes_the_same_fingerprint_and_replaces_the_checkpoint(
    checkpoint: Path,
) -> None:
    again = save_network_checkpoint(_network(seed=1), str(checkpoint), METADATA)
    assert again == read_checkpoint_metadata(str(checkpoint))["fingerprint"]
    other = save_network_checkpoint(_network(seed=2), str(checkpoint), METADATA)
    assert other != again
    _assert_equal(read_checkpoint_variables(str(checkpoint)), _values(_network(seed=2)))
    assert sorted(path.name for path in checkpoint.iterdir()) == [
        "network.json",
        "variables.data-00000-of-00001",
        "variables.index",
    ]


def test_a_warm_started_network_computes_what_the_saved_one_did(checkpoint: Path) -> None:
    network = _network(seed=2)
    images = tf.random.stateless_uniform([3, 8, 8, 1], seed=(0, 0))
    expected = _network(seed=1)(images)
    assert not np.allclose(network(images)["logits"], expected["logits"])

    report = warm_start_network(network, str(checkpoint))

    np.testing.assert_array_equal(network(images)["logits"], expected["logits"])
    assert list(report.restored) == list(network.named_variables)
    assert {**report.missing, **report.unused, **report.shape_mismatch} == {}
    assert report.fingerprint == read_checkpoint_metadata(str(checkpoint))["fingerprint"]
    assert report.checkpoint == str(checkpoint)


def test_a_network_in_mixed_precision_takes_the_float32_values(checkpoint: Path) -> None:
    with precision_policy("mixed_bfloat16"):
        network = build_network(NETWORK, num_classes=4)
    warm_start_network(network, str(checkpoint))
    _assert_equal(_values(network), _values(_network(seed=1)))


def test_another_class_count_is_refused_and_changes_nothing(checkpoint: Path) -> None:
    network = _network(seed=2, num_classes=7)
    before = _values(network)
    with pytest.raises(WarmStartMappingError, match=r"logits/kernel: shape \[1024, 7\]"):
        warm_start_network(network, str(checkpoint))
    _assert_equal(_values(network), before)


def test_an_announced_mismatch_keeps_its_initial_values_and_the_rest_is_restored(
    checkpoint: Path,
) -> None:
    network = _network(seed=2, num_classes=7)
    before, saved = _values(network), _values(_network(seed=1))
    report = warm_start_network(network, str(checkpoint), expected_mismatched=["logits"])
    assert list(report.shape_mismatch) == ["logits/kernel", "logits/bias"]
    logits = {"logits/kernel", "logits/bias"}
    _assert_equal(
        _values(network),
        {name: before[name] if name in logits else saved[name] for name in saved},
    )


def test_an_announced_missing_layer_keeps_its_initial_values(checkpoint: Path) -> None:
    body = _network(seed=2).named_variables
    for name in ("logits/kernel", "logits/bias"):
        del body[name]
    network = _network_of({**body, **HEAD})
    before = _values(network)
    with pytest.raises(WarmStartMappingError, match="head/kernel"):
        warm_start_network(network, str(checkpoint))
    report = warm_start_network(network, str(checkpoint), expected_missing=["head"])
    assert list(report.missing) == ["head/kernel", "head/bias"]
    assert list(report.unused) == ["logits/bias", "logits/kernel"]
    np.testing.assert_array_equal(_values(network)["head/kernel"], before["head/kernel"])
    np.testing.assert_array_equal(
        _values(network)["conv1/kernel"], _values(_network(seed=1))["conv1/kernel"]
    )


def test_a_checkpoint_with_nothing_in_common_is_refused_whatever_is_announced(
    checkpoint: Path,
) -> None:
    with pytest.raises(WarmStartMappingError, match="nothing in common"):
        warm_start_network(_network_of(HEAD), str(checkpoint), expected_missing=["head"])


def test_a_checkpoint_cut_short_before_network_json_is_refused(checkpoint: Path) -> None:
    (checkpoint / "network.json").unlink()
    with pytest.raises(DataError, match=r"network\.json: expected the description of a complete"):
        warm_start_network(_network(seed=2), str(checkpoint))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"fingerprint": 1}'])
def test_an_unreadable_network_json_is_refused(checkpoint: Path, text: str) -> None:
    (checkpoint / "network.json").write_text(text)
    with pytest.raises(DataError, match=r"network\.json: expected"):
        read_checkpoint_metadata(str(checkpoint))


@pytest.mark.parametrize("name", ["variables.index", "variables.data-00000-of-00001"])
@pytest.mark.parametrize("damage", ["deleted", "emptied", "cut", "flipped"])
def test_a_damaged_checkpoint_is_refused(checkpoint: Path, name: str, damage: str) -> None:
    path = checkpoint / name
    content = bytearray(path.read_bytes())
    if damage == "deleted":
        path.unlink()
    elif damage == "emptied":
        path.write_bytes(b"")
    elif damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    else:
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)
    network = _network(seed=2)
    before = _values(network)
    with pytest.raises(DataError, match=f"{checkpoint}: expected"):
        warm_start_network(network, str(checkpoint))
    _assert_equal(_values(network), before)


def test_weights_swapped_for_another_valid_checkpoints_are_refused(
    checkpoint: Path, tmp_path: Path
) -> None:
    save_network_checkpoint(_network(seed=3), str(tmp_path / "other"), METADATA)
    for path in (tmp_path / "other").glob("variables*"):
        path.rename(checkpoint / path.name)
    with pytest.raises(DataError, match="changed after saving"):
        warm_start_network(_network(seed=2), str(checkpoint))


def test_a_failed_save_leaves_no_checkpoint_that_counts_as_whole(checkpoint: Path) -> None:
    with pytest.raises(TypeError):
        save_network_checkpoint(_network(seed=2), str(checkpoint), {"not JSON": object()})
    with pytest.raises(DataError):
        read_checkpoint_variables(str(checkpoint))


ARRAYS = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    hnp.arrays(np.float32, hnp.array_shapes(max_dims=2, max_side=3)),
    min_size=1,
)


@given(ARRAYS)
def test_the_fingerprint_does_not_depend_on_order_or_memory_layout(
    arrays: dict[str, np.ndarray],
) -> None:
    shuffled = {name: np.asfortranarray(arrays[name]) for name in reversed(arrays)}
    assert checkpoint_fingerprint(arrays) == checkpoint_fingerprint(shuffled)


@given(ARRAYS, st.data())
@settings(max_examples=50)
def test_the_fingerprint_changes_with_any_bit_name_or_shape(
    arrays: dict[str, np.ndarray], data: st.DataObject
) -> None:
    original = checkpoint_fingerprint(arrays)
    name = data.draw(st.sampled_from(sorted(arrays)))
    flat = arrays[name].copy().view(np.uint8)
    flat.reshape(-1)[data.draw(st.integers(0, flat.size - 1))] ^= 1
    assert checkpoint_fingerprint({**arrays, name: flat.view(np.float32)}) != original
    assert checkpoint_fingerprint({**arrays, name: arrays[name][None]}) != original
    assert checkpoint_fingerprint({**arrays, "d": arrays[name]}) != original
    renamed = {("d" if key == name else key): value for key, value in arrays.items()}
    assert checkpoint_fingerprint(renamed) != original


def test_logits_are_restored_by_the_names_of_their_classes(checkpoint: Path) -> None:
    before = read_checkpoint_variables(str(checkpoint))
    network = _network(seed=2, num_classes=5)
    fresh = _values(network)
    names = ["d", "new", "a", "newer", "b"]
    report = warm_start_network(network, str(checkpoint), class_names=names)
    assert not report.shape_mismatch
    kernel, old = _values(network)["logits/kernel"], before["logits/kernel"]
    np.testing.assert_array_equal(kernel[:, [0, 2, 4]], old[:, [3, 0, 1]])
    np.testing.assert_array_equal(kernel[:, [1, 3]], fresh["logits/kernel"][:, [1, 3]])
    assert [row.origin for row in report.rows] == [
        "checkpoint row 3",
        "fresh",
        "checkpoint row 0",
        "fresh",
        "checkpoint row 1",
    ]
    assert report.fingerprint == checkpoint_fingerprint(before)
