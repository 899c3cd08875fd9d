"""Waits for a Beam job service, which Beam itself would wait for as long as for a whole job."""

from __future__ import annotations

from collections.abc import Iterable

from modules.core.errors import EngineError

JOB_ENDPOINT_OPTION = "--job_endpoint="
PATIENCE = 15.0  # seconds


def require_job_service(beam_arguments: Iterable[str]) -> None:
    """Raises an error if Beam's arguments name a job service that does not answer.

    Args:
        beam_arguments: Options of a Beam pipeline; those that name no job service ask for none.

    Raises:
        EngineError: Nothing that speaks gRPC answers there.
    """
    for argument in beam_arguments:
        if argument.startswith(JOB_ENDPOINT_OPTION):
            _require(argument.removeprefix(JOB_ENDPOINT_OPTION))


def _require(endpoint: str) -> None:
    # Only engines need it.
    import grpc

    with grpc.insecure_channel(endpoint) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=PATIENCE)
        except grpc.FutureTimeoutError:
            raise EngineError(
                f"beam.job_endpoint {endpoint}: expected a Beam job service, found none that "
                f"answers within {PATIENCE:g} s. Start it, or correct the address."
            ) from None
