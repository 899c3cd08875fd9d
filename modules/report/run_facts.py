"""What only the runner knows about a run, filled into the finished report.

This needs only jinja2: a runner can call it without loading TensorFlow or matplotlib.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from modules.core.atomic_files import write_atomically
from modules.core.errors import DataError
from modules.core.wording import display_name
from modules.report.sections.section import render

_START, _END = "<!--run-facts-->", "<!--/run-facts-->"
_PLACE = re.compile(f"{re.escape(_START)}.*?{re.escape(_END)}", re.DOTALL)


def add_run_facts(
    html_path_in: str | os.PathLike[str],
    html_path_out: str | os.PathLike[str],
    facts: Mapping[str, Any],
) -> None:
    """Adds what the report's component could not know, and writes the report in one step.

    Facts of another run that the report already holds are replaced.

    Args:
        html_path_in: The report as the pipeline made it.
        html_path_out: Where the completed report goes. May be the same path.
        facts: Keys of result.json, each optional: `seconds` by component with `total`, `cached`
            (components), `environment`, `seed`, `pushed_to` and `config`. Also `command`, which
            repeats the run. Other keys are ignored.

    Raises:
        DataError: The file is not a report.

    Example:
        ```
        add_run_facts(
            "artifacts/TransferReport/report/14/report.html",
            "report.html",
            {**result, "command": "warmstart run configs/mnist_to_optdigits.yaml"},
        )
        ```
    """
    html = Path(html_path_in).read_text(encoding="utf-8")
    filled, places = _PLACE.subn(lambda _: facts_place(run_facts_markup(facts)), html)
    if places != 1:
        raise DataError(
            os.fspath(html_path_in),
            expected="a report with one place for the run's facts",
            found=str(places),
            fix="Run the pipeline with --fresh to make the report again.",
        )
    write_atomically(html_path_out, filled)


def facts_place(content: Markup) -> Markup:
    """Marks the place of the run's facts. Escaped text can never contain these marks."""
    return Markup(f"{_START}{content}{_END}")


def run_facts_markup(facts: Mapping[str, Any]) -> Markup:
    """Renders the sections about the run; without facts, they say where to find them."""
    seconds = dict(facts.get("seconds", {}))
    # "total" and "start", the time before the first component, are not components.
    total = seconds.pop("total", None)
    cached = set(facts.get("cached", ()))
    longest = max([*seconds.values(), 1e-9])
    return render(
        "run_facts.html.j2",
        {
            "seconds": [
                {
                    "name": "Imports and start" if name == "start" else name,
                    "seconds": value,
                    "cached": name in cached,
                    "share": max(0.0, min(1.0, value / longest)),
                }
                for name, value in seconds.items()
            ],
            "total": total,
            **_reproduction(facts),
        },
    )


def reproduction_markup(facts: Mapping[str, Any]) -> Markup:
    """Renders the section on how to repeat the run, from the facts of `add_run_facts`."""
    return render("reproduce.html.j2", _reproduction(facts))


def _reproduction(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "environment": dict(facts.get("environment", {})),
        "seed": facts.get("seed"),
        "command": facts.get("command"),
        "pushed_to": facts.get("pushed_to"),
        "config": _indented(facts.get("config")),
    }


def _indented(config: Mapping[str, Any] | None, depth: int = 0) -> str:
    """Lists nested settings as YAML."""
    lines = []
    for key, value in (config or {}).items():
        if isinstance(value, Mapping):
            lines += [f"{'  ' * depth}{key}:", _indented(value, depth + 1)]
        else:
            # JSON is YAML too: null and true, and names between quotes.
            shown = display_name(json.dumps(value, ensure_ascii=False))
            lines.append(f"{'  ' * depth}{key}: {shown}")
    return "\n".join(lines)
