"""What a run found in its data: copies of images, and labels that look wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from modules.core.wording import count, percent
from modules.domains.duplicates.wording import describe_duplicates, describe_shared_images


def describe_data_findings(result: Mapping[str, Any]) -> Iterator[str]:
    """Says what result.json keeps as `data`, for the terminal: a line for each thing found.

    What was looked for and not found is one line in all.
    """
    data = result["data"]
    domains = [(role, data[role]) for role in ("source", "target") if data[role]]
    found = [
        f"{role.capitalize()}: {describe_duplicates(copies)}"
        for role, copies in domains
        if copies["leaked"] or copies["contradictory"]
    ]
    shared = data["shared"]
    if shared and shared["evaluated"]:
        found.append(describe_shared_images(shared))
    yield from found
    if domains and not found:
        images = sum(copies["images"] for _, copies in domains)
        yield f"No copies among {count(images, 'image')} across splits, classes and domains."
    yield from _doubtful_labels(data["labels"])


def _doubtful_labels(audits: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for audit in audits:
        where = f"target's {audit['split']} split"
        if audit["permutation"]:
            yield f"The {where} has {audit['permutation']}."
        if audit["are_unrelated"]:
            yield f"The labels of the {where} have nothing to do with its images; see the report."
    doubtful = sum(len(audit["suspects"]) for audit in audits)
    judged = sum(audit["examples"] for audit in audits)
    if doubtful:
        share = percent(doubtful / judged)
        yield f"{count(doubtful, 'label')} of the target ({share}) may be wrong: see the report."
