"""TFX's own design for MNIST, of stock components only, run twice: source, then target.

    python -m benchmarks.stock_pipeline SOURCE_TFRECORDS TARGET_TFRECORDS OUTPUT [--short]

The last line that it prints is the accuracy on the target's eval split, as JSON. The second
pipeline's Trainer starts from the first one's model. Unlike the default scenario, this design has
no control arm, no paired comparison and no report.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import tensorflow_model_analysis as tfma
from tfx.components import (
    Evaluator,
    ExampleValidator,
    ImportExampleGen,
    Pusher,
    SchemaGen,
    StatisticsGen,
    Trainer,
    Transform,
)
from tfx.dsl.components.common.importer import Importer
from tfx.orchestration import metadata, pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.proto import example_gen_pb2, pusher_pb2, trainer_pb2
from tfx.types import standard_artifacts

from benchmarks.default_run import CONFIG
from benchmarks.stock_module import LABEL
from modules.settings import PretrainingSettings, TransferSettings
from pipelines.config import load_config

_MODULE = str(Path(__file__).parent / "stock_module.py")


def _create_pipeline(
    name: str,
    examples_folder: str,
    output: Path,
    settings: PretrainingSettings | TransferSettings,
    batch_size: int,
    base_model: Path | None = None,
) -> pipeline.Pipeline:
    """Wires ExampleGen to Pusher.

    Args:
        name: Name of the pipeline and of its folder in `output`.
        examples_folder: Holds train.tfrecord and eval.tfrecord.
        output: Folder for artifacts, metadata and the pushed model.
        settings: Training steps and learning rate.
        batch_size: Examples a step.
        base_model: Model artifact to start from.
    """
    splits = [
        example_gen_pb2.Input.Split(name=split, pattern=f"{split}.tfrecord")
        for split in ("train", "eval")
    ]
    examples = ImportExampleGen(examples_folder, example_gen_pb2.Input(splits=splits))
    statistics = StatisticsGen(examples.outputs["examples"])
    schema = SchemaGen(statistics.outputs["statistics"], infer_feature_shape=True)
    validator = ExampleValidator(statistics.outputs["statistics"], schema.outputs["schema"])
    transform = Transform(
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        module_file=_MODULE,
    )
    components = [examples, statistics, schema, validator, transform]
    base = {}
    if base_model is not None:
        importer = Importer(str(base_model), standard_artifacts.Model).with_id("base_model")
        components.append(importer)
        base["base_model"] = importer.outputs["result"]
    trainer = Trainer(
        module_file=_MODULE,
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema.outputs["schema"],
        train_args=trainer_pb2.TrainArgs(num_steps=settings.steps),
        eval_args=trainer_pb2.EvalArgs(num_steps=1),
        custom_config={"batch_size": batch_size, "learning_rate": settings.learning_rate},
        **base,
    )
    evaluator = Evaluator(
        examples=examples.outputs["examples"],
        model=trainer.outputs["model"],
        eval_config=_eval_config(),
    )
    pusher = Pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(
                base_directory=str(output / name / "serving")
            )
        ),
    )
    return pipeline.Pipeline(
        pipeline_name=name,
        pipeline_root=str(output / name),
        components=[*components, trainer, evaluator, pusher],
        metadata_connection_config=metadata.sqlite_metadata_connection_config(
            str(output / f"{name}.db")
        ),
        beam_pipeline_args=["--runner=FnApiRunner"],
    )


def _eval_config() -> tfma.EvalConfig:
    threshold = tfma.MetricThreshold(
        value_threshold=tfma.GenericValueThreshold(lower_bound={"value": 0.8})
    )
    metric = tfma.MetricConfig(class_name="SparseCategoricalAccuracy", threshold=threshold)
    return tfma.EvalConfig(
        model_specs=[tfma.ModelSpec(signature_name="serving_default", label_key=LABEL)],
        slicing_specs=[tfma.SlicingSpec()],
        metrics_specs=[tfma.MetricsSpec(metrics=[metric])],
    )


def main(source: str, target: str, output: Path, short: bool) -> None:
    """Runs both, with the settings' default budgets or, shorter, the default scenario's."""
    output.mkdir()
    pretraining, transfer = PretrainingSettings(), TransferSettings()
    if short:
        scenario = load_config(CONFIG)
        pretraining = pretraining.model_copy(update={"steps": scenario.pretraining.steps})
        transfer = transfer.model_copy(update={"steps": scenario.transfer.steps})
    runner = LocalDagRunner()
    runner.run(_create_pipeline("source", source, output, pretraining, pretraining.batch_size))
    (base_model,) = (output / "source" / "Trainer" / "model").glob("*")
    batch_size = transfer.batch_size + transfer.source_batch_size
    runner.run(_create_pipeline("target", target, output, transfer, batch_size, base_model))
    (evaluation,) = (output / "target" / "Evaluator" / "evaluation").glob("*")
    metrics = tfma.load_eval_result(str(evaluation)).get_metrics_for_slice()
    print(json.dumps({"accuracy": metrics["sparse_categorical_accuracy"]["doubleValue"]}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Run TFX's MNIST design on two domains.")
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("output", type=Path)
    parser.add_argument("--short", action="store_true", help="train as long as the default run")
    arguments = parser.parse_args()
    main(arguments.source, arguments.target, arguments.output, arguments.short)
