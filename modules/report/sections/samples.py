"""Images of both domains side by side, as they are and as the network sees them."""

from __future__ import annotations

from modules.report.inputs import ReportData
from modules.report.sections.section import Section


def samples_section(data: ReportData) -> Section:
    """Makes the domain shift visible."""
    samples, evaluation = data.samples, data.evaluation
    framing = data.settings.preprocessing.framing
    return Section(
        "samples",
        "The two domains" if evaluation["source"]["name"] is not None else "The target",
        {
            "names": [evaluation["target"]["classes"][sample.label] for sample in samples],
            "rows": [
                *(
                    [{"label": "Source", "pictures": [sample.source for sample in samples]}]
                    if evaluation["source"]["name"] is not None
                    else []
                ),
                {"label": "Target, raw", "pictures": [sample.target for sample in samples]},
                {
                    "label": "Target, framed" if framing else "Target, resized",
                    "pictures": [sample.target_preprocessed for sample in samples],
                },
            ],
            "source": evaluation["source"]["name"],
            "target": evaluation["target"]["name"],
            "framing": framing,
            "common": any(sample.source for sample in samples),
            "lacking": not all(sample.source for sample in samples),
        },
    )
