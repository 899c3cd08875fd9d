"""Settings of single transfer methods, each read by the method of the same name only."""

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
        reduction: `mean` over the batch, or the tutorial's `sum`.
        initial_centers: `class_means` of the restored features, or the tutorial's `zeros`.
        min_examples_to_move: Centers of classes with fewer labelled examples, in all domains
            together, stay at their class means; 1 lets every center move. Zeros always move.
    """

    weight: NonNegativeFloat = 0.003
    alpha: Fraction = 0.5
    reduction: Literal["mean", "sum"] = "mean"
    initial_centers: Literal["class_means", "zeros"] = "class_means"
    min_examples_to_move: PositiveInt = 3


class FreezeThenTuneSettings(Settings):
    """Head first, then all.

    Attributes:
        head_share: Share of the steps that train the logits layer alone.
    """

    head_share: Fraction = 0.3


class L2SpSettings(Settings):
    """L2-SP (Xuhong et al., ICML 2018).

    Attributes:
        weight: Factor of half the squared distance to the starting point (alpha in the paper).
    """

    weight: NonNegativeFloat = 0.01


class InstanceWeightingSettings(Settings):
    """Source examples weighted by a domain classifier's density ratio.

    Attributes:
        mixture: Share of the target in the ratio's denominator; bounds the weights by its inverse.
        components: Principal components of the features that the domain classifier sees.
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


class SelfTrainingSettings(Settings):
    """Learning from the target's unlabelled images by the network's own predictions.

    Attributes:
        loss: `information` asks for predictions that are sure one by one, and together have the
            target's class shares; `pseudo_labels` fits confident predictions of the restored
            network.
        weight: Factor of the loss.
        kept_share: Share of each predicted class, surest first, that gets pseudo-labels.
    """

    loss: Literal["information", "pseudo_labels"] = "information"
    weight: NonNegativeFloat = 1.0
    kept_share: PositiveFraction = 0.8
