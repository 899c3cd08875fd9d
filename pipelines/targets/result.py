"""The outcome of all targets: one result.json, and the page that leads to their reports."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from modules.core.atomic_files import write_atomically
from modules.models.serving_folder import TARGETS_FOLDER
from modules.report.targets_page import build_targets_page
from pipelines.running.dag_runner import ComponentRun
from pipelines.running.output_folder import REPORT_FILE, RESULT_FILE
from pipelines.running.result import SCHEMA_VERSION
from pipelines.targets.outcome import FAILED, BranchOutcome
from pipelines.targets.scenario import SeveralTargets
from pipelines.targets.summary import INDEX_FILE

# What the common file has once for all, or leaves to each target's own result.json.
_LEFT_OUT = ("schema_version", "name", "finished", "config", "environment", "seed", "timeline")


def write_targets_result(
    scenario: SeveralTargets,
    outcomes: Mapping[str, BranchOutcome],
    trunk: Sequence[ComponentRun],
    seconds: Mapping[str, float],
    output: Path,
) -> dict[str, Any]:
    """Writes index.html and, last, result.json, which docs/targets.md describes.

    Args:
        scenario: What was run.
        outcomes: How the branches ended, by target; at least one has a result.
        trunk: The components that all targets share, in order of execution.
        seconds: Wall time of the whole run (`total`), and before the first component (`start`).
        output: The output folder.

    Returns:
        The content of result.json.
    """
    result = _collect(scenario, outcomes, trunk, seconds)
    page = build_targets_page(result["name"], result["targets"])
    write_atomically(output / INDEX_FILE, page)
    write_atomically(output / RESULT_FILE, json.dumps(result, indent=2) + "\n")
    return result


def _collect(
    scenario: SeveralTargets,
    outcomes: Mapping[str, BranchOutcome],
    trunk: Sequence[ComponentRun],
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    some = next(outcome.result for outcome in outcomes.values() if outcome.result is not None)
    return {
        "schema_version": SCHEMA_VERSION,
        "name": scenario.shared.name,
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "targets": {target: _entry(outcomes[target]) for target in scenario.branches},
        "seconds": {
            **{name: round(value, 3) for name, value in seconds.items()},
            **{run.component: round(run.seconds, 3) for run in trunk},
        },
        "cached": [run.component for run in trunk if run.cached],
        "environment": some["environment"],
        "seed": scenario.shared.seed,
    }


def _entry(outcome: BranchOutcome) -> dict[str, Any]:
    if outcome.result is None:
        return {"verdict": FAILED, "error": outcome.error}
    folder = f"{TARGETS_FOLDER}/{outcome.target}"
    return {
        **{key: value for key, value in outcome.result.items() if key not in _LEFT_OUT},
        "result": f"{folder}/{RESULT_FILE}",
        "report": f"{folder}/{REPORT_FILE}",
    }
