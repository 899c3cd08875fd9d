"""What is inside a compiled file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml


def documents(path: Path) -> list[Any]:
    return list(yaml.safe_load_all(path.read_text()))


def spec_of(path: Path) -> Any:
    return documents(path)[0]


def container(path: Path, task: str) -> Any:
    spec = spec_of(path)
    label = spec["components"][task]["executorLabel"]
    return spec["deploymentSpec"]["executors"][label]["container"]


def option(path: Path, task: str, name: str) -> Any:
    arguments = container(path, task)["args"]
    return json.loads(arguments[arguments.index(name) + 1])
