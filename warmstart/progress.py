"""How a run or study gets on, for a function of the caller's."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from modules.core.progress import Progress
from modules.study.cells import CellResult
from pipelines.running.observer import RunObserver
from pipelines.study.observer import CellObserver, StudyObserver


@dataclass(frozen=True)
class ProgressUpdate:
    """One piece of news.

    Attributes:
        component: The component at work; of a study's trainings, the method.
        state: `started`; `working`, with `done` of `total`; `finished`; or `cached`.
        done: What is done of the component's work, or of a study's trainings.
        total: All of it; 0 where nobody knows.
        unit: What is counted: a step, an image, a training.
        metrics: Scalars such as the loss, by name.
        number: The component's place in the run, from 1; 0 for a study's trainings.
        components: Number of components in the run.
    """

    component: str
    state: Literal["started", "working", "finished", "cached"]
    done: int = 0
    total: int = 0
    unit: str = "step"
    metrics: Mapping[str, float] = field(default_factory=dict)
    number: int = 0
    components: int = 0

    def __str__(self) -> str:
        place = f"{self.number}/{self.components} " if self.components else ""
        if self.state != "working":
            return f"{place}{self.component}: {self.state}"
        metrics = "".join(f" {name}={value:.4f}" for name, value in self.metrics.items())
        return f"{place}{self.component}: {self.unit} {self.done}/{self.total}{metrics}"


OnProgress = Callable[[ProgressUpdate], object]


class RunReporter(RunObserver):
    """Tells a function what it hears of a run.

    Args:
        tell: The function; if it raises, the run stops with that error.
    """

    def __init__(self, tell: OnProgress) -> None:
        super().__init__()
        self._tell = tell
        self._component = ""
        self._number = self._components = 0

    def planned(self, components: Sequence[str]) -> None:
        """Notes how many components there are."""
        self._components = len(components)

    def started(self, component: str) -> None:
        """Tells that a component starts."""
        self._component = component
        self._number += 1
        self._tell(self._placed(ProgressUpdate(component, "started")))

    def finished(self, component: str, seconds: float, cached: bool) -> None:
        """Tells that a component has finished."""
        state: Literal["cached", "finished"] = "cached" if cached else "finished"
        self._tell(self._placed(ProgressUpdate(component, state)))

    def emit(self, record: logging.LogRecord) -> None:
        """Tells the progress of the component at work."""
        report = record.msg
        if isinstance(report, Progress):
            self._tell(
                self._placed(
                    ProgressUpdate(
                        self._component,
                        "working",
                        report.step,
                        report.total,
                        report.unit,
                        report.metrics,
                    )
                )
            )

    def _placed(self, update: ProgressUpdate) -> ProgressUpdate:
        return dataclasses.replace(update, number=self._number, components=self._components)


@dataclass
class CellReporter(CellObserver):
    """Tells a function about each finished training of a study."""

    tell: OnProgress
    total: int
    done: int

    def finished(self, result: CellResult) -> None:
        """Tells that one more has finished."""
        self.done += 1
        metrics = {"shots": float(result.cell.shots), "accuracy": result.accuracy}
        self.tell(
            ProgressUpdate(
                result.cell.method, "working", self.done, self.total, "training", metrics
            )
        )


@dataclass(frozen=True)
class StudyReporter(StudyObserver):
    """Tells a function about both parts of a study."""

    tell: OnProgress

    def of_pipeline(self) -> RunObserver:
        """Returns what tells about the pipeline that all trainings share."""
        return RunReporter(self.tell)

    def of_cells(self, total: int, kept: int) -> CellObserver:
        """Returns what tells about the trainings."""
        return CellReporter(self.tell, total, kept)
