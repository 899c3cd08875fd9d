"""Which number format a network computes in, and how it is applied to that network only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import keras

Precision = Literal["auto", "float32", "mixed_bfloat16"]

_CPU_INFO = Path("/proc/cpuinfo")
