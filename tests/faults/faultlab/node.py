# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node that is tested: what it is like after a run, and back to dockershim for the next one."""

from __future__ import annotations

import functools
import os
import time
from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils._journal import (
    COMPLETED,
    DEFAULT_PATH,
    PREPARING,
    ROLLED_BACK,
    parse_journal,
    phase_of,
)
from ansible_collections.dockershim.migration.plugins.module_utils._kubelet_flags import (
    CONTAINERD,
    CONTAINERD_ENDPOINT,
    CRI_DOCKERD,
    CRI_DOCKERD_ENDPOINT,
    DOCKERSHIM,
)
from labcluster import cluster, machine, results, settings, snapshot, workload
from labcluster.command import set_log_dir, wait_until

from faultlab.controller import CHECKOUT

#: What kubeadm is told; the dockershim's is as kubeadm 1.20 writes it.
ENDPOINTS = {DOCKERSHIM: "/var/run/dockershim.sock", CRI_DOCKERD: CRI_DOCKERD_ENDPOINT, CONTAINERD: CONTAINERD_ENDPOINT}
#: What the Node object's runtime version and the identities of containers begin with.
REPORTED = {DOCKERSHIM: "docker", CRI_DOCKERD: "docker", CONTAINERD: "containerd"}
CRI_SOCKET = "kubeadm.alpha.kubernetes.io/cri-socket"
CORDONED = "dockershim.migration/cordoned"
#: Where a migration may stand on a node that is well: done, or not begun in earnest, or taken back.
ENDS = {DOCKERSHIM: (None, PREPARING, ROLLED_BACK), CRI_DOCKERD: (COMPLETED, ROLLED_BACK), CONTAINERD: (COMPLETED,)}
#: The Deployment behind the Service, and how many of its pods each worker has in a lab with two of them.
WEB = ("--namespace=demo", "--selector=app=web")
WEB_PER_WORKER = 2
#: Seconds in which a node that has come up has started its pods, and said so.
SETTLED = 120
#: Pods that are alive but whose kubelet has not looked again would hold every check up for more than a minute (its default).
SYNC_FREQUENCY = "5s"


def read_lab() -> settings.Settings:
    """The lab that runs."""
    description = results.read_description(CHECKOUT)
    assert description, "no lab runs; 'make lab' makes one"
    lab = settings.load_settings({**os.environ, **description["knobs"]}, CHECKOUT)
    set_log_dir(lab.log_dir)
    return lab


