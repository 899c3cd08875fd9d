"""What a warm start takes over, and what it refuses."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.core.errors import WarmStartMappingError
from modules.models.mapping_report import (
    MappingReport,
    Shape,
    ShapeMismatch,
    compare_weights,
    refuse_unannounced,
)

SHAPES = st.sampled_from([(), (1,), (2,), (2, 3)])
WEIGHTS = st.dictionaries(st.sampled_from(["a/kernel", "a/bias", "b/kernel", "c"]), SHAPES)


def compare(network: dict[str, Shape], checkpoint: dict[str, Shape]) -> MappingReport:
    return compare_weights(network, checkpoint, checkpoint="somewhere", fingerprint="abc")


@given(WEIGHTS, WEIGHTS)
def test_every_weight_is_in_exactly_one_group(
    network: dict[str, Shape], checkpoint: dict[str, Shape]
) -> None:
    report = compare(network, checkpoint)
    groups: list[Mapping[str, object]] = [
        report.restored,
        report.missing,
        report.unused,
        report.shape_mismatch,
    ]
    names = [name for group in groups for name in group]
    assert sorted(names) == sorted({*network, *checkpoint})
    for name in names:
        assert (name in report.restored) == (
            name in network and name in checkpoint and network[name] == checkpoint[name]
        )
        assert (name in report.missing) == (name not in checkpoint)
        assert (name in report.unused) == (name not in network)


@given(WEIGHTS, WEIGHTS)
def test_a_report_survives_json(network: dict[str, Shape], checkpoint: dict[str, Shape]) -> None:
    report = compare(network, checkpoint)
    assert MappingReport.from_json(report.to_json()) == report


@given(WEIGHTS, WEIGHTS)
def test_announcing_every_difference_lets_it_pass_unless_nothing_is_restored(
    network: dict[str, Shape], checkpoint: dict[str, Shape]
) -> None:
    report = compare(network, checkpoint)
    announced = (tuple(report.missing), tuple(report.shape_mismatch))
    if report.restored:
        refuse_unannounced(report, *announced)
    else:
        with pytest.raises(WarmStartMappingError, match="nothing in common"):
            refuse_unannounced(report, *announced)


def test_a_difference_that_was_not_announced_is_refused_by_name_shape_and_remedy() -> None:
    report = compare(
        {"conv/kernel": (3, 3), "new/kernel": (5,), "logits/kernel": (8, 7)},
        {"conv/kernel": (3, 3), "old/kernel": (2,), "logits/kernel": (8, 10)},
    )
    with pytest.raises(WarmStartMappingError) as refusal:
        refuse_unannounced(report, (), ())
    assert str(refusal.value).splitlines() == [
        "somewhere: the checkpoint does not fit the network.",
        "  new/kernel [5]: missing in the checkpoint; name it in transfer.expected_missing to "
        "train it from its initial values",
        "  logits/kernel: shape [8, 7] in the network, [8, 10] in the checkpoint; name it in "
        "transfer.expected_mismatched to train it from its initial values",
        "  weights that only the checkpoint has: old/kernel",
    ]


def test_naming_a_layer_announces_its_weights_but_not_those_of_a_longer_name() -> None:
    report = compare({"a": (1,), "b/kernel": (1,), "b/bias": (1,), "b2/kernel": (1,)}, {"a": (1,)})
    refuse_unannounced(report, ("b", "b2/kernel"), ())
    with pytest.raises(WarmStartMappingError, match="b2/kernel"):
        refuse_unannounced(report, ("b",), ())


def test_announcing_one_kind_of_difference_does_not_excuse_the_other() -> None:
    report = compare({"a": (1,), "b": (1,), "c": (1,)}, {"a": (1,), "b": (2,)})
    with pytest.raises(WarmStartMappingError):
        refuse_unannounced(report, ("b", "c"), ())
    with pytest.raises(WarmStartMappingError):
        refuse_unannounced(report, (), ("b", "c"))


def test_a_weight_that_only_the_checkpoint_has_is_reported_not_refused() -> None:
    report = compare({"a": (1,)}, {"a": (1,), "b": (2,)})
    refuse_unannounced(report, (), ())
    assert report.unused == {"b": (2,)}


def test_announcing_a_weight_that_is_restored_after_all_is_no_error() -> None:
    refuse_unannounced(compare({"a": (1,)}, {"a": (1,)}), ("a",), ("a",))


def test_announcing_a_name_that_the_network_does_not_have_is_refused_with_the_nearest_one() -> None:
    report = compare({"logits/kernel": (1,)}, {"logits/kernel": (1,)})
    with pytest.raises(WarmStartMappingError, match=r"expected_missing.*'logits/kernle'; did you"):
        refuse_unannounced(report, ("logits/kernle",), ())
    with pytest.raises(WarmStartMappingError, match=r"expected_mismatched.*'log'; known: "):
        refuse_unannounced(report, (), ("log",))


def test_a_mismatch_holds_both_shapes() -> None:
    report = compare({"a": (1,), "b": (2,)}, {"a": (1,), "b": (3,)})
    assert report.shape_mismatch == {"b": ShapeMismatch(network=(2,), checkpoint=(3,))}
