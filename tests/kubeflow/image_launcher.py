"""The launcher with real containers: each task runs in the image, as the user of the image."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from tests.kubeflow.launcher import Launcher


@dataclass
class ImageLauncher(Launcher):
    """Runs tasks in containers that buildah makes from an image; needs root.

    Attributes:
        engine: The buildah command with the image store that `kubeflow/build_image.sh` filled.
        image: Name of the image.
        volumes: Folders that every container sees under their own path, as persistent volumes.
    """

    engine: tuple[str, ...] = ()
    image: str = ""
    volumes: list[Path] = field(default_factory=list)

    def _output_file(self, pod: Path) -> str:
        return "/tmp/kfp_outputs/output_metadata.json"

    def _start(
        self, command: list[str], container: Any, pod: Path, log: TextIO
    ) -> subprocess.Popen[bytes]:
        # Kubernetes' empty folders are open to any user.
        mounts = {pod / name: f"/{name}" for name in ("s3", "minio", "gcs")}
        mounts[pod / "kfp_outputs"] = "/tmp/kfp_outputs"
        for folder in mounts:
            folder.mkdir(exist_ok=True)
        for folder in [pod, *pod.rglob("*")]:
            if folder.is_dir():
                folder.chmod(0o777)
        made = subprocess.run(
            [*self.engine, "from", self.image], capture_output=True, text=True, check=True
        ).stdout.strip()
        options = [f"{source}:{target}" for source, target in mounts.items()]
        options += [f"{volume}:{volume}:ro" for volume in self.volumes]
        volumes = [part for option in options for part in ("--volume", option)]
        run = [*self.engine, "run", "--isolation", "chroot", *volumes, made, "--", *command]
        return subprocess.Popen(run, stdout=log, stderr=subprocess.STDOUT)
