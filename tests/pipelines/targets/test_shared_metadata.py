"""Several processes may write one ML Metadata store: each waits for the others' transactions."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2

from pipelines.running.artifacts import metadata_in
from pipelines.targets.shared_metadata import SharedMetadata, shared_metadata_in

WRITERS, WRITES = 4, 10


def write(opened: SharedMetadata, inside: list[int], seen: list[int]) -> None:
    with opened as metadata:
        inside.append(1)
        seen.append(len(inside))
        kind = metadata_store_pb2.ExecutionType(name="work")
        kind.id = metadata.store.put_execution_type(kind)
        # Reads, then writes: two of them at a time would be refused by SQLite.
        metadata.store.get_executions()
        time.sleep(0.002)
        metadata.store.put_executions([metadata_store_pb2.Execution(type_id=kind.id)])
        inside.pop()


def test_one_is_inside_at_a_time_and_no_write_is_lost(tmp_path: Path) -> None:
    inside: list[int] = []
    seen: list[int] = []
    connect, connection = shared_metadata_in(tmp_path), metadata_in(tmp_path)

    def work() -> None:
        for _ in range(WRITES):
            write(connect(connection), inside, seen)

    threads = [threading.Thread(target=work) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * (WRITERS * WRITES)
    with connect(connection) as metadata:
        assert len(metadata.store.get_executions()) == WRITERS * WRITES


def test_it_may_be_opened_again_while_it_is_open(tmp_path: Path) -> None:
    metadata = shared_metadata_in(tmp_path)(metadata_in(tmp_path))
    with metadata, metadata:
        assert metadata.store.get_executions() == []
    # And is free afterwards.
    with shared_metadata_in(tmp_path)(metadata_in(tmp_path)) as other:
        assert other.store.get_executions() == []
