"""ServedModelFinder in a real pipeline: what it finds, and when the cache serves it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.components.common.importer import Importer
from tfx.orchestration import metadata, pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.types import standard_artifacts

from components.served_model_finder.component import ServedModelFinder
from modules.core.arms import ARMS
from modules.models.served_version import ServedVersion
from tests.pushed_models import push


class FinderPipeline:
    """A pipeline that imports three models and looks for the served one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._connection = metadata.sqlite_metadata_connection_config(str(root / "metadata.db"))

    def model(self, name: str) -> Path:
        folder = self.root / "models" / name
        (folder / "Format-Serving").mkdir(parents=True, exist_ok=True)
        (folder / "Format-Serving" / "saved_model.pb").write_text(f"graph of {name}")
        return folder

    def run(self) -> bool:
        """Runs it; returns whether the finder's answer came from the cache."""
        imported = {
            arm: Importer(
                source_uri=str(self.model(arm)), artifact_type=standard_artifacts.Model
            ).with_id(arm)
            for arm in ARMS
        }
        finder = ServedModelFinder(
            candidates={arm: node.outputs["result"] for arm, node in imported.items()},
            serving_directory=str(self.root / "serving"),
            source_fingerprint="1",
        )
        LocalDagRunner().run(
            pipeline.Pipeline(
                pipeline_name="finder",
                pipeline_root=str(self.root / "artifacts"),
                components=[*imported.values(), finder],
                enable_cache=True,
                metadata_connection_config=self._connection,
            )
        )
        with metadata.Metadata(self._connection) as store:
            latest = max(store.store.get_executions(), key=lambda execution: execution.id)
        return bool(latest.last_known_state == metadata_store_pb2.Execution.CACHED)

    def found(self) -> Path:
        """The latest artifact."""
        folders = (self.root / "artifacts" / "ServedModelFinder" / "model").iterdir()
        return max(folders, key=lambda folder: int(folder.name))


@pytest.fixture
def finder(tmp_path: Path) -> FinderPipeline:
    return FinderPipeline(tmp_path)


def test_what_is_served_is_copied_and_looked_up_again_only_when_it_changes(
    finder: FinderPipeline,
) -> None:
    assert not finder.run()
    assert ServedVersion.read(str(finder.found())) == ServedVersion()
    assert finder.run()

    version = push(finder.model("earlier"), finder.root)
    assert not finder.run()
    assert ServedVersion.read(str(finder.found())).number == int(version.name)
    copied = finder.found() / "Format-Serving" / "saved_model.pb"
    assert copied.read_text() == "graph of earlier"
    assert finder.run()

    # This run's own push, however often it is repeated, is no news.
    push(finder.model("warm_start"), finder.root)
    assert finder.run()

    shutil.rmtree(version)
    assert finder.run()
    # What an earlier evaluation has compared with is still there.
    assert copied.is_file()


def test_of_a_damaged_version_no_copy_is_made(finder: FinderPipeline) -> None:
    version = push(finder.model("earlier"), finder.root)
    finder.run()
    (version / "saved_model.pb").write_text("something else")
    assert not finder.run()
    assert "it was changed since" in ServedVersion.read(str(finder.found())).problem
    assert not (finder.found() / "Format-Serving").exists()
