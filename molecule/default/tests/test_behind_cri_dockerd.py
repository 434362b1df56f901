# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The effective state behind cri-dockerd. The API names docker:// before and after: the proof comes from elsewhere."""

from __future__ import annotations

import json
import subprocess
import time

import cluster
import pytest
import test_migrated

# What holds whichever runtime a node has.
test_a_pod_without_controller_is_still_there_with_its_data = test_migrated.test_a_pod_without_controller_is_still_there_with_its_data
test_finished_pods_are_kept = test_migrated.test_finished_pods_are_kept
test_nothing_that_was_on_a_node_was_pulled_again = test_migrated.test_nothing_that_was_on_a_node_was_pulled_again
test_the_client_of_the_service_saw_no_failed_request = test_migrated.test_the_client_of_the_service_saw_no_failed_request

ENDPOINT = "unix:///run/cri-dockerd.sock"
#: Seconds that the kubelet may take to collect what it no longer needs: at least one minute by its own rules.
COLLECTION = 240


def kubernetes_containers(node, *options):
    """What Docker knows of the kubelet's containers: a list of what docker inspect says."""
    listed = node.check_output(f"docker ps --quiet --no-trunc --filter label=io.kubernetes.pod.uid {' '.join(options)}").split()
    return json.loads(node.check_output(f"docker inspect {' '.join(listed)}"))


def label(container, name):
    return container["Config"]["Labels"].get(f"io.kubernetes.{name}")


def journal(node):
    return json.loads(node.check_output("cat /var/lib/dockershim-migration/journal.json"))


def started(node):
    """When the switch of the node began, as text that can be compared."""
    times = [part["time"] for part in walk(journal(node)) if isinstance(part, dict) and part.get("event") == "switch_started"]
    assert times
    return min(times)


def walk(value):
    yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from walk(child)


def test_the_kubelet_is_told_to_use_cri_dockerd(node):
    arguments = test_migrated.kubelet_arguments(node)
    assert "--container-runtime=remote" in arguments
    assert f"--container-runtime-endpoint={ENDPOINT}" in arguments
    assert not [argument for argument in arguments if argument.startswith(("--network-plugin", "--cni-", "--docker-"))]
    assert not node.socket("unix:///var/run/dockershim.sock").is_listening


@pytest.mark.parametrize("unit", ["cri-docker.socket", "cri-docker.service", "docker.service"])
def test_the_units_run_and_start_at_boot(node, unit):
    service = node.service(unit)
    assert service.is_running, node.check_output(f"journalctl --unit {unit} --no-pager --lines 50")
    assert service.is_enabled


def test_cri_dockerd_holds_the_socket_that_the_kubelet_is_connected_to(node):
    listening = [
        line for line in node.check_output("ss --unix --listening --processes --no-header").splitlines() if "cri-dockerd.sock" in line
    ]
    assert len(listening) == 1
    assert '"cri-dockerd"' in listening[0]
    connections = [line.split() for line in node.check_output("ss --unix --processes --no-header").splitlines()]
    # netid state receive send path inode peer-path peer-inode users
    served = {fields[7] for fields in connections if fields[4].endswith("/cri-dockerd.sock")}
    kubelets = {fields[5] for fields in connections if '"kubelet"' in fields[-1]}
    assert served & kubelets


def test_cri_dockerd_says_itself_that_docker_is_behind_it(node):
    facts = subprocess.run(
        ["ansible", cluster.node_name(node), "-i", str(cluster.BUILD / "inventory.yml"), "-m", "dockershim.migration.node_facts"],
        check=True,
        capture_output=True,
        text=True,
        env=cluster.environment(),
    ).stdout
    answer = json.loads(facts.partition("=> ")[2])["ansible_facts"]["dockershim_migration"]["cri_dockerd"]["answer"]
    assert answer["runtime_name"] == "docker"
    assert answer["runtime_version"] == node.check_output("docker version --format '{{.Server.Version}}'")


