"""The source fingerprint changes with the code that matters, and only with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import fingerprint as fingerprint_module
from pipelines.fingerprint import imported_files, source_fingerprint


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for package in ("modules", "components"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
    (tmp_path / "modules/loss.py").write_text("import json\n")
    (tmp_path / "modules/training.py").write_text("def f():\n    from modules import loss\n")
    (tmp_path / "modules/unrelated.py").write_text("x = 1\n")
    (tmp_path / "components/trainer.py").write_text("from modules.training import f\n")
    monkeypatch.setattr(fingerprint_module, "_ROOT", tmp_path)
    source_fingerprint.cache_clear()
    yield tmp_path
    source_fingerprint.cache_clear()


def fresh_fingerprint() -> str:
    source_fingerprint.cache_clear()
    return source_fingerprint("components.trainer")


def test_it_follows_imports_transitively_even_inside_functions(house: Path) -> None:
    names = {path.relative_to(house).as_posix() for path in imported_files(("components.trainer",))}
    assert names == {
        "components/__init__.py",
        "components/trainer.py",
        "modules/__init__.py",
        "modules/loss.py",
        "modules/training.py",
    }


def test_an_edit_of_an_indirect_import_changes_it(house: Path) -> None:
    before = fresh_fingerprint()
    (house / "modules/loss.py").write_text("import json  # edited\n")
    assert fresh_fingerprint() != before


def test_an_edit_elsewhere_leaves_it(house: Path) -> None:
    before = fresh_fingerprint()
    (house / "modules/unrelated.py").write_text("x = 2\n")
    assert fresh_fingerprint() == before


def test_relative_imports_and_import_cycles_are_followed(house: Path) -> None:
    (house / "modules/loss.py").write_text("from . import training\nfrom .unrelated import x\n")
    names = {path.name for path in imported_files(("modules.loss",))}
    assert {"loss.py", "training.py", "unrelated.py"} <= names


def test_a_module_that_does_not_exist_is_refused(house: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"modules\.absent"):
        source_fingerprint("modules.absent")
