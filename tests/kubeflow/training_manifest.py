"""The manifest of a training on several hosts, as the Training Operator reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

MANIFEST = Path("kubeflow/manifests/training-workers.yaml")


def manifest_object(kind: str) -> dict[str, Any]:
    """The manifest's only object of a kind."""
    found = [item for item in yaml.safe_load_all(MANIFEST.read_text()) if item["kind"] == kind]
    (item,) = found
    return dict(item)


def worker_spec() -> dict[str, Any]:
    """The replica specification of the workers."""
    specs = manifest_object("TFJob")["spec"]["tfReplicaSpecs"]
    assert list(specs) == ["Worker"]
    return dict(specs["Worker"])


def worker_container() -> dict[str, Any]:
    """The container of a worker."""
    (container,) = worker_spec()["template"]["spec"]["containers"]
    return dict(container)


def operator_tf_config(addresses: list[str], worker: int) -> str:
    """What the Training Operator sets: its GenClusterSpec and SetClusterSpec (tfjob controller)."""
    return json.dumps(
        {
            "cluster": {"worker": addresses},
            "task": {"type": "worker", "index": worker},
            "environment": "cloud",
        }
    )
