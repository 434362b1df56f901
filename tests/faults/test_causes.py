# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong on real sites, caused on purpose in the middle of a run: the node goes back by itself, or the next run goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils._journal import SWITCHING
from faultlab.controller import Playbook, Run, run, run_disturbed
from faultlab.node import CONTAINERD, DOCKERSHIM, NodeUnderTest
from faultlab.points import pause_before
from faultlab.recording import DRAIN, PLAYBOOK, VARIABLES
from faultlab.watch import undisturbed_workload
from labcluster import cluster, machine

STOP_KUBELET = "dockershim.migration.kubelet_runtime : Stop the kubelet"
NEW_FLAGS = "dockershim.migration.kubelet_runtime : Give the kubelet its new flags"
STOP_CONTAINERS = "dockershim.migration.kubelet_runtime : Stop the containers of the pods that stay on the node"
COPY_IMAGES = "dockershim.migration.containerd : Copy Docker's images to containerd"
#: Nothing that is broken here mends itself. A drain that goes well takes as long as the workload's grace period, half a minute.
SOON_GIVEN_UP = {**VARIABLES, "node_maintenance_health_timeout": "60"}
SOON_NOT_DRAINED = {**VARIABLES, "node_maintenance_drain_timeout": "20"}

pytestmark = pytest.mark.usefixtures("site")


def disk_of_its_own(node: NodeUnderTest) -> None:
    """A file system for containerd alone, as many sites have it; made while nothing runs on the node."""
    node.shell(
        "systemctl stop kubelet; docker ps --quiet | xargs --no-run-if-empty docker kill > /dev/null; systemctl stop docker.socket docker "
        "containerd; mount -t tmpfs -o size=20g tmpfs /var/lib/containerd; systemctl start containerd docker kubelet"
    )
    node.wait_home()


@pytest.fixture
def site(worker: NodeUnderTest, request: pytest.FixtureRequest) -> Iterator[None]:
    """The worker is on dockershim, and the workload notices nothing of what is done to it from now on."""
    worker.bring_home()
    if hasattr(request, "param"):
        request.param(worker)
    with undisturbed_workload():
        yield


def disturbed_run(
    node: NodeUnderTest,
    task: str,
    disturb: Callable[[], object],
    mend: Callable[[], object] = lambda: None,
    variables: Mapping[str, str] | None = None,
) -> Run:
    """A run of the migration that is disturbed just before a task."""
    return run_disturbed(PLAYBOOK, node.name, pause_before(task), disturb, mend, variables or VARIABLES)


def assert_back(node: NodeUnderTest, failed: Run, *evidence: str) -> None:
    """The run failed and said why; the node is what it was, and in use."""
    assert failed.returncode not in (0, None)
    assert node.problems(DOCKERSHIM) == [], failed.tail()
    for text in evidence:
        assert text in failed.output, failed.tail()


def assert_goes_on(node: NodeUnderTest) -> None:
    """The next run brings the node to containerd."""
    finished = run(PLAYBOOK, node.name, VARIABLES)
    assert finished.ended_well, finished.tail()
    assert node.problems(CONTAINERD) == []


def refuse_to_start(node: NodeUnderTest, unit: str, text: str, path: str) -> None:
    """A unit starts no more while a file has a text in it: what is broken lies in the new way, not in the old one."""
    directory = f"/etc/systemd/system/{unit}.service.d"
    check = f'[Service]\nExecStartPre=/bin/sh -c "! grep -q {text} {path}"\n'
    node.shell(f"mkdir -p {directory}")
    machine.execute(node.node.container, "sh", "-c", f"cat > {directory}/fault.conf", stdin=check)
    node.shell("systemctl daemon-reload")


def refuse_new_kubelet(node: NodeUnderTest) -> None:
    """The kubelet starts no more with the flags of another runtime than the dockershim."""
    refuse_to_start(node, "kubelet", "container-runtime=remote", "/var/lib/kubelet/kubeadm-flags.env")


def mend(node: NodeUnderTest, unit: str) -> None:
    """Takes back what C(refuse_to_start) did."""
    node.shell(f"rm /etc/systemd/system/{unit}.service.d/fault.conf; systemctl daemon-reload; systemctl reset-failed {unit} || true")


