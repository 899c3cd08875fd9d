"""`import warmstart` is light, complete and of the version that setup.py names."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import warmstart


def test_importing_it_imports_nothing_heavy() -> None:
    code = (
        "import sys; import warmstart; dir(warmstart); "
        "heavy = {'tensorflow', 'tfx', 'apache_beam', 'numpy', 'pydantic', 'rich', 'click'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_it_offers_what_it_lists() -> None:
    assert set(warmstart.__all__) == set(dir(warmstart))
    # create_pipeline alone needs TFX, which takes seconds.
    for name in set(warmstart.__all__) - {"create_pipeline"}:
        assert getattr(warmstart, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'trian'"):
        _ = warmstart.trian


def test_its_version_is_the_one_of_setup_py() -> None:
    (version,) = re.findall(r'version="([^"]+)"', Path("setup.py").read_text())
    assert warmstart.__version__ == version


def test_its_errors_are_those_that_the_functions_raise(tmp_path: Path) -> None:
    with pytest.raises(warmstart.ConfigError):
        warmstart.load_config(tmp_path / "absent.yaml")
    with pytest.raises(warmstart.WarmstartError, match="expected a folder"):
        warmstart.run(
            warmstart.load_config(
                "configs/mnist_to_optdigits.yaml", [f"target.path={tmp_path}/absent"]
            ),
            output=tmp_path / "run",
        )
    assert not (tmp_path / "run").exists()
