"""`warmstart submit`: uploads a compiled pipeline to Kubeflow Pipelines and runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


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
@click.option(
    "--experiment", default="Default", show_default=True, help="Experiment to list the run under."
)
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
@click.option("--wait", is_flag=True, help="Wait for the run to end; exit with 1 if it fails.")
@click.option(
    "--timeout", type=float, default=86400.0, show_default=True, help="Seconds to wait at most."
)
def submit_command(
    spec_file: Path,
    host: str,
    namespace: str | None,
    token: str | None,
    cookies: str | None,
    ca_certificate: str | None,
    parameters: tuple[str, ...],
    **options: Any,
) -> None:
    """Upload FILE.yaml to Kubeflow Pipelines and start a run of it."""
    from pipelines.kubeflow.server import Server
    from pipelines.kubeflow.submitter import submit

    server = Server(host, namespace, token, cookies, ca_certificate)
    submit(spec_file, server, parameters=_pairs(parameters), report=click.echo, **options)


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    from modules.core.errors import ConfigError

    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ConfigError(f"--param {text}: expected NAME=VALUE, e.g. --param shots=1.")
        pairs[name] = value
    return pairs
