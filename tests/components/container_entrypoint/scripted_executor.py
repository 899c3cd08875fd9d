"""An executor that behaves as its parameter says, for tests of the process around executors."""

from __future__ import annotations

import atexit
import os
from pathlib import Path
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor

from modules.core.errors import DataError


class Executor(base_executor.BaseExecutor):
    """Writes its output, then succeeds, refuses, fails, or crashes while Python shuts down."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Takes `behaviour` from the parameters."""
        (model_run,) = output_dict["model_run"]
        Path(model_run.uri, "log").write_text("written")
        model_run.set_string_custom_property("log", f"{model_run.uri}/log")
        behaviour = exec_properties["behaviour"]
        if behaviour == "crash at exit":
            atexit.register(os.abort)
        elif behaviour == "refuse":
            raise DataError("a.gz", expected="magic 2051", found="magic 7", fix="Pass an IDX file.")
        elif behaviour == "denied":
            raise PermissionError(13, "Permission denied", "/serving/1")
        elif behaviour == "fail":
            raise ValueError("unforeseen")
