"""A fingerprint of the code behind a component, so that an edit invalidates TFX's cache.

TFX keys its cache on inputs and parameters, not on the code that a dotted path or a custom
executor names. Each component therefore carries this fingerprint as a parameter. It covers the
module's own file, every file of this project that the module imports, directly or not, and the
versions of the libraries that decide its numbers. It reads source text and imports nothing.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import os
from pathlib import Path

from modules.core.errors import DataError, one_line
from pipelines.plugins.code import plugin_fingerprint

_CHUNK_BYTES = 1 << 20
_ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = ("components", "modules")
_LIBRARIES = ("apache-beam", "keras", "tensorflow", "tensorflow-transform", "tfx")


@functools.cache
def source_fingerprint(*module_names: str) -> str:
    """Hashes modules such as `modules.preprocessing`, with all project code that they import.

    Returns:
        Sixteen hexadecimal digits.

    Raises:
        ModuleNotFoundError: A name is not a module of this project.
    """
    digest = hashlib.sha256()
    for library in _LIBRARIES:
        digest.update(f"{library}=={importlib.metadata.version(library)}\n".encode())
    for path in sorted(imported_files(module_names)):
        digest.update(path.relative_to(_ROOT).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def component_fingerprint(module_name: str, *plugins: str | None) -> str:
    """Fingerprints the code behind a component, with the plug-ins that it runs.

    Args:
        module_name: Such as `components.warm_start_trainer.executor`.
        plugins: References `package.module:object`; None where the configuration names no plug-in.

    Returns:
        Sixteen hexadecimal digits.
    """
    own = source_fingerprint(module_name)
    codes = [f"{reference} {plugin_fingerprint(reference)}" for reference in plugins if reference]
    if not codes:
        return own
    return hashlib.sha256("\n".join([own, *codes]).encode()).hexdigest()[:16]


def file_checksum(path: str | None) -> str:
    """Hashes a file that a component reads although no artifact holds it.

    Returns:
        SHA-256 in hexadecimal; an empty text for no file.

    Raises:
        DataError: The file cannot be read.
    """
    if path is None:
        return ""
    try:
        digest = hashlib.sha256()
        with open(path, "rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise DataError(
            path,
            expected="a readable file",
            found=one_line(error.strerror or error),
            fix="Name a file that is there when the run is planned, and where its tasks run.",
        ) from error
    return digest.hexdigest()


def imported_files(module_names: tuple[str, ...]) -> set[Path]:
    """Finds the files of the given modules and of the project modules they import, transitively."""
    files = _module_files()
    found: set[str] = set()
    waiting: list[str] = []
    for name in module_names:
        if name not in files:
            raise ModuleNotFoundError(f"no module {name} under {', '.join(_PACKAGES)}")
        waiting += _run_by_importing(name)
    while waiting:
        name = waiting.pop()
        if name in files and name not in found:
            found.add(name)
            waiting += _runs_imported_by(files[name].read_bytes(), _package_of(name, files[name]))
    return {files[name] for name in found}


def _module_files() -> dict[str, Path]:
    """Finds the project's modules: the file of each, by dotted name."""
    files = {}
    for package in _PACKAGES:
        for folder, _, names in os.walk(_ROOT / package):
            parts = Path(folder).relative_to(_ROOT).parts
            for name in names:
                stem, suffix = os.path.splitext(name)
                if suffix == ".py":
                    module = parts if stem == "__init__" else (*parts, stem)
                    files[".".join(module)] = Path(folder, name)
    return files


def _package_of(name: str, path: Path) -> str:
    return name if path.name == "__init__.py" else name.rpartition(".")[0]


# Components have most of their code in common, and parsing it is what takes the time.
@functools.cache
def _runs_imported_by(source: bytes, package: str) -> frozenset[str]:
    """Names what a module's imports run: modules, and names in them that may be modules."""
    imported: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: package.count(".") + 2 - node.level]
            module = ".".join([*(parents if node.level else ()), *filter(None, [node.module])])
            imported |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return frozenset(name for module in imported for name in _run_by_importing(module))


def _run_by_importing(name: str) -> list[str]:
    """Names a module of this project and every package above it; nothing for other modules."""
    parts = name.split(".")
    if parts[0] not in _PACKAGES:
        return []
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
