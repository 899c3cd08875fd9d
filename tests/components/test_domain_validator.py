"""DomainValidator: valid domains pass with a report, others stop the run with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.components.statistics_gen import executor as statistics_gen
from tfx.components.statistics_gen.component import StatisticsGen
from tfx.dsl.components.common import importer
from tfx.orchestration import metadata, pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.types import standard_artifacts

from components.image_example_gen import executor as image_example_gen
from components.image_example_gen.component import ImageExampleGen
from modules.core.errors import DataError, DomainValidationError
from modules.domains.statistics import statistics_options
from modules.settings import ValidationSettings
from tests.components.validated_domain import GOOD, NAMES, Domain, Splits, channel, component
from tests.tiny_domain import (
    balanced,
    serialized_example,
    statistics_of,
    write_examples,
    write_statistics,
)

REPOSITORY = Path(__file__).parents[2]
# Naming an image keeps TFX from packing itself for remote workers, which takes seconds.
BEAM_ARGS = ["--runner=FnApiRunner", "--sdk_container_image=none"]


def test_valid_domain_passes_with_a_report(tmp_path: Path) -> None:
    report = Domain(tmp_path, GOOD).validate()
    assert report == {
        "domain": "digits",
        "role": "target",
        "valid": True,
        "notes": [],
        "findings": [],
        "splits": {
            "train": {"examples": 20, "examples_per_class": dict.fromkeys(NAMES, 5)},
            "eval": {"examples": 8, "examples_per_class": dict.fromkeys(NAMES, 2)},
        },
        "label_skew": {},
        "covariate_shift": None,
        "shifts": [],
        "duplicates": {},
        "shared_images": None,
    }


def test_anomalies_are_laid_out_as_example_validator_does(tmp_path: Path) -> None:
    domain = Domain(tmp_path, {**GOOD, "eval": balanced(2, 4, camera=[1])})
    domain.validate()
    assert json.loads(domain.anomalies.split_names) == ["train", "eval"]
    assert domain.anomalies.get_json_value_custom_property("blessed") == {"train": 1, "eval": 0}
    found = {
        split: anomalies_pb2.Anomalies.FromString(
            Path(domain.anomalies.uri, f"Split-{split}", "SchemaDiff.pb").read_bytes()
        )
        for split in ("train", "eval")
    }
    assert not found["train"].anomaly_info
    assert list(found["eval"].anomaly_info) == ["camera"]


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        (
            {**GOOD, "eval": [*balanced(2, 4), serialized_example(9, 8)]},
            "eval split, label: expected labels from 0 to 3, found unknown labels 8",
        ),
        (
            {**GOOD, "train": balanced(5, 4, image=None)},
            "train split, image: expected one byte string in each example, found no such feature",
        ),
        (
            {**GOOD, "train": [*balanced(5, 4), serialized_example(9, 1, label=[1, 2])]},
            "train split, label: expected one integer in each example, from 0 to 3, found no value",
        ),
        (
            {**GOOD, "eval": balanced(2, 3)},
            "eval split, label: expected at least 1 example of each class, found 0 of class 'th",
        ),
        ({**GOOD, "train": []}, "train split: expected examples, found none"),
        ({"train": GOOD["train"]}, "eval split: expected this split, found none"),
    ],
)
def test_bad_data_stop_the_run_with_split_feature_expected_and_found(
    tmp_path: Path, splits: Splits, message: str
) -> None:
    rejection = Domain(tmp_path, splits).rejection()
    assert rejection.startswith("The target domain 'digits' cannot be used.")
    assert message in rejection


def test_too_small_classes_stop_the_run(tmp_path: Path) -> None:
    message = Domain(tmp_path, GOOD).rejection(min_examples_per_class=3)
    assert "eval split, label: expected at least 3 examples of each class" in message
    assert "train split" not in message


def test_a_target_may_have_other_classes_and_more_of_them(tmp_path: Path) -> None:
    names = ["zero", "one", "two", "drei", "vier", "fünf"]
    more = {"train": balanced(5, 6), "eval": balanced(2, 6)}
    report = Domain(tmp_path, more, names).with_source(GOOD).validate()
    assert report["findings"] == []
    assert list(report["splits"]["train"]["examples_per_class"]) == names
    # Of the three classes that both have.
    assert report["label_skew"]["train"]["l_infinity"] == 0.0


def test_a_label_that_a_target_with_other_classes_does_not_have_stops_the_run(
    tmp_path: Path,
) -> None:
    splits = {"train": [*balanced(5, 3), serialized_example(99, 3)], "eval": balanced(2, 3)}
    domain = Domain(tmp_path, splits, ["zero", "one", "drei"]).with_source(GOOD)
    assert "expected labels from 0 to 2, found unknown labels 3 (1 example)" in domain.rejection()


def test_a_class_that_is_mapped_to_none_of_the_sources_stops_the_run(tmp_path: Path) -> None:
    domain = Domain(tmp_path, GOOD).with_source(GOOD)
    domain.class_map = {"null": "zerro"}
    assert "found 'zerro' for the target's 'null'; did you mean 'zero'?" in domain.rejection()


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    splits = {"train": balanced(5, 4, channels=[2]), "eval": []}
    message = Domain(tmp_path, splits).rejection()
    assert "2 problems:" in message
    assert len(message.splitlines()) == 4


def test_what_only_is_worth_knowing_does_not_stop_the_run(tmp_path: Path) -> None:
    report = Domain(tmp_path, {**GOOD, "train": balanced(5, 4, camera=[1])}).validate()
    (finding,) = report["findings"]
    assert finding["feature"] == "camera"
    assert finding["stops_the_run"] is False


def test_missing_class_names_are_an_error_of_the_data(tmp_path: Path) -> None:
    domain = Domain(tmp_path, GOOD)
    (tmp_path / "examples" / "classes.json").unlink()
    with pytest.raises(DataError, match=r"classes\.json"):
        domain.validate()


def test_only_one_of_the_sources_channels_is_refused() -> None:
    with pytest.raises(ValueError, match="both source_statistics and source_examples"):
        component(
            ValidationSettings(),
            source_statistics=channel(standard_artifacts.ExampleStatistics),
        )


def test_settings_enter_the_cache_key() -> None:
    one, other = ValidationSettings(), ValidationSettings(max_label_skew=0.5)
    assert component(one).exec_properties != component(other).exec_properties


def test_refused_domain_fails_the_pipeline_and_leaves_its_report_alone(tmp_path: Path) -> None:
    domain = Domain(tmp_path, {**GOOD, "eval": []})
    importers = {
        key: importer.Importer(
            source_uri=artifact.uri,
            artifact_type=artifact.type,
            properties=None if key == "schema" else {"split_names": artifact.split_names},
        ).with_id(key)
        for key, (artifact,) in domain.inputs.items()
    }
    validator = component(
        ValidationSettings(), **{key: node.outputs["result"] for key, node in importers.items()}
    )
    connection = metadata.sqlite_metadata_connection_config(str(tmp_path / "metadata.db"))
    with pytest.raises(DomainValidationError) as caught:
        LocalDagRunner().run(
            pipeline.Pipeline(
                pipeline_name="validate",
                pipeline_root=str(tmp_path / "root"),
                metadata_connection_config=connection,
                components=[*importers.values(), validator],
            )
        )
    report = Path(str(caught.value).rpartition("Full report: ")[2])
    assert json.loads(report.read_text())["valid"] is False
    assert not list((tmp_path / "root").glob("DomainValidator/anomalies/*"))
    store = MetadataStore(connection)
    (execution,) = store.get_executions_by_type(
        "components.domain_validator.component.DomainValidator"
    )
    assert execution.last_known_state == metadata_store_pb2.Execution.FAILED


def test_embedded_target_passes_the_pinned_schema(tmp_path: Path) -> None:
    examples = standard_artifacts.Examples()
    examples.uri = str(tmp_path / "examples")
    generator = ImageExampleGen(
        input_base=str(REPOSITORY / "data" / "optdigits"),
        domain="optdigits",
        format="idx",
        source_fingerprint="1",
    )
    context = image_example_gen.Executor.Context(beam_pipeline_args=BEAM_ARGS)
    image_example_gen.Executor(context).Do({}, {"examples": [examples]}, generator.exec_properties)
    splits = {
        split: [
            record
            for path in sorted(Path(examples.uri, f"Split-{split}").iterdir())
            for record in tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator()
        ]
        for split in ("train", "eval")
    }
    domain = Domain(tmp_path / "target", GOOD)
    schema = (REPOSITORY / "configs" / "schemas" / "digits.pbtxt").read_text()
    Path(domain.inputs["schema"][0].uri, "schema.pbtxt").write_text(schema)
    domain.inputs["examples"] = [examples]
    domain.inputs["statistics"] = [write_statistics(tmp_path / "statistics", splits)]
    report = domain.validate(min_examples_per_class=80)
    assert report["domain"] == "optdigits"
    assert report["findings"] == []
    assert report["splits"]["eval"]["examples"] == 899


def test_stock_statistics_gen_computes_what_is_validated(tmp_path: Path) -> None:
    examples = write_examples(tmp_path / "examples", {**GOOD, "void": []}, NAMES)
    statistics = standard_artifacts.ExampleStatistics()
    statistics.uri = str(tmp_path / "computed")
    properties = StatisticsGen(
        examples=channel(standard_artifacts.Examples), stats_options=statistics_options()
    ).exec_properties
    context = statistics_gen.Executor.Context(beam_pipeline_args=BEAM_ARGS)
    statistics_gen.Executor(context).Do(
        {"examples": [examples]}, {"statistics": [statistics]}, properties
    )
    for split, records in {**GOOD, "void": []}.items():
        computed = tfdv.load_stats_binary(f"{statistics.uri}/Split-{split}/FeatureStats.pb")
        expected = statistics_of(records)
        expected.datasets[0].name = computed.datasets[0].name
        assert computed == expected
