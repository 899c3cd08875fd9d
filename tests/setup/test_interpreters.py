"""How interpreters are found: by uv, past refusing shims, each once, with what it lacks."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.interpreters import find_interpreters, search_path, this_host
from scripts.stacks import UnfitHostError

THIS_PYTHON = sys.version_info[:3]
BASE_PYTHON = os.path.realpath(sys._base_executable)  # type: ignore[attr-defined]
UV = str(Path(sys.executable).parent / "uv")
if not Path(UV).exists():
    UV = shutil.which("uv") or UV


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def fake_uv(folder: Path, path: Path, **changes: str) -> str:
    """A uv that lists one interpreter."""
    kind = {"implementation": "cpython", "variant": "default", "arch": "x86_64", **changes}
    listed = json.dumps([{"path": str(path), **kind}])
    return str(executable(folder / "uv", f"#!/bin/sh\necho '{listed}'\n"))


def test_this_host_is_read_from_the_running_system() -> None:
    host = this_host()
    glibc = subprocess.check_output(["getconf", "GNU_LIBC_VERSION"], text=True).split()[1]
    assert host.glibc == tuple(int(part) for part in glibc.split("."))
    assert [host.system, host.machine] == subprocess.check_output(
        ["uname", "-sm"], text=True
    ).split()


def test_pyenv_is_searched_after_path_and_shims_last(tmp_path: Path) -> None:
    for version in ("3.10.13", "2.7.18"):
        (tmp_path / ".pyenv" / "versions" / version / "bin").mkdir(parents=True)
    pyenv = f"{tmp_path}/.pyenv/versions/3.10.13/bin"
    environ = {"PATH": "/opt/me/.pyenv/shims:/usr/bin"}
    assert search_path(environ, tmp_path) == f"/usr/bin:{pyenv}:/opt/me/.pyenv/shims"
    named = {**environ, "PYENV_ROOT": str(tmp_path / ".pyenv")}
    assert search_path(named, Path("/nowhere")) == search_path(environ, tmp_path)


def test_a_refusing_shim_on_path_does_not_hide_pyenv(tmp_path: Path) -> None:
    shim = f"shims/python{THIS_PYTHON[0]}.{THIS_PYTHON[1]}"
    executable(tmp_path / shim, "#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
    version = ".".join(str(part) for part in THIS_PYTHON)
    real = tmp_path / "pyenv" / "versions" / version / "bin" / "python"
    real.parent.mkdir(parents=True)
    real.symlink_to(BASE_PYTHON)
    environ = {
        "HOME": str(tmp_path),
        "PATH": str(tmp_path / "shims"),
        "PYENV_ROOT": str(tmp_path / "pyenv"),
    }
    (found,) = find_interpreters(UV, environ, home=tmp_path)
    assert (found.path, found.version) == (BASE_PYTHON, THIS_PYTHON)


def test_a_shim_that_uv_remembers_but_that_refuses_now_is_passed_over(tmp_path: Path) -> None:
    shim = executable(tmp_path / "shims" / "python3.10", "#!/bin/sh\nexit 127\n")
    assert list(find_interpreters(fake_uv(tmp_path, shim), {}, tmp_path)) == []


def test_each_interpreter_counts_once_under_all_its_names(tmp_path: Path) -> None:
    for name in ("python3", "python"):
        (tmp_path / name).symlink_to(BASE_PYTHON)
    environ = {"HOME": str(tmp_path), "PATH": str(tmp_path)}
    assert [found.path for found in find_interpreters(UV, environ, tmp_path)] == [BASE_PYTHON]


def test_warmstart_python_is_the_only_candidate_and_stands_for_the_python_beneath_it(
    tmp_path: Path,
) -> None:
    assert sys.prefix != sys.base_prefix
    environ = {**os.environ, "WARMSTART_PYTHON": sys.executable}
    (found,) = find_interpreters(UV, environ, tmp_path)
    assert (found.path, found.version) == (BASE_PYTHON, THIS_PYTHON)
    assert found.has_header


def test_warmstart_python_that_does_not_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnfitHostError, match="WARMSTART_PYTHON is /nowhere/python"):
        list(find_interpreters(UV, {"WARMSTART_PYTHON": "/nowhere/python"}, tmp_path))


@pytest.mark.parametrize(
    "change", [{"implementation": "pypy"}, {"variant": "freethreaded"}, {"arch": "i686"}]
)
def test_other_kinds_of_python_are_passed_over(tmp_path: Path, change: dict[str, str]) -> None:
    uv = fake_uv(tmp_path, Path(sys.executable), **change)
    assert list(find_interpreters(uv, {}, tmp_path)) == []


def test_an_interpreter_without_its_header_is_reported(tmp_path: Path) -> None:
    # Stands for a distribution that ships Python.h apart.
    python = executable(
        tmp_path / "python3",
        f'#!/bin/sh\nexec {sys.executable} -I -c "'
        "import os; os.path.exists = lambda path: not path.endswith('Python.h'); "
        'import sys; exec(sys.argv[1])" "$3"\n',
    )
    (found,) = find_interpreters(fake_uv(tmp_path, python), {}, tmp_path)
    assert not found.has_header
