"""Finds the target's spans, and says which of them a run trains on."""

from __future__ import annotations

from modules.core.errors import ConfigError, DataError
from modules.core.wording import count, listed
from modules.sources.spans.finding import FoundSpans, find_spans
from pipelines.checking.lines import OK, CheckLine
from pipelines.config import Config
from pipelines.domain_config import TargetConfig


def find_target_spans(config: Config) -> FoundSpans | None:
    """Lists the target's spans; None where its data are in one folder.

    Raises:
        ConfigError: There are no spans, or their names contradict each other.
    """
    pattern = config.target.span_pattern
    if pattern is None:
        return None
    try:
        return find_spans(pattern)
    except DataError as error:
        raise ConfigError(f"target.path: {error}") from None


def describe_spans(target: TargetConfig, found: FoundSpans) -> CheckLine:
    """Names the spans that there are, and those to train on."""
    names = [span.name for span in found.spans]
    trained = [span.name for span in found.chosen(target.spans)]
    parts = [
        f"{count(len(names), 'span')}: {listed(names)}",
        f"the run trains on {listed(trained)} (target.spans={target.spans}) and evaluates all",
    ]
    # Dates need not follow each other.
    if found.gaps and "{SPAN" in target.path:
        parts.append(f"there is no span {listed(found.gaps)}")
    if found.others:
        parts.append(f"not read, as they do not match the path: {listed(found.others)}")
    return CheckLine(OK, f"target {target.name}, {'; '.join(parts)}")
