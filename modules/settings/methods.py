"""Settings of center loss and of single transfer methods; only the named method reads its own."""

from __future__ import annotations

from typing import Literal

from modules.settings.base import (
    Fraction,
    NonNegativeFloat,
    PositiveFraction,
    PositiveInt,
    Settings,
)


class CenterLossSettings(Settings):
    """Center loss (Wen et al., ECCV 2016); weight 0 switches it off.

    Attributes:
        weight: Factor of the center loss in the total loss (lambda in the paper).
        alpha: Step size of the centers.
        reduction: `mean` averages over the batch; `sum` adds up, as the tutorial does.
        initial_centers: `class_means` of the restored features, or `zeros`, as in the tutorial.
        min_examples_to_move: Centers of classes with fewer labelled examples, all domains counted,
            stay at their class means; 1 lets every center move. Centers that start at zero always
            move.
    """

    weight: NonNegativeFloat = 0.003
    alpha: Fraction = 0.5
    reduction: Literal["mean", "sum"] = "mean"
    initial_centers: Literal["class_means", "zeros"] = "class_means"
    min_examples_to_move: PositiveInt = 3


class FreezeThenTuneSettings(Settings):
    """Training of the logits layer first, then of the whole network.

    Attributes:
        head_share: Share of the steps that train only the logits layer.
    """

    head_share: Fraction = 0.3


class L2SpSettings(Settings):
    """L2-SP (Xuhong et al., ICML 2018).

    Attributes:
        weight: Factor of half the squared distance to the initial weights (alpha in the paper).
    """

    weight: NonNegativeFloat = 0.01


class InstanceWeightingSettings(Settings):
    """Source examples weighted by a domain classifier's density ratio.

    Attributes:
        mixture: Share of the target in the ratio's denominator; no weight exceeds its inverse.
        components: Number of principal components of the features that the domain classifier sees.
    """

    mixture: PositiveFraction = 0.2
    components: PositiveInt = 32


class CoralSettings(Settings):
    """Deep CORAL (Sun and Saenko, 2016).

    Attributes:
        weight: Factor of the distance between the covariances.
    """

    weight: NonNegativeFloat = 1.0


class MmdSettings(Settings):
    """Maximum mean discrepancy (Long et al., ICML 2015).

    Attributes:
        weight: Factor of the squared discrepancy.
    """

    weight: NonNegativeFloat = 0.3


class DannSettings(Settings):
    """Domain-adversarial training (Ganin et al., JMLR 2016).

    Attributes:
        weight: Largest factor of the reversed gradient (lambda in the paper).
        hidden_units: Width of the domain classifier's hidden layer.
    """

    weight: NonNegativeFloat = 0.1
    hidden_units: PositiveInt = 64


class RelationalSettings(Settings):
    """Relational knowledge distillation (Park et al., CVPR 2019).

    Attributes:
        distance_weight: Factor of the loss on distances between pairs.
        angle_weight: Factor of the loss on angles in triplets.
    """

    distance_weight: NonNegativeFloat = 1.0
    angle_weight: NonNegativeFloat = 2.0


class InformationMaximizationSettings(Settings):
    """Predictions on the target's unlabelled images that are sure one by one and balanced together.

    Attributes:
        weight: Factor of the loss.
    """

    weight: NonNegativeFloat = 1.0


class PseudoLabelsSettings(Settings):
    """Training on the restored network's own confident predictions of unlabelled target images.

    Attributes:
        weight: Factor of the loss.
        kept_share: Share of each predicted class, surest first, that gets pseudo-labels.
    """

    weight: NonNegativeFloat = 1.0
    kept_share: PositiveFraction = 0.8


class LabelPropagationSettings(Settings):
    """Training on labels that spread from the shots to unlabelled target images.

    Attributes:
        weight: Factor of the losses on unlabelled images.
        kept_share: Share of each class, surest first, whose propagated labels are fitted.
    """

    weight: NonNegativeFloat = 1.0
    kept_share: PositiveFraction = 0.5
