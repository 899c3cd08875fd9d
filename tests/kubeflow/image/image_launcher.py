"""The launcher with the real image: each task runs inside it, as the image's user."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.kubeflow.backend.launcher import Launcher
from tests.kubeflow.backend.pods import Pod


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
        shared: Folders that every task sees under the same path, like persistent volumes.
    """

    engine: tuple[str, ...] = ()
    container: str = ""
    shared: list[Path] = field(default_factory=list)

    def _root_in_pod(self, disk: Path) -> str:
        return ""

    def _start(self, name: str, command: list[str], disk: Path) -> Pod:
        mounts = {disk / folder: f"/{folder}" for folder in ("tmp", "s3", "minio", "gcs")}
        # On Kubernetes any user may write to empty folders.
        for folder in [*mounts, *disk.rglob("*")]:
            if not folder.is_file():
                folder.mkdir(exist_ok=True)
                folder.chmod(0o777)
        options = [f"{source}:{target}" for source, target in mounts.items()]
        options += [f"{volume}:{volume}:ro" for volume in self.shared]
        volumes = [part for option in options for part in ("--volume", option)]
        run = [*self.engine, "run", "--isolation", "chroot", *volumes, self.container, "--"]
        with self.logs[name].open("w") as log:
            return subprocess.Popen([*run, *command], stdout=log, stderr=subprocess.STDOUT)
