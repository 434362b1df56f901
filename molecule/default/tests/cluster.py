# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the running cluster: nodes over SSH, the API through the kubernetes client, the registries through their logs."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes
import testinfra
from testinfra.host import Host

CHECKOUT = Path(__file__).resolve().parents[3]
BUILD = CHECKOUT / "build" / "lab"
DEMO = "demo"


def environment() -> dict[str, str]:
    """For programs of Ansible's: the collection is found in the checkout, and molecule's own settings (colours, streams) do not count."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return {**others, "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / "playbooks" / "collections")}


def run_playbook(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a playbook of the checkout on the lab; all that it prints is in C(stdout)."""
    command = ["ansible-playbook", str(CHECKOUT / "playbooks" / name), "-i", str(BUILD / "inventory.yml"), *arguments]
    return subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment())


def read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


@functools.cache
def description() -> dict[str, Any]:
    return read_json(BUILD / "lab.json")


def node_names() -> list[str]:
    return [node["name"] for node in description()["nodes"]]


@functools.cache
def node_host(name: str) -> Host:
    return testinfra.get_host(f"ssh://{name}", ssh_config=str(BUILD / "ssh_config"), sudo=True)


def node_name(host: Host) -> str:
    return host.backend.host.name


@functools.cache
def api() -> kubernetes.client.CoreV1Api:
    return kubernetes.client.CoreV1Api(kubernetes.config.new_client_from_config(str(BUILD / "kubeconfig")))


def containers_of(pod: Any) -> list[Any]:
    return list(pod.status.container_statuses or [])


def pulls(since: float) -> list[dict[str, Any]]:
    """What the nodes asked the registries for since a moment (seconds since the epoch)."""
    command = [sys.executable, str(CHECKOUT / "tests/lab/lab.py"), "registry-log", "--since", str(since)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def probe_report() -> dict[str, Any]:
    """What the client of the Service has seen so far."""
    command = [sys.executable, str(CHECKOUT / "tests/lab/lab.py"), "probe", "report", "--json"]
    return json.loads(subprocess.run(command, check=False, capture_output=True, text=True).stdout)


def state_of_node(name: str) -> dict[str, Any]:
    """What a migration would change on a node."""
    host = node_host(name)

    def lines(command: str) -> list[str]:
        return sorted(host.check_output(command).split("\n"))

    node = api().read_node(name)
    return {
        "files": lines("find /etc /usr /lib/systemd /var/lib/kubelet -xdev -type f -not -path '*/pods/*' -printf '%p %s %T@ %m\\n'"),
        "docker_containers": lines("docker ps --quiet --no-trunc"),
        "docker_images": lines("docker image ls --no-trunc --digests --format '{{.Repository}} {{.Tag}} {{.Digest}} {{.ID}}'"),
        "containerd_images": lines("ctr --namespace k8s.io images ls --quiet"),
        "units": lines("systemctl show --property=Id,MainPID,UnitFileState,NeedDaemonReload docker docker.socket containerd kubelet"),
        "unschedulable": node.spec.unschedulable or False,
        "annotations": node.metadata.annotations,
        "files_of_the_migration": lines("ls /var/lib/dockershim-migration 2>/dev/null || true"),
    }
