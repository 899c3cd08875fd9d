"""`warmstart compile`: compiles the transfer pipeline for Kubeflow Pipelines."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

import click

from pipelines.commands.options import override_option, targets_option


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
@click.option(
    "--platform",
    type=click.Choice(["kubeflow", "vertex"]),
    default="kubeflow",
    show_default=True,
    help="Where it will run: open-source Kubeflow Pipelines, or Vertex AI Pipelines.",
)
@override_option
@targets_option
def compile_command(
    config: Path,
    image: str,
    pipeline_root: str,
    output: Path,
    platform: Literal["kubeflow", "vertex"],
    overrides: tuple[str, ...],
    targets: tuple[str, ...],
) -> None:
    """Compile the transfer pipeline of CONFIG for Kubeflow Pipelines."""
    from pipelines.kubeflow.compiler import compile_pipeline
    from pipelines.running.terminal_capture import logs_to_file
    from pipelines.targets.scenario import load_scenario

    loaded = load_scenario(config, overrides, targets)
    # TensorFlow and TFX print pages of warnings on import. The log stays if compiling fails.
    with (
        tempfile.NamedTemporaryFile(
            prefix="warmstart-compile-", suffix=".log", delete=False
        ) as log,
        logs_to_file(Path(log.name)),
    ):
        compile_pipeline(
            loaded, image=image, pipeline_root=pipeline_root, output=output, platform=platform
        )
    Path(log.name).unlink()
    click.echo(f"{output}: pipeline for {image}. Start it with:")
    if platform == "vertex":
        click.echo(
            f"  aiplatform.PipelineJob(display_name=NAME, template_path='{output}').submit()"
        )
    else:
        click.echo(f"  warmstart submit {output} --host URL")
