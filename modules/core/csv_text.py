"""Tables as CSV, with the same line ends on every system."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable


def csv_text(header: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """Writes a header and rows as CSV.

    Example:
        >>> csv_text(["class", "images"], [["cat, tabby", 3]])
        'class,images\\n"cat, tabby",3\\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
