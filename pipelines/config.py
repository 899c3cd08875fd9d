"""The configuration file: its typed schema, and how it is read, overridden and refused."""

from __future__ import annotations

import difflib
import os
import re
import reprlib
from collections import Counter
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Annotated, Any, get_args

import yaml
from pydantic import AfterValidator, Field, ValidationError

from modules.core.errors import ConfigError
from modules.settings import (
    GateSettings,
    NetworkSettings,
    PreprocessingSettings,
    PretrainingSettings,
    Settings,
    Shots,
    TrainingSettings,
    TransferSettings,
    ValidationSettings,
)
from modules.sources.formats import FORMATS
from pipelines.beam.settings import BeamSettings
from pipelines.kubeflow.settings import KubeflowSettings

_LONGEST_SHOWN = 80  # characters
# Sections that may be given as the value of one key.
_BARE_NAMES = {"network": "name", "beam": "runner"}
# Where pydantic speaks of Python's types.
_EXPECTED = {
    "model_type": "input should be a section of keys",
    "tuple_type": "input should be a list",
}

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]
PathText = Annotated[str, Field(pattern=r"^[^\x00]+$")]


def _known_format(name: str) -> str:
    if name not in FORMATS.names():
        raise ValueError(FORMATS.unknown(name))
    return name


Format = Annotated[str, AfterValidator(_known_format)]


class SourceConfig(Settings):
    """The source domain: a name, a folder and its format.

    Attributes:
        classes: Class names in label order, where the data do not carry them.
        schema_file: A pinned schema (text proto); without it, the source's is inferred.
    """

    name: Name
    path: PathText
    format: Format = "idx"
    classes: tuple[str, ...] | None = Field(default=None, strict=False)
    schema_file: PathText | None = None


class TargetConfig(Settings):
    """The target domain.

    Attributes:
        classes: Class names in label order, where they are not those of the source.
        shots: Labelled images per class that training may use.
    """

    name: Name
    path: PathText
    format: Format = "idx"
    classes: tuple[str, ...] | None = Field(default=None, strict=False)
    shots: Shots = 10


class Config(Settings):
    """One scenario: everything that `warmstart run` needs to know."""

    name: Name
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    source: SourceConfig
    target: TargetConfig
    preprocessing: PreprocessingSettings = PreprocessingSettings()
    network: NetworkSettings = NetworkSettings()
    pretraining: PretrainingSettings = PretrainingSettings()
    transfer: TransferSettings = TransferSettings()
    validation: ValidationSettings = ValidationSettings()
    gate: GateSettings = GateSettings()
    training: TrainingSettings = TrainingSettings()
    beam: BeamSettings = BeamSettings()
    kubeflow: KubeflowSettings = KubeflowSettings()
    output: PathText | None = None

    @property
    def output_folder(self) -> Path:
        """Where a run writes unless the command line names another folder."""
        return Path(self.output or f"runs/{self.name}")


