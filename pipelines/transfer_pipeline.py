"""The DAG: one trunk for the source domain, one branch for the target domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ml_metadata.proto import metadata_store_pb2
from tfx.components.statistics_gen.component import StatisticsGen
from tfx.components.trainer.component import Trainer
from tfx.components.transform.component import Transform
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import pusher_pb2, trainer_pb2, transform_pb2

from components.domain_validator.component import DomainValidator
from components.image_example_gen.component import ImageExampleGen
from components.image_schema_gen.component import ImageSchemaGen
from components.once_pusher.component import OncePusher
from components.once_pusher.executor import OTHER_ARM_KEYS
from components.served_model_finder.component import ServedModelFinder
from components.transfer_evaluator.component import TransferEvaluator
from components.transfer_report.component import TransferReport
from components.warm_start_trainer.component import WarmStartTrainer
from modules.core.arms import PRETRAINED, SCRATCH, WARM_START
from modules.domains.statistics import statistics_options
from modules.report.contract import ReportSettings
from modules.settings.plans import PretrainingPlan, TrainingPlan, TransferPlan
from pipelines.beam.options import beam_pipeline_args
from pipelines.config import Config, DomainConfig
from pipelines.fingerprint import source_fingerprint


class SourceTrunk(NamedTuple):
    """What every target branch shares: the source's data, its TransformGraph and its model."""

    examples: ImageExampleGen
    statistics: StatisticsGen
    schema: ImageSchemaGen
    validator: DomainValidator
    transform: Transform
    pretrainer: Trainer


class TargetData(NamedTuple):
    """The target's data, ingested and held against the source's."""

    examples: ImageExampleGen
    statistics: StatisticsGen
    validator: DomainValidator


def create_pipeline(
    config: Config,
    *,
    pipeline_root: str,
    serving_directory: str,
    metadata_connection_config: metadata_store_pb2.ConnectionConfig | None = None,
    enable_cache: bool = True,
) -> Pipeline:
    """Builds the transfer pipeline that a configuration describes, for any runner.

    Args:
        config: The scenario.
        pipeline_root: Folder or URI under which artifacts are written.
        serving_directory: Folder or URI into which a blessed model is pushed, by version.
        metadata_connection_config: The ML Metadata store; the Kubeflow runner brings its own.
        enable_cache: Whether finished work with the same inputs, parameters and code is reused.

    Returns:
        The pipeline, not yet run.
    """
    trunk = source_trunk(config)
    return Pipeline(
        pipeline_name=config.name,
        pipeline_root=pipeline_root,
        metadata_connection_config=metadata_connection_config,
        components=[*trunk, *_target_branch(config, trunk, serving_directory)],
        enable_cache=enable_cache,
        beam_pipeline_args=beam_pipeline_args(config.beam),
    )


def source_trunk(config: Config) -> SourceTrunk:
    """Builds what does not depend on the target, wired to each other."""
    examples, statistics = _ingest("Source", config, config.source, config.source.classes)
    schema = ImageSchemaGen(
        statistics=statistics.outputs["statistics"],
        examples=examples.outputs["examples"],
        schema_file=config.source.schema_file,
        source_fingerprint=source_fingerprint("components.image_schema_gen.executor"),
    )
    validator = DomainValidator(
        statistics=statistics.outputs["statistics"],
        schema=schema.outputs["schema"],
        examples=examples.outputs["examples"],
        validation=config.validation,
        role="source",
        source_fingerprint=source_fingerprint("components.domain_validator.executor"),
    ).with_id("SourceValidator")
    transform = Transform(
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        preprocessing_fn="modules.preprocessing.preprocessing_fn",
        splits_config=transform_pb2.SplitsConfig(analyze=["train"], transform=[]),
        materialize=False,
        disable_statistics=True,
        disable_analyzer_cache=True,
        custom_config={
            "preprocessing": config.preprocessing.model_dump_json(),
            "network": config.network.model_dump_json(),
            "source_fingerprint": source_fingerprint("modules.preprocessing"),
        },
    )
    transform.add_upstream_node(validator)
    plan = PretrainingPlan(
        network=config.network,
        preprocessing=config.preprocessing,
        training=config.training,
        pretraining=config.pretraining,
        seed=config.seed,
        source_fingerprint=source_fingerprint("modules.pretraining"),
    )
    pretrainer = _trainer(
        "modules.pretraining", plan, config.pretraining.steps, examples, transform, schema
    ).with_id("PretrainTrainer")
    return SourceTrunk(examples, statistics, schema, validator, transform, pretrainer)


