"""Counts the images that this process has written, and reports them now and then."""

from __future__ import annotations

import threading
import time
from collections import Counter

from modules.core.progress import report_progress

# Counting each image would cost some of the time that writing a small one takes.
IMAGES_BETWEEN_COUNTS = 100
_SECONDS_BETWEEN_REPORTS = 0.5


class ImageCounter:
    """Counts for all of a process's Beam workers, which may be threads.

    Beam's local runner works in the pipeline's process, where the reports are shown. On another
    engine they are lines in the workers' logs.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._written: Counter[str] = Counter()
        self._reported = 0.0

    def add(self, images: int, root: str, total: int) -> None:
        """Counts images of the ingestion that writes below a root, which has `total` of them."""
        with self._lock:
            self._written[root] += images
            now, written = time.monotonic(), self._written[root]
            if now - self._reported < _SECONDS_BETWEEN_REPORTS and written < total:
                return
            self._reported = now
        report_progress(written, total, unit="image")


image_counter = ImageCounter()