def test_the_socket_belongs_to_dockers_group(node):
    socket = node.file("/run/cri-dockerd.sock")
    assert (socket.user, socket.group, socket.mode) == ("root", "docker", 0o660)


def test_streams_are_served_to_the_node_alone(node, lab):
    listening = node.check_output("ss --tcp --listening --numeric --processes --no-header").splitlines()
    addresses = [line.split()[3] for line in listening if '"cri-dockerd"' in line]
    assert addresses
    assert all(address.startswith("127.0.0.1:") for address in addresses), addresses


def test_kubectl_exec_still_works(before):
    control_plane = cluster.node_host(cluster.node_names()[0])
    output = control_plane.check_output("kubectl --kubeconfig /etc/kubernetes/admin.conf --namespace demo exec keeper -- echo here")
    assert output == "here"


def test_cri_dockerd_has_the_kubelets_old_flags(node):
    pid = node.check_output("systemctl show --property=MainPID --value cri-docker.service")
    arguments = node.check_output(f"tr '\\0' '\\n' < /proc/{pid}/cmdline").splitlines()
    assert "--network-plugin=cni" in arguments
    assert "--pod-infra-container-image=k8s.gcr.io/pause:3.2" in arguments


def test_every_container_was_made_by_cri_dockerd(node):
    running = kubernetes_containers(node)
    since = started(node)
    assert running
    assert [container["Name"] for container in running if container["Created"] < since] == []
    # Each sandbox that cri-dockerd makes has a record of its own there; the dockershim's lie in /var/lib/dockershim.
    sandboxes = {container["Id"] for container in running if label(container, "docker.type") == "podsandbox"}
    assert sandboxes
    assert sandboxes <= set(node.check_output("ls /var/lib/cri-dockerd/sandbox").split())


def test_nothing_of_the_dockershims_is_left_an_orphan(node):
    def orphans():
        pods = cluster.api().list_pod_for_all_namespaces().items
        # A static pod's containers bear the hash of its manifest, which its mirror in the API names.
        known = {pod.metadata.uid for pod in pods} | {(pod.metadata.annotations or {}).get("kubernetes.io/config.hash") for pod in pods}
        return [container["Name"] for container in kubernetes_containers(node, "--all") if label(container, "pod.uid") not in known]

    deadline = time.time() + COLLECTION
    while orphans() and time.time() < deadline:
        time.sleep(5)
    assert orphans() == []


def test_no_address_stays_reserved_for_a_container_that_is_gone(node):
    # host-local's files: named for the address, the container's ID on the first line.
    reserved = node.check_output("sh -c 'head --quiet --lines 1 /var/lib/cni/networks/lab/*.*.*.*'").split()
    assert reserved
    assert set(reserved) <= {container["Id"] for container in kubernetes_containers(node)}


def test_logs_of_finished_pods_can_still_be_read(before):
    control_plane = cluster.node_host(cluster.node_names()[0])
    assert before["finished"]
    for name in before["finished"]:
        assert control_plane.check_output(f"kubectl --kubeconfig /etc/kubernetes/admin.conf --namespace demo logs {name}")


def test_the_api_knows_the_node_as_well(node):
    known = cluster.api().read_node(cluster.node_name(node))
    assert known.metadata.annotations["kubeadm.alpha.kubernetes.io/cri-socket"] == ENDPOINT
    assert "dockershim.migration/cordoned" not in known.metadata.annotations
    assert not known.spec.unschedulable
    assert known.status.node_info.container_runtime_version.startswith("docker://")
    assert {condition.type: condition.status for condition in known.status.conditions}["Ready"] == "True"


def test_every_pod_runs():
    pods = [pod for pod in cluster.api().list_pod_for_all_namespaces().items if pod.status.phase != "Succeeded"]
    assert pods
    for pod in pods:
        assert pod.status.phase == "Running", pod.metadata.name
        for container in cluster.containers_of(pod):
            assert container.ready, f"{pod.metadata.name}/{container.name}"