def target_data(config: Config, trunk: SourceTrunk) -> TargetData:
    """Builds the target's ingestion and its gate, which also holds the pretraining back."""
    class_map = config.target.class_map
    examples, statistics = _ingest(
        "Target", config, config.target, config.target_classes, class_map
    )
    validator = DomainValidator(
        statistics=statistics.outputs["statistics"],
        schema=trunk.schema.outputs["schema"],
        examples=examples.outputs["examples"],
        source_statistics=trunk.statistics.outputs["statistics"],
        source_examples=trunk.examples.outputs["examples"],
        validation=config.validation,
        role="target",
        class_map=class_map,
        source_fingerprint=source_fingerprint("components.domain_validator.executor"),
    ).with_id("TargetValidator")
    # A broken target should stop the run before minutes of training, not after.
    trunk.pretrainer.add_upstream_node(validator)
    return TargetData(examples, statistics, validator)


def _target_branch(
    config: Config, trunk: SourceTrunk, serving_directory: str
) -> list[BaseComponent]:
    examples, statistics, validator = target_data(config, trunk)
    # The control arm: the target's labels and the warm start's budget, but no warm start.
    scratch_trainer = _trainer(
        "modules.scratch_training",
        transfer_plan(config, "modules.scratch_training"),
        config.transfer.steps,
        examples,
        trunk.transform,
        trunk.schema,
    ).with_id("ScratchTrainer")
    warm_start_trainer = WarmStartTrainer(
        examples=examples.outputs["examples"],
        source_examples=trunk.examples.outputs["examples"],
        transform_graph=trunk.transform.outputs["transform_graph"],
        base_model=trunk.pretrainer.outputs["model"],
        plan=transfer_plan(config, "components.warm_start_trainer.executor"),
    )
    for trainer in (scratch_trainer, warm_start_trainer):
        trainer.add_upstream_node(validator)
    arms = {
        PRETRAINED: warm_start_trainer.outputs["pretrained_arm"],
        SCRATCH: scratch_trainer.outputs["model"],
        WARM_START: warm_start_trainer.outputs["model"],
    }
    served = ServedModelFinder(
        candidates=arms,
        serving_directory=serving_directory,
        source_fingerprint=source_fingerprint("components.served_model_finder.driver"),
    )
    evaluator = TransferEvaluator(
        target_examples=examples.outputs["examples"],
        source_examples=trunk.examples.outputs["examples"],
        models=arms,
        gate=config.gate,
        source_name=config.source.name,
        target_name=config.target.name,
        shots=config.target.shots,
        seed=config.seed,
        source_fingerprint=source_fingerprint("components.transfer_evaluator.executor"),
        base_model=trunk.pretrainer.outputs["model"],
        served_model=served.outputs["model"],
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
        source_examples=trunk.examples.outputs["examples"],
        target_examples=examples.outputs["examples"],
        source_anomalies=trunk.validator.outputs["anomalies"],
        target_anomalies=validator.outputs["anomalies"],
        transform_graph=trunk.transform.outputs["transform_graph"],
        pretrained_model=trunk.pretrainer.outputs["model"],
        pretrain_model_run=trunk.pretrainer.outputs["model_run"],
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
    branch = [scratch_trainer, warm_start_trainer, served, evaluator, pusher, report]
    return [examples, statistics, validator, *branch]


def _ingest(
    role: str,
    config: Config,
    domain: DomainConfig,
    classes: tuple[str, ...] | None,
    class_map: Mapping[str, str] | None = None,
) -> tuple[ImageExampleGen, StatisticsGen]:
    examples = ImageExampleGen(
        input_base=domain.path,
        domain=domain.name,
        format=domain.format,
        classes=classes,
        class_map=class_map,
        label_offset=domain.label_offset,
        eval_draw=domain.eval_draw,
        validation=config.validation,
        source_fingerprint=source_fingerprint("components.image_example_gen.executor"),
    ).with_id(f"{role}ExampleGen")
    statistics = StatisticsGen(
        examples=examples.outputs["examples"], stats_options=statistics_options()
    ).with_id(f"{role}StatisticsGen")
    return examples, statistics


def _trainer(
    module: str,
    plan: TrainingPlan,
    steps: int,
    examples: ImageExampleGen,
    transform: Transform,
    schema: ImageSchemaGen,
) -> Trainer:
    return Trainer(
        run_fn=f"{module}.run_fn",
        examples=examples.outputs["examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema.outputs["schema"],
        train_args=trainer_pb2.TrainArgs(splits=["train"], num_steps=steps),
        eval_args=trainer_pb2.EvalArgs(splits=["eval"]),
        custom_config={"plan": plan.model_dump_json()},
    )


def transfer_plan(config: Config, module: str) -> TransferPlan:
    """Plans a training on the target; the code of the module that runs it is fingerprinted."""
    return TransferPlan(
        network=config.network,
        preprocessing=config.preprocessing,
        training=config.training,
        transfer=config.transfer,
        shots=config.target.shots,
        seed=config.seed,
        source_fingerprint=source_fingerprint(module),
    )
