"""The part of the DAG that all cells of a study share: both domains' data and the pretraining."""

from __future__ import annotations

from pathlib import Path

from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline

from modules.study.cell_runner import StudyInputs
from pipelines.beam.options import beam_pipeline_args
from pipelines.config import Config
from pipelines.local_runner import log_components, with_absolute_paths
from pipelines.running.artifacts import RunArtifacts
from pipelines.running.display import ComponentHandler, ProgressHandler, RunDisplay
from pipelines.running.interrupted_runs import clear_interrupted_runs
from pipelines.transfer_pipeline import source_trunk, target_data, transfer_plan

# One name for all studies: TFX caches by it, so that studies in one folder share their source.
_PIPELINE_NAME = "study"


def prepare_study(config: Config, folder: Path, display: RunDisplay) -> StudyInputs:
    """Ingests and checks both domains, analyses and pretrains on the source, or takes the cached.

    Args:
        config: The scenario.
        folder: The pipeline's own; studies that share it share what they have in common.
        display: Is told about each component as it works.

    Returns:
        What the study's cells start from.

    Raises:
        WarmstartError: Data or configuration are refused, with the reason.
    """
    config = with_absolute_paths(config)
    connection_config = metadata.sqlite_metadata_connection_config(str(folder / "metadata.db"))
    artifacts = folder / "artifacts"
    clear_interrupted_runs(connection_config, artifacts, folder / "serving", keep_trainings=True)
    trunk = source_trunk(config)
    pipeline = Pipeline(
        pipeline_name=_PIPELINE_NAME,
        pipeline_root=str(artifacts),
        metadata_connection_config=connection_config,
        components=[*trunk.components, *target_data(config, trunk)],
        enable_cache=True,
        beam_pipeline_args=beam_pipeline_args(config.beam),
    )
    log_components()
    with ComponentHandler(display), ProgressHandler(display):
        LocalDagRunner().run(pipeline)
    outputs = RunArtifacts(connection_config)
    return StudyInputs(
        plan=transfer_plan(config, "modules.study.cell_runner"),
        target_examples=outputs.uri("TargetExampleGen", "examples"),
        source_examples=outputs.uri("SourceExampleGen", "examples"),
        transform_graph=outputs.uri("Transform", "transform_graph"),
        base_model=outputs.uri("PretrainTrainer", "model"),
    )
