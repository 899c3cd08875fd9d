"""A warm start from what is served: taken where it fits, else refused with a reason."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modules.core.errors import DataError
from modules.models.served_version import ServedVersion
from modules.settings import NetworkSettings
from modules.settings.plans import TransferPlan
from modules.transfer.served.preparation import prepare_served_start
from modules.transfer.served.run_identity import StartInputs, run_identity
from modules.transfer.served.start import ServedStart, choose_start
from modules.transfer.warm_start import run_warm_start
from tests.modules.transfer.warm_start_result import Result
from tests.tiny_domain import write_examples
from tests.training_domain import (
    CLASS_NAMES,
    NETWORK,
    PREPROCESSING,
    TRANSFER,
    TRANSFER_PLAN,
    TinyDomains,
    stroke_records,
    warm_start_job,
    write_transform_graph,
)

VERSION = ServedVersion(1795539541, "ab" * 32)
SERVED_PLAN = TRANSFER_PLAN.model_copy(
    update={"transfer": TRANSFER.model_copy(update={"start": "served", "method": "zero_shot"})}
)


def inputs(domains: TinyDomains, pretrained: Path, **changes: Any) -> StartInputs:
    values: dict[str, Any] = {
        "plan": SERVED_PLAN,
        "examples": str(domains.target),
        "source_examples": str(domains.source),
        "transform_graph": str(domains.transform_graph),
        "base_model": str(pretrained / "model"),
    }
    return StartInputs(**{**values, **changes})


def found(model: Path, folder: Path) -> Path:
    """What the finder copies of a version: the SavedModel alone."""
    shutil.copytree(model / "Format-Serving", folder / "Format-Serving")
    return folder


def train(
    domains: TinyDomains,
    pretrained: Path,
    folder: Path,
    served: Path | None,
    plan: TransferPlan = SERVED_PLAN,
) -> Result:
    job = warm_start_job(domains, pretrained / "model", folder, plan)
    run_warm_start(job.model_copy(update={"served_model": served and str(served)}))
    return Result(folder)


@pytest.fixture(scope="module")
def served(joint: Result, train_only: TinyDomains, pretrained: Path, tmp_path_factory: Any) -> Path:
    """The joint training's model, as the finder hands it over."""
    folder = found(joint.folder / "model", tmp_path_factory.mktemp("served"))
    start = prepare_served_start(inputs(train_only, pretrained), "run", VERSION, str(folder))
    assert start == ServedStart("run", VERSION.number, "")
    start.write(str(folder))
    return folder


