"""Which processes train together, from `TF_CONFIG` and `training.workers`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from modules.core.errors import ConfigError

TF_CONFIG = "TF_CONFIG"

_ROLES = ("chief", "worker")
_SHAPE = '{"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}'


@dataclass(frozen=True)
class WorkerCluster:
    """The workers of one training, seen by one of them.

    Attributes:
        addresses: `host:port` of each worker. The first one is the chief.
        worker: Number of this process among them.
    """

    addresses: tuple[str, ...]
    worker: int

    def __len__(self) -> int:
        return len(self.addresses)

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> WorkerCluster | None:
        """Reads `TF_CONFIG` as TensorFlow, Kubeflow and Vertex AI define it.

        Args:
            environment: Variables by name.

        Returns:
            The cluster; None where the variable is missing or empty.

        Raises:
            ConfigError: It is not valid, or has other roles than chief and worker.
        """
        text = environment.get(TF_CONFIG)
        if not text:
            return None
        try:
            config = json.loads(text)
            addresses = {role: tuple(map(str, config["cluster"].get(role, ()))) for role in _ROLES}
            others = sorted(role for role in config["cluster"] if role not in _ROLES)
            role, index = config["task"]["type"], int(config["task"]["index"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ConfigError(f"{TF_CONFIG}: expected {_SHAPE}, found {text[:200]}.") from None
        if others or role not in _ROLES:
            raise ConfigError(
                f"{TF_CONFIG}: expected the roles chief and worker only, found "
                f"{', '.join(others or [role])}. Training is synchronous here and has no parameter "
                "servers; the evaluator is a component of its own."
            )
        everyone = addresses["chief"] + addresses["worker"]
        worker = index + (len(addresses["chief"]) if role == "worker" else 0)
        if len(addresses["chief"]) > 1 or not 0 <= index < len(addresses[role]):
            raise ConfigError(
                f"{TF_CONFIG}: expected at most one chief, and a task of the cluster, found "
                f"{len(addresses['chief'])} and {role} {index} of {len(addresses[role])}."
            )
        return cls(everyone, worker)

    def to_tf_config(self) -> str:
        """Returns the value of `TF_CONFIG` that `read` reads."""
        task = {"type": "worker", "index": self.worker}
        return json.dumps({"cluster": {"worker": self.addresses}, "task": task})


def workers_to_train(setting: int | None, cluster: WorkerCluster | None) -> int:
    """Returns how many workers train together.

    Args:
        setting: `training.workers`.
        cluster: The cluster in `TF_CONFIG`.

    Returns:
        The number of workers, at least 1.

    Raises:
        ConfigError: The two differ.

    Example:
        >>> workers_to_train(None, WorkerCluster(("a:1", "b:1"), 0))
        2
    """
    if cluster is None:
        return setting or 1
    if setting is not None and setting != len(cluster):
        raise ConfigError(
            f"training.workers is {setting}, but {TF_CONFIG} names {len(cluster)} workers "
            f"({', '.join(cluster.addresses)}). Make them equal, or leave one of them out."
        )
    return len(cluster)
