"""The configuration of several targets: one scenario for each, which share all but the target."""

from __future__ import annotations

import copy
import glob
import itertools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modules.core.errors import ConfigError
from modules.core.nearest_name import nearest_name_hint
from modules.core.wording import listed
from modules.settings import GateSettings, Settings, TransferSettings
from modules.sources.spans.pattern import has_spans
from pipelines.config import Config, validate_config
from pipelines.config_file import read_config_file
from pipelines.domain_config import Name, PathText, valid_name

TARGETS = "targets"
_TARGET = "target"
# What a target may have of its own besides the keys of `target`.
_OWN_SECTIONS = ("transfer", "gate")


class TargetSection(Settings):
    """In place of `target`: a list; each has the keys of `target`, and those below.

    Attributes:
        name: Name of the target: letters, digits, `_` and `-`. By default the folder's name, which
            is also that of each folder of a pattern.
        path: Folder with the images, or a pattern of such folders: `data/sites/*`. Either may end
            in a pattern of spans: `data/sites/*/span-{SPAN}`.
        transfer: Keys of `transfer` that differ for this target.
        gate: Keys of `gate` that differ for this target.
    """

    name: Name | None = None
    path: PathText
    transfer: TransferSettings = TransferSettings()
    gate: GateSettings = GateSettings()


@dataclass(frozen=True)
class SeveralTargets:
    """A configuration with `targets`.

    Attributes:
        branches: The scenario of each target, by the target's name; at least one. They are equal
            but for `target`, `transfer` and `gate`.
    """

    branches: Mapping[str, Config]

    @property
    def shared(self) -> Config:
        """The scenario of the first target, for what all have in common."""
        return next(iter(self.branches.values()))

    def choose(self, names: Sequence[str]) -> SeveralTargets:
        """Leaves the other targets out; no names choose all.

        Raises:
            ConfigError: There is no target of such a name.
        """
        for name in names:
            if name not in self.branches:
                hint = nearest_name_hint(name, self.branches)
                raise ConfigError(f"--targets: no target is named '{name}'{hint}")
        chosen = {name: self.branches[name] for name in self.branches if name in names}
        return SeveralTargets(chosen) if names else self


def load_scenario(
    path: str | os.PathLike[str], overrides: Sequence[str] = (), names: Sequence[str] = ()
) -> Config | SeveralTargets:
    """Reads a configuration file with `target` or with `targets`.

    Patterns of folders are relative to the current folder, as other paths are.

    Args:
        path: A YAML file.
        overrides: Strings such as `transfer.steps=100`. `target.shots=1` holds for all targets that
            do not say otherwise.
        names: The targets to choose; by default all.

    Raises:
        ConfigError: As `load_config`; or a pattern matches nothing, or two targets have one name.
    """
    tree = read_config_file(Path(path), overrides)
    if TARGETS not in tree:
        if names:
            raise ConfigError(f"--targets: {path} has a single 'target'; leave the option out.")
        return validate_config(tree, path)
    return _several(tree, path).choose(names)


def load_one_target(
    path: str | os.PathLike[str], overrides: Sequence[str], names: Sequence[str]
) -> Config:
    """Reads a configuration for a command that takes a single target.

    Raises:
        ConfigError: As `load_scenario`; or there are several targets.
    """
    loaded = load_scenario(path, overrides, names)
    if isinstance(loaded, Config):
        return loaded
    if len(loaded.branches) > 1:
        first, *_ = loaded.branches
        raise ConfigError(
            f"{path}: expected one target, found {len(loaded.branches)}: "
            f"{listed(list(loaded.branches))}. Choose one, such as --targets {first}."
        )
    return loaded.shared


def _several(tree: Mapping[str, Any], path: str | os.PathLike[str]) -> SeveralTargets:
    shared = {key: value for key, value in tree.items() if key not in (_TARGET, TARGETS)}
    for_all = _shared_target(tree.get(_TARGET, {}), path)
    branches: dict[str, Config] = {}
    places: dict[str, str] = {}
    for place, section in _sections(tree[TARGETS], path):
        config = _branch(shared, {**for_all, **section}, place, path)
        name = config.target.name
        if name in branches:
            raise ConfigError(
                f"{path}: {place}: another target is named '{name}' as well: {places[name]}. Give "
                "each a 'name' of its own."
            )
        branches[name] = config
        places[name] = place
    return SeveralTargets(branches)


