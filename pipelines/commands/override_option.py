"""The `--set` option of every command that takes a configuration."""

from __future__ import annotations

import click

override_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY.PATH=VALUE",
    help="Override a configuration value, e.g. target.shots=1. May be repeated.",
)
