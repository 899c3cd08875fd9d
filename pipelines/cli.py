"""The `warmstart` command. Imports stay light here and in commands/, so that help is quick."""

from __future__ import annotations

import atexit
import io
import os
import sys
from typing import NoReturn

import click

from modules.core.errors import WarmstartError
from modules.core.interruption import exit_status
from pipelines.commands.check import check_command
from pipelines.commands.compile import compile_command
from pipelines.commands.history import history_command
from pipelines.commands.init import init_command
from pipelines.commands.options import terminal_text
from pipelines.commands.predict import predict_command
from pipelines.commands.rollback import rollback_command
from pipelines.commands.run import run_command
from pipelines.commands.study import study_command
from pipelines.commands.submit import submit_command


class _UserErrors(click.Group):
    """Shows errors that a user can act on as one message, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except WarmstartError as error:
            raise click.ClickException(terminal_text(str(error))) from error
        except KeyboardInterrupt as interrupt:
            click.echo(
                f"Interrupted. {interrupt}".rstrip()
                + "\nFinished work is kept; rerun the same command to continue.",
                err=True,
            )
            sys.exit(exit_status())


@click.group(cls=_UserErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="warmstart")
def main() -> None:
    """Transfer a model to a new domain with few labels, and prove that it helped.

    Start with: warmstart run configs/mnist_to_optdigits.yaml
    """
    # TFX lets absl read sys.argv too, and absl's own -v takes a number.
    sys.argv[1:] = ["--verbose" if word == "-v" else word for word in sys.argv[1:]]
    # A path may hold bytes that are no text; printing it must not end in an error.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


for command in (
    run_command,
    study_command,
    init_command,
    check_command,
    predict_command,
    history_command,
    rollback_command,
    compile_command,
    submit_command,
):
    main.add_command(command)


def run_and_exit() -> NoReturn:
    """Runs a command and ends the process when its work is done.

    Python would first take down TensorFlow's and Beam's thousands of modules, for more than a
    second.
    """
    status: object = None
    try:
        main()
    except SystemExit as done:
        status = done.code
    # os._exit skips these.
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        # What could not be written, Python reports in its own way.
        sys.exit(120)
    os._exit(status if isinstance(status, int) else int(status is not None))


if __name__ == "__main__":
    run_and_exit()
