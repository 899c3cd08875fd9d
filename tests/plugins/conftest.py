"""The package of docs/plugins.md, on the search path of this process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.plugins import code as plugin_code
from tests.plugins.page import write_plugins


def forget_plugins() -> None:
    """Makes this process import the package anew, as another process would."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "my_plugins"]:
        del sys.modules[name]
    plugin_code._first.clear()


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the package, its configuration and its data."""
    folder = write_plugins(tmp_path_factory.mktemp("plugins"))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv("PYTHONPATH", str(folder), prepend=":")
        yield folder
    forget_plugins()
