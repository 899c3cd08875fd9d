"""A file is uploaded once: as a new pipeline, or as a version of one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.kubeflow.submission.kfp_api_server import KfpApiServer
from tests.kubeflow.submission.submitting import run


def test_a_changed_file_becomes_a_new_version_of_the_same_pipeline(
    api: KfpApiServer, spec_file: Path
) -> None:
    first, _ = run(api, spec_file)
    spec_file.write_text(spec_file.read_text().replace("defaultValue: 10", "defaultValue: 5"))
    second, _ = run(api, spec_file)
    assert second.pipeline_id == first.pipeline_id
    assert second.version_id != first.version_id
    assert len(api.experiments) == 1


@pytest.mark.parametrize("documents", ["specification", "specification and platform"])
def test_an_unchanged_file_is_not_uploaded_again(
    api: KfpApiServer, spec_file: Path, documents: str
) -> None:
    """Not even after the first submission, whose version the server names after the pipeline."""
    if documents != "specification":
        executors = {"exec-train": {"pvcMount": [{"constant": "data", "mountPath": "/data"}]}}
        platform = {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}}
        spec_file.write_text(f"{spec_file.read_text()}---\n{yaml.safe_dump(platform)}")
    first, _ = run(api, spec_file)
    second, lines = run(api, spec_file)
    assert second.version_id == first.version_id
    assert api.requested("POST", "/pipelines/upload_version") == 0
    assert "version mnist-to-optdigits already exists" in lines[0]


def test_a_file_whose_platform_has_changed_is_a_new_version(
    api: KfpApiServer, spec_file: Path
) -> None:
    first, _ = run(api, spec_file)
    executors = {"exec-train": {"imagePullSecret": [{"secretName": "registry"}]}}
    platform = {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}}
    spec_file.write_text(f"{spec_file.read_text()}---\n{yaml.safe_dump(platform)}")
    second, _ = run(api, spec_file)
    third, _ = run(api, spec_file)
    assert len({first.version_id, second.version_id}) == 2
    assert third.version_id == second.version_id


def test_a_version_that_is_no_pipeline_of_ours_is_another_version(
    api: KfpApiServer, spec_file: Path
) -> None:
    pipeline = api.add_pipeline("mnist-to-optdigits", {"apiVersion": "argoproj.io/v1alpha1"})
    submission, lines = run(api, spec_file)
    assert submission.pipeline_id == pipeline.pipeline_id
    assert "uploaded as version sha256-" in lines[0]


def test_a_pipeline_and_a_version_are_found_on_any_page(api: KfpApiServer, spec_file: Path) -> None:
    first, _ = run(api, spec_file)
    spec_file.write_text(spec_file.read_text().replace("defaultValue: 10", "defaultValue: 5"))
    second, _ = run(api, spec_file)
    api.add_pipeline("other")
    api.add_version(first.pipeline_id, "other")
    api.page_size = 1
    api.pipelines = dict(reversed(api.pipelines.items()))
    api.versions[first.pipeline_id].reverse()
    third, lines = run(api, spec_file)
    assert (third.pipeline_id, third.version_id) == (first.pipeline_id, second.version_id)
    assert "already exists" in lines[0]
