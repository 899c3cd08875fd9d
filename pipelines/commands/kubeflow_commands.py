"""`warmstart compile` and `warmstart submit`. Imports stay light here: help must answer at once."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from pipelines.commands.override_option import override_option


@click.command("compile")
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--image", required=True, help="Container image that the tasks run in.")
@click.option(
    "--pipeline-root",
    required=True,
    metavar="URI",
    help="Where artifacts go: gs://, s3:// or minio://BUCKET/PATH.",
)
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The YAML file to write.",
)
@override_option
def compile_command(
    config: Path, image: str, pipeline_root: str, output: Path, overrides: tuple[str, ...]
) -> None:
    """Compile the transfer pipeline of CONFIG for Kubeflow Pipelines."""
    from pipelines.config import load_config
    from pipelines.kubeflow.compiler import compile_pipeline
    from pipelines.running.terminal_capture import logs_to_file

    loaded = load_config(config, overrides)
    descriptor, log_name = tempfile.mkstemp(prefix="warmstart-compile-", suffix=".log")
    os.close(descriptor)
    log_file = Path(log_name)
    # TensorFlow and TFX print pages of warnings when they are imported.
    with logs_to_file(log_file):
        compile_pipeline(loaded, image=image, pipeline_root=pipeline_root, output=output)
    log_file.unlink()
    click.echo(f"{output}: pipeline for {image}. Start it with:")
    click.echo(f"  warmstart submit {output} --host URL")


@click.command("submit", short_help="Upload FILE.yaml to Kubeflow Pipelines and run it.")
@click.argument("spec_file", metavar="FILE.yaml", type=click.Path(path_type=Path))
@click.option("--host", required=True, metavar="URL", help="Kubeflow Pipelines' API or UI.")
@click.option(
    "--param",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="Parameter of the run, e.g. shots=1. May be repeated.",
)
@click.option("--experiment", default="Default", show_default=True, help="Files the run.")
@click.option("--run-name", help="Name of the run; pipeline and time by default.")
@click.option("--namespace", help="Profile namespace, where Kubeflow has several users.")
@click.option(
    "--token", envvar="KFP_TOKEN", help="Bearer token; better given as the variable KFP_TOKEN."
)
@click.option("--cookies", envvar="KFP_COOKIES", help="Cookie header; better given as KFP_COOKIES.")
@click.option(
    "--ca-certificate",
    type=click.Path(exists=True, dir_okay=False),
    help="Certificate authority of an https host.",
)
@click.option("--wait", is_flag=True, help="Wait for the run's end; exit with 1 if it fails.")
@click.option(
    "--timeout", type=float, default=86400.0, show_default=True, help="Seconds to wait at most."
)
def submit_command(
    spec_file: Path,
    host: str,
    parameters: tuple[str, ...],
    experiment: str,
    run_name: str | None,
    namespace: str | None,
    token: str | None,
    cookies: str | None,
    ca_certificate: str | None,
    wait: bool,
    timeout: float,
) -> None:
    """Upload FILE.yaml to Kubeflow Pipelines and start a run of it."""
    from pipelines.kubeflow.server import Server
    from pipelines.kubeflow.submitter import submit

    submit(
        spec_file,
        Server(host, namespace, token, cookies, ca_certificate),
        parameters=_pairs(parameters),
        experiment=experiment,
        run_name=run_name,
        wait=wait,
        timeout=timeout,
        report=click.echo,
    )


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    from modules.core.errors import ConfigError

    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ConfigError(f"--param {text}: expected NAME=VALUE, e.g. --param shots=1.")
        pairs[name] = value
    return pairs
