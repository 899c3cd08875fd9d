"""Repeated attempts on one eval split: each is another chance to be lucky, and is tested harder.

A two-sided test at a level errs in the direction of a blessing in half of it. The first attempt
spends this half. The other half is shared by all further attempts: attempt k gets 1 / (k (k - 1))
of it, which adds up to 1 over all of them. So the chance that any attempt is blessed by mistake
stays below the level, however many there are.
"""

from __future__ import annotations

from modules.settings import GateSettings

FIRST_ATTEMPT = 1


def attempt_level(settings: GateSettings, attempt: int) -> float:
    """Returns the level of the two-sided tests of an attempt.

    This holds for candidates that were made without a look at the eval split's answers beyond the
    verdicts: until the first blessing all verdicts are alike, so which candidate comes next is as
    good as fixed beforehand.

    Args:
        settings: Their confidence gives the level of the first attempt.
        attempt: How often the split has been asked, this time included; at least 1.

    References:
        Foster, Stine. Alpha-investing: a procedure for sequential control of expected false
        discoveries. Journal of the Royal Statistical Society B 70(2), 2008, section 1: alpha
        spending.
        Dwork et al. The reusable holdout. Science 349, 2015: why answers that are looked at in
        more detail void it.

    Example:
        >>> [round(attempt_level(GateSettings(), attempt), 4) for attempt in (1, 2, 3, 10)]
        [0.05, 0.025, 0.0083, 0.0006]
    """
    level = 1.0 - settings.confidence
    return level if attempt == FIRST_ATTEMPT else level / (attempt * (attempt - 1))


def at_attempt(settings: GateSettings, attempt: int) -> GateSettings:
    """Returns the settings of an attempt's proofs: the confidence that its level leaves."""
    if attempt == FIRST_ATTEMPT:
        return settings
    return settings.model_copy(update={"confidence": 1.0 - attempt_level(settings, attempt)})
