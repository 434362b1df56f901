# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines of the lab: systemd containers under podman, each with its own address, its own overlay and real volumes."""

from __future__ import annotations

import re
import socket
import uuid
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from pathlib import Path

from labcluster.command import run, wait_until
from labcluster.host import limit_options

#: Directories that must not lie on an overlay, each in a volume of its own.
DATA_DIRECTORIES = ("/var/lib/docker", "/var/lib/containerd", "/var/lib/kubelet", "/var/lib/etcd")


def podman(*arguments: str | Path, stdin: object = None, check: bool = True) -> str:
    """Runs podman and returns its output."""
    return run(["podman", *arguments], stdin=stdin, check=check).stdout


def create_network(name: str, subnet: IPv4Network, gateway: str) -> None:
    # Without podman's own name server: the machines have /etc/hosts and the host's resolver.
    podman("network", "create", f"--subnet={subnet}", f"--gateway={gateway}", "--disable-dns", name)


def create_machine(
    container: str,
    hostname: str,
    network: str,
    address: str,
    layers: Sequence[Path],
    data: Sequence[str] = (),
    mounts: Mapping[Path, str] | None = None,
) -> Path:
    """Creates a machine, to be started with C(start), and returns the directory of its file system.

    :param layers: read-only trees below its own changes, topmost first.
    :param data: directories inside that get a volume each.
    :param mounts: directory of the host -> directory inside.
    """
    root = prepare_root(container, layers)
    volumes = [f"--volume={_volume(container, directory)}:{directory}:exec,dev,suid" for directory in data]
    volumes += [f"--volume={source}:{target}" for source, target in (mounts or {}).items()]
    podman(
        "create",
        # crun refuses the hybrid cgroup layout.
        "--runtime=runc",
        f"--name={container}",
        f"--hostname={hostname}",
        f"--network={network}",
        f"--ip={address}",
        # The machine's own files, which it may edit as any machine may.
        "--no-hosts",
        "--dns=none",
        "--privileged",
        # With podman's own support for systemd, cgroup v1 gets its name=systemd hierarchy twice and paths no longer match.
        "--systemd=false",
        "--cgroupns=private",
        "--tmpfs=/run:mode=755",
        "--tmpfs=/tmp:mode=1777",
        "--env=container=podman",
        "--stop-signal=SIGRTMIN+3",
        "--stop-timeout=20",
        # So that C(reboot) inside is a reboot.
        "--restart=always",
        "--pids-limit=-1",
        "--log-driver=none",
        *limit_options(),
        *volumes,
        "--rootfs",
        root,
        "/sbin/init",
    )
    return root


def prepare_root(container: str, layers: Sequence[Path]) -> Path:
    """Mounts the machine's file system: the shared trees, and on them a layer of its own in a volume."""
    podman("volume", "create", f"{container}-root")
    directory = volume_directory(container, "/root")
    upper, work, root = directory / "upper", directory / "work", root_directory(container)
    for path in (upper, work, root):
        path.mkdir()
    directories = ":".join(map(str, layers))
    run(["mount", "-t", "overlay", container, "-o", f"lowerdir={directories},upperdir={upper},workdir={work}", root])
    (root / "etc" / "machine-id").write_text(uuid.uuid4().hex + "\n", encoding="ascii")
    return root


def volume_directory(container: str, directory: str) -> Path:
    """Where a machine's volume lies on this machine."""
    return Path(podman("volume", "inspect", "--format={{.Mountpoint}}", _volume(container, directory)).strip())


def root_directory(container: str) -> Path:
    """Where a machine's file system lies on this machine."""
    return volume_directory(container, "/root") / "root"


def start(container: str) -> None:
    podman("start", container)


def stop(container: str, seconds: int = 20) -> None:
    """Shuts a machine down; with 0 seconds it is simply switched off."""
    podman("stop", f"--time={seconds}", container)


def execute(container: str, *argv: str | Path, stdin: object = None, check: bool = True) -> str:
    """Runs a command inside a machine and returns its output."""
    options = ["--interactive"] if stdin is not None else []
    return podman("exec", *options, container, *argv, stdin=stdin, check=check)


def shell(container: str, script: str) -> str:
    """Runs a shell script inside a machine; the first failure ends it."""
    return execute(container, "/bin/sh", "-euc", script)


def wait_booted(container: str, timeout: float = 60) -> str:
    """Waits until systemd has started everything and returns its state: running or degraded."""
    state = ""

    def booted() -> bool:
        nonlocal state
        state = execute(container, "systemctl", "is-system-running", check=False).strip()
        return state in ("running", "degraded")

    wait_until(f"systemd in {container} to finish booting", booted, timeout)
    return state


def wait_reachable(address: str, timeout: float = 90) -> None:
    """Waits until a machine answers at its SSH port: after a restart its neighbours send to the card that it had before, for moments."""

    def reachable() -> bool:
        try:
            with socket.create_connection((address, 22), timeout=2):
                return True
        except OSError:
            return False

    wait_until(f"SSH at {address} to answer", reachable, timeout)


def failed_units(container: str) -> list[str]:
    output = execute(container, "systemctl", "list-units", "--failed", "--plain", "--no-legend", check=False)
    return [line.split()[0] for line in output.splitlines() if line.strip()]


def running(container: str) -> bool:
    return podman("container", "inspect", "--format={{.State.Running}}", container, check=False).strip() == "true"


def existing_containers(lab: str) -> list[str]:
    """The lab's containers, found by name, whatever run or checkout made them."""
    return own_names(lab, podman("ps", "--all", "--format={{.Names}}"))


def remove_all(lab: str) -> None:
    """Removes all machines of the lab with their volumes, mounts and network, by name; none need be there."""
    containers = existing_containers(lab)
    if containers:
        podman("rm", "--force", "--time=0", *containers)
    for volume in own_names(lab, podman("volume", "ls", "--format={{.Name}}")):
        directory = podman("volume", "inspect", "--format={{.Mountpoint}}", volume, check=False).strip()
        if directory:
            _unmount_below(Path(directory))
        podman("volume", "rm", "--force", volume)
    if run(["podman", "network", "exists", lab], check=False).returncode == 0:
        podman("network", "rm", "--force", lab)


def _unmount_below(directory: Path) -> None:
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()]
    for mount in sorted((mount for mount in mounts if mount.startswith(f"{directory}/")), reverse=True):
        run(["umount", mount])


def _volume(container: str, directory: str) -> str:
    return f"{container}-{directory.rsplit('/', 1)[1]}"


def own_names(lab: str, output: str) -> list[str]:
    """The names in the output that are this lab's containers or volumes."""
    # Not by the beginning alone: another lab's name may begin with this one's.
    pattern = re.compile(rf"{re.escape(lab)}-(control-plane-\d+|worker-\d+|services)(-(root|docker|containerd|kubelet|etcd))?")
    return [name for name in output.split() if pattern.fullmatch(name)]
