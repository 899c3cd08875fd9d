"""Staging: object URIs become local folders in the container, without directory markers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.container_entrypoint.staging import Staging, remove_directory_markers
from modules.core.errors import WarmstartError

KEYS = st.text(st.characters(blacklist_characters="/", blacklist_categories=["Cs"]), min_size=1)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("s3://bucket/run/model", "/s3/bucket/run/model"),
        ("minio://mlpipeline/v2/artifacts/x", "/minio/mlpipeline/v2/artifacts/x"),
        ("gs://bucket/run/model", "/gcs/bucket/run/model"),
        ("s3://bucket/run/model/", "/s3/bucket/run/model"),
        ("/mnt/data", "/mnt/data"),
    ],
)
def test_a_uri_is_where_the_launcher_puts_it(uri: str, path: str) -> None:
    assert Staging().path(uri) == path


@given(
    st.sampled_from(["s3", "minio", "gs"]),
    st.lists(KEYS, min_size=2, max_size=4),
    st.lists(KEYS, max_size=2),
)
def test_paths_turn_back_into_the_uris_they_came_from(
    scheme: str, keys: list[str], below: list[str]
) -> None:
    staging = Staging("/staging")
    uri = f"{scheme}://{'/'.join(keys)}"
    path = staging.path(uri)
    assert staging.restore("/".join([path, *below])) == "/".join([uri, *below])


def test_what_is_no_artifacts_path_is_not_restored() -> None:
    staging = Staging()
    staging.path("s3://bucket/run/model")
    for text in ("/s3/bucket/run/model2", "/serving/1700000000", "blessed", "/s3/bucket"):
        assert staging.restore(text) == text


def test_the_longest_artifact_path_wins() -> None:
    staging = Staging()
    staging.path("s3://b/run")
    staging.path("s3://b/run/model")
    assert staging.restore("/s3/b/run/model/x") == "s3://b/run/model/x"


def test_an_input_that_was_not_downloaded_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WarmstartError, match=r"input 'examples': expected s3://b/k at .*launcher"):
        Staging(tmp_path).open_input("examples", "s3://b/k")


def test_markers_go_and_data_stay(tmp_path: Path) -> None:
    artifact = tmp_path / "s3" / "b" / "k"
    (artifact / "Split-eval").mkdir(parents=True)
    data = artifact / "Split-eval" / "data_tfrecord-00000-of-00001.gz"
    data.write_bytes(b"records")
    blessed = artifact / "BLESSED"
    for empty in (artifact / "Split-train", artifact / "Split-eval_$folder$", blessed):
        empty.touch()
    Staging(tmp_path).open_input("examples", "s3://b/k")
    left = {path for path in artifact.rglob("*") if path.is_file()}
    assert left == {data, blessed}


def test_an_artifact_that_is_only_a_marker_is_an_empty_folder(tmp_path: Path) -> None:
    marker = tmp_path / "k"
    marker.touch()
    remove_directory_markers(marker)
    assert marker.is_dir()


def test_an_artifact_that_is_a_file_stays(tmp_path: Path) -> None:
    file = tmp_path / "k"
    file.write_text("value")
    remove_directory_markers(file)
    assert file.read_text() == "value"
