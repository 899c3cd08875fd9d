"""Guards of the house: who may import whom, and what no file of the tree may hold."""

import ast
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOT_OURS = {".git", ".venv", "runs", "build", "dist", "__pycache__", ".hypothesis"}

CODE_CARRIERS = ("pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve")
# _Loader is pipelines.config_file's, a yaml.SafeLoader; test_config.py shows that it is safe.
SAFE_LOADERS = ("_Loader", "yaml.SafeLoader", "yaml.CSafeLoader")

# In pieces, so that this file passes its own test.
REGISTRY = re.compile(
    r"\b(?:pypi\.(?:org|python)|pythonhosted\.|(?:deb|security|ftp|snapshot)\.debian\."
    r"|archive\.ubuntu\.|registry\.npm|crates\.io|proxy\.golang|(?:index|registry-1)\.docker\.)"
)
HOME_PATH = re.compile(r"(?<![\w.-])/(?:home/\w|Users/\w|root/[\w.]|work/(?:main|shared))")


def files() -> Iterator[Path]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [
            name
            for name in folders
            if name not in NOT_OURS and not name.endswith(("_cache", ".egg-info"))
        ]
        # In a git worktree .git is a file that points elsewhere.
        for name in set(names) - NOT_OURS:
            yield Path(folder) / name


def python_files(*under: str) -> list[Path]:
    chosen = [ROOT / name for name in under] or [ROOT]
    return sorted(
        path
        for path in files()
        if path.suffix == ".py" and any(folder in [path, *path.parents] for folder in chosen)
    )


def imports(source: str) -> set[str]:
    """Every dotted name that a source imports, anywhere in it (`from a import b`: a and a.b)."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def uses_tf_keras(source: str) -> bool:
    """Whether a source reaches Keras through TensorFlow: imported, or as `tf.keras`."""
    reached = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    return any(
        within(name, ["tf.keras", "tensorflow.keras", "tf_keras"])
        for name in imports(source) | reached
    )


def within(name: str, packages: Iterable[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def importers(folder: str, forbidden: Iterable[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in python_files(folder)
        for name in sorted(imports(path.read_text()))
        if within(name, forbidden)
    ]


def test_modules_know_neither_tfx_nor_the_floors_above() -> None:
    assert importers("modules", ["tfx", "components", "pipelines", "warmstart"]) == []


def test_components_know_no_pipeline() -> None:
    assert importers("components", ["pipelines", "warmstart"]) == []


def test_the_pipelines_do_not_need_the_api_above_them() -> None:
    assert importers("pipelines", ["warmstart"]) == []
    assert importers("warmstart", ["tfx", "components"]) == []


def test_the_house_imports_no_tests_scripts_benchmarks_or_research() -> None:
    for folder in ("modules", "components", "pipelines", "warmstart"):
        assert importers(folder, ["tests", "scripts", "benchmarks", "research"]) == []


def test_nobody_imports_tfx_v1_which_pulls_the_cloud_in() -> None:
    assert importers(".", ["tfx.v1"]) == []


def test_nobody_uses_keras_through_tensorflow() -> None:
    offenders = [path for path in python_files() if uses_tf_keras(path.read_text())]
    assert offenders == []


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import tfx.v1 as tfx", "tfx.v1"),
        ("from tfx import v1", "tfx.v1"),
        ("def late():\n    from tfx.v1 import proto", "tfx.v1"),
        ("from pipelines.config import load", "pipelines"),
    ],
)
def test_the_guard_sees_every_way_to_import(source: str, name: str) -> None:
    assert any(within(found, [name]) for found in imports(source))


def test_the_guard_does_not_take_tfx_bsl_for_tfx() -> None:
    assert not any(within(found, ["tfx"]) for found in imports("import tfx_bsl.public"))


@pytest.mark.parametrize(
    ("source", "guilty"),
    [
        ("import tensorflow as tf\ntf.keras.layers.Dense(1)", True),
        ("from tensorflow import keras", True),
        ("import tf_keras", True),
        ("import keras\nkeras.layers.Dense(1)", False),
    ],
)
def test_the_guard_sees_keras_through_tensorflow(source: str, guilty: bool) -> None:
    assert uses_tf_keras(source) is guilty


def runs_data(source: str) -> list[str]:
    """Ways in a source to run code that comes with data."""
    found = [name for name in imports(source) if within(name, CODE_CARRIERS)]
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        options = {option.arg: ast.unparse(option.value) for option in node.keywords}
        if name in ("eval", "exec") or name.endswith("enable_unsafe_deserialization"):
            found.append(name)
        if options.get("allow_pickle") == "True" or options.get("safe_mode") == "False":
            found.append(ast.unparse(node))
        if name in ("yaml.load", "yaml.load_all") and options.get("Loader") not in SAFE_LOADERS:
            found.append(ast.unparse(node))
        if name.startswith(("yaml.unsafe", "yaml.full")):
            found.append(name)
    return found


def test_no_data_are_run() -> None:
    offenders = {
        str(path.relative_to(ROOT)): found
        for path in python_files("modules", "components", "pipelines", "kubeflow", "warmstart")
        if (found := runs_data(path.read_text()))
    }
    assert offenders == {}


@pytest.mark.parametrize(
    ("source", "guilty"),
    [
        ("import pickle", True),
        ("from joblib import load", True),
        ("np.load(path, allow_pickle=True)", True),
        ("keras.models.load_model(path, safe_mode=False)", True),
        ("yaml.load(text, Loader=yaml.Loader)", True),
        ("yaml.load(text)", True),
        ("yaml.unsafe_load(text)", True),
        ("eval(text)", True),
        ("yaml.safe_load(text)", False),
        ("yaml.load(text, Loader=_Loader)", False),
        ("network.evaluate(batch)", False),
    ],
)
def test_the_guard_sees_what_runs_data(source: str, guilty: bool) -> None:
    assert bool(runs_data(source)) is guilty


def test_no_file_names_a_package_registry_or_someones_home() -> None:
    offenders = []
    for path in files():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        for pattern in (REGISTRY, HOME_PATH):
            offenders += [f"{path.relative_to(ROOT)}: {m.group()}" for m in pattern.finditer(text)]
    assert offenders == []


@pytest.mark.parametrize(
    "text", ["https://" + "pypi" + ".org/simple", "http://" + "deb" + ".debian" + ".org/debian"]
)
def test_the_guard_sees_a_registry(text: str) -> None:
    assert REGISTRY.search(text)


@pytest.mark.parametrize(
    ("text", "guilty"),
    [
        ("cd /" + "home/ada/warmstart", True),
        ("'/" + "root/.cache'", True),
        ("tests/home/page", False),
        ("HOME=/" + "root", False),
    ],
)
def test_the_guard_sees_a_home_path(text: str, guilty: bool) -> None:
    assert bool(HOME_PATH.search(text)) is guilty


def test_every_python_file_says_in_its_docstring_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in python_files()
        if (source := path.read_text()).strip() and ast.get_docstring(ast.parse(source)) is None
    ]
    assert silent == []
