"""The typed settings that module code and components take: data only, validated on construction.

`pipelines.config` composes them into the configuration file's schema; components hand them to
executors as JSON, so that they enter TFX's cache key.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from modules.settings.base import (
    Fraction,
    PositiveFloat,
    PositiveInt,
    Schedule,
    Settings,
    Shots,
)
from modules.settings.methods import (
    CenterLossSettings,
    CoralSettings,
    DannSettings,
    FreezeThenTuneSettings,
    InstanceWeightingSettings,
    L2SpSettings,
    MmdSettings,
    RelationalSettings,
    SelfTrainingSettings,
)

__all__ = [
    "CenterLossSettings",
    "GateSettings",
    "NetworkSettings",
    "PreprocessingSettings",
    "PretrainingSettings",
    "Schedule",
    "Settings",
    "Shots",
    "TrainingSettings",
    "TransferSettings",
    "ValidationSettings",
]


class PreprocessingSettings(Settings):
    """What happens to an image before the network sees it.

    Attributes:
        framing: Crop to the ink, scale its longest side and centre its mass as MNIST does.
        polarity: Invert images of dark ink on a lighter background, so that all ink is bright.
        standardize: Subtract the source's pixel mean and divide by its standard deviation.
        augmentation: `robust` distorts labelled images while training; `none` does not.
    """

    framing: bool = True
    polarity: bool = True
    standardize: bool = True
    augmentation: Literal["none", "robust"] = "robust"


class NetworkSettings(Settings):
    """Which registered network is trained, and on which input.

    Attributes:
        name: A name registered in `modules.networks.registry`.
        image_size: Height and width of the network's input, in pixels.
        channels: 1 (grey) or 3 (colour).
        dropout: Fraction of features dropped while training.
    """

    name: str = "lenet"
    image_size: PositiveInt = 28
    channels: Literal[1, 3] = 1
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0

    @model_validator(mode="before")
    @classmethod
    def _accept_a_bare_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class PretrainingSettings(Settings):
    """Budget and optimizer (Adam) of the pretraining on the source domain."""

    steps: PositiveInt = 800
    batch_size: PositiveInt = 100
    learning_rate: PositiveFloat = 1e-3
    schedule: Schedule = "cosine"


class TransferSettings(Settings):
    """How the pretrained model is carried over to the target domain.

    Attributes:
        method: A name registered in `modules.transfer.methods`.
        restore: `rebuild` maps checkpoint variables by name onto a rebuilt network; `graph` trains
            the saved model's own graph without its code.
        steps: Training steps, the same for the scratch control.
        batch_size: Labelled target images a step, and as many unlabelled ones for methods that
            take them.
        source_batch_size: Source images a step, for methods that also train on the source.
        learning_rate: Adam's, for the warm start.
        scratch_learning_rate: Adam's, for the scratch control.
        schedule: Of both learning rates.
        center_loss: Added to the method's own losses; None leaves it to the method, see
            `TransferMethod.has_center_loss`.
        freeze_then_tune: Of the method of that name, as are the next ones.
        l2_sp: See above.
        instance_weighting: See above.
        coral: See above.
        mmd: See above.
        dann: See above.
        relational: See above.
        self_training: See above.
        frozen_layers: Names of layers that are not trained.
        expected_missing: Variables that may be absent from the checkpoint; any other one raises.
        expected_mismatched: Variables whose shape may differ from the checkpoint's.
    """

    method: str = "self_training"
    restore: Literal["rebuild", "graph"] = "rebuild"
    steps: PositiveInt = 400
    batch_size: PositiveInt = 48
    source_batch_size: PositiveInt = 32
    learning_rate: PositiveFloat = 3e-4
    scratch_learning_rate: PositiveFloat = 1e-3
    schedule: Schedule = "cosine"
    center_loss: CenterLossSettings | None = None
    freeze_then_tune: FreezeThenTuneSettings = FreezeThenTuneSettings()
    l2_sp: L2SpSettings = L2SpSettings()
    instance_weighting: InstanceWeightingSettings = InstanceWeightingSettings()
    coral: CoralSettings = CoralSettings()
    mmd: MmdSettings = MmdSettings()
    dann: DannSettings = DannSettings()
    relational: RelationalSettings = RelationalSettings()
    self_training: SelfTrainingSettings = SelfTrainingSettings()
    frozen_layers: tuple[str, ...] = Field(default=(), strict=False)
    expected_missing: tuple[str, ...] = Field(default=(), strict=False)
    expected_mismatched: tuple[str, ...] = Field(default=(), strict=False)


class TrainingSettings(Settings):
    """What all trainings share.

    Attributes:
        precision: `auto` takes mixed_bfloat16 where the CPU computes it natively.
        checkpoint_every_steps: Steps between two checkpoints.
        max_to_keep: Recent checkpoints that are kept.
        keep_checkpoint_every_n_hours: Also keep one checkpoint every so many hours for good.
        summary_every_steps: Steps between two TensorBoard scalars and progress reports.
        memory_cache_mib: Preprocessed examples up to this size stay in memory, else on disk.
        workers: Processes that share each batch; None is as many as TF_CONFIG names, else one.
        sharding: How the workers of a pretraining share the examples: `file` lets each read its
            own files, `data` lets all read everything and train on what one process would; `auto`
            is `file` where there is a file for each.
        worker_timeout_seconds: How long a worker waits for the others within a step.
    """

    precision: Literal["auto", "float32", "mixed_bfloat16"] = "auto"
    checkpoint_every_steps: PositiveInt = 200
    max_to_keep: PositiveInt = 3
    keep_checkpoint_every_n_hours: PositiveFloat | None = None
    summary_every_steps: PositiveInt = 20
    memory_cache_mib: PositiveInt = 1024
    workers: PositiveInt | None = None
    sharding: Literal["auto", "file", "data"] = "auto"
    worker_timeout_seconds: PositiveInt = 600


class GateSettings(Settings):
    """What a warm-started model must show before it is blessed.

    Attributes:
        confidence: Of every interval and test.
        test: Exact McNemar test, or a paired bootstrap of the difference.
        max_class_drop: No class may fall by more than this, in accuracy, beyond chance.
        scratch_margin: How far the warm start may be below the scratch control, in accuracy.
        min_eval_examples: With fewer target eval examples there is not enough evidence to bless.
    """

    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    test: Literal["mcnemar", "bootstrap"] = "mcnemar"
    max_class_drop: Fraction = 0.05
    scratch_margin: Fraction = 0.02
    min_eval_examples: PositiveInt = 100


class ValidationSettings(Settings):
    """When the target's data stop the run, beyond what the schema says; None never does.

    Attributes:
        max_label_skew: L-infinity distance between the source's and the target's label shares.
        max_pixel_skew: The same between the shares of 32 levels of grey.
        max_domain_auc: Area under the ROC curve of a classifier that tells source and target images
            of the same classes apart.
        min_examples_per_class: In the target's train split, and in its eval split.
    """

    max_label_skew: Fraction | None = None
    max_pixel_skew: Fraction | None = None
    max_domain_auc: Fraction | None = None
    min_examples_per_class: PositiveInt = 1
