"""Lists what an environment has installed, with licences, as CycloneDX: `make sbom`.

The same environment gives the same file: it carries neither a time nor a random number.
"""

from __future__ import annotations

import argparse
import collections
import json
import platform
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, Sequence
from urllib.parse import quote

_UNKNOWN = "unknown"
_CLASSIFIER = "License :: "
_LONGEST_NAME = 60  # Longer ones are whole texts of licences.


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the file and prints how many packages have which licence."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m scripts.write_sbom")
    parser.add_argument("output", type=Path, help="the file to write, e.g. runs/sbom.cdx.json")
    parser.add_argument(
        "--system-packages",
        type=Path,
        metavar="FILE",
        help="list these too; a line each: distribution, name, version, architecture",
    )
    chosen = parser.parse_args(arguments)
    output = chosen.output
    components = list_components()
    if chosen.system_packages:
        components += read_system_packages(chosen.system_packages.read_text(encoding="utf-8"))
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(bill_of_materials(components), indent=2) + "\n", encoding="utf-8")
    counts = collections.Counter(
        _licence_of(component) for component in components if "licenses" in component
    )
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        print(f"{count:5d}  {name}")
    print(f"{len(components)} packages, listed in {output}")


def bill_of_materials(components: list[dict[str, Any]]) -> dict[str, Any]:
    """Wraps components into a CycloneDX 1.5 document.

    Reference: https://cyclonedx.org/docs/1.5/json/.
    """
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "name": "warmstart", "bom-ref": "warmstart"},
            "properties": [
                {"name": "python", "value": platform.python_version()},
                {"name": "platform", "value": f"{sys.platform} {platform.machine()}"},
            ],
        },
        "components": components,
    }


def list_components() -> list[dict[str, Any]]:
    """Describes every installed distribution, by name."""
    found = {}
    for distribution in metadata.distributions():
        name = re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower()
        purl = f"pkg:pypi/{name}@{distribution.version}"
        found[name] = {
            "type": "library",
            "bom-ref": purl,
            "name": name,
            "version": distribution.version,
            "purl": purl,
            "licenses": [{"license": {"name": licence(distribution.metadata)}}],
        }
    return [found[name] for name in sorted(found)]


def read_system_packages(lines: str) -> list[dict[str, Any]]:
    """Describes the operating system's packages, in the given order.

    Args:
        lines: `debian libc6 2.41-12 amd64` and so on. Their licences are in /usr/share/doc.
    """
    found = []
    for line in lines.splitlines():
        system, name, version, architecture = line.split()
        place = f"{system}/{quote(name)}@{quote(version, safe=':~')}"
        purl = f"pkg:deb/{place}?arch={architecture}"
        found.append(
            {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
        )
    return found


def licence(package: Any) -> str:
    """Names a package's licence, by what its metadata say; `unknown` where they say nothing.

    Args:
        package: The metadata: `License-Expression`, else classifiers, else `License`.
    """
    expression = package.get("License-Expression")
    if expression:
        return str(expression)
    classifiers = [
        classifier.rpartition(" :: ")[2]
        for classifier in package.get_all("Classifier") or ()
        if classifier.startswith(_CLASSIFIER) and not classifier.endswith("OSI Approved")
    ]
    if classifiers:
        return " AND ".join(sorted(classifiers))
    text = str(package.get("License") or "").strip()
    return text if 0 < len(text) <= _LONGEST_NAME and "\n" not in text else _UNKNOWN


def _licence_of(component: dict[str, Any]) -> str:
    return str(component["licenses"][0]["license"]["name"])


if __name__ == "__main__":
    main()
