"""The TransferEvaluator component."""

from __future__ import annotations

from collections.abc import Mapping

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import standard_artifacts, standard_component_specs
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.system_executions import Evaluate

from components.transfer_evaluator import executor, inputs
from modules.settings import GateSettings


class TransferEvaluatorSpec(ComponentSpec):
    """TransferEvaluator component spec."""

    PARAMETERS = {
        executor.GATE_KEY: ExecutionParameter(type=str),
        executor.SEED_KEY: ExecutionParameter(type=int),
        executor.SHOTS_KEY: ExecutionParameter(type=str),
        executor.SOURCE_NAME_KEY: ExecutionParameter(type=str),
        executor.TARGET_NAME_KEY: ExecutionParameter(type=str),
        executor.ATTEMPTS_KEY: ExecutionParameter(type=str, optional=True),
        "source_fingerprint": ExecutionParameter(type=str),
    }
    INPUTS = {
        inputs.TARGET_EXAMPLES_KEY: ChannelParameter(type=standard_artifacts.Examples),
        inputs.SOURCE_EXAMPLES_KEY: ChannelParameter(
            type=standard_artifacts.Examples, optional=True
        ),
        **{
            key: ChannelParameter(type=standard_artifacts.Model)
            for key in inputs.MODEL_KEYS.values()
        },
        inputs.BASE_MODEL_KEY: ChannelParameter(type=standard_artifacts.Model, optional=True),
        inputs.SERVED_MODEL_KEY: ChannelParameter(type=standard_artifacts.Model, optional=True),
    }
    OUTPUTS = {
        standard_component_specs.EVALUATION_KEY: ChannelParameter(
            type=standard_artifacts.ModelEvaluation
        ),
        standard_component_specs.BLESSING_KEY: ChannelParameter(
            type=standard_artifacts.ModelBlessing
        ),
    }
    TYPE_ANNOTATION = Evaluate


class TransferEvaluator(base_beam_component.BaseBeamComponent):
    """Compares the arms on the target's eval split and blesses only a proven gain.

    Each arm's SavedModel answers the same examples through `serving_default`. Paired tests
    (`modules.evaluation.gate`) then judge the warm-started model. The pretrained and the
    warm-started model also answer the source's eval split, to show what was forgotten; this does
    not enter the verdict.

    Component `outputs` contains:
     - `evaluation`: Channel of type `standard_artifacts.ModelEvaluation` with `evaluation.json`,
       `predictions.csv` and files for `tfma.load_eval_result`.
     - `blessing`: Channel of type `standard_artifacts.ModelBlessing` for the warm-started model,
       as TFX's Evaluator writes it, so that Pusher and Resolver accept it. With `push: best` it may
       be for another arm, which its property `pushed_arm` names, for `components.once_pusher`.

    Args:
        target_examples: The target's `standard_artifacts.Examples`.
        source_examples: The source's `standard_artifacts.Examples`; None without a source, whose
            accuracies are null then.
        models: The `standard_artifacts.Model` of each arm of `modules.core.arms.ARMS`.
        gate: What the warm start must prove.
        seed: Seed of the bootstrap.
        shots: Labelled target examples per class used for training, or `all`. Only reported.
        source_name: Name of the source domain, empty without one. Only reported.
        target_name: Name of the target domain. Only reported.
        source_fingerprint: Fingerprint of the code. A new value invalidates the cache.
        base_model: The pretrained `standard_artifacts.Model` itself, which answers the source's
            examples. It may be left out where both domains have the same classes in the same order:
            there the pretrained arm is that model. Without a source it names the classes.
        served_model: What `components.served_model_finder` has found. The served model, if any, is
            one more arm, and the new model has to hold its own against it.
        attempts_directory: Folder or URI that remembers the attempts on each eval split, beyond
            caches and runs: later ones are judged harder. Without it nobody counts them.

    Raises:
        ValueError: Neither the source nor the model itself is given.

    Example:
        ```
        evaluator = TransferEvaluator(
            target_examples=target_example_gen.outputs["examples"],
            source_examples=source_example_gen.outputs["examples"],
            models={
                PRETRAINED: warm_start_trainer.outputs["pretrained_arm"],
                SCRATCH: scratch_trainer.outputs["model"],
                WARM_START: warm_start_trainer.outputs["model"],
            },
            gate=GateSettings(confidence=0.99),
            seed=0,
            shots=10,
            source_name="mnist",
            target_name="optdigits",
            source_fingerprint="1",
            base_model=trainer.outputs["model"],
        )
        Pusher(
            model=warm_start_trainer.outputs["model"],
            model_blessing=evaluator.outputs["blessing"],
            push_destination=push_destination,
        )
        ```
    """

    SPEC_CLASS = TransferEvaluatorSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(executor.Executor)

    def __init__(
        self,
        target_examples: types.BaseChannel,
        source_examples: types.BaseChannel | None,
        models: Mapping[str, types.BaseChannel],
        gate: GateSettings,
        seed: int,
        shots: int | str,
        source_name: str,
        target_name: str,
        source_fingerprint: str,
        base_model: types.BaseChannel | None = None,
        served_model: types.BaseChannel | None = None,
        attempts_directory: str | None = None,
    ) -> None:
        if source_examples is None and base_model is None:
            raise ValueError("Give source_examples or base_model.")
        super().__init__(
            TransferEvaluatorSpec(
                target_examples=target_examples,
                source_examples=source_examples,
                **{key: models[arm] for arm, key in inputs.MODEL_KEYS.items()},
                base_model=base_model,
                served_model=served_model,
                gate=gate.model_dump_json(),
                seed=seed,
                shots=str(shots),
                source_name=source_name,
                target_name=target_name,
                attempts_directory=attempts_directory,
                source_fingerprint=source_fingerprint,
                evaluation=types.Channel(type=standard_artifacts.ModelEvaluation),
                blessing=types.Channel(type=standard_artifacts.ModelBlessing),
            )
        )
