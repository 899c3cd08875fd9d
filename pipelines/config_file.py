"""Reads a configuration file and the `--set` overrides, as plain values."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import yaml

from modules.core.errors import ConfigError, one_line
from modules.core.wording import is_unicode

# Sections that may be given as the value of one key.
_BARE_NAMES = {
    "network": "name",
    "beam": "runner",
    "pretraining.optimizer": "name",
    "transfer.optimizer": "name",
}
# Besides its own errors, PyYAML raises Python's: for numbers, deep nesting and unhashable keys.
_YAML_ERRORS = (yaml.YAMLError, RecursionError, ValueError)


class _Loader(yaml.SafeLoader):
    """Safe YAML that reads 1e-4 as a number (YAML 1.2), and refuses what no file should hold."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable):
                if key in seen:
                    raise _refusal(f"key {key!r:.80} is given twice", node)
                seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        # An escape such as "\ud800" is half a character: nothing can print or save it.
        value = super().construct_scalar(node)
        if not is_unicode(value):
            raise _refusal(f"{value!a:.80} is not valid Unicode", node)
        return value


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"),
    list("-+0123456789"),
)


def read_config_file(path: Path, overrides: Sequence[str]) -> dict[str, Any]:
    """Reads a YAML file and applies `key.path=value` overrides; nothing is validated.

    Args:
        path: A YAML file.
        overrides: Strings such as `target.shots=1`; the value is read as YAML.

    Returns:
        The values by key.

    Raises:
        ConfigError: The file or an override cannot be read.
    """
    try:
        tree = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such configuration file. Pass one from configs/ or write your own."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}.") from None
    except _YAML_ERRORS as error:
        raise ConfigError(f"{path}: not valid YAML: {one_line(error)}.") from None
    if not isinstance(tree, dict):
        raise ConfigError(
            f"{path}: expected a mapping of keys such as 'name', 'source' and 'target', "
            f"found {type(tree).__name__}."
        )
    for override in overrides:
        _apply_override(tree, override)
    return tree


def _apply_override(tree: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    parts = key.split(".")
    if not equals or not all(parts) or not is_unicode(key):
        raise ConfigError(f"--set {override}: expected key.path=value, e.g. --set target.shots=1.")
    try:
        value = yaml.load(text, Loader=_Loader)
    except _YAML_ERRORS as error:
        raise ConfigError(f"--set {override}: not a YAML value: {one_line(error)}.") from None
    for depth, part in enumerate(parts[:-1]):
        child = tree.setdefault(part, {})
        place = ".".join(parts[: depth + 1])
        if isinstance(child, str) and place in _BARE_NAMES:
            child = tree[part] = {_BARE_NAMES[place]: child}
        if not isinstance(child, dict):
            raise ConfigError(f"--set {override}: '{place}' is a value, not a section.")
        tree = child
    tree[parts[-1]] = value


def _refusal(problem: str, node: yaml.Node) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
