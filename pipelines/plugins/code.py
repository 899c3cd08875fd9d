"""A fingerprint of a plug-in's code: an edit to it must not hit a stale cache either."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

from modules.core.errors import ConfigError

# What was true when this process first used a plug-in, whose code it has imported since.
_first: dict[str, str] = {}


def plugin_fingerprint(reference: str) -> str:
    """Hashes every Python file of a plug-in's top-level package, and the package's version.

    What the package reads besides its Python files, and what it imports from other packages, is not
    covered.

    Args:
        reference: `package.module:object`.

    Returns:
        Sixteen hexadecimal digits.

    Raises:
        ConfigError: The code has no files, or has changed since this process imported it.
    """
    module = reference.partition(":")[0]
    name, spec = _top_level(module)
    digest = hashlib.sha256()
    for version in _versions(name):
        digest.update(f"{version}\n".encode())
    roots = [Path(root) for root in spec.submodule_search_locations or ()]
    files = [(path, path.relative_to(root)) for root in roots for path in root.rglob("*.py")]
    if not roots and spec.origin is not None:
        files = [(Path(spec.origin), Path(Path(spec.origin).name))]
    for path, place in sorted(files, key=lambda item: item[1]):
        digest.update(place.as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    found = digest.hexdigest()[:16]
    if _first.setdefault(name, found) != found and module in sys.modules:
        raise ConfigError(
            f"'{reference}': its code has changed since this process imported it, which still runs "
            "the code from before. Restart Python, or the notebook's kernel."
        )
    return found


def _top_level(module: str) -> tuple[str, ModuleSpec]:
    """Finds the outermost package that has code; a namespace, which others share, has none."""
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        name = ".".join(parts[:end])
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            spec = None
        if spec is None:
            break
        if spec.origin is not None and Path(spec.origin).is_file():
            return name, spec
    raise ConfigError(f"'{module}': expected a package or module in files, found none.")


def _versions(name: str) -> list[str]:
    """Names the distributions, with their versions, that installed a top-level package."""
    owners = importlib.metadata.packages_distributions().get(name.partition(".")[0], ())
    return sorted(f"{owner}=={importlib.metadata.version(owner)}" for owner in set(owners))
