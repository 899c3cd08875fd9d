"""The table and the words at the end of a run; at most 80 columns wide."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from modules.core.arms import PRETRAINED, SCRATCH, SERVED, WARM_START
from modules.core.wording import NO_SOURCE, PRETRAINED_KINDS, display_name, shots_phrase
from modules.evaluation.assumptions import describe_assumptions
from modules.evaluation.spans.wording import describe_spans, describe_start
from modules.models.serving_folder import pushed_versions
from pipelines.running.data_findings import describe_data_findings
from pipelines.running.output_folder import ARTIFACTS_FOLDER, LOGS_FOLDER, REPORT_FILE, RESULT_FILE

_ARM_NAMES = {
    PRETRAINED: "pretrained",
    SCRATCH: "scratch control",
    WARM_START: "warm start",
    SERVED: "served model",
}

# Longer names of domains are cut.
_NAME_LENGTH = 18


def print_summary(result: dict[str, Any], output: Path, console: Console) -> None:
    """Prints what result.json says, and where in the output folder to find everything."""
    console.print(_arms_table(result))
    console.print(_on_the_source(result), highlight=False)
    console.print(_outcome(result), highlight=False)
    # Reasons name classes, so control characters are replaced.
    reasons = Table.grid(Column(), Column(overflow="fold"), padding=(0, 1))
    for reason in result["reasons"]:
        reasons.add_row(" -", Text(display_name(reason)))
    console.print(reasons)
    for sentence in (
        describe_start(result["transfer"].get("start", {})),
        *describe_spans(result["spans"]),
        *describe_assumptions(result),
        *describe_data_findings(result),
    ):
        if not sentence:
            continue
        console.print(sentence, highlight=False, markup=False)
    for arm, training in result["trainings"].items():
        if training["stopped"]:
            console.print(
                f"{_ARM_NAMES[arm].capitalize()} ended at step {training['steps']}: "
                f"{training['stopped']}.",
                highlight=False,
                markup=False,
            )
    console.print()
    print_places(console, _places(result, output))
    cached = len(result["cached"])
    components = len(result["seconds"]) - 2
    console.print(
        f"{'Time':<14}{result['seconds']['total']:.1f} s; "
        f"{cached} of {components} components cached",
        highlight=False,
    )


def _outcome(result: dict[str, Any]) -> str:
    """Says first how good the model is: a large gain may still lead to a poor one."""
    arms, pushed_arm = result["arms"], result["pushed_arm"]
    level = f"{arms[WARM_START]['accuracy']:.1%} right on {_domain_name(result, 'target')}"
    if result["verdict"] == "blessed":
        gain = 100 * result["comparisons"]["warm_start_vs_pretrained"]["difference"]
        return f"[bold green]Blessed[/]: {level}, a real gain of {gain:.1f} points."
    if pushed_arm:
        other = f"the {_ARM_NAMES[pushed_arm]}, with {arms[pushed_arm]['accuracy']:.1%}"
        return f"[bold yellow]Not blessed[/]: {level}. Pushed instead: {other}."
    return f"[bold yellow]Not blessed[/]: {level}; serving is untouched."


def print_places(console: Console, places: Mapping[str, str]) -> None:
    """Prints paths or commands by label, in one line each, however long."""
    for label, place in places.items():
        console.print(f"{label:<14}{place}", highlight=False, markup=False, soft_wrap=True)


def _arms_table(result: dict[str, Any]) -> Table:
    domains = f"{_domain_name(result, 'source')} to {_domain_name(result, 'target')}"
    table = Table(
        title=f"{domains}: {shots_phrase(result['target']['shots'])}",
        box=box.SIMPLE_HEAD,
        title_justify="left",
    )
    table.add_column("arm")
    table.add_column("accuracy", justify="right")
    table.add_column("95 % interval", justify="right")
    table.add_column("correct", justify="right")
    for arm, name in _ARM_NAMES.items():
        if arm not in result["arms"]:
            continue
        scores = result["arms"][arm]
        if arm == PRETRAINED:
            name = f"{name} ({PRETRAINED_KINDS[scores['kind']]})"
        elif arm == SERVED:
            name = f"{name} ({scores['version']})"
        low, high = scores["ci95"]
        table.add_row(
            name,
            f"{scores['accuracy']:.1%}",
            f"{low:.1%} to {high:.1%}",
            f"{scores['correct']}/{scores['total']}",
        )
    return table


def _on_the_source(result: dict[str, Any]) -> str:
    source = result["source"]
    if source["name"] is None:
        return "No source domain was given: what the transfer forgot is unknown."
    return (
        f"On the source ({_domain_name(result, 'source')}, {source['examples']:,} examples): "
        f"{source['accuracy']:.1%} before, {source['accuracy_after_transfer']:.1%} after transfer."
    )


def _domain_name(result: dict[str, Any], domain: str) -> str:
    return display_name(result[domain]["name"] or NO_SOURCE, _NAME_LENGTH)


def _places(result: dict[str, Any], output: Path) -> dict[str, str]:
    pushed = {}
    if result["pushed_to"]:
        is_repeated = "Pusher" in result["cached"]
        pushed = {"Pushed to": _pushed_place(Path(result["pushed_to"]), is_repeated)}
    return {
        "Report": str(output / REPORT_FILE),
        "Result": str(output / RESULT_FILE),
        **pushed,
        "Logs": str(output / LOGS_FOLDER),
        "TensorBoard": f"tensorboard --logdir {shlex.quote(str(output / ARTIFACTS_FOLDER))}",
    }


def _pushed_place(version: Path, is_repeated: bool) -> str:
    newest = max(pushed_versions(version.parent), key=lambda each: each.number, default=None)
    if newest is None or newest.path.name == version.name:
        return f"{version} (it is served already)" if is_repeated else str(version)
    return f"{version} (model servers take {newest.path.name}, which is newer)"
