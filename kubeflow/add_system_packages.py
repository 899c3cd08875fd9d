"""Adds the operating system's packages to a CycloneDX bill of materials.

    python3 add_system_packages.py BILL PACKAGES

PACKAGES has lines of distribution, name, version and architecture: `debian libc6 2.41-12 amd64`.
Their licences are in the image's /usr/share/doc.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from urllib.parse import quote


def add_system_packages(bill: Path, packages: Path) -> None:
    """Appends a component a line of `packages` to `bill`, in the same order."""
    content = json.loads(bill.read_text(encoding="utf-8"))
    for line in packages.read_text(encoding="utf-8").splitlines():
        system, name, version, architecture = line.split()
        place = f"{system}/{quote(name)}@{quote(version, safe=':~')}"
        purl = f"pkg:deb/{place}?arch={architecture}"
        content["components"].append(
            {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
        )
    bill.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    add_system_packages(Path(sys.argv[1]), Path(sys.argv[2]))
