# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The effective state after the migration: what the running system says, not what a file says."""

from __future__ import annotations

import json

import cluster
import pytest
import tomllib
from fresh_pods import fresh_pods

#: Others than those that were pulled under Docker (test_under_docker.py).
IMAGES = cluster.description()["fresh_images"][1]
ENDPOINT = "unix:///run/containerd/containerd.sock"


def kubelet_arguments(node):
    pid = node.check_output("systemctl show --property=MainPID --value kubelet")
    return node.check_output(f"tr '\\0' '\\n' < /proc/{pid}/cmdline").splitlines()


def test_the_kubelet_runs_without_dockershim(node):
    arguments = kubelet_arguments(node)
    assert "--container-runtime=remote" in arguments
    assert f"--container-runtime-endpoint={ENDPOINT}" in arguments
    assert not [argument for argument in arguments if argument.startswith(("--network-plugin", "--cni-", "--docker-"))]
    assert not node.socket("unix:///var/run/dockershim.sock").is_listening


@pytest.mark.parametrize("unit", ["docker.service", "docker.socket"])
def test_docker_is_stopped_and_stays_so(node, unit):
    service = node.service(unit)
    if not service.exists:
        assert not node.package("docker.io").is_installed
        return
    assert not service.is_running
    assert not service.is_enabled


def test_no_container_of_dockers_lives_on(node):
    assert node.check_output("ctr --namespace moby tasks ls --quiet") == ""
    assert node.check_output("ctr --namespace moby containers ls --quiet") == ""
    shims = [process.args for process in node.process.filter() if "containerd-shim" in process.args]
    assert shims, "no shim at all: this looks at the wrong processes"
    assert not [arguments for arguments in shims if "moby" in arguments.split()]


def test_containerd_runs_and_starts_at_boot(node):
    service = node.service("containerd")
    assert service.is_running, node.check_output("journalctl --unit containerd --no-pager --lines 50")
    assert service.is_enabled


def test_containerd_effectively_has_what_the_kubelet_had(node):
    effective = tomllib.loads(node.check_output("containerd config dump"))
    cri = effective["plugins"]["io.containerd.grpc.v1.cri"]
    assert cri["sandbox_image"] == "k8s.gcr.io/pause:3.2"
    assert cri["containerd"]["runtimes"]["runc"]["options"]["SystemdCgroup"] is True
    assert cri["registry"]["config_path"] == "/etc/containerd/certs.d"
    assert cri["cni"]["bin_dir"] == "/opt/cni/bin"
    assert not [name for name in effective["disabled_plugins"] if "cri" in name]


def test_the_kubelet_rotates_logs_as_docker_did(node):
    # What the kubelet itself says is in force; Docker had max-size 10m and max-file 3.
    answer = cluster.api().connect_get_node_proxy_with_path(cluster.node_name(node), "configz", _preload_content=False)
    effective = json.loads(answer.data)["kubeletconfig"]
    assert (effective["containerLogMaxSize"], effective["containerLogMaxFiles"]) == ("10M", 3)


def test_containerd_has_what_dockers_command_line_and_environment_said(node):
    assert node.check_output("systemctl show containerd --property LimitNOFILE --property LimitNOFILESoft --value").split() == [
        "16000",
        "10000",
    ]
    environment = node.check_output(
        "xargs --null --max-args 1 --arg-file /proc/$(systemctl show containerd --property MainPID --value)/environ"
    )
    assert "NO_PROXY=localhost,.lab" in environment.splitlines()
    assert node.file("/etc/containerd/dockershim-migration-proxy.env").mode == 0o600
    effective = tomllib.loads(node.check_output("containerd config dump"))
    assert effective["plugins"]["io.containerd.grpc.v1.cri"]["max_concurrent_downloads"] == 4
    # What Docker allows in every pod.
    assert effective["plugins"]["io.containerd.grpc.v1.cri"]["enable_unprivileged_ports"] is True


def test_the_kernel_settings_that_docker_saw_to_outlive_a_reboot(node):
    assert node.file("/etc/modules-load.d/dockershim-migration.conf").content_string.split("\n")[-3:] == ["overlay", "br_netfilter", ""]
    for line in node.file("/etc/sysctl.d/90-dockershim-migration.conf").content_string.splitlines():
        if not line.startswith("#"):
            name, value = line.split(" = ")
            assert node.check_output(f"cat /proc/sys/{name.replace('.', '/')}") == value


def test_pods_live_in_the_cgroups_that_systemd_manages(node):
    process = node.check_output("ctr --namespace k8s.io tasks ls").splitlines()[1].split()[1]
    assert "kubepods.slice/" in node.check_output(f"cat /proc/{process}/cgroup")


