"""How interpreters are found: each is run, refusing ones are passed over, each counts once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.interpreters import candidate_paths, find_interpreters, probe, this_host
from scripts.stacks import UnfitHostError

THIS_PYTHON = sys.version_info[:3]
BASE_PYTHON = os.path.realpath(sys._base_executable)  # type: ignore[attr-defined]


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_this_host_is_read_from_the_running_system() -> None:
    host = this_host()
    glibc = subprocess.check_output(["getconf", "GNU_LIBC_VERSION"], text=True).split()[1]
    assert host.glibc == tuple(int(part) for part in glibc.split("."))
    assert [host.system, host.machine] == subprocess.check_output(
        ["uname", "-sm"], text=True
    ).split()


def test_a_virtual_environment_answers_with_the_interpreter_beneath_it() -> None:
    assert sys.prefix != sys.base_prefix
    interpreter = probe(Path(sys.executable))
    assert interpreter is not None
    assert (interpreter.path, interpreter.version) == (BASE_PYTHON, THIS_PYTHON)
    assert interpreter.defects == ()


@pytest.mark.parametrize(
    "text", ["#!/bin/sh\nexit 127\n", "#!/bin/sh\necho Python 3.10\n", "not a program"]
)
def test_what_does_not_answer_like_a_python_is_none(tmp_path: Path, text: str) -> None:
    assert probe(executable(tmp_path / "python3.10", text)) is None


def test_what_an_interpreter_lacks_is_reported(tmp_path: Path) -> None:
    # Stands for a distribution that ships ensurepip apart: the probe runs, but does not find it.
    blocked = executable(
        tmp_path / "python3",
        f'#!/bin/sh\nshift 2\nexec {sys.executable} -I -c "'
        "import sys, importlib.util as u; find = u.find_spec; "
        "u.find_spec = lambda n, *a: None if n == 'ensurepip' else find(n, *a); "
        'exec(sys.argv[1])" "$@"\n',
    )
    interpreter = probe(blocked)
    assert interpreter is not None
    (defect,) = interpreter.defects
    assert f"python3.{sys.version_info[1]}-venv" in defect


def test_a_refusing_shim_on_path_does_not_hide_pyenv(tmp_path: Path) -> None:
    wanted = THIS_PYTHON[:2]
    shim = f"shims/python{wanted[0]}.{wanted[1]}"
    executable(tmp_path / shim, "#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
    version = ".".join(str(part) for part in THIS_PYTHON)
    real = tmp_path / "pyenv" / "versions" / version / "bin" / "python"
    real.parent.mkdir(parents=True)
    real.symlink_to(BASE_PYTHON)
    environ = {"PATH": str(tmp_path / "shims"), "PYENV_ROOT": str(tmp_path / "pyenv")}
    (found,) = find_interpreters([wanted], environ, home=tmp_path)
    assert found.version == THIS_PYTHON


def test_each_interpreter_counts_once_under_all_its_names(tmp_path: Path) -> None:
    for name in ("python3", "python"):
        (tmp_path / name).symlink_to(BASE_PYTHON)
    found = list(find_interpreters([(3, 10)], {"PATH": str(tmp_path)}, home=tmp_path))
    assert [interpreter.path for interpreter in found] == [BASE_PYTHON]


def test_the_home_pyenv_and_uv_folders_are_searched_without_any_variable(tmp_path: Path) -> None:
    pyenv = executable(tmp_path / ".pyenv/versions/3.10.13/bin/python", "")
    managed = executable(
        tmp_path / ".local/share/uv/python/cpython-3.10.14-linux-x86_64-gnu/bin/python3", ""
    )
    executable(tmp_path / ".pyenv/versions/3.9.1/bin/python", "")
    assert list(candidate_paths([(3, 10)], {}, tmp_path)) == [pyenv, managed]


def test_warmstart_python_is_the_only_candidate_when_set(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "WARMSTART_PYTHON": sys.executable}
    (found,) = find_interpreters([(3, 10), (3, 13)], environ, tmp_path)
    assert found.path == BASE_PYTHON


def test_warmstart_python_that_does_not_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnfitHostError, match="WARMSTART_PYTHON is /nowhere/python"):
        list(find_interpreters([(3, 10)], {"WARMSTART_PYTHON": "/nowhere/python"}, tmp_path))
