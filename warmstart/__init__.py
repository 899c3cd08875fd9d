"""warmstart from Python: what the command line does, as functions with typed results.

Importing it is light. What a function needs, such as TensorFlow, is imported when it is called.

Example:
    >>> import warmstart
    >>> config = warmstart.load_config("configs/mnist_to_optdigits.yaml", ["target.shots=1"])
    >>> result = warmstart.run(config, progress=print)  # doctest: +SKIP
    >>> result.verdict, result.accuracies["warm_start"]  # doctest: +SKIP
    ('blessed', 0.982)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modules.core.errors import ConfigError, DataError, WarmstartError
    from pipelines.config import Config, load_config
    from pipelines.transfer_pipeline import create_pipeline
    from warmstart.checking import CheckResult, check
    from warmstart.models import EvaluationResult, PredictionResult, evaluate, predict
    from warmstart.progress import ProgressUpdate
    from warmstart.running import RunResult, run
    from warmstart.studies import StudyResult, study

    __version__: str

__all__ = [
    "CheckResult",
    "Config",
    "ConfigError",
    "DataError",
    "EvaluationResult",
    "PredictionResult",
    "ProgressUpdate",
    "RunResult",
    "StudyResult",
    "WarmstartError",
    "__version__",
    "check",
    "create_pipeline",
    "evaluate",
    "load_config",
    "predict",
    "run",
    "study",
]

_HOMES = {
    "CheckResult": "warmstart.checking",
    "Config": "pipelines.config",
    "ConfigError": "modules.core.errors",
    "DataError": "modules.core.errors",
    "EvaluationResult": "warmstart.models",
    "PredictionResult": "warmstart.models",
    "ProgressUpdate": "warmstart.progress",
    "RunResult": "warmstart.running",
    "StudyResult": "warmstart.studies",
    "WarmstartError": "modules.core.errors",
    "check": "warmstart.checking",
    "create_pipeline": "pipelines.transfer_pipeline",
    "evaluate": "warmstart.models",
    "load_config": "pipelines.config",
    "predict": "warmstart.models",
    "run": "warmstart.running",
    "study": "warmstart.studies",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        # setup.py has the version.
        from importlib.metadata import version

        return version("warmstart")
    if name not in _HOMES:
        raise AttributeError(f"module 'warmstart' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
