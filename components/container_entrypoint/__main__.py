"""Runs a TFX executor in a container of Kubeflow Pipelines or Vertex AI.

    python -m components.container_entrypoint --executor_class_path tfx... \
        --json_serialized_invocation_args '{{$}}' --json_serialized_inputs_spec_args '...'

It takes the arguments of TFX's `kubeflow_v2_run_executor`, which it calls. First it translates what
open-source Kubeflow hands over into what TFX expects: see `task.py` and `staging.py`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from components.beam_endpoint import require_job_service
from components.container_entrypoint.permissions import refusals_explained
from components.container_entrypoint.resumption import STATE_VARIABLE
from components.container_entrypoint.staging import STAGING_VARIABLE, Staging
from components.container_entrypoint.task import Task
from modules.core.atomic_files import write_atomically
from modules.core.errors import WarmstartError


def _parse_arguments(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Separates the entrypoint's own arguments from Beam's."""
    parser = argparse.ArgumentParser(prog="components.container_entrypoint", allow_abbrev=False)
    parser.add_argument("--executor_class_path", required=True)
    parser.add_argument("--json_serialized_invocation_args", required=True, type=json.loads)
    parser.add_argument("--json_serialized_inputs_spec_args", default={}, type=json.loads)
    parser.add_argument("--json_serialized_outputs_spec_args", type=json.loads)
    parser.add_argument("--parameter_bindings", default={}, type=json.loads)
    return parser.parse_known_args(arguments)


def run(arguments: Sequence[str]) -> None:
    """Runs the executor and, once it has succeeded, writes its ExecutorOutput atomically.

    Raises:
        WarmstartError: The task's input is incomplete, the engine does not answer, the executor
            refuses its data, or the task may not read or write a path.
    """
    own, beam_arguments = _parse_arguments(arguments)
    require_job_service(beam_arguments)
    volume = os.environ.get(STATE_VARIABLE)
    task = Task(
        own.json_serialized_invocation_args,
        own.json_serialized_inputs_spec_args,
        own.json_serialized_outputs_spec_args,
        own.parameter_bindings,
        Staging(os.environ.get(STAGING_VARIABLE, "/")),
        Path(volume) if volume else None,
    )
    with refusals_explained():
        _execute(task, own, beam_arguments)


def _execute(task: Task, own: argparse.Namespace, beam_arguments: list[str]) -> None:
    if not task.is_staged:
        _call_tfx(own, task.prepare(task.output_file), beam_arguments)
        return
    output_file = Path(task.output_file)
    output_file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output_file.parent) as folder:
        partial = Path(folder, "executor_output.json")
        _call_tfx(own, task.prepare(str(partial)), beam_arguments)
        executor_output = task.finish(json.loads(partial.read_text(encoding="utf-8")))
        write_atomically(output_file, json.dumps(executor_output))


def _call_tfx(
    own: argparse.Namespace, executor_input: dict[str, object], beam_arguments: list[str]
) -> None:
    # Imported late: a wrong argument is reported without waiting for TensorFlow.
    from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_run_executor

    arguments = argparse.Namespace(
        executor_class_path=own.executor_class_path,
        json_serialized_invocation_args=json.dumps(executor_input),
        json_serialized_inputs_spec_args=json.dumps(own.json_serialized_inputs_spec_args),
    )
    kubeflow_v2_run_executor.main((arguments, beam_arguments))


def _exit(code: int) -> NoReturn:
    """Ends the process at once: native libraries may crash while Python shuts down."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)


def main() -> NoReturn:
    """Runs the container's task. Exits with 0, or with 1 and the reason on stderr."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        run(sys.argv[1:])
    except WarmstartError as error:
        print(f"Error: {error}", file=sys.stderr)
        _exit(1)
    except Exception:
        traceback.print_exc()
        _exit(1)
    _exit(0)


if __name__ == "__main__":
    main()