def test_every_weight_comes_from_the_served_version_and_is_proven(
    served: Path, joint: Result, train_only: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    result = train(train_only, pretrained, tmp_path, served)
    for name, weight in joint.weights.items():
        np.testing.assert_array_equal(weight, result.weights[name])
    assert len(result.mapping["restored"]) == len(joint.weights)
    assert result.mapping["checkpoint"] == str(served / "checkpoint")
    assert result.mapping["restored_from"] == "version 1795539541, which is served"
    assert {row["why"] for row in result.mapping["rows"]} == {"the served model has this class"}
    assert result.record.metrics["restored_output_difference"] < 1e-4
    assert result.record.transfer["start"] == {
        "asked": "served",
        "used": "served",
        "version": 1795539541,
        "reason": "",
    }
    # The pretrained arm stays what it is.
    before = json.loads((pretrained / "model/checkpoint/network.json").read_text())
    arm = json.loads((tmp_path / "pretrained_arm/checkpoint/network.json").read_text())
    assert arm["fingerprint"] == before["fingerprint"]


def test_a_method_trains_on_from_its_saved_graph(
    served: Path, train_only: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    changes = {"start": "served", "method": "l2_sp", "restore": "graph", "steps": 2}
    plan = TRANSFER_PLAN.model_copy(update={"transfer": TRANSFER.model_copy(update=changes)})
    result = train(train_only, pretrained, tmp_path, served, plan)
    assert result.record.steps == 2
    assert result.record.metrics["restored_output_difference"] < 1e-4
    assert result.record.transfer["start"]["used"] == "served"


def test_a_changed_artifact_is_refused(
    served: Path, train_only: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    changed = shutil.copytree(served, tmp_path / "changed")
    (changed / "Format-Serving" / "saved_model.pb").write_bytes(b"another program")
    with pytest.raises(DataError, match="it was changed since"):
        train(train_only, pretrained, tmp_path / "run", changed)


def test_another_start_is_another_training(
    served: Path, train_only: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    job = warm_start_job(train_only, pretrained / "model", tmp_path, SERVED_PLAN)
    with_served = job.model_copy(update={"served_model": str(served)})
    assert with_served.inputs == [*job.inputs, str(served)]


def test_where_it_must_not_it_starts_from_the_pretrained_model_and_says_why(
    train_only: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    own = inputs(train_only, pretrained)
    start = prepare_served_start(own, "run", ServedVersion(), str(tmp_path))
    start.write(str(tmp_path))
    job = warm_start_job(train_only, pretrained / "model", tmp_path, SERVED_PLAN)
    nobody = choose_start(job)
    nothing = choose_start(job.model_copy(update={"served_model": str(tmp_path)}))
    for choice, reason in (
        (nobody, "nobody looked for what is served"),
        (nothing, "nothing is served yet"),
    ):
        assert choice.model == job.base_model
        assert choice.told == {
            "asked": "served",
            "used": "pretrained",
            "version": None,
            "reason": reason,
        }
    unasked = choose_start(warm_start_job(train_only, pretrained / "model", tmp_path))
    assert unasked.told["reason"] == ""


def test_what_does_not_fit_is_refused_with_a_reason(
    joint: Result, train_only: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    def refusal(name: str, served: ServedVersion = VERSION, **changes: Any) -> str:
        folder = found(joint.folder / "model", tmp_path / name)
        own = inputs(train_only, pretrained, **changes)
        start = prepare_served_start(own, "run", served, str(folder))
        assert not (folder / "checkpoint").exists()
        return start.refusal

    damaged = ServedVersion(7, problem="serving/7/saved_model.pb: it was changed.")
    assert refusal("damaged", damaged) == "serving/7/saved_model.pb: it was changed"

    more = tmp_path / "more"
    names = [*CLASS_NAMES, "round"]
    write_examples(more, {"train": stroke_records(3, seed=1)}, names)
    other_classes = "version 1795539541 has other classes: without round"
    assert refusal("classes", examples=str(more)) == other_classes
    turned = tmp_path / "turned"
    write_examples(turned, {"train": stroke_records(3, seed=1)}, CLASS_NAMES[::-1])
    assert (
        refusal("order", source_examples=str(turned))
        == "version 1795539541 has the classes in another order"
    )

    bright = tmp_path / "bright"
    standardized = PREPROCESSING.model_copy(update={"standardize": not PREPROCESSING.standardize})
    write_transform_graph(bright, stroke_records(3, seed=1), NETWORK, standardized)
    assert refusal("prepared", transform_graph=str(bright)) == (
        "version 1795539541 prepares images in another way"
    )


def test_a_version_of_another_network_or_of_an_earlier_release_is_refused(
    joint: Result, train_only: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    folder = found(joint.folder / "model", tmp_path / "served")
    own = inputs(train_only, pretrained)
    facts = folder / "Format-Serving" / "assets.extra" / "warmstart.json"
    told = json.loads(facts.read_text())
    other = NetworkSettings(image_size=24)
    facts.write_text(json.dumps(told | {"network": other.model_dump(mode="json")}))
    refused = prepare_served_start(own, "run", VERSION, str(folder))
    assert refused.refusal == ("version 1795539541 is another network: image_size 24 instead of 12")
    facts.write_text("{}")
    assert "what a run wrote about its model" in (
        prepare_served_start(own, "run", VERSION, str(folder)).refusal
    )
    facts.unlink()
    assert prepare_served_start(own, "run", VERSION, str(folder)).refusal == (
        "version 1795539541 does not say what network it is: an earlier release pushed it"
    )


def test_preprocessing_that_was_analysed_anew_to_the_same_end_is_no_other(
    joint: Result, train_only: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    again = shutil.copytree(train_only.transform_graph, tmp_path / "again")
    (again / "note.txt").write_text("another file, the same graph")
    folder = found(joint.folder / "model", tmp_path / "served")
    own = inputs(train_only, pretrained, transform_graph=str(again))
    assert prepare_served_start(own, "run", VERSION, str(folder)).refusal == ""


def test_a_run_is_known_by_what_it_trains_on_and_how_and_not_by_places(
    train_only: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    own = run_identity(inputs(train_only, pretrained))
    moved = shutil.copytree(train_only.target, tmp_path / "moved")
    assert run_identity(inputs(train_only, pretrained, examples=str(moved))) == own
    reseeded = SERVED_PLAN.model_copy(update={"seed": 1})
    assert run_identity(inputs(train_only, pretrained, plan=reseeded)) != own
    newer = tmp_path / "newer"
    write_examples(newer, {"train": stroke_records(3, seed=1)}, CLASS_NAMES)
    assert run_identity(inputs(train_only, pretrained, examples=str(newer))) != own
