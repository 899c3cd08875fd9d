"""Ids of the DAG's nodes: a component's own name, and that of its target where there are several.

TFX's cache asks for a node's id. With ids that depend on one target alone, a branch stays cached
while others come and go.
"""

from __future__ import annotations

# A dot would break names on Kubeflow. The names of components have no hyphen.
_SEPARATOR = "-"


def node_id(component: str, target: str | None) -> str:
    """Returns the id of a component in a target's branch; None is a pipeline's only target.

    Example:
        >>> node_id("WarmStartTrainer", "site_a"), node_id("Pusher", None)
        ('WarmStartTrainer-site_a', 'Pusher')
    """
    return component if target is None else f"{component}{_SEPARATOR}{target}"


def component_of(node: str) -> str:
    """Returns the component's own name.

    Example:
        >>> component_of("WarmStartTrainer-site_a"), component_of("Pusher")
        ('WarmStartTrainer', 'Pusher')
    """
    return node.partition(_SEPARATOR)[0]


def target_of(node: str) -> str | None:
    """Returns the name of the target whose branch a node is in; None is the trunk.

    Example:
        >>> target_of("WarmStartTrainer-site-a"), target_of("Transform")
        ('site-a', None)
    """
    return node.partition(_SEPARATOR)[2] or None
