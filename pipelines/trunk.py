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
from pipelines.plugins.references import network_plugin, training_plugins


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
        transform: Makes the TransformGraph of every arm; None where the model brings its own.
        starter: Makes the model that the warm start starts from: it trains or imports one.
        target_validator: The gate for the target's data.
    """

    source: SourceData | None
    target: DomainData
    schema: ImageSchemaGen
    transform: Transform | None
    starter: Trainer | ModelImporter
    target_validator: DomainValidator

    @property
    def components(self) -> list[BaseComponent]:
        """All components."""
        return [*self.common_components, *self.target_components]

    @property
    def common_components(self) -> list[BaseComponent]:
        """The components that depend on the source alone: the same for all its targets."""
        if self.source is None:
            return []
        source = [*self.source.data, self.schema, self.source.validator]
        starter = [] if self.is_imported else [self.starter]
        return [*source, *([self.transform] if self.transform else []), *starter]

    @property
    def target_components(self) -> list[BaseComponent]:
        """The other components."""
        own = [*self.target, self.schema, self.transform, self.starter, self.target_validator]
        common = self.common_components
        return [component for component in own if component and component not in common]

    @property
    def transform_graph(self) -> BaseChannel:
        """The TransformGraph of every arm."""
        return (self.transform or self.starter).outputs["transform_graph"]

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


def build_trunk(
    config: Config,
    *,
    shared: Trunk | None = None,
    only_target: bool = True,
    spans_directory: str | None = None,
) -> Trunk:
    """Builds what precedes the training on a target, wired to each other.

    Without a source, what would be inferred from it or analysed on it is taken from the target: the
    schema from its statistics, the preprocessing from its train split.

    Args:
        config: The scenario.
        shared: The trunk of another target of the same source, whose common components are taken.
        only_target: A broken target stops the run before minutes of training, not after.
        spans_directory: As for `create_pipeline`.
    """
    target = ingest("Target", config, config.target, config.target_classes, spans_directory)
    imported = config.pretraining.imported
    source, schema, transform = (
        (shared.source, shared.schema, shared.transform)
        if shared is not None and shared.source is not None
        else _prepared(config, target)
    )
    data = source and source.data
    starter: Trainer | ModelImporter
    if imported is not None:
        starter = _importer(config, imported, data, target, transform)
    elif shared is not None:
        starter = shared.starter
    else:
        starter = _pretrainer(config, data or target, schema, transform)
    target_validator = validate_target(config, target, schema, data, starter.outputs["model"])
    if source is not None and only_target:
        starter.add_upstream_node(target_validator)
    return Trunk(source, target, schema, transform, starter, target_validator)


def _prepared(
    config: Config, target: DomainData
) -> tuple[SourceData | None, ImageSchemaGen, Transform | None]:
    """Builds what describes and prepares the images: by the source's, where there is one."""
    if config.source is None:
        data, schema_file = target, None
    else:
        data = ingest("Source", config, config.source, config.source.classes)
        schema_file = config.source.schema_file
    schema = image_schema(data, schema_file)
    source = None
    if config.source is not None:
        source = SourceData(data, validate_source(config, data, schema))
    imported = config.pretraining.imported
    # An earlier run's model brings its own preprocessing.
    if imported is not None and imported.pixels is None:
        return source, schema, None
    transform = _transform(config, data, schema)
    if source is not None:
        transform.add_upstream_node(source.validator)
    return source, schema, transform


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
            source_fingerprint=component_fingerprint(
                "components.model_importer.executor", network_plugin(config)
            ),
        ),
        examples=target.examples.outputs["examples"],
        source_examples=source and source.examples.outputs["examples"],
        transform_graph=transform and transform.outputs["transform_graph"],
    )
