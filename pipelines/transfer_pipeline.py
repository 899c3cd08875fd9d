"""The DAG: one trunk, which ends in the model to start from, and one branch for each target."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import pusher_pb2
from tfx.types import BaseChannel

from components.once_pusher.component import OncePusher
from components.once_pusher.executor import OTHER_ARM_KEYS
from components.served_model_finder.component import ServedModelFinder
from components.transfer_evaluator.component import TransferEvaluator
from components.transfer_report.component import TransferReport
from components.warm_start_trainer.component import WarmStartTrainer
from modules.core.arms import PRETRAINED, SCRATCH, WARM_START
from modules.report.contract import ReportSettings
from modules.settings.plans import TransferPlan
from modules.settings.transfer import SERVED_START
from pipelines.beam.options import beam_pipeline_args
from pipelines.config import Config
from pipelines.fingerprint import component_fingerprint, source_fingerprint
from pipelines.node_ids import node_id
from pipelines.plugins.references import gate_plugins, method_plugin, training_plugins
from pipelines.trunk import Trunk, build_trunk, trainer


def create_pipeline(
    config: Config,
    *,
    pipeline_root: str,
    serving_directory: str,
    attempts_directory: str | None = None,
    spans_directory: str | None = None,
    metadata_connection_config: metadata_store_pb2.ConnectionConfig | None = None,
    enable_cache: bool = True,
) -> Pipeline:
    """Builds the transfer pipeline that a configuration describes, for any runner.

    Args:
        config: The scenario.
        pipeline_root: Folder or URI under which artifacts are written.
        serving_directory: Folder or URI into which a blessed model is pushed, by version.
        attempts_directory: Folder or URI that remembers the attempts on each eval split, whatever
            becomes of the artifacts; None counts none.
        spans_directory: Folder or URI that keeps what was read of each span of a target's data;
            None reads all of them each time.
        metadata_connection_config: The ML Metadata store; the Kubeflow runner brings its own.
        enable_cache: Whether finished work with the same inputs, parameters and code is reused.

    Returns:
        The pipeline, not yet run.
    """
    trunk = build_trunk(config, spans_directory=spans_directory)
    return Pipeline(
        pipeline_name=config.name,
        pipeline_root=pipeline_root,
        metadata_connection_config=metadata_connection_config,
        components=[
            *trunk.components,
            *_target_branch(config, trunk, serving_directory, attempts_directory),
        ],
        enable_cache=enable_cache,
        beam_pipeline_args=beam_pipeline_args(config.beam),
    )


def create_targets_pipeline(
    branches: Mapping[str, Config],
    *,
    pipeline_root: str,
    serving_directories: Mapping[str, str],
    attempts_directory: str | None = None,
    spans_directory: str | None = None,
    metadata_connection_config: metadata_store_pb2.ConnectionConfig | None = None,
    enable_cache: bool = True,
) -> Pipeline:
    """Builds one pipeline for several targets: one trunk, and a branch for each.

    Nothing in the trunk or in a branch depends on another branch, so that a broken target stops
    its own branch only, and a new one leaves the cache of the others as it is.

    Args:
        branches: The scenario of each target, by name, equal but for what concerns the target.
        pipeline_root: Folder or URI under which artifacts are written.
        serving_directories: Folder or URI for the blessed models of each target.
        attempts_directory: As for `create_pipeline`.
        spans_directory: As for `create_pipeline`.
        metadata_connection_config: The ML Metadata store; the Kubeflow runner brings its own.
        enable_cache: Whether finished work with the same inputs, parameters and code is reused.
    """
    first, *_ = branches.values()
    shared: Trunk | None = None
    components: list[BaseComponent] = []
    for target, config in branches.items():
        trunk = build_trunk(
            config, shared=shared, only_target=False, spans_directory=spans_directory
        )
        if shared is None:
            shared = trunk
            components += trunk.common_components
        serving = serving_directories[target]
        branch = _target_branch(config, trunk, serving, attempts_directory)
        for component in (*trunk.target_components, *branch):
            components.append(component.with_id(node_id(component.id, target)))
    return Pipeline(
        pipeline_name=first.name,
        pipeline_root=pipeline_root,
        metadata_connection_config=metadata_connection_config,
        components=components,
        enable_cache=enable_cache,
        beam_pipeline_args=beam_pipeline_args(first.beam),
    )


def _target_branch(
    config: Config, trunk: Trunk, serving_directory: str, attempts_directory: str | None
) -> list[BaseComponent]:
    examples = trunk.target.examples
    source_name = config.source.name if config.source else ""
    # The control arm: the target's labels and the warm start's budget, but no warm start.
    scratch_trainer = trainer(
        "modules.scratch_training",
        transfer_plan(config, "modules.scratch_training"),
        config.transfer.steps,
        examples,
        trunk.transform_graph,
        trunk.schema,
        # Whose network it trains, from random weights.
        base_model=trunk.model if trunk.is_imported else None,
    ).with_id("ScratchTrainer")
    trained_on = {
        "examples": examples.outputs["examples"],
        "source_examples": trunk.source_examples,
        "transform_graph": trunk.transform_graph,
        "base_model": trunk.model,
    }
    plan = transfer_plan(
        config, "components.warm_start_trainer.executor", method_plugin(config.transfer.method)
    )
    finder = partial(
        ServedModelFinder,
        serving_directory=serving_directory,
        source_fingerprint=source_fingerprint("components.served_model_finder.driver"),
    )
    # To start from what is served, it has to be found before the training, not after it.
    start = None
    if config.transfer.start == SERVED_START:
        start = finder(start=trained_on, plan=plan)
    warm_start_trainer = WarmStartTrainer(
        **trained_on, served_model=start and start.outputs["model"], plan=plan
    )
    for training in (scratch_trainer, warm_start_trainer):
        training.add_upstream_node(trunk.target_validator)
    arms = {
        PRETRAINED: warm_start_trainer.outputs["pretrained_arm"],
        SCRATCH: scratch_trainer.outputs["model"],
        WARM_START: warm_start_trainer.outputs["model"],
    }
    served = start or finder(candidates=arms)
    evaluator = TransferEvaluator(
        target_examples=examples.outputs["examples"],
        source_examples=trunk.source_examples,
        models=arms,
        gate=config.gate,
        source_name=source_name,
        target_name=config.target.name,
        shots=config.target.shots,
        seed=config.seed,
        source_fingerprint=component_fingerprint(
            "components.transfer_evaluator.executor", *gate_plugins(config)
        ),
        base_model=trunk.model,
        served_model=served.outputs["model"],
        attempts_directory=attempts_directory,
    )
    pusher = OncePusher(
        model=arms[WARM_START],
        model_blessing=evaluator.outputs["blessing"],
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=serving_directory)
        ),
        other_arms={arm: arms[arm] for arm in OTHER_ARM_KEYS} if config.gate.push == "best" else {},
    ).with_id("Pusher")
    report = TransferReport(
        **_start_evidence(trunk),
        target_examples=examples.outputs["examples"],
        target_anomalies=trunk.target_validator.outputs["anomalies"],
        transform_graph=trunk.transform_graph,
        pretrained_model=trunk.model,
        scratch_model=scratch_trainer.outputs["model"],
        scratch_model_run=scratch_trainer.outputs["model_run"],
        warm_start_model=warm_start_trainer.outputs["model"],
        warm_start_model_run=warm_start_trainer.outputs["model_run"],
        mapping_report=warm_start_trainer.outputs["mapping_report"],
        evaluation=evaluator.outputs["evaluation"],
        blessing=evaluator.outputs["blessing"],
        settings=ReportSettings(
            gate=config.gate,
            preprocessing=config.preprocessing,
            restore=config.transfer.restore,
        ),
        source_fingerprint=source_fingerprint("components.transfer_report.executor"),
    )
    return [scratch_trainer, warm_start_trainer, served, evaluator, pusher, report]


def _start_evidence(trunk: Trunk) -> dict[str, BaseChannel]:
    """Gathers what the report shows of the source and of its training, where there are such."""
    found = {}
    if trunk.source is not None:
        found["source_examples"] = trunk.source.data.examples.outputs["examples"]
        found["source_anomalies"] = trunk.source.validator.outputs["anomalies"]
    if not trunk.is_imported:
        found["pretrain_model_run"] = trunk.starter.outputs["model_run"]
    return found


def transfer_plan(config: Config, module: str, method: str | None = None) -> TransferPlan:
    """Plans a training on the target; the code that runs it is fingerprinted.

    Args:
        config: The scenario.
        module: The module that runs the training.
        method: Reference of a plug-in that is the transfer method, if it is used.
    """
    return TransferPlan(
        network=config.network,
        preprocessing=config.preprocessing,
        training=config.training,
        transfer=config.transfer,
        shots=config.target.shots,
        permuted_labels=config.validation.permuted_labels,
        seed=config.seed,
        source_fingerprint=component_fingerprint(module, method, *training_plugins(config)),
    )
