"""Turned images as further classes."""

from __future__ import annotations

import numpy as np

from modules.examples.input_pipeline import PreprocessedExamples

TURNS = 4  # by 0, 90, 180 and 270 degrees


def with_turned_classes(examples: PreprocessedExamples, num_classes: int) -> PreprocessedExamples:
    """Adds each image turned by 90, 180 and 270 degrees, as an example of another class.

    More classes teach features that tell unseen characters apart, too.

    Reference: Santoro et al., Meta-Learning with Memory-Augmented Neural Networks, ICML 2016,
    section 4.1; Vinyals et al., Matching Networks for One Shot Learning, NeurIPS 2016, section
    4.1.1.

    Args:
        examples: N labelled examples of square images.
        num_classes: K.

    Returns:
        4 N examples of 4 K classes: those of class k, turned `t` times, are of class t K + k.

    Example:
        >>> image = np.arange(4.0, dtype=np.float32).reshape(1, 2, 2, 1)
        >>> one = PreprocessedExamples(image, np.array([0]), np.array([b"a"]))
        >>> turned = with_turned_classes(one, num_classes=1)
        >>> turned.images[1].ravel().tolist(), turned.labels.tolist()
        ([1.0, 3.0, 0.0, 2.0], [0, 1, 2, 3])
    """
    turns = range(TURNS)
    return PreprocessedExamples(
        np.concatenate([np.rot90(examples.images, turn, axes=(1, 2)) for turn in turns]),
        np.concatenate([examples.known_labels + turn * num_classes for turn in turns]),
        np.concatenate(
            [np.char.add(examples.example_ids, f" turned {turn}".encode()) for turn in turns]
        ),
    )
