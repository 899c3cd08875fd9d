"""Zero-shot transfer: the pretrained model as it is."""

from __future__ import annotations

from modules.domains.label_space import KNOWN_CLASSES
from modules.transfer.method import TransferMethod


class ZeroShot(TransferMethod):
    """No training on the target: the pretrained model behind the shared preprocessing.

    References:
        Recht et al., Do ImageNet Classifiers Generalize to ImageNet?, ICML 2019 (evaluation of
        an unchanged model on a shifted domain).

    Example:
        >>> ZeroShot.trains()
        False
    """

    label_relations = KNOWN_CLASSES