def test_a_containerd_that_does_not_start(worker: NodeUnderTest) -> None:
    def disturb() -> None:
        refuse_to_start(worker, "containerd", "SystemdCgroup.*true", "/etc/containerd/config.toml")
        worker.shell("systemctl stop containerd")

    failed = disturbed_run(worker, NEW_FLAGS, disturb, variables=SOON_GIVEN_UP)
    assert_back(worker, failed, "containerd")
    mend(worker, "containerd")
    assert_goes_on(worker)


def test_a_kubelet_that_does_not_come_up(worker: NodeUnderTest) -> None:
    failed = disturbed_run(worker, STOP_KUBELET, lambda: refuse_new_kubelet(worker), variables=SOON_GIVEN_UP)
    assert_back(worker, failed, "kubelet")
    mend(worker, "kubelet")
    assert_goes_on(worker)


def test_a_node_that_is_not_to_go_back_by_itself(worker: NodeUnderTest) -> None:
    wish = {**SOON_GIVEN_UP, "kubelet_runtime_rollback": "false"}
    failed = disturbed_run(worker, STOP_KUBELET, lambda: refuse_new_kubelet(worker), variables=wish)
    assert failed.returncode not in (0, None)
    assert "kubelet_runtime_rollback" in failed.output, failed.tail()
    assert worker.phase() == SWITCHING
    assert worker.object()["spec"]["unschedulable"]
    mend(worker, "kubelet")
    assert_goes_on(worker)


def test_a_pause_image_that_cannot_be_had(worker: NodeUnderTest) -> None:
    def disturb() -> None:
        worker.shell("ctr -n k8s.io images rm --sync k8s.gcr.io/pause:3.2")

    failed = disturbed_run(worker, STOP_KUBELET, disturb, variables=SOON_GIVEN_UP)
    assert_back(worker, failed, "pause")
    assert_goes_on(worker)


@pytest.mark.parametrize("site", [disk_of_its_own], indirect=True)
def test_a_disk_that_fills_up_while_images_are_copied(worker: NodeUnderTest) -> None:
    def resize(size: str) -> Callable[[], str]:
        return lambda: worker.shell(f"mount -o remount,size={size} /var/lib/containerd")

    failed = disturbed_run(worker, COPY_IMAGES, resize("4m"), resize("20g"))
    assert_back(worker, failed, "no space left")
    assert_goes_on(worker)


def test_an_api_that_is_away_for_a_minute(worker: NodeUnderTest) -> None:
    lab = worker.lab
    rule = ("INPUT", "--source", lab.gateway, "--protocol", "tcp", "--dport", "6443", "--jump", "DROP")
    gate = lab.control_planes[0].container
    playbook = Playbook(PLAYBOOK, worker.name, VARIABLES, pause_before(DRAIN))
    playbook.wait_for_point()
    machine.execute(gate, "iptables", "--insert", *rule)
    try:
        playbook.go_on()
        time.sleep(60)
    finally:
        machine.execute(gate, "iptables", "--delete", *rule)
    finished = playbook.wait()
    assert finished.ended_well, finished.tail()
    assert finished.seconds > 60
    assert worker.problems(CONTAINERD) == []


def test_a_budget_that_blocks(worker: NodeUnderTest) -> None:
    def demand(pods: int) -> Callable[[], str]:
        patch = f'{{"spec":{{"minAvailable":{pods}}}}}'
        return lambda: cluster.kubectl(worker.lab, "patch", "pdb", "web", "--namespace=demo", "--type=merge", f"--patch={patch}")

    failed = disturbed_run(worker, DRAIN, demand(4), demand(3), SOON_NOT_DRAINED)
    assert_back(worker, failed, "PodDisruptionBudget demo/web")
    assert_goes_on(worker)


def test_an_ssh_connection_that_is_cut(worker: NodeUnderTest) -> None:
    rule = "INPUT --protocol tcp --dport 22 --jump REJECT --reject-with tcp-reset"
    playbook = Playbook(PLAYBOOK, worker.name, VARIABLES, pause_before(STOP_CONTAINERS))
    playbook.wait_for_point()
    playbook.go_on()
    # The task's program has begun its work on the node by then.
    time.sleep(1)
    worker.shell(f"iptables --insert {rule}; pkill --full '[s]shd: admin'")
    cut = playbook.wait()
    assert cut.returncode not in (0, None)
    assert "UNREACHABLE" in cut.output, cut.tail()
    worker.shell(f"iptables --delete {rule}")
    assert_goes_on(worker)
