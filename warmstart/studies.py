"""Compares transfer methods by the number of labels, and what a study results in."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modules.study.summary import SummaryRow, to_table
from pipelines.config import Config, load_config
from pipelines.study.observer import StudyObserver
from warmstart.notebook import picture, table
from warmstart.progress import OnProgress, StudyReporter


@dataclass(frozen=True)
class StudyResult:
    """A finished study, as its output folder has it. A notebook shows its table and plot.

    Attributes:
        output: The output folder.
        rows: One for each method with each number of shots: `method`, `shots`, `mean`, `sd` and
            `accuracies`; the best method first.
        content: All of study.json.
    """

    output: Path
    rows: tuple[SummaryRow, ...]
    content: Mapping[str, Any] = field(repr=False)

    @property
    def page(self) -> Path:
        """The page, one self-contained HTML file."""
        return self.output / "study.html"

    @property
    def plot(self) -> Path:
        """Accuracy by method and labels per class, as a PNG."""
        return self.output / "study.png"

    def _repr_html_(self) -> str:
        header, *body = to_table(self.rows)
        text = "Accuracy by transfer method and labels per class; the table has the figures."
        return table(header, body) + picture(self.plot.read_bytes(), text)


def study(
    config: Config | str | os.PathLike[str],
    shots: Sequence[int],
    *,
    methods: Sequence[str] = (),
    repeats: int = 5,
    output: str | os.PathLike[str] | None = None,
    pipeline: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    progress: OnProgress | None = None,
) -> StudyResult:
    """Trains methods with numbers of labels, several times, as `warmstart study` does.

    The trainings run in processes of their own, which import the calling script again: call this
    below `if __name__ == "__main__":` there. Notebooks need no such line. If interrupted, call it
    again to resume.

    Args:
        config: A configuration, or its file. The study ignores its method and its shots.
        shots: Labelled target images per class.
        methods: Names of transfer methods, `auto`, `scratch` and `probe`; by default `scratch` and
            all methods that can do the target's classes.
        repeats: Trainings of each method with each number of shots.
        output: Folder for the results; `study` in the configuration's by default.
        pipeline: Folder of the ingested data and the pretrained model, which studies may share; in
            `output` by default.
        workers: Processes; one per core by default.
        progress: Called with each `ProgressUpdate`.

    Raises:
        WarmstartError: What went wrong, in words for the user.
    """
    from pipelines.study.runner import run_study

    loaded = config if isinstance(config, Config) else load_config(config)
    folder = Path(output) if output is not None else loaded.output_folder / "study"
    rows = run_study(
        loaded,
        folder,
        shots=sorted(set(shots)),
        methods=methods,
        repeats=repeats,
        pipeline=None if pipeline is None else Path(pipeline),
        workers=workers,
        observer=StudyReporter(progress) if progress else StudyObserver(),
    )
    content = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    return StudyResult(folder, tuple(rows), content)
