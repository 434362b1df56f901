# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node of a running lab as it was before: its disk, but for etcd's data, which belongs to the cluster."""

from __future__ import annotations

import shutil
from pathlib import Path

from labcluster import cluster, machine, workload
from labcluster import settings as s
from labcluster.command import run, wait_until
from labcluster.errors import LabError

#: What of a node's own file system is put back. The volumes come back whole.
_DIRECTORIES = ("etc", "var/lib/cni", "var/lib/dockershim-migration", "var/log/pods", "var/log/containers")
_VOLUMES = tuple(directory for directory in machine.DATA_DIRECTORIES if not directory.endswith("/etcd"))


def exists(settings: s.Settings, node: s.Node) -> bool:
    return _directory(settings, node).is_dir()


def take(settings: s.Settings, node: s.Node) -> None:
    """Keeps a copy of the node's disk, beside the lab's results. The node is stopped meanwhile."""
    machine.stop(node.container)
    target = _directory(settings, node)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name, source in _parts(node).items():
        if source.exists():
            run(["cp", "--archive", source, target / name])
    machine.start(node.container)


def restore(settings: s.Settings, node: s.Node) -> None:
    """Switches the node off at once, puts its disk back and starts it.

    :raises LabError: there is no snapshot of it.
    """
    kept = _directory(settings, node)
    if not kept.is_dir():
        raise LabError(f"there is no snapshot of {node.name}; make one with: python3 tests/lab/lab.py snapshot {node.name}")
    machine.stop(node.container, seconds=0)
    for name, target in _parts(node).items():
        # The directory itself stays: it is what the machine mounts.
        if target.exists():
            run(["find", target, "-mindepth", "1", "-delete"])
        if (kept / name).exists():
            target.mkdir(parents=True, exist_ok=True)
            run(["cp", "--archive", f"{kept / name}/.", target])
        elif target.exists():
            target.rmdir()
    machine.start(node.container)


def restart(node: s.Node, hard: bool) -> None:
    """Restarts a node: in an orderly way, or C(hard), as a power failure would."""
    machine.stop(node.container, seconds=0 if hard else 20)
    machine.start(node.container)


def wait_well(settings: s.Settings, node: s.Node, runtime: str, timeout: float = 240) -> None:
    """Waits until the node is Ready on a runtime and every pod that is bound to it runs there."""

    def well() -> bool:
        item = cluster.get(settings, "node", node.name)
        version = item.get("status", {}).get("nodeInfo", {}).get("containerRuntimeVersion", "")
        if not item or not cluster.is_ready(item) or not version.startswith(f"{runtime}://"):
            return False
        pods = cluster.get(settings, "pods", "--all-namespaces", f"--field-selector=spec.nodeName={node.name}").get("items", [])
        # What the API says may be from before a restart: the containers that it names must be there.
        known = {
            one.get("containerID", "").rpartition("/")[2]
            for pod in pods
            if pod["status"]["phase"] == "Running"
            for one in pod["status"].get("containerStatuses", [])
        }
        return bool(pods) and all(map(workload.pod_is_well, pods)) and known <= running_containers(node, runtime)

    wait_until(f"{node.name} and its pods to be well on {runtime}", well, timeout, interval=2)


def running_containers(node: s.Node, runtime: str) -> set[str]:
    """The identities of the containers that a runtime runs on the node for the kubelet; none where it does not answer."""
    listing = {
        "docker": ("docker", "ps", "--quiet", "--no-trunc"),
        "containerd": ("ctr", "--namespace=k8s.io", "tasks", "ls", "--quiet"),
    }
    return set(machine.execute(node.container, *listing[runtime], check=False).split())


def _directory(settings: s.Settings, node: s.Node) -> Path:
    return settings.build_dir / "snapshots" / node.name


def _parts(node: s.Node) -> dict[str, Path]:
    """Name in the snapshot -> directory on this machine."""
    parts = {directory.strip("/").replace("/", "-"): machine.volume_directory(node.container, directory) for directory in _VOLUMES}
    root = machine.root_directory(node.container)
    return parts | {directory.replace("/", "-"): root / directory for directory in _DIRECTORIES}
