"""`warmstart check --engine` names what is wrong with an engine before hours are spent on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from apache_beam.options.pipeline_options import GoogleCloudOptions
from click.testing import CliRunner

from components import beam_endpoint
from modules.core.errors import EngineError
from pipelines.beam.engine_check import check_engine, worker_versions
from pipelines.beam.settings import BeamSettings
from pipelines.beam.versions import own_versions, with_versions
from pipelines.cli import main

CONFIG = "configs/mnist_to_optdigits.yaml"
ABSENT = "{runner: portable, job_endpoint: 'localhost:1', environment: {type: LOOPBACK}}"
GOOGLE = {
    "runner": "dataflow",
    "project": "p",
    "region": "europe-west1",
    "temp_location": "gs://bucket/tmp",
    "environment": {"type": "DOCKER", "image": "registry/warmstart:1"},
}


def test_an_engine_that_is_not_there_is_an_error_of_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beam_endpoint, "PATIENCE", 0.5)
    options = ["--engine", "--set", f"beam={ABSENT}", "--set", f"output={tmp_path / 'run'}"]
    result = CliRunner().invoke(main, ["check", CONFIG, *options])
    assert result.exit_code == 1
    assert (
        "error    beam.job_endpoint localhost:1: expected a Beam job service, found none that "
        "answers within 0.5 s. Start it, or correct the address."
    ) in result.output
    assert list(tmp_path.iterdir()) == []


def test_options_that_beam_refuses_are_named_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A warning about the bucket, for which Beam looks for credentials for two minutes.
    warning = "_warn_if_soft_delete_policy_enabled"
    monkeypatch.setattr(GoogleCloudOptions, warning, lambda *_: None, raising=False)
    settings = BeamSettings.model_validate({**GOOGLE, "options": {"job_name": "Not_Allowed!"}})
    with pytest.raises(EngineError, match=r"Beam refuses these options: .*job_name"):
        list(check_engine(settings, str(tmp_path)))


def test_the_workers_of_this_process_have_its_versions(tmp_path: Path) -> None:
    assert len(worker_versions(BeamSettings(), str(tmp_path))) == 1


def test_a_pool_is_told_the_versions_and_others_are_not() -> None:
    pool = ["--environment_type=EXTERNAL", "--environment_config=localhost:50000"]
    kind, told = with_versions(pool)
    assert kind == pool[0]
    assert told.startswith("--environment_config={")
    assert own_versions()["apache-beam"] in told
    image = ["--environment_type=DOCKER", "--environment_config=registry/warmstart:1"]
    assert with_versions(image) == image


def test_beam_reads_the_address_beside_the_versions() -> None:
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.portability.portable_runner import PortableRunner

    pool = ["--environment_type=EXTERNAL", "--environment_config=localhost:50000"]
    found = PortableRunner._create_environment(PipelineOptions(with_versions(pool)))
    assert vars(found)["url"] == "localhost:50000"
    assert vars(found)["params"] == own_versions()
