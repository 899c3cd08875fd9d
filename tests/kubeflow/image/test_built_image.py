"""The whole pipeline inside the container image, where one has been built.

    kubeflow/build_image.sh
    WARMSTART_IMAGE=warmstart:dev python -m pytest tests/kubeflow/image/test_built_image.py

It takes some minutes and 3 GB for the container, both gone afterwards, and is skipped, with the
reason, unless an image is named. WARMSTART_IMAGE_STORE is the store, if it is not the script's own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kubeflow.backend.driver import Driver
from tests.kubeflow.backend.object_store import ObjectStore
from tests.kubeflow.conftest import PIPELINE_ROOT, Compile
from tests.kubeflow.image.image_launcher import ImageLauncher, container_of

pytestmark = pytest.mark.e2e

IMAGE = os.environ.get("WARMSTART_IMAGE", "")
STORE = os.environ.get("WARMSTART_IMAGE_STORE", "/var/tmp/warmstart-images")
ENGINE = (
    *("buildah", "--root", f"{STORE}/root", "--runroot", f"{STORE}/run"),
    *("--storage-driver", "vfs"),
)
# What the build may have been given to reach package indexes.
HOST_SETTINGS = ("PIP_", "UV_", "SSL_", "REQUESTS_", "HTTP", "ALL_PROXY", "NO_PROXY")


def buildah(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*ENGINE, *arguments], capture_output=True, text=True)


def reason_to_skip() -> str | None:
    if not IMAGE:
        return "WARMSTART_IMAGE names no image; kubeflow/README.md, 'The image'"
    if shutil.which("buildah") is None:
        return "buildah is not installed"
    if os.geteuid() != 0:
        return "running containers with buildah needs root"
    if buildah("inspect", "--type", "image", IMAGE).returncode:
        return f"no image {IMAGE} in {STORE}: run kubeflow/build_image.sh"
    return None


@pytest.fixture(scope="module")
def container() -> Iterator[str]:
    if reason := reason_to_skip():
        pytest.skip(reason)
    with container_of(ENGINE, IMAGE) as made:
        yield made


@pytest.fixture(scope="module")
def files(container: str) -> Path:
    """The image's file system."""
    return Path(buildah("mount", container).stdout.strip())


@pytest.fixture(scope="module")
def launcher(
    container: str,
    small_mnist: Path,
    compile_to: Compile,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ImageLauncher]:
    """All tasks have run: the source lies on a volume, the target in the image."""
    spec = compile_to(
        "pretraining.steps=200",
        "transfer.steps=60",
        f"source.path={small_mnist}",
        f"kubeflow.volumes=[{{claim: data, mount_path: {small_mnist}}}]",
    )
    root = tmp_path_factory.mktemp("image")
    store = ObjectStore()
    launcher = ImageLauncher(
        Driver(spec, PIPELINE_ROOT, {}),
        store,
        root,
        engine=ENGINE,
        container=container,
        shared=[small_mnist],
    )
    launcher.run()
    yield launcher
    store.close()
    shutil.rmtree(root)


def test_the_model_is_trained_blessed_and_pushed_in_the_image(launcher: ImageLauncher) -> None:
    report = json.loads(launcher.read("transfer-evaluator", "evaluation", "evaluation.json"))
    assert report["verdict"] == "blessed", report["reasons"]
    assert launcher.artifact("pusher", "pushed_model")["metadata"]["pushed"] == 1
    assert launcher.read("pusher", "pushed_model", "saved_model.pb")
    assert set(launcher.attempts.values()) == {1}


def test_it_runs_as_a_user_who_cannot_change_the_image(container: str) -> None:
    script = "import os; print(os.getuid(), os.getgid(), os.access('/opt/venv', os.W_OK))"
    done = buildah("run", "--isolation", "chroot", container, "--", "python", "-c", script)
    assert done.stdout.split() == ["10001", "0", "False"], done.stderr


def test_it_holds_no_compiler_no_cache_and_no_tests(files: Path) -> None:
    assert not [name for name in ("cc", "gcc", "g++", "ld") if (files / "usr/bin" / name).exists()]
    assert not [name for name in ("pip", "uv") if (files / "opt/venv/bin" / name).exists()]
    assert not list((files / "tmp").iterdir())
    (packages,) = (files / "opt/venv/lib").glob("python3.*/site-packages")
    assert not list(packages.rglob("tests"))
    compiled = {path.parent.parent for path in packages.glob("*/__pycache__/__init__.*.pyc")}
    assert {packages / name for name in ("tfx", "components", "modules")} <= compiled


def test_nothing_of_the_building_host_is_left_in_it(files: Path) -> None:
    described = json.loads(buildah("inspect", "--type", "image", IMAGE).stdout)
    for setting in described["OCIv1"]["config"]["Env"]:
        assert not setting.upper().startswith(HOST_SETTINGS)
    history = json.dumps(described["OCIv1"]["history"])
    assert "://" not in history
    for left in ("etc/pip.conf", "etc/uv", "root/.config", "run/secrets", "build", "opt/uv"):
        assert not (files / left).exists(), left


def test_its_bill_of_materials_lists_packages_of_python_and_of_the_system(files: Path) -> None:
    bill = json.loads((files / "usr/share/doc/warmstart/sbom.cdx.json").read_text())
    assert "warmstart" in {component["name"] for component in bill["components"]}
    listed = {component.get("purl", "").partition("@")[0] for component in bill["components"]}
    assert {"pkg:pypi/tensorflow", "pkg:deb/debian/libc6"} <= listed
    assert not listed & {"pkg:pypi/pytest", "pkg:pypi/cyclonedx-bom", "pkg:deb/debian/g%2B%2B"}
