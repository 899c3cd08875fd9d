"""What a reference names is imported; what is wrong with it is said in words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from modules.core.errors import ConfigError
from modules.core.plugins.lookup import entry_points_of, load_plugin


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package on the search path."""
    folder = tmp_path / "outside_pkg"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "nets.py").write_text(
        "def tiny():\n    return 'tiny'\n\n\nclass Nest:\n    egg = 1\n"
    )
    (folder / "broken.py").write_text("raise RuntimeError('no\\nlicence')\n")
    (folder / "needy.py").write_text("import outside_pkg_needs_this\n")
    (folder / "quits.py").write_text("import sys\nsys.exit('bye')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.startswith("outside_pkg")]:
        monkeypatch.delitem(sys.modules, name)
    return tmp_path


def refusal(reference: str) -> str:
    with pytest.raises(ConfigError) as refused:
        load_plugin(reference)
    return str(refused.value)


def test_an_object_and_an_attribute_of_one_are_found() -> None:
    assert load_plugin("outside_pkg.nets:tiny")() == "tiny"
    assert load_plugin("outside_pkg.nets:Nest.egg") == 1


def test_a_package_that_is_not_importable_is_named_with_the_remedy() -> None:
    message = refusal("outside_pgk.nets:tiny")
    assert "'outside_pgk.nets:tiny': there is no module 'outside_pgk'." in message
    assert "PYTHONPATH" in message


def test_a_module_that_its_package_lacks_is_named() -> None:
    assert "there is no module 'outside_pkg.nest'" in refusal("outside_pkg.nest:tiny")


def test_a_missing_object_is_refused_with_the_nearest_one() -> None:
    assert refusal("outside_pkg.nets:tinny") == (
        "module 'outside_pkg.nets' has no 'tinny'; did you mean 'outside_pkg.nets:tiny'?"
    )


@pytest.mark.parametrize(
    ("module", "cause"),
    [
        ("broken", "RuntimeError: no licence"),
        ("needy", "ModuleNotFoundError: No module named 'outside_pkg_needs_this'"),
        ("quits", "SystemExit: bye"),
    ],
)
def test_a_module_that_fails_to_import_is_refused_with_the_cause(module: str, cause: str) -> None:
    message = refusal(f"outside_pkg.{module}:x")
    assert f"importing 'outside_pkg.{module}' fails with {cause}" in message


@pytest.mark.parametrize("reference", ["a:", ":b", "a b:c", "a:b:c", "a.:b", "../a:b"])
def test_what_is_no_reference_is_refused(reference: str) -> None:
    assert "is not of the form package.module:object" in refusal(reference)


def test_what_a_script_or_notebook_defines_is_refused() -> None:
    assert "Move it to a module of its own" in refusal("__main__:tiny")


def test_entry_points_of_installed_packages_are_found_by_group(package: Path) -> None:
    info = package / "outside_pkg-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: outside-pkg\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[warmstart.tests]\ntiny = outside_pkg.nets:tiny\n")
    assert entry_points_of("warmstart.tests") == {"tiny": "outside_pkg.nets:tiny"}
