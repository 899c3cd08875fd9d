"""The fingerprint of a plug-in changes with its package's code, and only with it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modules.core.errors import ConfigError
from pipelines.fingerprint import component_fingerprint, source_fingerprint
from pipelines.plugins import code as module
from pipelines.plugins.code import plugin_fingerprint


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "prints"
    (folder / "inner").mkdir(parents=True)
    for name in ("__init__", "nets", "inner/__init__", "inner/helper"):
        (folder / f"{name}.py").write_text("x = 1\n")
    (tmp_path / "single_print.py").write_text("x = 1\n")
    (tmp_path / "prints_ns/team").mkdir(parents=True)
    (tmp_path / "prints_ns/team/__init__.py").write_text("x = 1\n")
    (tmp_path / "prints_ns/other.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(module, "_first", {})
    yield tmp_path
    for name in ("prints.nets", "prints"):
        sys.modules.pop(name, None)


def test_an_edit_anywhere_in_the_package_changes_it(package: Path) -> None:
    before = plugin_fingerprint("prints.nets:x")
    (package / "prints/inner/helper.py").write_text("x = 2\n")
    assert plugin_fingerprint("prints.nets:x") != before


def test_a_new_and_a_renamed_file_change_it(package: Path) -> None:
    before = plugin_fingerprint("prints.nets:x")
    (package / "prints/more.py").write_text("")
    more = plugin_fingerprint("prints.nets:x")
    (package / "prints/more.py").rename(package / "prints/less.py")
    assert len({before, more, plugin_fingerprint("prints.nets:x")}) == 3


def test_an_edit_outside_the_package_leaves_it(package: Path) -> None:
    before = plugin_fingerprint("prints.nets:x")
    (package / "single_print.py").write_text("x = 2\n")
    assert plugin_fingerprint("prints.nets:x") == before


def test_a_single_module_counts_alone(package: Path) -> None:
    before = plugin_fingerprint("single_print:x")
    (package / "prints/nets.py").write_text("x = 2\n")
    assert plugin_fingerprint("single_print:x") == before
    (package / "single_print.py").write_text("x = 2\n")
    assert plugin_fingerprint("single_print:x") != before


def test_of_a_namespace_the_package_counts_that_has_the_code(package: Path) -> None:
    before = plugin_fingerprint("prints_ns.team:x")
    (package / "prints_ns/other.py").write_text("x = 2\n")
    assert plugin_fingerprint("prints_ns.team:x") == before
    (package / "prints_ns/team/__init__.py").write_text("x = 2\n")
    assert plugin_fingerprint("prints_ns.team:x") != before


def test_another_version_of_the_distribution_changes_it(package: Path) -> None:
    info = package / "prints-1.0.dist-info"
    info.mkdir()
    (info / "top_level.txt").write_text("prints\n")
    (info / "RECORD").write_text("prints/__init__.py,,\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: prints\nVersion: 1.0\n")
    before = plugin_fingerprint("prints.nets:x")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: prints\nVersion: 1.1\n")
    assert plugin_fingerprint("prints.nets:x") != before


def test_a_process_that_runs_older_code_is_refused(package: Path) -> None:
    plugin_fingerprint("prints.nets:x")
    importlib.import_module("prints.nets")
    (package / "prints/nets.py").write_text("x = 2\n")
    with pytest.raises(ConfigError, match="has changed since this process imported it"):
        plugin_fingerprint("prints.nets:x")


def test_what_has_no_files_is_refused() -> None:
    with pytest.raises(ConfigError, match="'sys': expected a package or module in files"):
        plugin_fingerprint("sys:path")


def test_a_component_without_plug_ins_has_the_fingerprint_of_its_code(package: Path) -> None:
    own = source_fingerprint("modules.pretraining")
    assert component_fingerprint("modules.pretraining", None) == own
    assert component_fingerprint("modules.pretraining", "prints.nets:x") != own
