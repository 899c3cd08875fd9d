"""The report of a run: one HTML file that shows what happened, with the evidence.

The pipeline makes it with `modules.report.document.build_report`. A runner, which alone knows how
long each component took, completes it with `add_run_facts`. Importing this package is cheap.
"""

from __future__ import annotations

from modules.report.run_facts import add_run_facts

__all__ = ["add_run_facts"]