def _shared_target(section: Any, path: str | os.PathLike[str]) -> dict[str, Any]:
    if not isinstance(section, dict) or {"name", "path"} & set(section):
        raise ConfigError(
            f"{path}: expected 'target' or 'targets', found both. Beside 'targets', a section "
            "'target' holds what all of them share, without 'name' and 'path'."
        )
    return section


def _sections(targets: Any, path: str | os.PathLike[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields each target as a section with a name and a folder, and where it is in the file."""
    entries = targets if isinstance(targets, list) else [targets]
    for number, entry in enumerate(entries):
        place = f"{TARGETS}[{number}]" if isinstance(targets, list) else TARGETS
        section = {"path": entry} if isinstance(entry, str) else entry
        if not isinstance(section, dict) or not isinstance(section.get("path"), str):
            raise ConfigError(
                f"{path}: {place}: expected a folder such as data/site_a, a pattern such as "
                f"data/sites/*, or a section with the key 'path'; found {entry!r:.80}."
            )
        if not glob.has_magic(section["path"]):
            yield place, {"name": _folder_name(section["path"]), **section}
        elif "name" in section:
            raise ConfigError(
                f"{path}: {place}.name: the folders of a pattern are named by themselves. Leave it "
                "out, or name each folder as a target of its own."
            )
        else:
            for folder in _matching(section["path"], place, path):
                yield place, {**section, "name": _folder_name(folder), "path": folder}
    if not entries:
        raise ConfigError(f"{path}: {TARGETS}: expected at least one target, found none.")


def _matching(pattern: str, place: str, path: str | os.PathLike[str]) -> list[str]:
    site, below = _site(pattern), pattern[len(_site(pattern)) :]
    folders = sorted(f"{found}{below}" for found in glob.glob(site) if os.path.isdir(found))
    if not folders:
        raise ConfigError(
            f"{path}: {place}.path: no folder matches {pattern}, from {os.getcwd()}. A pattern is "
            "read on this machine: name folders that are elsewhere one by one."
        )
    return folders


def _folder_name(folder: str) -> str:
    return valid_name(os.path.basename(_site(folder).rstrip("/")), _TARGET)


def _site(folder: str) -> str:
    """Returns the part of a path above the first folder that differs by span, or all of it."""
    parts = folder.split("/")
    return "/".join(itertools.takewhile(lambda part: not has_spans(part), parts))


def _branch(
    shared: Mapping[str, Any],
    section: Mapping[str, Any],
    place: str,
    path: str | os.PathLike[str],
) -> Config:
    tree = copy.deepcopy(dict(shared))
    own = {name: section[name] for name in _OWN_SECTIONS if name in section}
    for name, values in own.items():
        tree[name] = _merged(tree.get(name, {}), values)
    tree[_TARGET] = {key: value for key, value in section.items() if key not in own}
    try:
        return validate_config(tree, path)
    except ConfigError as error:
        raise ConfigError(_at_place(str(error), own, place)) from None


def _merged(ours: Any, theirs: Any) -> Any:
    """Lays values over others, section by section."""
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return theirs
    return {**ours, **{key: _merged(ours.get(key), value) for key, value in theirs.items()}}


def _at_place(message: str, own: Mapping[str, Any], place: str) -> str:
    """Names the keys of a message as the file has them."""

    def rename(match: re.Match[str]) -> str:
        section, *keys = match["key"].split(".")
        values: Any = own
        for key in (section, *keys):
            values = values.get(key) if isinstance(values, dict) else None
        if section == _TARGET:
            return f"{match['before']}{'.'.join([place, *keys])}"
        return f"{match['before']}{place}.{match['key']}" if values is not None else match[0]

    sections = "|".join((_TARGET, *_OWN_SECTIONS))
    return re.sub(
        rf"(?P<before>^  |')(?P<key>(?:{sections})(?:\.\w+)*)", rename, message, flags=re.M
    )
