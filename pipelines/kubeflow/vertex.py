"""Vertex AI Pipelines: takes the same specification, but has no volumes and one object store."""

from __future__ import annotations

from modules.core.errors import ConfigError
from pipelines.config import Config
from pipelines.kubeflow.spec import Spec


def check_vertex(config: Config, pipeline_root: str) -> None:
    """Refuses what only a Kubernetes cluster can do.

    Raises:
        ConfigError: Names the setting, and what to use instead.
    """
    if not pipeline_root.startswith("gs://"):
        raise ConfigError(
            f"--pipeline-root {pipeline_root}: expected gs://BUCKET/PATH: Vertex AI keeps "
            "artifacts in Google Cloud Storage."
        )
    for key in ("volumes", "state_claim", "image_pull_secret"):
        if getattr(config.kubeflow, key):
            raise ConfigError(
                f"kubeflow.{key}: Vertex AI has none of a cluster's volumes and secrets. Remove "
                "the setting; keep data in gs:// and the image in Artifact Registry."
            )
    paths = {
        **{f"{role}.path": domain.path for role, domain in config.domains.items()},
        "pretraining.from": config.pretraining.from_ or "gs://",
        "kubeflow.serving_directory": config.kubeflow.serving_directory or "gs://",
    }
    for key, path in paths.items():
        in_image = "://" not in path and key != "kubeflow.serving_directory"
        if not in_image and not path.startswith("gs://"):
            raise ConfigError(
                f"{key}: found {path}, expected a gs:// URI: Vertex AI reads no other."
            )


def adapt_to_vertex(spec: Spec) -> None:
    """Leaves out, in place, what Vertex AI decides itself."""
    for task in spec["root"]["dag"]["tasks"].values():
        # It retries for an hour at most, and takes no longer value.
        task.get("retryPolicy", {}).pop("backoffMaxDuration", None)
