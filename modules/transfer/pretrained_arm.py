"""The pretrained arm: what the pretrained model answers among the target's classes, untrained."""

from __future__ import annotations

import numpy as np

from modules.domains.label_space import LabelSpace
from modules.examples.input_pipeline import PreprocessedExamples
from modules.models.artifact import checkpoint_dir, save_model, saved_model_dir
from modules.models.checkpointing import read_network_settings, warm_start_network
from modules.models.imported.own_model import copy_folder
from modules.models.served_classes import ServedClasses
from modules.networks.network import LOGITS, Network
from modules.networks.outputs import network_outputs
from modules.networks.precision import precision_policy
from modules.networks.registry import build_network
from modules.networks.restored_graph import RestoredGraph
from modules.settings import NetworkSettings
from modules.transfer.probe import fit_probe


def write_pretrained_arm(
    base_model: str,
    space: LabelSpace,
    shots: PreprocessedExamples | None,
    transform_graph_dir: str,
    model_uri: str,
) -> None:
    """Fills a Model artifact with what one has without training the pretrained model further.

    Where it knows all of the target's classes, that is the model itself, which answers among them.
    Otherwise it is a linear probe on its frozen features, fitted to the shots.

    Args:
        base_model: Root of the pretrained Model artifact.
        space: Classes of both domains.
        shots: The labelled target examples; needed where there are new classes.
        transform_graph_dir: The TransformGraph artifact that the model was trained behind.
        model_uri: Root folder of the artifact.
    """
    if space.relation == "same":
        copy_folder(base_model, model_uri)
        return
    settings = _network_settings(base_model)
    network: Network
    if space.new:
        if shots is None:
            raise ValueError("A probe needs shots.")
        network, classes = probe_network(base_model, space, shots), space.trained_target
    else:
        network, classes = RestoredGraph(saved_model_dir(base_model)), space.source
    served = ServedClasses(classes, space.target)
    save_model(network, settings, served, transform_graph_dir, model_uri)


def probe_network(base_model: str, space: LabelSpace, shots: PreprocessedExamples) -> Network:
    """Puts a linear probe, fitted to the shots, on the pretrained model's frozen features.

    Args:
        base_model: Root of the pretrained Model artifact.
        space: Classes of both domains.
        shots: The labelled target examples.

    Returns:
        A network whose logits are the target's classes, in the order of `space.trained_target`.
    """
    settings = _network_settings(base_model)
    with precision_policy("float32"):
        network = build_network(settings, len(space.target))
    warm_start_network(
        network,
        checkpoint_dir(base_model),
        # A layer whose shape may be the same, by chance, is overwritten below.
        expected_mismatched=(LOGITS,),
    )
    features = network_outputs(network, shots.images).features
    labels = np.searchsorted(np.sort(space.target_rows), shots.known_labels)
    probe = fit_probe(features, labels)
    network.named_variables[f"{LOGITS}/kernel"].assign(probe.kernel)
    network.named_variables[f"{LOGITS}/bias"].assign(probe.bias)
    return network


def _network_settings(base_model: str) -> NetworkSettings:
    return read_network_settings(checkpoint_dir(base_model))
