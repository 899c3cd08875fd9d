"""Names of the models that are compared on the target domain."""

from __future__ import annotations

PRETRAINED = "pretrained"  # trained on the source alone
SCRATCH = "scratch"  # trained on the target's labelled examples alone
WARM_START = "warm_start"  # pretrained, then carried over to the target
ARMS = (PRETRAINED, SCRATCH, WARM_START)

# What an earlier run has pushed: only there if the serving folder holds a version.
SERVED = "served"
ALL_ARMS = (*ARMS, SERVED)

# What the pretrained arm is: the pretrained model itself, or a linear probe on its features.
ZERO_SHOT = "zero_shot"
PROBE = "probe"
