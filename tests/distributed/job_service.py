"""Beam's portable job service on loopback, with as many workers a job as the job asks for.

    python -m tests.distributed.job_service PORT_FILE

Beam's own `local_job_service_main` gives each job one worker, whatever its `direct_num_workers`.
"""

from __future__ import annotations

import os
import sys
import threading

from apache_beam.options.pipeline_options import DirectOptions
from apache_beam.runners.portability import local_job_service
from apache_beam.runners.portability.fn_api_runner import fn_runner
from apache_beam.runners.runner import PipelineResult


class _Job(local_job_service.BeamJob):
    def _invoke_runner(self) -> PipelineResult:
        options = self.pipeline_options()
        runner = fn_runner.FnApiRunner(provision_info=self._provision_info)
        runner._num_workers = int(options.view_as(DirectOptions).direct_num_workers)
        return runner.run_via_runner_api(self._pipeline_proto, options)


def main(port_file: str) -> None:
    """Serves until the process ends, after writing the port that it serves on."""
    service = local_job_service.LocalJobServicer(beam_job_type=_Job)
    port = service.start_grpc_server()
    with open(f"{port_file}.partial", "w") as file:
        file.write(str(port))
    os.replace(f"{port_file}.partial", port_file)
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1])
