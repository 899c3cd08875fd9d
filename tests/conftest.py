"""Fixtures that several folders of tests share; each is built once, and only if asked for.

Property tests draw the same examples in every run, so that a change is to blame for a failure.
`pytest --hypothesis-profile=default` draws anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.training_domain import TinyDomains

# No deadlines: a slow machine is no failure.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def tiny_domains(tmp_path_factory: pytest.TempPathFactory) -> TinyDomains:
    """Examples of a source and a target domain, and the source's TransformGraph."""
    from tests.training_domain import write_tiny_domains

    return write_tiny_domains(tmp_path_factory.mktemp("tiny_domains"))


@pytest.fixture(scope="session")
def pretrained(tiny_domains: TinyDomains, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with `model` and `model_run` of the pretraining on the tiny source domain."""
    from modules.pretraining import run_fn
    from tests.training_domain import PRETRAINING_PLAN, fn_args

    output = tmp_path_factory.mktemp("pretrained")
    run_fn(fn_args(tiny_domains.source, tiny_domains.transform_graph, output, PRETRAINING_PLAN))
    return output
