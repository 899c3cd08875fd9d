"""Fixtures that several folders of tests share; each is built once, and only if asked for.

Property tests draw the same examples in every run, so that a change is to blame for a failure.
`pytest --hypothesis-profile=default` draws anew.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from tests.scheduling import LongestFilesFirst, sort_by_length

if TYPE_CHECKING:
    from tests.e2e.conftest import FinishedRun
    from tests.kubeflow.backend.pods import PodServer
    from tests.training_domain import TinyDomains

# No deadlines: a slow machine is no failure.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    """Makes xdist keep the order of the collection instead of preferring files of many tests."""
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first."""
    sort_by_length(items)


def pytest_collection_finish() -> None:
    """Spares every later garbage collection what the collected files have imported."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LongestFilesFirst | None:
    """Deals the files that share a run to one worker, under `--dist loadfile`."""
    return LongestFilesFirst(config, log) if config.getoption("dist") == "loadfile" else None


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


@pytest.fixture(scope="session")
def pods(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PodServer]:
    """Starts the pods of compiled pipelines."""
    from tests.kubeflow.backend.pods import PodServer

    server = PodServer(tmp_path_factory.mktemp("pods") / "server.txt")
    yield server
    server.close()


@pytest.fixture(scope="session")
def small_mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first images of MNIST: enough to learn from in seconds."""
    from tests.e2e.conftest import write_first_images_of_mnist

    return write_first_images_of_mnist(
        tmp_path_factory.mktemp("domains") / "small_mnist", train=4000, t10k=1000
    )


@pytest.fixture(scope="session")
def quick_run(small_mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """The first quick run, into an empty folder."""
    from tests.e2e.conftest import FinishedRun, read_result, run_quickly

    output = tmp_path_factory.mktemp("quick_run") / "output"
    done = run_quickly(small_mnist, output, flags=["--require-blessing"])
    assert done.code == 0, done.output
    return FinishedRun(done, output, read_result(output))
