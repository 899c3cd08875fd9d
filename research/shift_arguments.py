"""Command-line arguments of the studies over generated shifts of MNIST."""

from __future__ import annotations

import argparse
from pathlib import Path

from modules.images.domain_shifts import shift_names

CONFIG = "configs/mnist_to_optdigits.yaml"
SOURCE = Path("data/mnist")


def shift_parser(description: str, output: str, limit: int | None) -> argparse.ArgumentParser:
    """Makes a parser of `--output`, `--shifts`, `--limit` and `--set`, whose result is `overrides`.

    Args:
        description: What the study does.
        output: Default folder.
        limit: Default of the most images of each shift; None takes them all.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--output", type=Path, default=Path(output))
    parser.add_argument("--shifts", nargs="+", choices=shift_names(), default=shift_names())
    parser.add_argument(
        "--limit", type=int, default=limit, metavar="N", help="most images of each shift"
    )
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    return parser
