"""The WarmStartTrainer component."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts, standard_component_specs
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.experimental import simple_artifacts
from tfx.types.system_executions import Train

from components.warm_start_trainer import executor
from modules.settings.plans import TransferPlan


class WarmStartTrainerSpec(ComponentSpec):
    """WarmStartTrainer component spec."""

    PARAMETERS = {executor.PLAN_KEY: ExecutionParameter(type=str)}
    INPUTS = {
        standard_component_specs.EXAMPLES_KEY: ChannelParameter(type=standard_artifacts.Examples),
        executor.SOURCE_EXAMPLES_KEY: ChannelParameter(
            type=standard_artifacts.Examples, optional=True
        ),
        standard_component_specs.TRANSFORM_GRAPH_KEY: ChannelParameter(
            type=standard_artifacts.TransformGraph
        ),
        standard_component_specs.BASE_MODEL_KEY: ChannelParameter(type=standard_artifacts.Model),
        executor.SERVED_MODEL_KEY: ChannelParameter(type=standard_artifacts.Model, optional=True),
    }
    OUTPUTS = {
        standard_component_specs.MODEL_KEY: ChannelParameter(type=standard_artifacts.Model),
        standard_component_specs.MODEL_RUN_KEY: ChannelParameter(type=standard_artifacts.ModelRun),
        executor.MAPPING_REPORT_KEY: ChannelParameter(type=simple_artifacts.File),
        executor.PRETRAINED_ARM_KEY: ChannelParameter(type=standard_artifacts.Model),
    }
    TYPE_ANNOTATION = Train


class WarmStartTrainer(base_component.BaseComponent):
    """Carries a pretrained model over to the target domain.

    The network takes over the pretrained model's weights, or those of the model that is served, by
    name or as the saved graph itself. Whatever does not fit and was not announced stops the run.
    Before the first step the restored network is evaluated on examples of both train splits and
    compared with the model whose weights it took, and the pretrained model's features are used to
    estimate what a transfer is worth. Then the transfer method trains it. Eval splits are not read.

    Component `outputs` contains:
     - `model`: Channel of type `standard_artifacts.Model`: `Format-Serving/`, a SavedModel, and
       `checkpoint/`, the weights by name.
     - `model_run`: Channel of type `standard_artifacts.ModelRun`: TensorBoard's files, rolling
       checkpoints, from which a retried training resumes, and `training.json`, written last.
     - `mapping_report`: Channel of type `simple_artifacts.File`: `mapping_report.json`, which lists
       each weight as restored, missing, unused or of another shape and says where each class's
       logit came from, and `transferability.json`, estimates of what the transfer is worth, made
       before it.
     - `pretrained_arm`: Channel of type `standard_artifacts.Model`: what one has without a
       transfer. It is the pretrained model, which answers among the target's classes, or, where it
       does not know them all, a linear probe on its features that was fitted to the same labelled
       images.

    Args:
        examples: The target's `standard_artifacts.Examples`.
        source_examples: The source's `standard_artifacts.Examples`; None where there is a model
            alone, for methods that train on no source image.
        transform_graph: The `standard_artifacts.TransformGraph` behind which the pretrained model
            was trained.
        base_model: The pretrained `standard_artifacts.Model`, of this project's Trainer or
            ModelImporter.
        served_model: The `standard_artifacts.Model` of ServedModelFinder, where `transfer.start` is
            `served`: the training starts from it where it fits.
        plan: Everything else that decides the training. Its `source_fingerprint` is the fingerprint
            of the code that trains; a new value invalidates the cache.

    Example:
        ```
        warm_start_trainer = WarmStartTrainer(
            examples=target_example_gen.outputs["examples"],
            source_examples=source_example_gen.outputs["examples"],
            transform_graph=transform.outputs["transform_graph"],
            base_model=trainer.outputs["model"],
            plan=TransferPlan(
                transfer=TransferSettings(method="fine_tune", learning_rate=1e-4),
                shots=10,
                source_fingerprint="1",
            ),
        )
        ```
    """

    SPEC_CLASS = WarmStartTrainerSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

    def __init__(
        self,
        examples: types.BaseChannel,
        source_examples: types.BaseChannel | None,
        transform_graph: types.BaseChannel,
        base_model: types.BaseChannel,
        plan: TransferPlan,
        served_model: types.BaseChannel | None = None,
    ) -> None:
        super().__init__(
            WarmStartTrainerSpec(
                examples=examples,
                source_examples=source_examples,
                transform_graph=transform_graph,
                base_model=base_model,
                served_model=served_model,
                plan=plan.model_dump_json(),
                model=types.Channel(type=standard_artifacts.Model),
                model_run=types.Channel(type=standard_artifacts.ModelRun),
                mapping_report=types.Channel(type=simple_artifacts.File),
                pretrained_arm=types.Channel(type=standard_artifacts.Model),
            )
        )
