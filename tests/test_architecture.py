"""The shape of the house: packages that import only downward, small folders, short files."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.test_house import ROOT, files, imports, python_files

# Each package imports from itself and from those before it, never from those after it.
LAYERS = (
    "core",
    "settings",
    "images",
    "sources",
    "examples",
    "domains",
    "networks",
    "models",
    "training",
    "transfer",
    "evaluation",
    "report",
    "study",
)
# What TFX or a shell names by dotted path: thin, and free to import all of the above.
NAMED_BY_PATH = ("preprocessing", "pretraining", "scratch_training", "training_worker")

LONGEST_FILE = 300  # lines
LONGEST_ENTRY_POINT = 60  # lines
MOST_FILES = 16  # in a folder
SOURCE_FOLDERS = (
    "benchmarks",
    "components",
    "data",
    "kubeflow",
    "modules",
    "pipelines",
    "research",
    "scripts",
    "tests",
    "warmstart",
)
SOURCE_SUFFIXES = (".py", ".j2", ".css", ".js", ".sh")


def upward_imports(source: str, package: str) -> set[str]:
    """The packages of modules/ that a source in `package` imports although they come later."""
    imported = {
        name.split(".")[1]
        for name in imports(source)
        if name.startswith("modules.") and name.count(".")
    }
    allowed = LAYERS[: LAYERS.index(package) + 1]
    return {name for name in imported if name in (*LAYERS, *NAMED_BY_PATH)} - set(allowed)


def test_modules_has_the_known_packages_and_entry_points_only() -> None:
    found = {
        path.relative_to(ROOT / "modules").parts[0].removesuffix(".py")
        for path in python_files("modules")
    }
    assert found - {"__init__"} == {*LAYERS, *NAMED_BY_PATH}


@pytest.mark.parametrize("package", LAYERS)
def test_a_package_imports_only_downward(package: str) -> None:
    offenders = {
        str(path.relative_to(ROOT)): sorted(found)
        for path in python_files(f"modules/{package}")
        if (found := upward_imports(path.read_text(), package))
    }
    assert offenders == {}


def test_the_guard_sees_an_import_from_above() -> None:
    source = "from modules.report.document import render\nfrom modules.core import errors"
    assert upward_imports(source, "images") == {"report"}
    assert upward_imports("import modules.pretraining", "study") == {"pretraining"}
    assert upward_imports(source, "study") == set()


def test_entry_points_are_thin() -> None:
    lengths = {name: _lines(ROOT / "modules" / f"{name}.py") for name in NAMED_BY_PATH}
    assert {name: n for name, n in lengths.items() if n > LONGEST_ENTRY_POINT} == {}


def test_no_source_file_is_longer_than_one_concept_needs() -> None:
    lengths = {path.relative_to(ROOT): _lines(path) for path in python_files(*SOURCE_FOLDERS)}
    assert {str(name): n for name, n in lengths.items() if n > LONGEST_FILE} == {}


def test_no_source_folder_holds_more_files_than_one_can_take_in() -> None:
    sources = (
        path.relative_to(ROOT).parent
        for path in files()
        if path.suffix in SOURCE_SUFFIXES and path.relative_to(ROOT).parts[0] in SOURCE_FOLDERS
    )
    crowded = {str(folder): n for folder, n in Counter(sources).items() if n > MOST_FILES}
    assert crowded == {}


def test_no_module_of_the_pipelines_is_named_like_a_function_it_holds() -> None:
    offenders = [
        str(path.relative_to(ROOT))
        for path in python_files("pipelines")
        if path.stem in _top_level_functions(path)
    ]
    assert offenders == []


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def _top_level_functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
