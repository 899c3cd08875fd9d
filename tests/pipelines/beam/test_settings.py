"""The `beam` section: what each runner needs, what it becomes, and what its workers can reach."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from click.testing import CliRunner

from modules.core.errors import ConfigError
from pipelines.beam.options import beam_pipeline_args, check_storage, describe_beam
from pipelines.beam.settings import BeamSettings, Runner
from pipelines.cli import main
from pipelines.config import load_config

CONFIG = "configs/mnist_to_optdigits.yaml"
POOL = {"type": "EXTERNAL", "address": "localhost:50000"}
IMAGE = {"type": "DOCKER", "image": "registry/warmstart:1"}
GOOGLE = {"project": "p", "region": "europe-west1", "temp_location": "gs://bucket/tmp"}

LONG_JOBS = "--job_server_timeout=2592000"


def beam(**section: Any) -> BeamSettings:
    return BeamSettings.model_validate(section)


def refusal(*overrides: str) -> str:
    with pytest.raises(ConfigError) as error:
        load_config(CONFIG, overrides)
    return str(error.value)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["beam.runner=flink"], "runner flink needs 'job_endpoint' or 'flink_master'"),
        (["beam.runner=flink"], "needs 'environment': type DOCKER with 'image', PROCESS with"),
        (["beam.runner=spark"], "runner spark needs 'job_endpoint' or 'spark_master'"),
        (["beam=portable"], "runner portable needs 'job_endpoint'"),
        (
            ["beam=dataflow", "beam.region=r"],
            "runner dataflow needs 'project', 'temp_location'",
        ),
        (["beam=dataflow"], "needs 'environment' of type DOCKER with the image"),
        (["beam.runner=prism"], "beam.runner: input should be 'local', 'flink', 'spark'"),
        (["beam.runner=dask"], "DaskRunner drops tagged outputs, all but one leaf"),
        (["beam=DaskRunner"], "Choose local, flink, spark, dataflow, portable"),
        (["beam=pyspark"], "transforms that it does not know, without an error"),
        (["beam.project=p"], "'project' is for runner dataflow, not local"),
        (["beam.job_endpoint=h:1"], "'job_endpoint' is for runner flink or spark or portable"),
        (["beam.job_endpoint=h"], "beam.job_endpoint: string should match pattern"),
        (["beam.temp_location=/tmp"], "beam.temp_location: string should match pattern '^gs:"),
        (["beam.environment.type=DOCKER"], "beam.environment: type DOCKER needs 'image'"),
        (
            ["beam.environment={type: LOOPBACK, command: boot}"],
            "beam.environment: type LOOPBACK takes nothing else, not 'command'",
        ),
        (
            ["beam.environment={type: EXTERNAL, address: 'h:1', image: i}"],
            "beam.environment: type EXTERNAL takes 'address', not 'image'",
        ),
        (["beam.options.runner=X"], "'options.runner' is what 'beam.runner' is for"),
        (["beam.job_endpont=h:1"], "did you mean 'beam.job_endpoint'"),
        (["beam.environment.adress=h:1"], "did you mean 'beam.environment.address'"),
    ],
)
def test_a_refused_section_says_what_its_runner_needs(overrides: list[str], message: str) -> None:
    assert message in refusal(*overrides)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"job_endpoint": "h:1", "flink_master": "h:2"}, "'job_endpoint' and 'flink_master': give"),
        ({"job_endpoint": "h:1", "job_server_jar": "a.jar"}, "that server runs already"),
        (
            {"job_endpoint": "far:1", "environment": {"type": "LOOPBACK"}},
            "far:1: environment LOOPBACK needs an engine on this machine",
        ),
    ],
)
def test_what_excludes_each_other_is_refused(section: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        beam(**{"runner": "flink", "environment": POOL, **section})


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({}, ["--runner=FnApiRunner", "--sdk_container_image=none"]),
        (
            {"runner": "portable", "job_endpoint": "localhost:8099", "environment": POOL},
            [
                "--runner=PortableRunner",
                "--job_endpoint=localhost:8099",
                "--environment_type=EXTERNAL",
                "--environment_config=localhost:50000",
                "--sdk_container_image=none",
                LONG_JOBS,
            ],
        ),
        (
            {
                "runner": "flink",
                "flink_master": "flink:8081",
                "job_server_jar": "server.jar",
                "parallelism": 4,
                "environment": {"type": "PROCESS", "command": "/opt/boot"},
                "options": {"checkpointing_interval": 60000, "debug_portable": True, "x": False},
            },
            [
                "--runner=FlinkRunner",
                "--flink_master=flink:8081",
                "--flink_job_server_jar=server.jar",
                "--parallelism=4",
                "--environment_type=PROCESS",
                '--environment_config={"command": "/opt/boot"}',
                "--sdk_container_image=none",
                LONG_JOBS,
                "--checkpointing_interval=60000",
                "--debug_portable",
            ],
        ),
        (
            {"runner": "spark", "spark_master": "spark://spark:7077", "environment": IMAGE},
            [
                "--runner=SparkRunner",
                "--spark_master_url=spark://spark:7077",
                "--environment_type=DOCKER",
                "--environment_config=registry/warmstart:1",
                "--sdk_container_image=registry/warmstart:1",
                LONG_JOBS,
            ],
        ),
        (
            {"runner": "dataflow", **GOOGLE, "environment": IMAGE},
            [
                "--runner=DataflowRunner",
                "--project=p",
                "--region=europe-west1",
                "--temp_location=gs://bucket/tmp",
                "--sdk_container_image=registry/warmstart:1",
            ],
        ),
    ],
    ids=lambda value: value.get("runner", "local") if isinstance(value, dict) else "",
)
def test_each_runner_gets_its_own_options(section: dict[str, Any], expected: list[str]) -> None:
    assert beam_pipeline_args(beam(**section)) == expected


def test_beam_itself_understands_the_options() -> None:
    """As the runner will read them: a worker pool where the configuration says it is."""
    from apache_beam.options.pipeline_options import PipelineOptions, PortableOptions
    from apache_beam.options.pipeline_options_validator import PipelineOptionsValidator
    from apache_beam.runners.portability.portable_runner import PortableRunner
    from apache_beam.transforms.environments import DockerEnvironment, ExternalEnvironment

    for environment, kind in ((POOL, ExternalEnvironment), (IMAGE, DockerEnvironment)):
        settings = beam(runner="portable", job_endpoint="localhost:8099", environment=environment)
        options = PipelineOptions(beam_pipeline_args(settings))
        assert options.view_as(PortableOptions).job_endpoint == "localhost:8099"
        assert PipelineOptionsValidator(options, PortableRunner()).validate() == []
        found = PortableRunner._create_environment(options)
        assert isinstance(found, kind)
        assert "localhost:50000" in str(vars(found)) or "registry/warmstart:1" in str(vars(found))


ENGINE = {"runner": "flink", "job_endpoint": "localhost:8099"}


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ({"runner": "dataflow", **GOOGLE, "environment": IMAGE}, "Dataflow's workers"),
        ({**ENGINE, "environment": IMAGE}, "container's own files"),
        (
            {**ENGINE, "environment": {"type": "EXTERNAL", "address": "pool:50000"}},
            "environment.address pool:50000 has workers on another machine",
        ),
        (
            {"runner": "flink", "flink_master": "http://flink:8081", "environment": POOL},
            "flink_master http://flink:8081 has workers on another machine",
        ),
    ],
)
def test_a_local_folder_is_refused_where_the_workers_are_elsewhere(
    section: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason):
        check_storage(beam(**section), "/runs/digits")
    check_storage(beam(**section), "gs://bucket/runs")
    if section["runner"] == "dataflow":
        with pytest.raises(ConfigError, match="gs:// pipeline root"):
            check_storage(beam(**section, shared_storage=True), "/runs/digits")
    else:
        check_storage(beam(**section, shared_storage=True), "/runs/digits")


@pytest.mark.parametrize(
    "section",
    [
        {},
        {**ENGINE, "environment": POOL},
        {"runner": "flink", "flink_master": "[local]", "environment": {"type": "LOOPBACK"}},
        {"runner": "spark", "spark_master": "local[4]", "environment": {"type": "LOOPBACK"}},
    ],
)
def test_workers_on_this_machine_reach_its_folders(section: dict[str, Any]) -> None:
    check_storage(beam(**section), "/runs/digits")


def command(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, " ".join(result.output.split())


def test_check_says_where_beam_runs_and_refuses_what_cannot_work() -> None:
    code, output = command("check", CONFIG)
    assert code == 0
    assert "ok Beam runs in this process" in output
    options = [
        "--set",
        "beam={runner: flink, job_endpoint: 'flink:8099', "
        "environment: {type: EXTERNAL, address: 'localhost:50000'}}",
    ]
    code, output = command("check", CONFIG, *options)
    assert code == 1
    assert "error beam: job_endpoint flink:8099 has workers on another machine" in output
    code, output = command("check", CONFIG, *options, "--set", "beam.shared_storage=true")
    assert code == 0
    assert "Beam runs on flink at flink:8099, workers EXTERNAL localhost:50000" in output


def test_a_run_with_unreachable_storage_stops_before_it_begins(tmp_path: Path) -> None:
    section = (
        "beam={runner: dataflow, project: p, region: r, temp_location: 'gs://b/t', "
        "environment: {type: DOCKER, image: i}}"
    )
    output = tmp_path / "run"
    code, text = command("run", CONFIG, "--set", section, "--output", str(output))
    assert code == 1
    assert "beam.runner: Dataflow's workers are machines of Google's" in text
    assert "Compile the pipeline" in text
    assert not output.exists()


def documented_sections() -> list[Any]:
    text = Path("docs/scaling.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(beam:.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [yaml.safe_load(block)["beam"] for block in blocks]


def test_the_documented_sections_cover_every_runner_and_are_valid() -> None:
    sections = [BeamSettings.model_validate(section) for section in documented_sections()]
    assert {section.runner for section in sections} == set(get_args(Runner))


def test_the_description_names_engine_and_workers() -> None:
    settings = beam(runner="dataflow", **GOOGLE, environment=IMAGE)
    assert describe_beam(settings) == (
        "Beam runs on dataflow at project p, europe-west1, workers DOCKER registry/warmstart:1"
    )
