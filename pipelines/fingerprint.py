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
from collections.abc import Iterator
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
    found: set[Path] = set()
    waiting: list[Path] = []
    for name in module_names:
        if _module_file(name) is None:
            raise ModuleNotFoundError(f"no module {name} under {', '.join(_PACKAGES)}")
        waiting += _files_run_by_importing(name)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imports_of(path)
    return found


def _imports_of(path: Path) -> Iterator[Path]:
    package = path.parent.relative_to(_ROOT).parts
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *filter(None, [node.module])])
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            yield from _files_run_by_importing(name)


def _files_run_by_importing(name: str) -> Iterator[Path]:
    """Yields the file of a module and of every package above it."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        if file := _module_file(".".join(parts[:end])):
            yield file


def _module_file(name: str) -> Path | None:
    parts = name.split(".")
    if parts[0] not in _PACKAGES:
        return None
    base = _ROOT.joinpath(*parts)
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None
