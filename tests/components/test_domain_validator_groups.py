"""DomainValidator on examples that name their groups, or whose names suggest some."""

from __future__ import annotations

from pathlib import Path

from tests.components.validated_domain import GOOD, Domain
from tests.tiny_domain import balanced, describe_examples


def test_a_group_in_every_example_is_as_it_should_be(tmp_path: Path) -> None:
    splits = {name: balanced(n, 4, group=[b"w1"]) for name, n in (("train", 5), ("eval", 2))}
    domain = Domain(tmp_path, splits).with_source(GOOD)
    describe_examples(*domain.inputs["examples"], groups={"train": 1, "eval": 1})
    assert domain.validate()["findings"] == []


def test_names_that_suggest_groups_are_a_warning(tmp_path: Path) -> None:
    domain = Domain(tmp_path, GOOD).with_source(GOOD)
    describe_examples(*domain.inputs["examples"], group_hints=["a column 'writer' of the table"])
    (finding,) = domain.validate()["findings"]
    assert not finding["stops_the_run"]
    assert finding["feature"] == "target.group"
    assert "a column 'writer' of the table" in finding["found"]
