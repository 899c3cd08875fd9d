"""The launcher with the real image: each task runs inside it, as the image's user."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from tests.kubeflow.launcher import Launcher


@contextmanager
def container_of(engine: tuple[str, ...], image: str) -> Iterator[str]:
    """Makes a container from an image and removes it at the end."""
    made = subprocess.run([*engine, "from", image], capture_output=True, text=True, check=True)
    container = made.stdout.strip()
    try:
        yield container
    finally:
        subprocess.run([*engine, "rm", container], capture_output=True, check=True)


@dataclass
class ImageLauncher(Launcher):
    """Runs tasks inside one container. This needs root.

    One container serves all tasks, because buildah copies the whole image for each container. Tasks
    can only write to folders that they do not share: the launcher's and /tmp.

    Attributes:
        engine: The buildah command with the image store that `kubeflow/build_image.sh` filled.
        container: Name of the container.
        volumes: Folders that every task sees under the same path, like persistent volumes.
    """

    engine: tuple[str, ...] = ()
    container: str = ""
    volumes: list[Path] = field(default_factory=list)

    def _output_file(self, pod: Path) -> str:
        return "/tmp/kfp_outputs/output_metadata.json"

    def _start(
        self, command: list[str], container: Any, pod: Path, log: TextIO
    ) -> subprocess.Popen[bytes]:
        mounts = {pod / name: f"/{name}" for name in ("tmp", "s3", "minio", "gcs")}
        mounts[pod / "kfp_outputs"] = "/tmp/kfp_outputs"
        # On Kubernetes any user may write to empty folders.
        for folder in [*mounts, *pod.rglob("*")]:
            if not folder.is_file():
                folder.mkdir(exist_ok=True)
                folder.chmod(0o777)
        options = [f"{source}:{target}" for source, target in mounts.items()]
        options += [f"{volume}:{volume}:ro" for volume in self.volumes]
        volumes = [part for option in options for part in ("--volume", option)]
        run = [*self.engine, "run", "--isolation", "chroot", *volumes, self.container, "--"]
        return subprocess.Popen([*run, *command], stdout=log, stderr=subprocess.STDOUT)
