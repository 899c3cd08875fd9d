"""Submits with the settings of a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modules.core.errors import WarmstartError
from pipelines.kubeflow.server import Server
from pipelines.kubeflow.submitter import Submission, submit
from tests.kubeflow.submission.kfp_api_server import KfpApiServer


def run(api: KfpApiServer, spec_file: Path, **options: Any) -> tuple[Submission, list[str]]:
    lines: list[str] = []
    options.setdefault("poll_seconds", 0.01)
    server = options.pop("server", Server(api.host))
    return submit(spec_file, server, report=lines.append, **options), lines


def message_of(api: KfpApiServer, spec_file: Path, **options: Any) -> str:
    with pytest.raises(WarmstartError) as caught:
        run(api, spec_file, **options)
    return str(caught.value)