class _Loader(yaml.SafeLoader):
    """Safe YAML that reads 1e-4 as a number (YAML 1.2) and refuses duplicate keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        counts = Counter(key for key in keys if isinstance(key, Hashable))
        for key, count in counts.items():
            if count > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {_shown(key)} is given twice", node.start_mark
                )
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"),
    list("-+0123456789"),
)


def load_config(path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> Config:
    """Reads a configuration file and applies `key.path=value` overrides.

    Relative paths in the file are relative to the current folder, as on a command line.

    Args:
        path: A YAML file.
        overrides: Strings such as `target.shots=1`; the value is read as YAML.

    Returns:
        The validated configuration.

    Raises:
        ConfigError: The file or an override is not readable, or a key or value is refused; the
            message names the nearest valid key.
    """
    tree = _read_yaml(Path(path))
    for override in overrides:
        _apply_override(tree, override)
    try:
        config = Config.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(_explain(Path(path), error)) from None
    _check_shares(Path(path), config)
    return config


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        tree = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such configuration file. Pass one from configs/ or write your own."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}.") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}.") from None
    if not isinstance(tree, dict):
        raise ConfigError(
            f"{path}: expected a mapping of keys such as 'name', 'source' and 'target', "
            f"found {type(tree).__name__}."
        )
    return tree


def _apply_override(tree: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    parts = key.split(".")
    if not equals or not all(parts):
        raise ConfigError(f"--set {override}: expected key.path=value, e.g. --set target.shots=1.")
    try:
        value = yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ConfigError(f"--set {override}: not a YAML value: {error}.") from None
    for depth, part in enumerate(parts[:-1]):
        child = tree.setdefault(part, {})
        if isinstance(child, str) and part in _BARE_NAMES and depth == 0:
            child = tree[part] = {_BARE_NAMES[part]: child}
        if not isinstance(child, dict):
            raise ConfigError(
                f"--set {override}: '{'.'.join(parts[: depth + 1])}' is a value, not a section."
            )
        tree = child
    tree[parts[-1]] = value


def _check_shares(path: Path, config: Config) -> None:
    """Refuses batches that the workers cannot share, before minutes of other work."""
    workers = config.training.workers or 1
    sizes = {
        "pretraining.batch_size": config.pretraining.batch_size,
        "transfer.batch_size": config.transfer.batch_size,
        "transfer.source_batch_size": config.transfer.source_batch_size,
    }
    uneven = {key: size for key, size in sizes.items() if size % workers}
    if uneven:
        shown = ", ".join(f"{key} {size}" for key, size in uneven.items())
        raise ConfigError(
            f"{path}: training.workers is {workers}, and each batch is shared evenly; found "
            f"{shown}. Choose multiples of {workers}."
        )


def _explain(path: Path, error: ValidationError) -> str:
    lines: dict[str, str] = {}
    # Of a value that may be of several kinds, each kind has an error.
    kinds: dict[str, list[str]] = {}
    for problem in error.errors():
        location = _without_alternative([str(part) for part in problem["loc"]])
        key = ".".join(location)
        if problem["type"] == "extra_forbidden":
            lines[key] = f"  {key}: unknown key{_nearest_key(location)}"
        elif problem["type"] == "missing":
            lines[key] = f"  {key}: missing; this key is required"
        elif problem["type"] == "value_error":
            # Raised by our own validators.
            lines[key] = f"  {key}: {problem['ctx']['error']}"
        else:
            expected = kinds.setdefault(key, [])
            expected.append(_EXPECTED.get(problem["type"], problem["msg"].lower()))
            lines[key] = f"  {key}: {', or '.join(expected)}; found {_shown(problem['input'])}"
    return "\n".join([f"{path}: the configuration is not valid.", *lines.values()])


def _without_alternative(location: list[str]) -> list[str]:
    """Leaves out the name that pydantic gives to one of the kinds that a value may be of."""
    valid = valid_keys()
    *parents, last = location
    is_alternative = (
        ".".join(parents) in valid and ".".join(location) not in valid and not last.isidentifier()
    )
    return parents if is_alternative and not last.isdigit() else location


class _ShortRepr(reprlib.Repr):
    """Shows the beginning of a value: aliases can make a short file's value astronomic."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 2
        self.maxstring = self.maxother = _LONGEST_SHOWN

    def repr_int(self, x: int, level: int) -> str:
        """Shows an integer; Python refuses to write huge ones as decimals."""
        return repr(x) if x.bit_length() <= _LONGEST_SHOWN else f"{hex(x)[:_LONGEST_SHOWN]}..."


def _shown(value: object) -> str:
    return _ShortRepr().repr(value)[:_LONGEST_SHOWN]


def _nearest_key(location: list[str]) -> str:
    """Suggests a key of the same name elsewhere, else one spelled alike: siblings first."""
    section, leaf = ".".join(location[:-1]), location[-1]
    valid = valid_keys()
    siblings = [key for key in valid if key.rpartition(".")[0] == section]
    namesakes = [key for key in valid if key.rpartition(".")[2] == leaf]
    alike = difflib.get_close_matches(leaf, [key.rpartition(".")[2] for key in siblings], n=1)
    if namesakes:
        return f"; did you mean '{namesakes[0]}'?"
    if alike:
        return f"; did you mean '{'.'.join([*location[:-1], *alike])}'?"
    if far := difflib.get_close_matches(".".join(location), valid, n=1):
        return f"; did you mean '{far[0]}'?"
    return f"; valid here: {', '.join(key.rpartition('.')[2] for key in siblings)}"


def valid_keys(model: type[Settings] = Config, prefix: str = "") -> list[str]:
    """Lists every key of the schema in dotted form, sections included."""
    keys = []
    for name, field in model.model_fields.items():
        keys.append(prefix + name)
        for section in get_args(field.annotation) or (field.annotation,):
            if isinstance(section, type) and issubclass(section, Settings):
                keys += valid_keys(section, f"{prefix}{name}.")
    return keys
