"""What validation found in the data, and how far apart the domains' labels are."""

from __future__ import annotations

from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT
from modules.domains.duplicates.wording import describe_duplicates, describe_shared_images
from modules.report.evidence.shown_classes import MOST_SHOWN
from modules.report.inputs import ReportData
from modules.report.sections.classes.shares import class_shares, draw_shares
from modules.report.sections.section import Section

_MOST_APART = 10


def data_section(data: ReportData) -> Section:
    """Shows the domains' validation and the skew between their labels."""
    source, target = data.source_validation, data.target_validation
    domains = [domain for domain in (source, target) if domain is not None]
    shares = class_shares(source, target)
    is_whole = len(shares) <= MOST_SHOWN
    apart = sorted(shares, key=lambda share: -share.difference)[:_MOST_APART]
    return Section(
        "data",
        "Data validation and skew",
        {
            "domains": domains,
            "splits": [TRAIN_SPLIT, EVAL_SPLIT],
            "classes": [
                len(domain["splits"][TRAIN_SPLIT]["examples_per_class"]) for domain in domains
            ],
            "findings": [
                {"domain": domain["domain"], **finding}
                for domain in domains
                for finding in domain["findings"]
            ],
            "notes": [
                {"domain": domain["domain"], "text": text}
                for domain in domains
                for text in (
                    *domain["notes"],
                    describe_duplicates(domain["duplicates"]),
                    describe_shared_images(domain["shared_images"]),
                )
                if text
            ],
            "skew": target["label_skew"],
            "covariate": target["covariate_shift"],
            "shifts": target["shifts"],
            "whole": is_whole,
            "apart": [] if is_whole else [share for share in apart if share.difference],
            "compared": source is not None,
            "only_source": sum(share.target is None for share in shares),
            "only_target": sum(share.source is None for share in shares),
            "figure": draw_shares(shares),
        },
    )
