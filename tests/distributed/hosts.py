"""Network namespaces as hosts: each has an address, a link and processes of its own.

They share this machine's files, as hosts share a mounted disk.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_COUNT = 3


@dataclass(frozen=True)
class Host:
    """One host.

    Attributes:
        name: Of its network namespace, and of its link on the bridge.
        address: Its IPv4 address.
    """

    name: str
    address: str

    def command(self, *command: str) -> list[str]:
        """What runs a command on this host."""
        return ["ip", "netns", "exec", self.name, *command]

    def unplug(self) -> None:
        """Takes the host's cable away: others get no answer any more, not even a refusal."""
        _ip("link", "set", self.name, "down")

    def plug_in(self) -> None:
        """Puts it back."""
        _ip("link", "set", self.name, "up")


def why_no_hosts() -> str | None:
    """Why this machine cannot have network namespaces as hosts, or None where it can."""
    if shutil.which("ip") is None:
        return "'ip' (iproute2) is missing"
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    try:
        with three_hosts():
            return None
    except subprocess.CalledProcessError as error:
        return f"{' '.join(error.cmd)}: {error.stderr.strip()}"


@contextlib.contextmanager
def three_hosts() -> Iterator[Sequence[Host]]:
    """Makes three hosts on a bridge that this machine is on as well; they go in the end."""
    tag = f"ws{os.getpid() % 100_000}"
    network = f"10.{200 + os.getpid() // 250 % 50}.{os.getpid() % 250}"
    hosts = [Host(f"{tag}h{number}", f"{network}.{number + 1}") for number in range(1, _COUNT + 1)]
    try:
        _ip("link", "add", tag, "type", "bridge")
        _ip("address", "add", f"{network}.1/24", "dev", tag)
        _ip("link", "set", tag, "up")
        for host in hosts:
            _ip("netns", "add", host.name)
            inside = ("-n", host.name)
            _ip("link", "add", host.name, "type", "veth", "peer", "eth0", "netns", host.name)
            _ip("link", "set", host.name, "master", tag, "up")
            _ip(*inside, "address", "add", f"{host.address}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                _ip(*inside, "link", "set", device, "up")
        yield hosts
    finally:
        for host in hosts:
            subprocess.run(["ip", "netns", "delete", host.name], capture_output=True)
            subprocess.run(["ip", "link", "delete", host.name], capture_output=True)
        subprocess.run(["ip", "link", "delete", tag], capture_output=True)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)
