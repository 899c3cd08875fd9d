"""The trunk of the DAG: both domains' data, and the model that every target branch starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tfx.components.trainer.component import Trainer
from tfx.components.transform.component import Transform
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.proto import trainer_pb2, transform_pb2
from tfx.types import BaseChannel

from components.domain_validator.component import DomainValidator
from components.image_example_gen.component import ImageExampleGen
from components.image_schema_gen.component import ImageSchemaGen
from components.model_importer.component import ModelImporter
from modules.settings import ImportSettings, PixelScale
from modules.settings.plans import ImportPlan, PretrainingPlan, TrainingPlan
from pipelines.config import Config
from pipelines.data_nodes import (
    DomainData,
    image_schema,
    ingest,
    validate_source,
    validate_target,
)
from pipelines.fingerprint import component_fingerprint, file_checksum, source_fingerprint
from pipelines.plugin_references import training_plugins


class SourceData(NamedTuple):
    """The source's data, ingested and validated."""

    data: DomainData
    validator: DomainValidator


@dataclass(frozen=True)
class Trunk:
    """What does not depend on how the target is learnt.

    Attributes:
        source: The source's data; None where there is a model only.
        target: The target's data.
        schema: The schema of both.
        transform_graph: The TransformGraph of every arm.
        starter: Makes the model that the warm start starts from: it trains or imports one.
        target_validator: The gate for the target's data.
        components: All of them, in the order of the run.
    """

    source: SourceData | None
    target: DomainData
    schema: ImageSchemaGen
    transform_graph: BaseChannel
    starter: Trainer | ModelImporter
    target_validator: DomainValidator
    components: list[BaseComponent]

    @property
    def model(self) -> BaseChannel:
        """The model that the warm start starts from."""
        return self.starter.outputs["model"]

    @property
    def is_imported(self) -> bool:
        """Whether that model was there before."""
        return isinstance(self.starter, ModelImporter)

    @property
    def source_examples(self) -> BaseChannel | None:
        """The source's Examples, where there is a source."""
        return self.source and self.source.data.examples.outputs["examples"]


def build_trunk(config: Config) -> Trunk:
    """Builds what all target branches share, wired to each other.

    Without a source, what would be inferred from it or analysed on it is taken from the target: the
    schema from its statistics, the preprocessing from its train split.
    """
    target = ingest("Target", config, config.target, config.target_classes)
    source = None
    if config.source is not None:
        source = ingest("Source", config, config.source, config.source.classes)
    first = source or target
    schema = image_schema(first, config.source.schema_file if config.source else None)
    source_data = source and SourceData(source, validate_source(config, source, schema))
    imported = config.pretraining.imported
    transform = None
    # An earlier run's model brings its own preprocessing.
    if imported is None or imported.pixels is not None:
        transform = _transform(config, first, schema)
        if source_data is not None:
            transform.add_upstream_node(source_data.validator)
    if imported is None:
        starter = _pretrainer(config, first, schema, transform)
    else:
        starter = _importer(config, imported, source, target, transform)
    target_validator = validate_target(config, target, schema, source, starter.outputs["model"])
    if source is not None:
        # A broken target should stop the run before minutes of training, not after.
        starter.add_upstream_node(target_validator)
    return Trunk(
        source=source_data,
        target=target,
        schema=schema,
        transform_graph=(transform or starter).outputs["transform_graph"],
        starter=starter,
        target_validator=target_validator,
        components=[
            *first,
            schema,
            *([source_data.validator] if source_data else []),
            *([transform] if transform else []),
            starter,
            *(target if source else []),
            target_validator,
        ],
    )


def trainer(
    module: str,
    plan: TrainingPlan,
    steps: int,
    examples: ImageExampleGen,
    transform_graph: BaseChannel,
    schema: ImageSchemaGen,
    base_model: BaseChannel | None = None,
) -> Trainer:
    """Makes TFX's Trainer run a module of this project."""
    return Trainer(
        run_fn=f"{module}.run_fn",
        examples=examples.outputs["examples"],
        transform_graph=transform_graph,
        schema=schema.outputs["schema"],
        base_model=base_model,
        train_args=trainer_pb2.TrainArgs(splits=["train"], num_steps=steps),
        eval_args=trainer_pb2.EvalArgs(splits=["eval"]),
        custom_config={"plan": plan.model_dump_json()},
    )


def _transform(config: Config, data: DomainData, schema: ImageSchemaGen) -> Transform:
    settings = {
        "preprocessing": config.preprocessing.model_dump_json(),
        "network": config.network.without_weights().model_dump_json(),
        "source_fingerprint": source_fingerprint("modules.preprocessing"),
    }
    imported = config.pretraining.imported
    if imported and (scale := PixelScale.of(imported)):
        settings["pixels"] = scale.model_dump_json()
    return Transform(
        examples=data.examples.outputs["examples"],
        schema=schema.outputs["schema"],
        preprocessing_fn="modules.preprocessing.preprocessing_fn",
        splits_config=transform_pb2.SplitsConfig(analyze=["train"], transform=[]),
        materialize=False,
        disable_statistics=True,
        disable_analyzer_cache=True,
        custom_config=settings,
    )


def _pretrainer(
    config: Config, source: DomainData, schema: ImageSchemaGen, transform: Transform
) -> Trainer:
    plan = PretrainingPlan(
        network=config.network,
        preprocessing=config.preprocessing,
        training=config.training,
        pretraining=config.pretraining,
        weights_checksum=file_checksum(config.network.weights_file),
        seed=config.seed,
        source_fingerprint=component_fingerprint("modules.pretraining", *training_plugins(config)),
    )
    return trainer(
        "modules.pretraining",
        plan,
        config.pretraining.steps,
        source.examples,
        transform.outputs["transform_graph"],
        schema,
    ).with_id("PretrainTrainer")


def _importer(
    config: Config,
    settings: ImportSettings,
    source: DomainData | None,
    target: DomainData,
    transform: Transform | None,
) -> ModelImporter:
    return ModelImporter(
        plan=ImportPlan(
            imported=settings,
            network=config.network.without_weights(),
            seed=config.seed,
            source_fingerprint=source_fingerprint("components.model_importer.executor"),
        ),
        examples=target.examples.outputs["examples"],
        source_examples=source and source.examples.outputs["examples"],
        transform_graph=transform and transform.outputs["transform_graph"],
    )
