"""Starts pods as copies of this process, which has imported TFX.

It reads a request a line (a JSON object with `arguments`, `environment` and `log`), and answers
with the pod's process id and, when it has ended, its exit code. A real pod starts an interpreter
and imports TFX, which takes longer than most tasks of a small pipeline.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import Any, NoReturn

from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_run_executor  # noqa: F401
from tfx.utils import import_utils

from components.container_entrypoint.__main__ import main as entrypoint


def main() -> None:
    """Serves requests until the input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        arguments = request["arguments"]
        # Here, so that later pods have it, too.
        import_utils.import_class_by_path(arguments[arguments.index("--executor_class_path") + 1])
        process = os.fork()
        if process == 0:
            _become_pod(request)
        _answer(process)
        _, status = os.waitpid(process, 0)
        _answer(os.waitstatus_to_exitcode(status))


def _become_pod(request: dict[str, Any]) -> NoReturn:
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(request["environment"])
    if path := request["environment"].get("PYTHONPATH"):
        sys.path[:0] = path.split(os.pathsep)
    sys.argv[1:] = request["arguments"]
    # TFX's import has made handlers. In a real pod the entrypoint's come first.
    logging.getLogger().handlers.clear()
    entrypoint()


def _answer(number: int) -> None:
    print(number, flush=True)


if __name__ == "__main__":
    main()
