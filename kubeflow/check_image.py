"""Imports what the tasks of a pipeline run: the image's build fails if a package is missing."""

from __future__ import annotations

import importlib
import pkgutil

import components

STOCK_EXECUTORS = (
    "tfx.components.statistics_gen.executor",
    "tfx.components.trainer.executor",
    "tfx.components.transform.executor",
)
# Packages that swallow a failed import and then lack what it would have brought.
WHOLE = {"tensorflow_model_analysis": "run_model_analysis"}
USER_MODULES = ("modules.preprocessing", "modules.pretraining", "modules.scratch_training")
ENTRYPOINT = "tfx.orchestration.kubeflow.v2.container.kubeflow_v2_run_executor"


def executor_modules() -> list[str]:
    """Lists the executors of this project's components."""
    names = [module.name for module in pkgutil.walk_packages(components.__path__, "components.")]
    return [name for name in names if name.endswith(".executor")]


def main() -> None:
    """Imports everything, the entrypoint first, as a container does."""
    for name in (ENTRYPOINT, *STOCK_EXECUTORS, *executor_modules(), *USER_MODULES):
        importlib.import_module(name)
        print(f"imported {name}")
    for name, attribute in WHOLE.items():
        getattr(importlib.import_module(name), attribute)


if __name__ == "__main__":
    main()
