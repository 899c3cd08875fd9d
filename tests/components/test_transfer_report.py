"""TransferReport from the artifacts of a real, tiny run to one file."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tfx import types
from tfx.types import channel_utils, standard_artifacts
from tfx.types.experimental import simple_artifacts

from components.transfer_evaluator.component import TransferEvaluator
from components.transfer_evaluator.executor import Executor as EvaluatorExecutor
from components.transfer_report.component import TransferReport, TransferReportSpec
from components.transfer_report.executor import Executor
from modules.core.arms import ARMS
from modules.core.errors import DataError
from modules.report.contract import ReportSettings
from modules.report.sections import section
from modules.scratch_training import run_fn as train_from_scratch
from modules.settings import GateSettings
from modules.transfer.warm_start import run_warm_start
from tests.training_domain import (
    PREPROCESSING,
    TRANSFER_PLAN,
    TinyDomains,
    fn_args,
    warm_start_job,
)

GATE = GateSettings(min_eval_examples=10)
SETTINGS = ReportSettings(
    gate=GATE,
    preprocessing=PREPROCESSING,
    restore=TRANSFER_PLAN.transfer.restore,
)


@pytest.fixture(scope="module")
def artifacts(
    tiny_domains: TinyDomains, pretrained: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, types.Artifact]:
    """What the other components make of the tiny domains."""
    run = tmp_path_factory.mktemp("run")
    graph = tiny_domains.transform_graph
    train_from_scratch(fn_args(tiny_domains.target, graph, run / "scratch", TRANSFER_PLAN))
    run_warm_start(warm_start_job(tiny_domains, pretrained / "model", run / "warm_start"))
    for role in ("source", "target"):
        (run / f"{role}_anomalies").mkdir()
        (run / f"{role}_anomalies" / "validation.json").write_text(json.dumps(validation(role)))
    places = {
        "source_examples": tiny_domains.source,
        "target_examples": tiny_domains.target,
        "source_anomalies": run / "source_anomalies",
        "target_anomalies": run / "target_anomalies",
        "transform_graph": tiny_domains.transform_graph,
        "pretrained_model": pretrained / "model",
        "pretrain_model_run": pretrained / "model_run",
        "scratch_model": run / "scratch" / "model",
        "scratch_model_run": run / "scratch" / "model_run",
        "warm_start_model": run / "warm_start" / "model",
        "warm_start_model_run": run / "warm_start" / "model_run",
        "mapping_report": run / "warm_start" / "mapping_report",
        "evaluation": run / "evaluation",
        "blessing": run / "blessing",
    }
    made = {key: artifact(key, place, number) for number, (key, place) in enumerate(places.items())}
    evaluate(made)
    return made


def artifact(key: str, place: Path, number: int) -> types.Artifact:
    made = TransferReportSpec.INPUTS[key].type()
    made.uri = str(place)
    made.id = 100 + number
    if isinstance(made, standard_artifacts.Examples):
        made.splits = ["train", "eval"]
        made.set_string_custom_property("input_fingerprint", f"files of {key}")
    return made


def validation(role: str) -> dict[str, Any]:
    split = {"examples": 24, "examples_per_class": dict.fromkeys("abc", 8)}
    skew = {"train": {"l_infinity": 0.125, "jensen_shannon": 0.0625}}
    return {
        "domain": f"{role} strokes",
        "role": role,
        "valid": True,
        "notes": [],
        "findings": [],
        "splits": {"train": split, "eval": split},
        "label_skew": skew if role == "target" else {},
        "covariate_shift": None,
        "shifts": ["label"] if role == "target" else [],
        "duplicates": {"images": 48, "leaked": 0, "contradictory": 0, "dropped": 0},
        "shared_images": None,
    }


def evaluate(made: dict[str, types.Artifact]) -> None:
    keys = (
        "target_examples",
        "source_examples",
        "pretrained_model",
        "scratch_model",
        "warm_start_model",
    )
    channels = {key: channel_utils.as_channel([made[key]]) for key in keys}
    component = TransferEvaluator(
        target_examples=channels["target_examples"],
        source_examples=channels["source_examples"],
        models={arm: channels[f"{arm}_model"] for arm in ARMS},
        gate=GATE,
        seed=0,
        shots=2,
        source_name="thin strokes",
        target_name="thick strokes",
        source_fingerprint="1",
    )
    EvaluatorExecutor().Do(
        {key: [made[key]] for key in keys},
        {key: [made[key]] for key in ("evaluation", "blessing")},
        component.exec_properties,
    )


def component(made: dict[str, types.Artifact]) -> TransferReport:
    return TransferReport(
        **{key: channel_utils.as_channel([value]) for key, value in made.items()},
        settings=SETTINGS,
        source_fingerprint="1",
    )


def report(made: dict[str, types.Artifact], folder: Path) -> str:
    output = simple_artifacts.File()
    output.uri = str(folder)
    Executor().Do(
        {key: [value] for key, value in made.items()},
        {"report": [output]},
        component(made).exec_properties,
    )
    assert {path.name for path in folder.iterdir()} == {
        "label_audit.json",
        "projector",
        "report.html",
    }
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def html(artifacts: dict[str, types.Artifact], tmp_path_factory: pytest.TempPathFactory) -> str:
    return report(artifacts, tmp_path_factory.mktemp("report"))


def test_it_shows_the_evaluations_numbers(html: str, artifacts: dict[str, types.Artifact]) -> None:
    evaluation = json.loads(Path(artifacts["evaluation"].uri, "evaluation.json").read_text())
    for arm in evaluation["arms"].values():
        assert f"{100 * arm['accuracy']:.1f}\N{NO-BREAK SPACE}%" in html
        assert f"{arm['correct']} of {arm['total']} right" in html
    heading = {"blessed": "Blessed", "not_blessed": "Not blessed"}[evaluation["verdict"]]
    assert f"<h1>{heading}</h1>" in html
    assert "thick strokes" in html


def test_it_draws_what_was_trained_and_what_was_seen(html: str) -> None:
    for figure in (
        "arms",
        "comparison",
        "classes",
        "features-pca-before",
        "features-tsne-after",
        "calibration",
        "learning-pretrained",
        "learning-scratch",
        "learning-warm-start",
        "labels",
        "lineage",
    ):
        assert f'id="{figure}-title"' in html
    # Three rows of three classes, and two pictures of each of the 15 evaluation examples.
    assert html.count("data:image/png;base64,") == 9 + 30


def test_it_shows_skew_and_mapping(html: str) -> None:
    assert "0.1250" in html
    assert "<strong>8 of 8 weights</strong>" in html
    assert "conv1/kernel" in html


def test_lineage_names_every_artifact_and_proves_the_links(
    html: str, artifacts: dict[str, types.Artifact]
) -> None:
    for made in artifacts.values():
        assert made.uri in html
        assert f'<td class="value">{made.id}</td>' in html
    network = Path(artifacts["pretrained_model"].uri, "checkpoint", "network.json")
    assert json.loads(network.read_text())["fingerprint"] in html
    assert "files of target_examples" in html
    assert html.count('<li class="right">') == 2
    assert '<li class="wrong">' not in html


def test_equal_inputs_give_equal_bytes(
    artifacts: dict[str, types.Artifact], tmp_path: Path
) -> None:
    for name in ("one", "two"):
        report(artifacts, tmp_path / name)
    files = {path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*")}
    assert len(files) == 8
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_the_projector_shows_every_evaluated_example_before_and_after(
    artifacts: dict[str, types.Artifact], tmp_path: Path
) -> None:
    report(artifacts, tmp_path)
    before, after = (np.loadtxt(tmp_path / "projector" / f"{n}.tsv") for n in ("before", "after"))
    assert before.shape == after.shape
    assert np.abs(before - after).max() > 0.01
    evaluation = json.loads(Path(artifacts["evaluation"].uri, "evaluation.json").read_text())
    _, *rows = (tmp_path / "projector" / "metadata.tsv").read_text().splitlines()
    assert len(rows) == len(before) == evaluation["target"]["eval_examples"]
    right = sum(label == answer for label, _, answer, *_ in (row.split("\t") for row in rows))
    assert right == evaluation["arms"]["warm_start"]["correct"]


def test_a_mapping_from_another_model_is_told(
    artifacts: dict[str, types.Artifact], tmp_path: Path
) -> None:
    mapping = artifact("mapping_report", tmp_path / "mapping", 11)
    shutil.copytree(artifacts["mapping_report"].uri, mapping.uri)
    path = Path(mapping.uri, "mapping_report.json")
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "fingerprint": "0" * 64}))
    html = report({**artifacts, "mapping_report": mapping}, tmp_path / "report")
    assert re.search(r'<li class="wrong">.*are not the pretrained model', html)


@pytest.mark.parametrize(
    ("key", "file"),
    [
        ("evaluation", "evaluation.json"),
        ("evaluation", "predictions.csv"),
        ("mapping_report", "mapping_report.json"),
        ("target_anomalies", "validation.json"),
        ("scratch_model_run", "training.json"),
    ],
)
def test_a_missing_input_is_named_and_nothing_is_written(
    artifacts: dict[str, types.Artifact], tmp_path: Path, key: str, file: str
) -> None:
    broken = artifact(key, tmp_path / key, 11)
    shutil.copytree(artifacts[key].uri, broken.uri)
    Path(broken.uri, file).unlink()
    with pytest.raises(DataError, match=re.escape(file)):
        report({**artifacts, key: broken}, tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_settings_and_templates_enter_the_cache_key(
    artifacts: dict[str, types.Artifact], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = component(artifacts).exec_properties
    assert ReportSettings.model_validate_json(before["settings"]) == SETTINGS
    assert before["source_fingerprint"] == "1"
    shutil.copytree(section.TEMPLATES, tmp_path / "templates")
    (tmp_path / "templates" / "report.css").write_text("")
    monkeypatch.setattr(section, "TEMPLATES", tmp_path / "templates")
    after = component(artifacts).exec_properties
    assert after["template_fingerprint"] != before["template_fingerprint"]
    assert {**after, "template_fingerprint": ""} == {**before, "template_fingerprint": ""}


def test_an_input_that_is_missing_or_unknown_is_named(
    artifacts: dict[str, types.Artifact],
) -> None:
    others = {key: made for key, made in artifacts.items() if key != "scratch_model_run"}
    with pytest.raises(ValueError, match="Missing argument 'scratch_model_run'"):
        component(others)
    with pytest.raises(TypeError, match=r"no input \['model'\]"):
        component({**artifacts, "model": artifacts["scratch_model"]})


def test_its_output_is_of_a_type_that_every_orchestrator_knows(
    artifacts: dict[str, types.Artifact],
) -> None:
    assert component(artifacts).outputs["report"].type is simple_artifacts.File
