"""The `warmstart` command. Imports stay light here: help must answer at once."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pipelines.commands.data_commands import check_command, init_command
from pipelines.commands.kubeflow_commands import compile_command, submit_command
from pipelines.commands.model_commands import history_command, predict_command, rollback_command
from pipelines.commands.override_option import override_option
from pipelines.commands.study_cli import study_command
from pipelines.commands.terminal_text import terminal_text


class _UserErrors(click.Group):
    """Shows errors that a user can act on as one message, and hides their traceback."""

    def invoke(self, ctx: click.Context) -> object:
        from modules.core.errors import WarmstartError

        try:
            return super().invoke(ctx)
        except WarmstartError as error:
            raise click.ClickException(terminal_text(str(error))) from error
        except KeyboardInterrupt:
            click.echo(
                "Stopped. Finished components stay cached: the same command goes on from there.",
                err=True,
            )
            sys.exit(130)


@click.group(cls=_UserErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="warmstart")
def main() -> None:
    """Carry a model over to a new domain with few labels, and prove that it helped.

    Start with: warmstart run configs/mnist_to_optdigits.yaml
    """


@main.command()
@click.argument("config", type=click.Path(path_type=Path))
@override_option
@click.option("--output", type=click.Path(path_type=Path), help="Folder for the run's results.")
@click.option("--fresh", is_flag=True, help="Run every component again; use no cached result.")
@click.option("--require-blessing", is_flag=True, help="Exit with 3 unless the model is blessed.")
@click.option("-v", "--verbose", is_flag=True, help="Show the underlying logs and tracebacks.")
def run(
    config: Path,
    overrides: tuple[str, ...],
    output: Path | None,
    fresh: bool,
    require_blessing: bool,
    verbose: bool,
) -> None:
    """Run the transfer pipeline of CONFIG on this machine."""
    from pipelines.commands.run import run_command
    from pipelines.config import load_config

    loaded = load_config(config, overrides)
    verdict = run_command(loaded, output or loaded.output_folder, fresh=fresh, verbose=verbose)
    if require_blessing and verdict != "blessed":
        sys.exit(3)


main.add_command(study_command)
main.add_command(init_command)
main.add_command(check_command)
main.add_command(predict_command)
main.add_command(history_command)
main.add_command(rollback_command)
main.add_command(compile_command)
main.add_command(submit_command)

if __name__ == "__main__":
    main()
