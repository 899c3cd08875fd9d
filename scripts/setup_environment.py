"""Makes `.venv` for this host, or leaves it alone when it is up to date. Run by `make setup`.

python3 -m scripts.setup_environment
"""

from __future__ import annotations

import ast
import fcntl
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Mapping

from scripts.interpreters import find_interpreters, this_host
from scripts.stacks import Host, UnfitHostError, choose, dotted, stacks_for
from scripts.stamp import NAME, packages_equal, read_stamp, wanted_stamp, write_stamp

ROOT = Path(__file__).resolve().parent.parent


def run_command(command: list[str], environ: Mapping[str, str]) -> None:
    """Runs `command` in the project's root; raises CalledProcessError when it fails."""
    subprocess.run(command, env=dict(environ), cwd=str(ROOT), check=True)


def index_settings(pip_configuration: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Translates pip's package index and certificates into uv's, which reads no pip file.

    Args:
        pip_configuration: What `pip config list` printed, such as "global.cert='/etc/x.crt'".
        environ: Environment variables; one that uv already understands is left alone.

    Returns:
        The variables to add.
    """
    names = {
        "index-url": "UV_DEFAULT_INDEX",
        "extra-index-url": "UV_INDEX",
        "cert": "SSL_CERT_FILE",
    }
    added = {}
    for line in pip_configuration.splitlines():
        found = re.match(r"(?:global|install|:env:)\.([a-z-]+)=(.*)$", line)
        if found and found.group(1) in names and names[found.group(1)] not in environ:
            value = ast.literal_eval(found.group(2))
            added[names[found.group(1)]] = " ".join(str(value).split())
    return added


def pinned(lock: Path, name: str) -> str:
    """Returns the pin of `name` in the lock, such as "uv==0.13.9"; refuses a lock without one."""
    found = re.search(rf"^{re.escape(name)}==[^\s;]+", lock.read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise UnfitHostError(f"{lock} does not pin {name}.\nRegenerate it: make lock.")
    return found.group()


def _install_uv(folder: Path, lock: Path, environ: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Installs the pinned uv into a folder, out of the way of externally managed Pythons.

    Returns uv's executable, and the environment with pip's settings translated for it.
    """
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        raise UnfitHostError(
            f"{sys.executable} lacks the venv and ensurepip modules.\nInstall them (Debian, "
            f"Ubuntu: apt-get install python{dotted(sys.version_info[:2])}-venv), or run set-up "
            "with another Python: make setup HOST_PYTHON=/path/to/python."
        )
    python = str(folder / "bin" / "python")
    pin = pinned(lock, "uv")
    run_command([sys.executable, "-m", "venv", str(folder)], environ)
    run_command([python, "-m", "pip", "install", "--quiet", pin], environ)
    listing = [python, "-m", "pip", "config", "list"]
    try:
        configuration = subprocess.check_output(listing, env=dict(environ)).decode()
    except (OSError, subprocess.SubprocessError):
        configuration = ""
    return str(folder / "bin" / "uv"), {**environ, **index_settings(configuration, environ)}


def _install_packages(root: Path, host: Host, environ: Mapping[str, str]) -> None:
    """Makes `.venv` anew with everything that the lock names for the chosen interpreter."""
    stacks_for(host)
    venv, lock = root / ".venv", root / "requirements.txt"
    with tempfile.TemporaryDirectory() as folder:
        uv, settings = _install_uv(Path(folder), lock, environ)
        # Where this is set, every later start would compile 200 packages again.
        settings.pop("PYTHONDONTWRITEBYTECODE", None)
        stack, interpreter = choose(host, find_interpreters(uv, settings, Path.home()))
        print(
            f"Setting up .venv: {stack.name} on Python {dotted(interpreter.version)} "
            f"({interpreter.path}), glibc {dotted(host.glibc)}. "
            "The first time takes some minutes to download and compile.",
            flush=True,
        )
        (venv / NAME).unlink(missing_ok=True)
        quiet = [] if sys.stderr.isatty() else ["--quiet"]
        make = [uv, "venv", "--quiet", "--clear", "--python", interpreter.path, str(venv)]
        run_command(make, settings)
        install = [uv, "pip", "install", "--python", str(venv / "bin" / "python")]
        run_command([*install, "--compile-bytecode", "-r", str(lock), *quiet], settings)


def _install_project(root: Path, environ: Mapping[str, str]) -> None:
    """Installs the project itself, editable, built with what `.venv` holds: no network."""
    bin_folder = root / ".venv" / "bin"
    command = [str(bin_folder / "uv"), "pip", "install", "--python", str(bin_folder / "python")]
    command += ["--quiet", "--no-deps", "--no-build-isolation", "-e", str(root)]
    run_command(command, environ)


def set_up(root: Path, host: Host, environ: Mapping[str, str]) -> None:
    """Brings the `.venv` of the project's root up to date and says what it does.

    Raises:
        UnfitHostError: The host runs neither stack.
        subprocess.CalledProcessError: A step failed; what it left does not count as whole.
    """
    started = time.monotonic()
    venv = root / ".venv"
    present = read_stamp(venv)
    if present is not None and present["named"]:
        # An interpreter that the user named once is kept until another is named.
        environ = {"WARMSTART_PYTHON": present["named"], **environ}
    wanted = wanted_stamp(root, host, environ)
    if present == wanted:
        print(".venv is up to date.")
        return
    if present is None or not packages_equal(present, wanted):
        _install_packages(root, host, environ)
    _install_project(root, environ)
    write_stamp(venv, wanted)
    print(f".venv is ready: {time.monotonic() - started:.0f} s.")


def main() -> int:
    """Sets the environment up, one set-up at a time, and returns the exit status."""
    lock = os.open(str(ROOT), os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        set_up(ROOT, this_host(), os.environ)
    except UnfitHostError as error:
        print(f"Set-up stopped: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(
            f"Set-up failed: this command ended with status {error.returncode}; its error is "
            f"printed above:\n  {' '.join(error.cmd)}\nFix this, then run make setup again.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("Set-up interrupted. Run make setup to start over.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
