"""Where Kubeflow Pipelines' launcher puts artifacts on the container's disk.

The open-source launcher downloads each input artifact before the task and uploads each output
after it; the task itself is to read and write local folders: `s3://bucket/key` is `/s3/bucket/key`.
(kubeflow/pipelines, backend/src/v2/component/launcher_v2.go, `LocalPathForURI`.)
"""

from __future__ import annotations

import os
from pathlib import Path

from modules.core.errors import WarmstartError

_FOLDERS = {"gs": "gcs", "s3": "s3", "minio": "minio"}
_HADOOP_MARKER = "_$folder$"


def is_object_uri(text: str) -> bool:
    """Whether a text is the URI of something in an object store."""
    return text.partition("://")[0] in _FOLDERS and "://" in text


class Staging:
    """Maps artifact URIs to the launcher's local folders, and back.

    Args:
        root: The folder that holds `s3`, `minio` and `gcs`; the launcher uses the root folder.

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
        """Returns the local folder of an artifact; URIs that are no object's stay as they are."""
        if not is_object_uri(uri):
            return uri
        scheme, _, key = uri.partition("://")
        path = os.path.join(self._root, _FOLDERS[scheme], key.rstrip("/"))
        self._uris[path] = uri.rstrip("/")
        return path

    def restore(self, text: str) -> str:
        """Turns a path at or below an artifact's local folder back into a URI."""
        for path in sorted(self._uris, key=len, reverse=True):
            if text == path or text.startswith(path + "/"):
                return self._uris[path] + text[len(path) :]
        return text

    def open_input(self, name: str, uri: str) -> str:
        """Returns the local folder of an input artifact, cleaned of directory markers.

        Raises:
            WarmstartError: The launcher has not put it there.
        """
        path = self.path(uri)
        if path == uri:
            return uri
        if not os.path.lexists(path):
            raise WarmstartError(
                f"input '{name}': expected {uri} at {path}, found nothing. Kubeflow's launcher "
                "downloads inputs before the task starts: look for its error above, and check that "
                "the artifact is still in the object store (a cached task may point to a deleted "
                "one: run again with caching off)."
            )
        remove_directory_markers(Path(path))
        return path


def remove_directory_markers(root: Path) -> None:
    """Removes the empty objects with which object stores pretend to have folders.

    The launcher stores an object `folder/` as an empty file `folder`, and Hadoop's tools write
    `folder_$folder$`; readers that list files would take either for data. Only an empty file that
    stands where TFX has a folder is removed, so that `BLESSED` and the like, empty by design, stay.
    """
    if root.is_file() and root.stat().st_size == 0:
        root.unlink()
        root.mkdir()
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            if _is_marker_name(name) and path.stat().st_size == 0:
                path.unlink()


def _is_marker_name(name: str) -> bool:
    return name.endswith(_HADOOP_MARKER) or name.startswith(("Split-", "Format-"))
