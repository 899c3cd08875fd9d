"""`warmstart submit --cron`: one schedule of a name, whose runs see new data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modules.core.errors import ConfigError, WarmstartError
from pipelines.kubeflow.recurring_run import Schedule, schedule
from pipelines.kubeflow.server import Server
from tests.kubeflow.submission.kfp_api_server import Fault, KfpApiServer
from tests.kubeflow.submission.submitting import run

NIGHTLY = "0 3 * * *"


def make(api: KfpApiServer, spec_file: Path, **options: Any) -> tuple[Schedule, list[str]]:
    lines: list[str] = []
    options.setdefault("cron", NIGHTLY)
    return schedule(spec_file, Server(api.host), report=lines.append, **options), lines


def enabled(api: KfpApiServer) -> list[str]:
    return [each.recurring_run_id for each in api.recurring_runs if each.status == "ENABLED"]


def test_a_schedule_starts_runs_of_the_uploaded_version_one_at_a_time(
    api: KfpApiServer, spec_file: Path
) -> None:
    made, lines = make(api, spec_file, experiment="digits", parameters={"shots": "1"})
    (sent,) = api.recurring_runs
    assert sent.trigger.cron_schedule.cron == made.cron == "0 0 3 * * *"
    assert (sent.display_name, sent.status) == ("mnist-to-optdigits", "ENABLED")
    assert (sent.max_concurrency, sent.no_catchup) == ("1", True)
    assert api.experiments[0].display_name == "digits"
    started, _ = run(api, spec_file, experiment="digits")
    reference = sent.pipeline_version_reference
    assert reference.pipeline_version_id == started.version_id
    assert sent.runtime_config.parameters["shots"] == 1
    # The server ignores the specification's root.
    assert sent.runtime_config.pipeline_root == "s3://bucket/root"
    assert made.url == f"{api.host}/#/recurringrun/details/{made.recurring_run_id}"
    assert made.url in "\n".join(lines)


def test_each_run_has_a_target_version_of_its_own(api: KfpApiServer, spec_file: Path) -> None:
    _, lines = make(api, spec_file)
    assert api.recurring_runs[0].runtime_config.parameters == {"target_version": "[[CurrentTime]]"}
    assert lines[-1] == "target_version is the time of each run, so that new data are seen"


def test_each_of_several_targets_has_one(api: KfpApiServer, spec_file: Path) -> None:
    declared = "target_version:"
    text = spec_file.read_text()
    spec_file.write_text(text.replace(declared, f"north_{declared}"))
    make(api, spec_file)
    sent = api.recurring_runs[0].runtime_config.parameters
    assert sent == {"north_target_version": "[[CurrentTime]]"}


def test_a_target_version_that_is_given_stays(api: KfpApiServer, spec_file: Path) -> None:
    _, lines = make(api, spec_file, parameters={"target_version": "2024"})
    assert api.recurring_runs[0].runtime_config.parameters == {"target_version": "2024"}
    assert len(lines) == 2


def test_a_schedule_replaces_the_one_of_its_name_and_no_other(
    api: KfpApiServer, spec_file: Path
) -> None:
    other, _ = make(api, spec_file, name="weekly", cron="0 0 * * sun")
    elsewhere, _ = make(api, spec_file, experiment="trial")
    first, _ = make(api, spec_file)
    second, lines = make(api, spec_file, cron="30 3 * * *")
    third, _ = make(api, spec_file, cron="45 3 * * *")
    assert second.replaced == (first.recurring_run_id,)
    assert third.replaced == (second.recurring_run_id,)
    assert first.recurring_run_id in lines[-1]
    kept = (other, elsewhere, third)
    assert enabled(api) == [each.recurring_run_id for each in kept]


def test_the_one_before_is_found_on_any_page(api: KfpApiServer, spec_file: Path) -> None:
    first, _ = make(api, spec_file)
    for name in ("a", "b"):
        make(api, spec_file, name=name)
    api.page_size = 1
    api.recurring_runs.reverse()
    second, _ = make(api, spec_file)
    assert second.replaced == (first.recurring_run_id,)


def test_a_schedule_that_is_refused_leaves_the_one_before_at_work(
    api: KfpApiServer, spec_file: Path
) -> None:
    first, _ = make(api, spec_file)
    api.faults["POST", "/recurringruns"] = Fault(500, b'{"code":13,"message":"no such resource"}')
    with pytest.raises(WarmstartError, match=r"making the schedule: the server failed \(HTTP 500"):
        make(api, spec_file)
    assert enabled(api) == [first.recurring_run_id]


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"cron": "0 25 * * *"}, "hour"), ({"parameters": {"shotz": "1"}}, "did you mean 'shots'")],
)
def test_a_mistake_is_refused_before_anything_is_sent(
    api: KfpApiServer, spec_file: Path, options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason):
        make(api, spec_file, **options)
    assert api.requests == []
