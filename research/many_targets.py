"""What one run of several targets costs, compared with a run for each.

    python -m research.many_targets --output runs/many_targets

The targets are generated shifts of MNIST. First one command runs all of them, then one command for
each runs it alone, in folders of their own. The runs write the same predictions, which is checked.
It prints both wall times, set-up of the processes included, as Markdown.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import yaml

from data.write_domain_shift import write_domain_shift
from modules.core.csv_text import csv_text
from modules.study.summary import to_markdown
from research.shift_arguments import CONFIG, SOURCE, shift_parser

SIX = ("blur", "noise", "inverted", "scale", "thick", "thin")


def _run(config: Path, output: Path, overrides: Sequence[str], *options: str) -> float:
    """Runs a configuration in a fresh folder; returns the wall time of the command in seconds."""
    sets = [part for override in overrides for part in ("--set", override)]
    command = [sys.executable, "-m", "pipelines.cli", "run", str(config), *sets, *options]
    started = time.monotonic()
    subprocess.run([*command, "--output", str(output), "--fresh"], check=True)
    return time.monotonic() - started


def write_configs(names: Sequence[str], output: Path) -> tuple[Path, dict[str, Path]]:
    """Writes the scenario of all targets, and that of each one."""
    tree = yaml.safe_load(Path(CONFIG).read_text(encoding="utf-8"))
    shots = tree.pop("target")["shots"]
    targets = {name: {"name": name, "path": str(output / "data" / name)} for name in names}
    together = output / "together.yaml"
    together.write_text(
        yaml.safe_dump({**tree, "target": {"shots": shots}, "targets": list(targets.values())})
    )
    alone = {}
    for name, target in targets.items():
        alone[name] = output / f"{name}.yaml"
        alone[name].write_text(yaml.safe_dump({**tree, "target": {**target, "shots": shots}}))
    return together, alone


def _arms(result: Path) -> object:
    return json.loads(result.read_text(encoding="utf-8"))["arms"]


if __name__ == "__main__":
    parser = shift_parser("Compare one run of several targets with one each.", "runs/targets", 2000)
    parser.set_defaults(shifts=SIX)
    parser.add_argument("--workers", type=int, help="targets at a time")
    chosen = parser.parse_args()
    folder: Path = chosen.output
    for shift in chosen.shifts:
        write_domain_shift(shift, SOURCE, folder / "data" / shift, chosen.limit)
    joint, single = write_configs(chosen.shifts, folder)
    workers = ["--workers", str(chosen.workers)] if chosen.workers else []
    seconds = _run(joint, folder / "together", chosen.overrides, *workers)
    separate = {
        name: _run(config, folder / "alone" / name, chosen.overrides)
        for name, config in single.items()
    }
    same = all(
        _arms(folder / "together" / "targets" / name / "result.json")
        == _arms(folder / "alone" / name / "result.json")
        for name in chosen.shifts
    )
    rows = [
        ("one run of all", f"{seconds:.0f}"),
        (f"{len(separate)} runs", f"{sum(separate.values()):.0f}"),
        ("ratio", f"{sum(separate.values()) / seconds:.2f}"),
        ("equal answers", "yes" if same else "no"),
    ]
    (folder / "targets.csv").write_text(csv_text(("what", "seconds"), rows), encoding="utf-8")
    print(to_markdown([("what", "seconds"), *rows]))
