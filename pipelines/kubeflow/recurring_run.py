"""Schedules a compiled pipeline on Kubeflow Pipelines: a recurring run."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.kubeflow.cron import with_seconds
from pipelines.kubeflow.parameters import target_versions
from pipelines.kubeflow.preparation import PreparedPipeline, prepare
from pipelines.kubeflow.server import Server
from pipelines.kubeflow.versions import items

# The server writes each run's time in its place; see kubeflow/README.md for the releases that do.
TIME_OF_THE_RUN = "[[CurrentTime]]"
_DISABLED = "DISABLED"


@dataclass(frozen=True)
class Schedule:
    """A recurring run that was made.

    Attributes:
        recurring_run_id: The server's id of it.
        url: Its page in the Kubeflow Pipelines UI.
        name: Its name.
        cron: When it starts a run: six fields, seconds first.
        parameters: The parameters of each run.
        replaced: Ids of the schedules of that name that were disabled.
    """

    recurring_run_id: str
    url: str
    name: str
    cron: str
    parameters: Mapping[str, Any]
    replaced: tuple[str, ...]


def schedule(
    spec_file: Path,
    server: Server,
    *,
    cron: str,
    parameters: Mapping[str, str] | None = None,
    experiment: str = "Default",
    name: str | None = None,
    report: Callable[[str], None] = print,
) -> Schedule:
    """Makes a recurring run of a compiled pipeline.

    Each run reads the target's data anew: where `parameters` leave out a target's version, it is
    the time of the run, so that Kubeflow's cache does not hide new files behind the same path.

    One schedule of a name is at work in an experiment. An earlier one is disabled, once the new one
    is made. It is not deleted: Kubernetes would delete its runs at work, which it owns.

    Args:
        spec_file: A file written by `warmstart compile`.
        server: The server to submit it to.
        cron: A cron expression of five fields, or of six that begin with the seconds.
        parameters: Parameters of each run as texts, such as `{"shots": "1"}`.
        experiment: The experiment that the runs belong to. It is created if it does not exist.
        name: Name of the schedule, which begins the names of its runs. Defaults to the pipeline's.
        report: Called with one line of progress at a time.

    Returns:
        The schedule.

    Raises:
        ConfigError: The expression, the file or a parameter is invalid. Nothing has been sent.
        WarmstartError: kfp is not installed, or the server cannot be reached or refuses.
    """
    with_six_fields = with_seconds(cron)
    pipeline = prepare(
        spec_file, server, parameters=parameters, experiment=experiment, report=report
    )
    pipeline = _with_new_data(pipeline)
    name = name or pipeline.name
    with server.calls("looking for a schedule of that name"):
        earlier = _at_work(pipeline, name)
    with server.calls("making the schedule"):
        made = pipeline.client.create_recurring_run(
            job_name=name,
            cron_expression=with_six_fields,
            # A run compares with what the one before it has pushed, and reads all that has come.
            max_concurrency=1,
            no_catchup=True,
            **pipeline.run_arguments,
        )
    url = f"{server.url}/#/recurringrun/details/{made.recurring_run_id}"
    report(f"schedule {name}, '{with_six_fields}': {url}")
    for parameter in sorted(set(pipeline.parameters) - set(parameters or {})):
        report(f"{parameter} is the time of each run, so that new data are seen")
    for old in earlier:
        with server.calls(f"disabling the schedule {old} of that name"):
            pipeline.client.disable_recurring_run(old)
        report(f"disabled the schedule of that name before it: {old}")
    return Schedule(
        made.recurring_run_id, url, name, with_six_fields, pipeline.parameters, tuple(earlier)
    )


def _with_new_data(pipeline: PreparedPipeline) -> PreparedPipeline:
    """Sets the versions of the targets that are not set to the time of the run."""
    declared = pipeline.spec.root.input_definitions.parameters
    parameters = dict.fromkeys(target_versions(declared), TIME_OF_THE_RUN) | pipeline.parameters
    return dataclasses.replace(pipeline, parameters=parameters)


def _at_work(pipeline: PreparedPipeline, name: str) -> list[str]:
    """Returns the ids of the experiment's schedules of a name that are not disabled."""
    list_page = functools.partial(
        pipeline.client.list_recurring_runs, experiment_id=pipeline.experiment_id
    )
    return [
        each.recurring_run_id
        for each in items(list_page, "recurring_runs")
        if each.display_name == name and each.status != _DISABLED
    ]
