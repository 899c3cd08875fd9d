"""The part of the DAG that all cells of a study share: both domains' data and the pretraining."""

from __future__ import annotations

from pathlib import Path

from tfx.orchestration.pipeline import Pipeline

from modules.study.cell_runner import StudyInputs
from pipelines.beam.options import beam_pipeline_args
from pipelines.config import Config
from pipelines.running.artifacts import RunArtifacts, metadata_in
from pipelines.running.dag_runner import run_pipeline
from pipelines.running.observer import RunObserver
from pipelines.running.output_folder import ARTIFACTS_FOLDER, SPANS_FOLDER
from pipelines.transfer_pipeline import transfer_plan
from pipelines.trunk import build_trunk

# One name for all studies: TFX caches by it, so that studies in one folder share their source.
_PIPELINE_NAME = "study"


def prepare_study(config: Config, folder: Path, observer: RunObserver) -> StudyInputs:
    """Ingests and validates both domains and pretrains on the source, as far as it is not cached.

    Studies that share the pipeline's folder share what they have in common.

    Raises:
        WarmstartError: Data or configuration are refused, with the reason.
    """
    config = config.with_absolute_paths()
    trunk = build_trunk(config, spans_directory=str(folder / SPANS_FOLDER))
    pipeline = Pipeline(
        pipeline_name=_PIPELINE_NAME,
        pipeline_root=str(folder / ARTIFACTS_FOLDER),
        metadata_connection_config=metadata_in(folder),
        components=trunk.components,
        enable_cache=True,
        beam_pipeline_args=beam_pipeline_args(config.beam),
    )
    run_pipeline(pipeline, folder, observer)
    outputs = RunArtifacts(metadata_in(folder))
    return StudyInputs(
        plan=transfer_plan(config, "modules.study.cell_runner"),
        target_examples=outputs.uri("TargetExampleGen", "examples"),
        source_examples=outputs.uri("SourceExampleGen", "examples") if trunk.source else None,
        transform_graph=outputs.uri(trunk.transform_graph.producer_component_id, "transform_graph"),
        base_model=outputs.uri(trunk.starter.id, "model"),
    )
