"""What the warm start took over from the pretrained model."""

from __future__ import annotations

import math
from collections.abc import Mapping

from modules.core.arms import WARM_START
from modules.models.mapping_report import Shape
from modules.report.inputs import ReportData
from modules.report.sections.section import Section

_MOST_OPEN = 20  # weights that are listed without a click


def mapping_section(data: ReportData) -> Section:
    """Shows each weight and what the restored network could do before the first step."""
    mapping = data.mapping
    mismatched = {name: mismatch.network for name, mismatch in mapping.shape_mismatch.items()}
    groups: dict[str, Mapping[str, Shape]] = {
        "restored": mapping.restored,
        "only in the network: trained from initial values": mapping.missing,
        "different shape: trained from initial values": mismatched,
        "only in the checkpoint: not used": mapping.unused,
    }
    weights = [
        {"name": name, "shape": shape, "size": math.prod(shape), "group": group}
        for group, shapes in groups.items()
        for name, shape in shapes.items()
    ]
    restored_size = _size(mapping.restored)
    network_size = restored_size + _size(mapping.missing) + _size(mismatched)
    return Section(
        "mapping",
        "What the warm start took over",
        {
            "weights": weights,
            "most_open": _MOST_OPEN,
            "restored": len(mapping.restored),
            "in_network": len(weights) - len(mapping.unused),
            "restored_share": restored_size / max(1, network_size),
            "metrics": data.records[WARM_START].metrics,
            "restore": data.settings.restore,
        },
    )


def _size(shapes: Mapping[str, Shape]) -> int:
    return sum(math.prod(shape) for shape in shapes.values())
