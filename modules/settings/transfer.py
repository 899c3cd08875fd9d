"""Settings of the transfer to the target domain."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import Field, model_validator

from modules.settings.base import (
    OptionValues,
    PositiveFloat,
    PositiveFraction,
    PositiveInt,
    Settings,
)
from modules.settings.methods import (
    CenterLossSettings,
    CoralSettings,
    DannSettings,
    FreezeThenTuneSettings,
    InformationMaximizationSettings,
    InstanceWeightingSettings,
    L2SpSettings,
    LabelPropagationSettings,
    MmdSettings,
    PseudoLabelsSettings,
    RelationalSettings,
)
from modules.settings.optimization import EarlyStoppingSettings, OptimizerSettings, Schedule

_SPLIT_METHOD = "self_training"
# The name that stands for the best method for the classes and images that there are.
AUTO = "auto"
# How new classes begin without a look at their images.
FRESH = "fresh"
# What a warm start begins from, in `transfer.start`.
PRETRAINED_START: Final = "pretrained"
SERVED_START: Final = "served"


class TransferSettings(Settings):
    """How the pretrained model is carried over to the target domain.

    Attributes:
        method: A method registered in `modules.transfer.methods`, or a plug-in's
            `package.module:object`; or `auto`, which takes one by the classes of both domains and
            by what the target has beyond its labelled images.
        start: `pretrained` starts from the pretrained model; `served` from what the serving folder
            serves, where it fits, so that what a model has learnt from earlier data is kept.
        restore: `rebuild` builds the network from code and maps checkpoint variables onto it by
            name; `graph` trains the saved model's own graph, without its code.
        new_classes: How the logits of classes that the source does not have begin: `probe`, as a
            linear probe that is fitted to the labelled images; `imprint`, from the mean features
            of their labelled images; or `fresh`, at random.
        steps: Training steps of the warm start, and of the scratch control.
        batch_size: Labelled target images a step, and as many unlabelled ones for methods that
            take them.
        source_batch_size: Source images a step, for methods that also train on the source.
        unlabelled_images: Most images of the target's train split that methods use without labels;
            of more, as many are drawn at random.
        optimizer: What makes steps of gradients, in the warm start and in the scratch control.
        learning_rate: The optimizer's learning rate for the warm start: the first one, or the
            highest of `one_cycle`.
        scratch_learning_rate: The optimizer's learning rate for the scratch control.
        layer_decay: Factor between the warm start's learning rates of neighbouring stages of the
            network: those nearer to the images learn more slowly. 1 trains all alike.
        schedule: `cosine` lowers both learning rates to zero over the steps; `constant` keeps them;
            `one_cycle` raises them from a tenth over a fifth of the steps, then lowers them to
            zero; or a schedule of `keras.optimizers.schedules`, as `{name: CosineDecay, alpha:
            0.1}`.
        early_stopping: Ends the warm start, and the scratch control, before its last step; null
            takes all steps. A method that changes with the share of steps done, such as
            `freeze_then_tune` and `dann`, may then end before its last phase.
        center_loss: Center loss, added to the method's own losses; null leaves it to the method,
            see `TransferMethod.has_center_loss`.
        freeze_then_tune: Settings of method `freeze_then_tune`.
        l2_sp: Settings of method `l2_sp`.
        instance_weighting: Settings of method `instance_weighting`.
        coral: Settings of method `coral`.
        mmd: Settings of method `mmd`.
        dann: Settings of method `dann`.
        relational: Settings of method `relational`.
        information_maximization: Settings of method `information_maximization`.
        pseudo_labels: Settings of method `pseudo_labels`.
        label_propagation: Settings of method `label_propagation`.
        options: Options of a method that is a plug-in, by name.
        frozen_layers: Layers that are not trained, by name; or blocks of layers, by what their
            names begin with: `stage1` stands for `stage1_block1_conv1` and others.
        expected_missing: Variables, or layers, that the checkpoint may lack; any other raises.
        expected_mismatched: Variables, or layers, whose shape may differ from the checkpoint's.
    """

    method: str = AUTO
    start: Literal["pretrained", "served"] = PRETRAINED_START
    restore: Literal["rebuild", "graph"] = "rebuild"
    new_classes: Literal["probe", "imprint", "fresh"] = "probe"
    steps: PositiveInt = 400
    batch_size: PositiveInt = 48
    source_batch_size: PositiveInt = 32
    unlabelled_images: PositiveInt = 5000
    optimizer: OptimizerSettings = OptimizerSettings()
    learning_rate: PositiveFloat = 3e-4
    scratch_learning_rate: PositiveFloat = 1e-3
    layer_decay: PositiveFraction = 1.0
    schedule: Schedule = "cosine"
    early_stopping: EarlyStoppingSettings | None = None
    center_loss: CenterLossSettings | None = None
    freeze_then_tune: FreezeThenTuneSettings = FreezeThenTuneSettings()
    l2_sp: L2SpSettings = L2SpSettings()
    instance_weighting: InstanceWeightingSettings = InstanceWeightingSettings()
    coral: CoralSettings = CoralSettings()
    mmd: MmdSettings = MmdSettings()
    dann: DannSettings = DannSettings()
    relational: RelationalSettings = RelationalSettings()
    information_maximization: InformationMaximizationSettings = InformationMaximizationSettings()
    pseudo_labels: PseudoLabelsSettings = PseudoLabelsSettings()
    label_propagation: LabelPropagationSettings = LabelPropagationSettings()
    options: OptionValues = Field(default_factory=dict)
    frozen_layers: tuple[str, ...] = Field(default=(), strict=False)
    expected_missing: tuple[str, ...] = Field(default=(), strict=False)
    expected_mismatched: tuple[str, ...] = Field(default=(), strict=False)

    @model_validator(mode="before")
    @classmethod
    def _refuse_the_method_that_was_split(cls, value: Any) -> Any:
        if isinstance(value, dict) and _SPLIT_METHOD in (value.get("method"), *value):
            raise ValueError(
                f"'{_SPLIT_METHOD}' is now two methods. Set method: information_maximization, with "
                "information_maximization.weight; or, if it had loss: pseudo_labels, set method: "
                "pseudo_labels, with pseudo_labels.weight and pseudo_labels.kept_share"
            )
        return value

    @model_validator(mode="after")
    def _knows_how_deep_layers_are(self) -> TransferSettings:
        if self.restore == "graph" and self.layer_decay < 1.0:
            raise ValueError(
                "layer_decay is below 1, but a saved graph does not say how deep its layers are; "
                "choose restore: rebuild, or layer_decay: 1"
            )
        return self