class NodeUnderTest:
    """A node of the lab."""

    def __init__(self, lab: settings.Settings, name: str) -> None:
        self.lab = lab
        self.node = lab.node(name)
        self.name = name

    def sibling(self, name: str) -> NodeUnderTest:
        """Another node of the same lab."""
        return NodeUnderTest(self.lab, name)

    def execute(self, *argv: str, check: bool = True) -> str:
        """Runs a command on the node, past SSH."""
        return machine.execute(self.node.container, *argv, check=check)

    def shell(self, script: str) -> str:
        return machine.shell(self.node.container, script)

    # -- on dockershim -------------------------------------------------------------------------------------------------

    def keep(self) -> None:
        """Keeps a copy of the node to come back to, once in a lab's life and while it runs on dockershim; the node is home afterwards."""
        if snapshot.exists(self.lab, self.node):
            self.bring_home()
            return
        assert self.problems(DOCKERSHIM) == [], "the lab is not fresh; make another one with 'make lab'"
        self.shell(f"sed -i 's/^syncFrequency: .*/syncFrequency: {SYNC_FREQUENCY}/' /var/lib/kubelet/config.yaml")
        snapshot.take(self.lab, self.node)
        self.wait_home()

    def bring_home(self) -> None:
        """Puts the node back to dockershim, with nothing left of any migration, and its share of the workload on it."""
        snapshot.restore(self.lab, self.node)
        wait_until(f"the API to know {self.name}", lambda: bool(self.object()), 120)
        annotations = [f"{CRI_SOCKET}={ENDPOINTS[DOCKERSHIM]}", f"{CORDONED}-"]
        cluster.kubectl(self.lab, "annotate", "node", self.name, "--overwrite", *annotations)
        cluster.kubectl(self.lab, "uncordon", self.name)
        self.wait_home()

    def wait_home(self) -> None:
        snapshot.wait_well(self.lab, self.node, REPORTED[DOCKERSHIM])
        if not self.node.is_control_plane:
            self._take_share()
        workload.wait_service(self.lab)

    def _take_share(self) -> None:
        """Has so many of the workload's pods made anew here that draining this node means something."""
        missing = WEB_PER_WORKER - len(self.web_pods())
        elsewhere = [pod["metadata"]["name"] for pod in web_pods(self.lab) if pod["spec"].get("nodeName") != self.name]
        if missing > 0:
            cluster.kubectl(self.lab, "delete", "pod", "--namespace=demo", *elsewhere[:missing])
        wait_until("the workload to be complete", lambda: healthy_web_pods(self.lab) >= 2 * WEB_PER_WORKER, 120)

    # -- during a run --------------------------------------------------------------------------------------------------

    def lose_power(self) -> None:
        """Switches the node off and on again."""
        snapshot.restart(self.node, hard=True)

    def wait_up(self) -> None:
        """Waits until a node that was switched on can be reached."""
        machine.wait_booted(self.node.container)
        machine.wait_reachable(self.node.address)

    # -- after a run ---------------------------------------------------------------------------------------------------

    def object(self) -> dict[str, Any]:
        """The Node object; empty while the API does not answer."""
        return cluster.get(self.lab, "node", self.name)

    def web_pods(self) -> list[dict[str, Any]]:
        return [pod for pod in web_pods(self.lab) if pod["spec"].get("nodeName") == self.name]

    def kubelet_arguments(self) -> list[str]:
        pid = self.execute("systemctl", "show", "--property=MainPID", "--value", "kubelet").strip()
        return self.execute("cat", f"/proc/{pid}/cmdline").split("\0")

    def phase(self) -> str | None:
        """Where the journal on the node says that its last migration stands; None where there was none."""
        records = parse_journal(self.execute("cat", DEFAULT_PATH, check=False).strip() or None, DEFAULT_PATH)
        return phase_of(records[-1]["entries"]) if records else None

    def problems(self, runtime: str) -> list[str]:
        """All that keeps the node from being well, in use, and wholly on a runtime: dockershim, cri-dockerd or containerd."""
        arguments = self.kubelet_arguments()
        remote, endpoint = "--container-runtime=remote", f"--container-runtime-endpoint={ENDPOINTS[runtime]}"
        node = self.object()
        pods = cluster.get(self.lab, "pods", "--all-namespaces", f"--field-selector=spec.nodeName={self.name}").get("items", [])
        version = node["status"]["nodeInfo"]["containerRuntimeVersion"]
        annotations = node["metadata"]["annotations"]
        on_containerd, reported = runtime == CONTAINERD, REPORTED[runtime]
        leftover = self.execute("ctr", "--namespace", "moby" if on_containerd else "k8s.io", "tasks", "ls", "--quiet", check=False)
        units = {unit: self.execute("systemctl", "is-active", unit, check=False).strip() for unit in ("docker.service", "docker.socket")}
        phase = self.phase()
        found = {
            f"the kubelet runs with {' '.join(arguments)}": remote in arguments
            if runtime == DOCKERSHIM
            else not {remote, endpoint} <= set(arguments),
            "the node is not Ready": not cluster.is_ready(node),
            f"it reports {version}": not version.startswith(f"{reported}://"),
            "it is cordoned": bool(node["spec"].get("unschedulable")) or CORDONED in annotations,
            f"kubeadm is told {annotations.get(CRI_SOCKET)}": annotations.get(CRI_SOCKET) != ENDPOINTS[runtime],
            f"containers of the other runtime live on: {leftover.split()}": bool(leftover.split()),
            f"Docker's units are {units}": any((state == "active") == on_containerd for state in units.values()),
            f"its migration stands at {phase}": phase not in ENDS[runtime],
            "it has no pods": not pods,
        }
        unwell = [pod["metadata"]["name"] for pod in pods if not (workload.pod_is_well(pod) and workload.pod_runs_on(pod, reported))]
        found[f"pods are unwell or elsewhere: {unwell}"] = bool(unwell)
        return [text for text, wrong in found.items() if wrong]

    def lasting_problems(self, runtime: str) -> list[str]:
        """The problems of a node that may have come up a moment ago: those that are still there when it has had time to start its pods."""
        end = time.monotonic() + SETTLED
        while (found := self.problems(runtime)) and time.monotonic() < end:
            time.sleep(2)
        return found


def web_pods(lab: settings.Settings) -> list[dict[str, Any]]:
    """The workload's pods that are not on their way out."""
    pods = cluster.get(lab, "pods", *WEB).get("items", [])
    return [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]


def healthy_web_pods(lab: settings.Settings) -> int:
    return len([pod for pod in web_pods(lab) if workload.pod_is_well(pod)])


@functools.cache
def node_under_test(name: str) -> NodeUnderTest:
    """A node of the lab, of which there is a copy to come back to."""
    node = NodeUnderTest(read_lab(), name)
    node.keep()
    return node
