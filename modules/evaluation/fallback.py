"""Which other arm may be pushed in place of a warm start that is not blessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from modules.core.arms import PRETRAINED, SCRATCH
from modules.evaluation.push_requirements import ARM_PHRASES, PushEvidence, push_requirements
from modules.evaluation.requirements import Requirement
from modules.settings import GateSettings


def choose_fallback(
    evidence: Mapping[str, PushEvidence],
    enough: Sequence[Requirement],
    settings: GateSettings,
    seed: int,
) -> tuple[str | None, list[str]]:
    """Chooses the better one of the pretrained and the scratch arm, if it is good enough.

    The more accurate one is taken, and the pretrained model where both are equal. The same examples
    choose it and judge it, which favours it: each of the two could have been lucky. So it is judged
    at half the level (Bonferroni's correction for two arms), and the chance that an arm is pushed
    that misses a requirement stays below the level.

    Args:
        evidence: By arm.
        enough: Whether there are enough examples, and groups of them.
        settings: What an arm must show.
        seed: Seed of the bootstrap.

    Returns:
        The arm, or None if it is not good enough, and the reasons.
    """
    arm = max((PRETRAINED, SCRATCH), key=lambda name: evidence[name].accuracy)
    halved = settings.model_copy(update={"confidence": (1.0 + settings.confidence) / 2.0})
    requirements = [*enough, *push_requirements(evidence[arm], halved, seed)]
    pushed = all(requirement.met for requirement in requirements)
    reasons = [requirement.reason for requirement in requirements if requirement.met == pushed]
    if pushed:
        reasons.insert(0, f"{ARM_PHRASES[arm].capitalize()} is good enough to be pushed instead.")
    return (arm if pushed else None), reasons
