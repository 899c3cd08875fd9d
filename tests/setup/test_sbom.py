"""The bill of materials: what is installed, each with version and licence."""

from __future__ import annotations

import json
from email.message import Message
from importlib import metadata
from pathlib import Path

import pytest

from scripts.write_sbom import licence, main


@pytest.fixture
def bill(tmp_path: Path) -> dict:
    main([str(tmp_path / "new" / "sbom.json")])
    return json.loads((tmp_path / "new" / "sbom.json").read_text())


def test_it_lists_what_is_installed_with_the_version(bill: dict) -> None:
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    versions = {component["name"]: component["version"] for component in bill["components"]}
    for name in ("tfx", "tensorflow", "keras", "apache-beam"):
        assert versions[name] == metadata.version(name)
    references = [component["bom-ref"] for component in bill["components"]]
    assert len(set(references)) == len(references)


def test_the_same_environment_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        main([str(tmp_path / name)])
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_packages_of_the_system_are_listed_on_demand(tmp_path: Path) -> None:
    (tmp_path / "packages.txt").write_text("debian libstdc++6 1:14.2+really1 amd64\n")
    main([str(tmp_path / "bill"), "--system-packages", str(tmp_path / "packages.txt")])
    *python, system = json.loads((tmp_path / "bill").read_text())["components"]
    assert system["purl"] == "pkg:deb/debian/libstdc%2B%2B6@1:14.2%2Breally1?arch=amd64"
    assert all(component["purl"].startswith("pkg:pypi/") for component in python)


def test_known_packages_have_their_licence(bill: dict) -> None:
    licences = {
        component["name"]: component["licenses"][0]["license"]["name"]
        for component in bill["components"]
    }
    assert "Apache" in licences["tensorflow"]
    assert "unknown" not in {licences[name] for name in ("tfx", "keras", "numpy", "pydantic")}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"License-Expression": "MIT", "License": "other"}, "MIT"),
        ({"Classifier": "License :: OSI Approved :: BSD License", "License": "x"}, "BSD License"),
        ({"Classifier": "License :: OSI Approved", "License": "Apache 2.0"}, "Apache 2.0"),
        ({"License": "Permission is hereby granted,\nfree of charge"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_licence_is_read_from_what_the_metadata_say(
    fields: dict[str, str], expected: str
) -> None:
    package = Message()
    for name, value in fields.items():
        package[name] = value
    assert licence(package) == expected
