"""The ModelImporter component."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts, standard_component_specs
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.model_importer import executor
from modules.models.imported.fingerprint import fingerprint_model
from modules.settings.plans import ImportPlan


class ModelImporterSpec(ComponentSpec):
    """ModelImporter component spec."""

    PARAMETERS = {
        executor.PATH_KEY: ExecutionParameter(type=str),
        executor.PLAN_KEY: ExecutionParameter(type=str),
        "model_fingerprint": ExecutionParameter(type=str),
    }
    INPUTS = {
        standard_component_specs.EXAMPLES_KEY: ChannelParameter(type=standard_artifacts.Examples),
        executor.SOURCE_EXAMPLES_KEY: ChannelParameter(
            type=standard_artifacts.Examples, optional=True
        ),
        executor.GIVEN_TRANSFORM_GRAPH_KEY: ChannelParameter(
            type=standard_artifacts.TransformGraph, optional=True
        ),
    }
    OUTPUTS = {
        standard_component_specs.MODEL_KEY: ChannelParameter(type=standard_artifacts.Model),
        standard_component_specs.TRANSFORM_GRAPH_KEY: ChannelParameter(
            type=standard_artifacts.TransformGraph
        ),
    }


class ModelImporter(base_component.BaseComponent):
    """Makes a model that was trained elsewhere, or in an earlier run, one of this pipeline's.

    It takes a .keras file, a SavedModel, a TensorFlow checkpoint, or what an earlier run left. What
    it writes answers as the original does: both classify images of the target's train split, and a
    difference stops the run. Eval splits are not read.

    Component `outputs` contains:
     - `model`: Channel of type `standard_artifacts.Model`, as this project's Trainer writes it:
       `Format-Serving/`, a SavedModel, and `checkpoint/`, the weights by name. Its `network.json`
       says under `imported` where the model comes from.
     - `transform_graph`: Channel of type `standard_artifacts.TransformGraph`: the model's
       preprocessing, its own or the given one.

    Args:
        plan: What the model's file does not say, and the code's fingerprint.
        examples: The target's `standard_artifacts.Examples`.
        source_examples: The source's, where there is a source: the logits take the order of its
            classes.
        transform_graph: The preprocessing, a channel of `standard_artifacts.TransformGraph`; None
            takes the model's own.

    Example:
        ```
        importer = ModelImporter(
            plan=ImportPlan(
                imported=ImportSettings(from_="flowers.keras", pixels="unit"),
                network=NetworkSettings(image_size=64, channels=3),
                source_fingerprint="1",
            ),
            examples=target_example_gen.outputs["examples"],
            transform_graph=transform.outputs["transform_graph"],
        )
        ```
    """

    SPEC_CLASS = ModelImporterSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

    def __init__(
        self,
        plan: ImportPlan,
        examples: types.BaseChannel,
        source_examples: types.BaseChannel | None = None,
        transform_graph: types.BaseChannel | None = None,
    ) -> None:
        path = plan.imported.from_ or ""
        super().__init__(
            ModelImporterSpec(
                # By itself: Kubeflow replaces it by the place that the model is downloaded to.
                path=path,
                plan=plan.model_dump_json(),
                model_fingerprint=fingerprint_model(path),
                examples=examples,
                source_examples=source_examples,
                given_transform_graph=transform_graph,
                model=types.Channel(type=standard_artifacts.Model),
                transform_graph=types.Channel(type=standard_artifacts.TransformGraph),
            )
        )
