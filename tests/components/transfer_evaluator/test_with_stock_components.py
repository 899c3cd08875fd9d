"""TransferEvaluator with the stock components that read its blessing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from tfx import types
from tfx.components.pusher import executor as pusher
from tfx.components.pusher.component import Pusher
from tfx.dsl.components.common import importer
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import (
    LatestBlessedModelStrategy,
)
from tfx.orchestration import metadata, pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.proto import pusher_pb2
from tfx.types import standard_artifacts

from tests.components.transfer_evaluator.scripted_evaluation import (
    BEAM_ARGS,
    INPUTS,
    Evaluation,
    component,
)


@pytest.mark.parametrize(("right", "pushed"), [((200, 220, 290), True), ((290, 220, 200), False)])
def test_stock_pusher_and_resolver_obey_the_blessing(
    tmp_path: Path, models: dict[str, types.Artifact], right: Sequence[int], pushed: bool
) -> None:
    evaluation = Evaluation(tmp_path, models, right)
    evaluation.run()
    serving = tmp_path / "serving"
    push = standard_artifacts.PushedModel()
    push.uri = str(tmp_path / "pushed")
    destination = {"filesystem": {"base_directory": str(serving)}}
    pusher.Executor().Do(
        {"model": [models["warm_start"]], "model_blessing": [evaluation.blessing]},
        {"pushed_model": [push]},
        {"push_destination": json.dumps(destination)},
    )
    assert push.get_int_custom_property("pushed") == pushed
    assert serving.exists() == pushed
    resolved = LatestBlessedModelStrategy().resolve_artifacts(
        None,  # type: ignore[arg-type]
        {"model": [*models.values()], "model_blessing": [evaluation.blessing]},
    )
    expected = [models["warm_start"]] if pushed else []
    assert (resolved or {}).get("model", []) == expected


def test_pipeline_pushes_what_is_blessed(tmp_path: Path, models: dict[str, types.Artifact]) -> None:
    inputs = Evaluation(tmp_path, models).inputs
    importers = {
        key: importer.Importer(
            source_uri=artifacts[0].uri,
            artifact_type=INPUTS[key],
            properties={"split_names": artifacts[0].split_names}
            if key.endswith("examples")
            else None,
        ).with_id(key)
        for key, artifacts in inputs.items()
    }
    evaluator = component({key: node.outputs["result"] for key, node in importers.items()})
    push = Pusher(
        model=importers["warm_start_model"].outputs["result"],
        model_blessing=evaluator.outputs["blessing"],
        push_destination=pusher_pb2.PushDestination(
            filesystem={"base_directory": str(tmp_path / "serving")}
        ),
    )
    LocalDagRunner().run(
        pipeline.Pipeline(
            pipeline_name="evaluate",
            pipeline_root=str(tmp_path / "root"),
            metadata_connection_config=metadata.sqlite_metadata_connection_config(
                str(tmp_path / "metadata.db")
            ),
            components=[*importers.values(), evaluator, push],
            beam_pipeline_args=BEAM_ARGS,
        )
    )
    (version,) = (tmp_path / "serving").iterdir()
    assert (version / "saved_model.pb").exists()
