"""What the warm start took over from the pretrained model."""

from __future__ import annotations

import math
from collections.abc import Mapping

from modules.core.arms import WARM_START
from modules.models.mapping_report import FROM_CHECKPOINT, Shape
from modules.networks.network import LOGITS
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
    new = [row for row in mapping.rows if not row.origin.startswith(FROM_CHECKPOINT)]
    logits = {name: shape for name, shape in mapping.restored.items() if _is_logits(name)}
    begun = _size(logits) * len(new) // max(1, len(mapping.rows))
    restored_size = _size(mapping.restored) - begun
    network_size = _size(mapping.restored) + _size(mapping.missing) + _size(mismatched)
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
            "restored_from": mapping.restored_from,
            "rows": mapping.rows,
            "new_rows": len(new),
        },
    )


def _is_logits(weight: str) -> bool:
    return weight.partition("/")[0] == LOGITS


def _size(shapes: Mapping[str, Shape]) -> int:
    return sum(math.prod(shape) for shape in shapes.values())
