# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A migrated node in the months that follow: its kubelet restarts, kubeadm upgrades it, the machine reboots."""

from __future__ import annotations

import subprocess
import time

import cluster
import pytest

RIGHT = "unix:///run/containerd/containerd.sock"
ANNOTATION = "kubeadm.alpha.kubernetes.io/cri-socket"


def container_of(name):
    return next(node["container"] for node in cluster.description()["nodes"] if node["name"] == name)


def node_problems(name, since):
    """Says what keeps a node from being well: its kubelet has reported later than a moment, and all its pods run on containerd."""
    node = cluster.api().read_node(name)
    ready = next(condition for condition in node.status.conditions if condition.type == "Ready")
    if ready.status != "True" or ready.last_heartbeat_time.timestamp() < since:
        return f"Ready is {ready.status}, last reported at {ready.last_heartbeat_time}"
    if not node.status.node_info.container_runtime_version.startswith("containerd://"):
        return f"the runtime is {node.status.node_info.container_runtime_version}"
    for pod in cluster.api().list_pod_for_all_namespaces(field_selector=f"spec.nodeName={name}").items:
        containers = cluster.containers_of(pod)
        if pod.status.phase == "Succeeded":
            continue
        running = [container for container in containers if container.ready and container.container_id.startswith("containerd://")]
        if pod.status.phase != "Running" or len(running) != len(pod.spec.containers):
            return f"{pod.metadata.name} is {pod.status.phase}, {len(running)} of its {len(pod.spec.containers)} containers run"
    return None


def wait_until_well(name, since, seconds=300):
    deadline = time.time() + seconds
    while True:
        try:
            problem = node_problems(name, since)
        except Exception as error:  # The only API server of the lab may be the one that has just been restarted.
            problem = str(error)
        if problem is None or time.time() > deadline:
            break
        time.sleep(2)
    assert problem is None, f"{name} after {seconds} s: {problem}"


def places_agree(name):
    run = cluster.run_playbook("check-consistency.yml", "--limit", name, "--extra-vars", f"kubelet_runtime_expected_endpoint={RIGHT}")
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("name", cluster.node_names())
def test_the_kubelet_restarts(name):
    since = time.time()
    cluster.node_host(name).check_output("systemctl restart kubelet")
    wait_until_well(name, since)
    places_agree(name)


@pytest.mark.parametrize("name", cluster.node_names())
def test_kubeadm_upgrades_the_node_to_the_release_it_has(name):
    host = cluster.node_host(name)
    before = host.file("/var/lib/kubelet/kubeadm-flags.env").content
    # The lab's machines are containers, with whose kernel configuration the preflight finds fault, and have no crictl, with which it would
    # look for a control plane's images (the plan points that out).
    run = host.run("kubeadm upgrade node --skip-phases=preflight")
    assert run.rc == 0, run.stdout + run.stderr
    assert "docker" not in (run.stdout + run.stderr).lower(), "kubeadm knows of containerd by the annotation"
    since = time.time()
    host.check_output("systemctl restart kubelet")
    wait_until_well(name, since)
    assert host.file("/var/lib/kubelet/kubeadm-flags.env").content == before
    places_agree(name)


@pytest.mark.parametrize("name", cluster.node_names())
def test_the_machine_reboots(name):
    booted = cluster.node_host(name).check_output("stat --format %Y /run/systemd/units")
    since = time.time()
    command = ["podman", "restart", "--time", "30", container_of(name)]
    subprocess.run(command, check=True, capture_output=True)
    wait_until_well(name, since)
    host = cluster.node_host(name)
    assert host.check_output("stat --format %Y /run/systemd/units") != booted, "/run is new after a boot"
    for unit in ("docker.service", "docker.socket"):
        assert not host.service(unit).is_running
    places_agree(name)
