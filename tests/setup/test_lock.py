"""The lock pins all that the package asks for, on both stacks, and names no index."""

import importlib.metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = Path(__file__).parents[2] / "requirements.txt"
PYTHONS = ["3.10", "3.11", "3.12", "3.13"]


EXTRAS = importlib.metadata.metadata("warmstart").get_all("Provides-Extra") or []


def applies(requirement: Requirement, python: str) -> bool:
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.1",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
    }
    marker = requirement.marker
    return marker is None or any(
        marker.evaluate({**environment, "extra": extra}) for extra in ("", *EXTRAS)
    )


def pins(python: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in LOCK.read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            requirement = Requirement(line)
            if applies(requirement, python):
                assert requirement.name not in found, f"pinned twice: {requirement.name}"
                (specifier,) = requirement.specifier
                assert specifier.operator == "=="
                found[canonicalize_name(requirement.name)] = specifier.version
    return found


def test_a_user_who_only_runs_locally_needs_neither_kubeflows_client_nor_tools() -> None:
    plain = {
        Requirement(text).name
        for text in importlib.metadata.requires("warmstart") or []
        if "extra ==" not in text
    }
    assert set(EXTRAS) == {"dev", "kubeflow"}
    assert not plain & {"kfp", "requests", "pytest", "ruff", "uv"}


@pytest.mark.parametrize("python", PYTHONS)
def test_every_requirement_of_the_package_is_pinned(python: str) -> None:
    pinned = pins(python)
    for text in importlib.metadata.requires("warmstart") or []:
        requirement = Requirement(text)
        if applies(requirement, python):
            version = pinned.get(canonicalize_name(requirement.name))
            assert version is not None, f"{text} is not in the lock: make lock"
            assert version in requirement.specifier, f"{text} is pinned to {version}: make lock"


@pytest.mark.parametrize(
    ("python", "tfx", "beam"),
    [("3.10", "1.16.0", "2.67.0"), ("3.11", "1.21.0", "2."), ("3.13", "1.21.0", "2.")],
)
def test_each_python_gets_the_packages_of_its_stack(python: str, tfx: str, beam: str) -> None:
    pinned = pins(python)
    assert pinned["tfx"] == tfx
    assert pinned["apache-beam"].startswith(beam)


def test_the_lock_names_no_index() -> None:
    text = LOCK.read_text()
    assert "://" not in text
    assert "index-url" not in text
