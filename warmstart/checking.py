"""Checks a configuration and its data without training."""

from __future__ import annotations

import os
from dataclasses import dataclass

from pipelines.checking.lines import ERROR, WARNING, CheckLine
from pipelines.commands.config_check import check_config
from pipelines.config import Config, load_config
from warmstart.notebook import table


@dataclass(frozen=True)
class CheckResult:
    """What was checked.

    Attributes:
        lines: Each with a `level` (`ok`, `warning` or `error`) and a `text`.
    """

    lines: tuple[CheckLine, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing would stop a run."""
        return not self.errors

    @property
    def errors(self) -> tuple[str, ...]:
        """What would stop a run."""
        return tuple(line.text for line in self.lines if line.level == ERROR)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What would not, but should be known."""
        return tuple(line.text for line in self.lines if line.level == WARNING)

    def _repr_html_(self) -> str:
        return table(("level", "check"), self.lines)


def check(
    config: Config | str | os.PathLike[str], *, read_all: bool = False, engine: bool = False
) -> CheckResult:
    """Checks all that can be checked without training, as `warmstart check` does.

    Args:
        config: A configuration, or its file.
        read_all: Read every image, instead of the first ones.
        engine: Also run small jobs on the configured Beam engine.

    Raises:
        ConfigError: The file is no valid configuration.

    Example:
        >>> check("configs/mnist_to_optdigits.yaml").ready
        True
    """
    loaded = config if isinstance(config, Config) else load_config(config)
    return CheckResult(tuple(check_config(loaded, read_all=read_all, engine=engine)))