def test_static_pods_run_under_containerd(node, lab):
    role = {entry["name"]: entry["role"] for entry in lab["nodes"]}[cluster.node_name(node)]
    if role != "control-plane":
        assert node.check_output("ls -A /etc/kubernetes/manifests 2>/dev/null || true") == ""
        return
    running = node.check_output("ctr --namespace k8s.io tasks ls --quiet").splitlines()
    images = [
        row.split()[1] for row in node.check_output("ctr --namespace k8s.io containers ls").splitlines()[1:] if row.split()[0] in running
    ]
    for component in ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"):
        assert [image for image in images if f"/{component}:" in image], f"{component} is not among {images}"


def test_no_address_stays_reserved_for_a_container_that_is_gone(node):
    # host-local's files: named for the address, the container's ID on the first line.
    reserved = node.check_output("sh -c 'head --quiet --lines 1 /var/lib/cni/networks/lab/*.*.*.*'").split()
    assert reserved
    assert set(reserved) <= set(node.check_output("ctr --namespace k8s.io containers ls --quiet").split())


def test_the_api_knows_the_node_as_well(node):
    known = cluster.api().read_node(cluster.node_name(node))
    assert known.metadata.annotations["kubeadm.alpha.kubernetes.io/cri-socket"] == ENDPOINT
    assert "dockershim.migration/cordoned" not in known.metadata.annotations
    assert not known.spec.unschedulable
    assert known.status.node_info.container_runtime_version.startswith("containerd://")
    assert {condition.type: condition.status for condition in known.status.conditions}["Ready"] == "True"


def test_every_pod_runs_on_containerd():
    pods = cluster.api().list_pod_for_all_namespaces().items
    assert pods
    for pod in pods:
        if pod.status.phase == "Succeeded":
            continue
        assert pod.status.phase == "Running", pod.metadata.name
        for container in cluster.containers_of(pod):
            assert container.ready, f"{pod.metadata.name}/{container.name}"
            assert container.container_id.startswith("containerd://"), f"{pod.metadata.name}/{container.name}"


def test_a_pod_without_controller_is_still_there_with_its_data(before):
    keeper = cluster.api().read_namespaced_pod("keeper", cluster.DEMO)
    assert keeper.metadata.uid == before["keeper"]["uid"]
    # The pod prints its marker when it starts, and makes a new one only if there is none.
    assert cluster.api().read_namespaced_pod_log("keeper", cluster.DEMO).strip() == before["keeper"]["marker"]


def test_no_log_goes_into_dockers_files(node):
    # Where a container's log is a link of the dockershim's, it ends with Docker's data.
    logs = node.check_output("find /var/log/pods -name '*.log' -printf '%y %p %l\\n'").splitlines()
    assert [log for log in logs if log.startswith("f ")]
    assert not [log for log in logs if log.startswith("l ")]


def test_finished_pods_are_kept(before):
    pods = cluster.api().list_namespaced_pod(cluster.DEMO).items
    assert before["finished"]
    assert sorted(pod.metadata.name for pod in pods if pod.status.phase == "Succeeded") == before["finished"]


def test_the_client_of_the_service_saw_no_failed_request():
    report = cluster.probe_report()
    assert report["requests"] > 100
    assert report["failures"] == []
    assert report["missing"] == []


def test_nothing_that_was_on_a_node_was_pulled_again(before, lab):
    addresses = {node["address"]: node["name"] for node in lab["nodes"]}
    again = []
    for pull in cluster.pulls(before["time"]):
        if pull["client"] not in addresses or "fresh" in pull["repository"]:
            continue
        # "k8s.gcr.io/pause 3.2 <digest> <id>": the repository is all that both sides spell alike.
        had = [image for image in before["nodes"][addresses[pull["client"]]]["docker_images"] if pull["repository"] in image.split()[0]]
        if had:
            again.append((pull, had))
    assert not again


@pytest.fixture(scope="session")
def pods_now():
    with fresh_pods(cluster.node_names(), IMAGES) as pods:
        yield pods


@pytest.mark.parametrize("image", IMAGES)
def test_a_new_pod_pulls_as_it_did_under_docker(node, image, pods_now):
    pod = pods_now[cluster.node_name(node), image]
    assert pod.wait() == "Running"
    pulls = pod.pulls()
    # The blobs come with the first pod: when these tests run once more the node has them, and asks for the manifest alone.
    assert "manifest" in {pull["kind"] for pull in pulls if pull["status"] == 200}
    assert all(pull["user_agent"].startswith("containerd/") for pull in pulls), pulls


def test_the_first_mirror_is_down_and_containerd_goes_on_to_the_next(node, lab, pods_now):
    mirrored = next(image for image in IMAGES if pods_now[cluster.node_name(node), image].registry == "mirror")
    assert pods_now[cluster.node_name(node), mirrored].wait() == "Running"
    mirrors = list(tomllib.loads(node.file("/etc/containerd/certs.d/docker.io/hosts.toml").content_string)["host"])
    assert mirrors == [f"http://{lab['down_mirror']}", f"http://{lab['registries']['mirror']['name']}"]
    assert lab["down_mirror"] in node.check_output("journalctl --unit containerd --no-pager --output cat --grep 'connection refused'")
