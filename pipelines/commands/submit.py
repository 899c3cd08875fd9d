"""`warmstart submit`: uploads a compiled pipeline to Kubeflow Pipelines, to run now or by cron."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.command("submit", short_help="Run FILE.yaml on Kubeflow Pipelines, now or by cron.")
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
    "--cron",
    metavar="EXPRESSION",
    help="Make a recurring run instead, e.g. '0 3 * * *' for every night at three.",
)
@click.option(
    "--experiment", default="Default", show_default=True, help="Experiment to list the run under."
)
@click.option(
    "--run-name", help="Name of the run (by default, pipeline and time) or of the recurring run."
)
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
    cron: str | None,
    experiment: str,
    run_name: str | None,
    wait: bool,
    timeout: float,
) -> None:
    """Upload FILE.yaml to Kubeflow Pipelines and start a run of it.

    With --cron, make a recurring run instead, which replaces the one of that name. Each of its runs
    reads the target's data anew.
    """
    if cron is not None and wait:
        raise click.UsageError(
            "--wait waits for a run's end, and a schedule has none: leave it out."
        )
    from pipelines.kubeflow.recurring_run import schedule
    from pipelines.kubeflow.server import Server
    from pipelines.kubeflow.submitter import submit

    server = Server(host, namespace, token, cookies, ca_certificate)
    common: dict[str, Any] = {
        "parameters": _pairs(parameters),
        "experiment": experiment,
        "report": click.echo,
    }
    if cron is not None:
        schedule(spec_file, server, cron=cron, name=run_name, **common)
    else:
        submit(spec_file, server, run_name=run_name, wait=wait, timeout=timeout, **common)


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    from modules.core.errors import ConfigError

    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ConfigError(f"--param {text}: expected NAME=VALUE, e.g. --param shots=1.")
        pairs[name] = value
    return pairs
