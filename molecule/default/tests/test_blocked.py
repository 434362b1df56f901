# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the way is named before anything is touched, on all nodes at once, and nothing is touched on any."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterator
from typing import Any

import cluster
import pytest

UNTOUCHED = ("files", "containerd_images", "units", "unschedulable", "annotations", "files_of_the_migration")
CONFIGURATION = "/etc/containerd/config.toml"
DROP_IN = "/etc/systemd/system/docker.service.d/refuse.conf"


def assert_untouched(before: dict[str, Any]) -> None:
    for name in cluster.node_names():
        state = cluster.state_of_node(name)
        for what in UNTOUCHED:
            assert state[what] == before["nodes"][name][what], f"{what} of {name}"


@contextlib.contextmanager
def one_shot(node: str) -> Iterator[str]:
    """A pod that would run a second time, or be lost: no controller, and never to be restarted."""
    name = f"one-shot-{uuid.uuid4().hex[:8]}"
    pod = {
        "metadata": {"name": name},
        "spec": {
            "nodeName": node,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "sleep", "image": "busybox:1.35", "imagePullPolicy": "IfNotPresent", "command": ["sleep", "3600"]}],
        },
    }
    cluster.api().create_namespaced_pod(cluster.DEMO, pod)
    deadline = time.time() + 60
    while cluster.api().read_namespaced_pod(name, cluster.DEMO).status.phase != "Running" and time.time() < deadline:
        time.sleep(0.5)
    yield name
    cluster.api().delete_namespaced_pod(name, cluster.DEMO)


@contextlib.contextmanager
def broken_configuration(node: str) -> Iterator[None]:
    """A file that is no TOML where containerd's configuration belongs."""
    host = cluster.node_host(node)
    host.check_output(f"mv {CONFIGURATION} /run/config.toml")
    host.check_output(f"sh -c 'echo \"[plugins\" > {CONFIGURATION}'")
    yield
    host.check_output(f"mv /run/config.toml {CONFIGURATION}")


@contextlib.contextmanager
def docker_that_cannot_be_stopped(node: str) -> Iterator[None]:
    host = cluster.node_host(node)
    host.check_output(f"mkdir -p {DROP_IN.rpartition('/')[0]}")
    host.check_output(f"sh -c 'printf \"[Unit]\\nRefuseManualStop=yes\\n\" > {DROP_IN} && systemctl daemon-reload'")
    yield
    host.check_output(f"sh -c 'rm {DROP_IN} && systemctl daemon-reload'")


@pytest.fixture
def no_node(tmp_path, lab) -> str:
    """An inventory with one more host, which has no kubelet."""
    path = tmp_path / "more.yml"
    path.write_text(f"kube_workers: {{hosts: {{services: {{ansible_host: {lab['services']['address']}}}}}}}\n", encoding="utf-8")
    return str(path)


def test_every_blocker_on_every_node_is_named_in_one_run(no_node, before):
    *_others, first, last = cluster.node_names()
    with one_shot(last) as pod, broken_configuration(first), docker_that_cannot_be_stopped(last):
        run = cluster.run_playbook("migrate-containerd.yml", "-i", no_node)
    assert run.returncode != 0
    assert "Prepare the new runtime" not in run.stdout
    for what in (
        f"demo/{pod}",
        "unmanaged_pods=evict",
        f"{first} cannot be migrated",
        f"{CONFIGURATION} is not valid TOML",
        f"{last} cannot be migrated",
        "docker.service: systemd refuses to stop it (RefuseManualStop=yes)",
        "services cannot be migrated",
        "there is no kubelet on this host",
    ):
        assert what in run.stdout, what
    assert_untouched(before)


def test_a_kubeconfig_that_is_missing_is_said_once(before):
    run = cluster.run_playbook("migrate-containerd.yml", "--extra-vars", "node_maintenance_kubeconfig=/nonexistent/kubeconfig")
    assert run.returncode != 0
    assert run.stdout.count("fatal: ") == 1
    assert "there is no file /nonexistent/kubeconfig on the controller" in run.stdout
    assert_untouched(before)
