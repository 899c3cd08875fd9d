"""Makes `.venv` for this host, or leaves it alone when it is up to date. Run by `make setup`.

python3 -m scripts.setup_environment
"""

from __future__ import annotations

import ast
import fcntl
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, List, Mapping

from scripts.interpreters import find_interpreters, this_host
from scripts.stacks import Choice, Host, UnfitHostError, choose, dotted, stacks_for, wanted_pythons
from scripts.stamp import read_stamp, remove_stamp, wanted_stamp, write_stamp

ROOT = Path(__file__).resolve().parent.parent

# Runs one command with this environment; raises CalledProcessError when it fails.
Runner = Callable[[List[str], Mapping[str, str]], None]


def run_command(command: list[str], environ: Mapping[str, str]) -> None:
    """Runs `command` to its end in the project's root."""
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


def _pip_configuration(python: str, environ: Mapping[str, str]) -> str:
    command = [python, "-m", "pip", "config", "list"]
    try:
        return subprocess.check_output(command, env=dict(environ)).decode()
    except (OSError, subprocess.SubprocessError):
        return ""


def pinned(lock: Path, name: str) -> str:
    """Returns the pin of `name` in the lock, such as "uv==0.13.9".

    Raises:
        UnfitHostError: The lock has none.
    """
    found = re.search(rf"^{re.escape(name)}==[^\s;]+", lock.read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise UnfitHostError(f"{lock} does not pin {name}.\nRegenerate it: make lock.")
    return found.group()


def install_packages(
    root: Path, choice: Choice, environ: Mapping[str, str], run: Runner = run_command
) -> None:
    """Makes `.venv` anew with all that the lock names for the chosen interpreter.

    Args:
        root: The project's root.
        choice: Stack and interpreter.
        environ: Environment variables for the commands.
        run: Runs a command.
    """
    venv = root / ".venv"
    python = str(venv / "bin" / "python")
    uv = pinned(root / "requirements.txt", "uv")
    run([choice.interpreter.path, "-m", "venv", "--clear", str(venv)], environ)
    run([python, "-m", "pip", "install", "--quiet", uv], environ)
    settings = {**environ, **index_settings(_pip_configuration(python, environ), environ)}
    # Where this is set, every later start would compile 200 packages again.
    settings.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [str(venv / "bin" / "uv"), "pip", "install", "--python", python]
    command += ["--compile-bytecode", "-r", str(root / "requirements.txt")]
    run(command if sys.stderr.isatty() else [*command, "--quiet"], settings)


def install_project(root: Path, environ: Mapping[str, str], run: Runner = run_command) -> None:
    """Installs the project itself, editable, built with what `.venv` holds: no network."""
    bin_folder = root / ".venv" / "bin"
    command = [str(bin_folder / "uv"), "pip", "install", "--python", str(bin_folder / "python")]
    run([*command, "--quiet", "--no-deps", "--no-build-isolation", "-e", str(root)], environ)


def find_choice(host: Host, environ: Mapping[str, str]) -> Choice:
    """Returns the stack and the interpreter for `host`.

    Raises:
        UnfitHostError: It runs neither stack as it is.
    """
    versions = wanted_pythons(stacks_for(host))
    return choose(host, find_interpreters(versions, environ, Path.home()))


def set_up(
    root: Path,
    host: Host,
    environ: Mapping[str, str],
    run: Runner = run_command,
    find: Callable[[Host, Mapping[str, str]], Choice] = find_choice,
) -> None:
    """Brings `.venv` up to date and says what it does.

    Args:
        root: The project's root.
        host: The machine.
        environ: Environment variables.
        run: Runs a command.
        find: Finds stack and interpreter.

    Raises:
        UnfitHostError: The host runs neither stack.
        subprocess.CalledProcessError: A step failed; what it left does not count as whole.
    """
    started = time.monotonic()
    venv = root / ".venv"
    present = read_stamp(venv)
    if present is not None and present.named:
        # An interpreter that the user named once stays the one until another is named.
        environ = {"WARMSTART_PYTHON": present.named, **environ}
    wanted = wanted_stamp(root, host, environ)
    if present == wanted:
        print(".venv is up to date.")
        return
    if present is None or not present.packages_equal(wanted):
        choice = find(host, environ)
        print(
            f"Setting up .venv: {choice.stack.name} on Python "
            f"{dotted(choice.interpreter.version)} ({choice.interpreter.path}), glibc "
            f"{dotted(host.glibc)}. The first time it downloads and compiles for some minutes.",
            flush=True,
        )
        remove_stamp(venv)
        install_packages(root, choice, environ, run)
    install_project(root, environ, run)
    write_stamp(venv, wanted)
    print(f".venv is ready: {time.monotonic() - started:.0f} s.")


def main() -> int:
    """Sets the environment up; one set-up at a time, others wait for it.

    Returns:
        The exit status.
    """
    lock = os.open(str(ROOT), os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        set_up(ROOT, this_host(), os.environ)
    except UnfitHostError as error:
        print(f"Set-up stopped: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        command = " ".join(error.cmd)
        print(
            f"Set-up failed: this command ended with status {error.returncode}, for the reason "
            f"printed above:\n  {command}\nOnce that is put right, make setup starts over.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("Set-up interrupted; make setup starts over.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
