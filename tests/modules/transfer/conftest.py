"""Fixtures of the warm start's tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.modules.transfer.warm_start_result import Result, run
from tests.training_domain import (
    TinyDomains,
)


@pytest.fixture(scope="module")
def train_only(tiny_domains: TinyDomains, tmp_path_factory: pytest.TempPathFactory) -> TinyDomains:
    """The tiny domains without their eval splits: every test here shows that none is read."""
    folder = tmp_path_factory.mktemp("train_only")
    for name in ("source", "target"):
        shutil.copytree(getattr(tiny_domains, name), folder / name)
        shutil.rmtree(folder / name / "Split-eval")
    return TinyDomains(folder / "source", folder / "target", tiny_domains.transform_graph)


@pytest.fixture(scope="module")
def joint(
    train_only: TinyDomains, pretrained: Path, tmp_path_factory: pytest.TempPathFactory
) -> Result:
    return run(train_only, pretrained, tmp_path_factory.mktemp("joint"))
