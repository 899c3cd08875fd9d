"""Where Kubeflow Pipelines' launcher puts artifacts on the container's disk.

The open-source launcher downloads each input artifact before the task starts and uploads each
output after it ends. The task reads and writes local folders: `/s3/bucket/key` stands for
`s3://bucket/key` (kubeflow/pipelines, backend/src/v2/component/launcher_v2.go, `LocalPathForURI`).
"""

from __future__ import annotations

import os
from pathlib import Path

from modules.core.errors import WarmstartError

# Environment variable with the folder that holds the launcher's folders; the root by default.
STAGING_VARIABLE = "WARMSTART_STAGING_ROOT"
_FOLDERS = {"gs": "gcs", "s3": "s3", "minio": "minio"}


def is_object_uri(text: str) -> bool:
    """Returns whether a text is the URI of an object in an object store."""
    return text.startswith(tuple(f"{scheme}://" for scheme in _FOLDERS))


def needs_download(uri: str) -> bool:
    """Returns whether only the launcher can read a URI, because TensorFlow cannot."""
    return is_object_uri(uri) and not uri.startswith("gs://")


class Staging:
    """Maps artifact URIs to the launcher's local folders and back.

    Args:
        root: The folder that holds `s3`, `minio` and `gcs`. The launcher uses `/`.

    Example:
        >>> staging = Staging()
        >>> staging.path("s3://bucket/run/model")
        '/s3/bucket/run/model'
        >>> staging.restore("/s3/bucket/run/model/Format-Serving")
        's3://bucket/run/model/Format-Serving'
    """

    def __init__(self, root: str | os.PathLike[str] = "/") -> None:
        self._root = os.fspath(root)
        self._uris: dict[str, str] = {}

    def path(self, uri: str) -> str:
        """Returns an artifact's local folder. Other paths are returned unchanged."""
        if not is_object_uri(uri):
            return uri
        scheme, _, key = uri.partition("://")
        path = os.path.join(self._root, _FOLDERS[scheme], key.rstrip("/"))
        self._uris[path] = uri.rstrip("/")
        return path

    def restore(self, text: str) -> str:
        """Turns an artifact's local folder, or a path below it, back into a URI."""
        for path in sorted(self._uris, key=len, reverse=True):
            if text == path or text.startswith(path + "/"):
                return self._uris[path] + text[len(path) :]
        return text

    def open_input(self, name: str, uri: str) -> str:
        """Returns the local folder of an input artifact, without directory markers.

        Raises:
            WarmstartError: The launcher has not downloaded the artifact.
        """
        path = self.path(uri)
        if path == uri:
            return uri
        if not os.path.lexists(path):
            raise WarmstartError(
                f"input '{name}': expected {uri} at {path}, found nothing. Kubeflow's launcher "
                "downloads inputs before a task starts: look for its error above, and check that "
                "the object store still has the artifact. A cached task may refer to a deleted "
                "one: in that case, run again without caching."
            )
        remove_directory_markers(Path(path))
        return path


def remove_directory_markers(root: Path) -> None:
    """Removes the empty objects that stand for folders in an object store.

    The launcher downloads an object `folder/` as an empty file `folder`, and Hadoop's tools write
    `folder_$folder$`. A reader that lists files would take either for data. Only markers where TFX
    has a folder are removed: `BLESSED` and similar files are empty by design and stay.
    """
    if root.is_file() and root.stat().st_size == 0:
        root.unlink()
        root.mkdir()
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            is_marker = name.endswith("_$folder$") or name.startswith(("Split-", "Format-"))
            if is_marker and path.stat().st_size == 0:
                path.unlink()
