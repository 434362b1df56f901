# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The effective state after the way back to the dockershim: what the running system says."""

from __future__ import annotations

import cluster
import pytest


def test_the_kubelet_runs_with_the_dockershim(node):
    pid = node.check_output("systemctl show --property=MainPID --value kubelet")
    arguments = node.check_output(f"tr '\\0' '\\n' < /proc/{pid}/cmdline").splitlines()
    assert "--network-plugin=cni" in arguments
    assert not [argument for argument in arguments if argument.startswith("--container-runtime")]


@pytest.mark.parametrize("unit", ["docker.service", "docker.socket"])
def test_docker_runs_and_starts_at_boot(node, unit):
    assert node.service(unit).is_running
    assert node.service(unit).is_enabled


def test_nothing_of_the_kubelets_lives_on_under_containerd(node):
    assert node.check_output("ctr --namespace k8s.io tasks ls --quiet") == ""


def test_the_api_knows_the_node_as_before(node, before):
    known = cluster.api().read_node(cluster.node_name(node))
    annotation = "kubeadm.alpha.kubernetes.io/cri-socket"
    assert known.metadata.annotations[annotation] == before["nodes"][cluster.node_name(node)]["annotations"][annotation]
    assert "dockershim.migration/cordoned" not in known.metadata.annotations
    assert not known.spec.unschedulable
    assert known.status.node_info.container_runtime_version.startswith("docker://")
    assert {condition.type: condition.status for condition in known.status.conditions}["Ready"] == "True"


def test_every_pod_runs_on_docker():
    pods = [pod for pod in cluster.api().list_pod_for_all_namespaces().items if pod.status.phase != "Succeeded"]
    assert pods
    for pod in pods:
        for container in cluster.containers_of(pod):
            assert container.ready, f"{pod.metadata.name}/{container.name}"
            assert container.container_id.startswith("docker://"), f"{pod.metadata.name}/{container.name}"


def test_a_pod_without_controller_is_still_there_with_its_data(before):
    keeper = cluster.api().read_namespaced_pod("keeper", cluster.DEMO)
    assert keeper.metadata.uid == before["keeper"]["uid"]
    assert cluster.api().read_namespaced_pod_log("keeper", cluster.DEMO).strip() == before["keeper"]["marker"]


def test_the_client_of_the_service_saw_no_failed_request():
    report = cluster.probe_report()
    assert report["requests"] > 100
    assert report["failures"] == []
    assert report["missing"] == []
