"""Assembles result.json from what the run's components wrote."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modules.transfer.labels import LABEL_AUDIT_FILE
from pipelines.config import Config

if TYPE_CHECKING:
    from pipelines.running.artifacts import RunArtifacts
    from pipelines.running.dag_runner import ComponentRun

SCHEMA_VERSION = 1
# What `target.spans` says, by the properties of the Examples.
SPAN_PROPERTIES = {"found": "spans", "trained": "trained_spans", "ingested": "ingested_spans"}
_LIBRARIES = ("tfx", "tensorflow", "keras", "apache-beam", "tensorflow-transform")


def collect_result(
    config: Config,
    artifacts: RunArtifacts,
    seconds: Mapping[str, float],
    components: Sequence[ComponentRun],
) -> dict[str, Any]:
    """Gathers the content of result.json, which docs/architecture.md describes.

    Args:
        config: The scenario that was run.
        artifacts: The run's artifacts.
        seconds: Wall time of the whole run (`total`), and before the first component (`start`).
        components: The finished components, in order of execution.
    """
    evaluation = _read_json(artifacts.uri("TransferEvaluator", "evaluation"), "evaluation.json")
    training = _read_json(artifacts.uri("WarmStartTrainer", "model_run"), "training.json")
    transferability = _read_json(
        artifacts.uri("WarmStartTrainer", "mapping_report"), "transferability.json"
    )
    target = evaluation["target"] | {"train_examples": training["labelled_examples"]}
    target |= _spans(artifacts)
    return {
        "schema_version": SCHEMA_VERSION,
        "name": config.name,
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "source": evaluation["source"],
        "target": target,
        "arms": evaluation["arms"],
        "comparisons": evaluation["comparisons"],
        "assumptions": evaluation["assumptions"],
        "spans": evaluation["spans"],
        "attempt": evaluation["attempt"],
        "verdict": evaluation["verdict"],
        "reasons": evaluation["reasons"],
        "pushed_arm": evaluation["pushed_arm"],
        "pushed_to": _pushed_to(artifacts),
        "transfer": training["transfer"],
        "warm_start": training["metrics"],
        "trainings": _trainings(artifacts, config),
        "transferability": transferability,
        "data": _data_findings(artifacts, has_source=config.source is not None),
        "seconds": {
            **{name: round(value, 3) for name, value in seconds.items()},
            **{each.component: round(each.seconds, 3) for each in components},
        },
        "cached": [each.component for each in components if each.cached],
        "timeline": {
            each.component: [round(each.started, 3), round(each.started + each.seconds, 3)]
            for each in components
        },
        "environment": environment(training["precision"]),
        "seed": config.seed,
        "config": config.model_dump(mode="json"),
    }


def _trainings(artifacts: RunArtifacts, config: Config) -> dict[str, Any]:
    """How long each arm was trained, and what ended it before its last step, if anything did."""
    pretrained = [] if config.pretraining.from_ else ["PretrainTrainer"]
    records = [
        _read_json(artifacts.uri(component, "model_run"), "training.json")
        for component in (*pretrained, "ScratchTrainer", "WarmStartTrainer")
    ]
    return {
        record["arm"]: {
            "steps": record["steps"],
            "stopped": record["stopped"] or None,
            "seconds": round(record["seconds"], 3),
        }
        for record in records
    }


def _data_findings(artifacts: RunArtifacts, *, has_source: bool) -> dict[str, Any]:
    """What was found of copies and doubtful labels; the report shows the latter."""
    target = _read_json(artifacts.uri("TargetValidator", "anomalies"), "validation.json")
    source = None
    if has_source:
        source = _read_json(artifacts.uri("SourceValidator", "anomalies"), "validation.json")
    report = Path(artifacts.uri("TransferReport", "report"), LABEL_AUDIT_FILE)
    return {
        "source": source and source["duplicates"],
        "target": target["duplicates"],
        "shared": target["shared_images"],
        "labels": json.loads(report.read_text(encoding="utf-8")),
    }


def _spans(artifacts: RunArtifacts) -> dict[str, Any]:
    """Which spans of the target there are, were trained on, and were read from its folders."""
    found = {
        key: artifacts.custom_property("TargetExampleGen", "examples", name)
        for key, name in SPAN_PROPERTIES.items()
    }
    if not found["found"]:
        return {}
    numbers = {
        key: [int(text) for text in str(of or "").split(",") if text] for key, of in found.items()
    }
    return {"spans": numbers}


def environment(precision: str) -> dict[str, Any]:
    """Describes the machine, the libraries and the trainings' precision behind a result."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": len(os.sched_getaffinity(0)),
        "precision": precision,
        **{name: importlib.metadata.version(name) for name in _LIBRARIES},
    }


def _pushed_to(artifacts: RunArtifacts) -> str | None:
    if not artifacts.custom_property("Pusher", "pushed_model", "pushed"):
        return None
    destination = artifacts.custom_property("Pusher", "pushed_model", "pushed_destination")
    return str(destination)


def _read_json(directory: str, name: str) -> dict[str, Any]:
    return json.loads(Path(directory, name).read_text(encoding="utf-8"))
