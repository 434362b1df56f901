#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
---
module: containerd_containers
short_description: Makes sure that none of the kubelet's containers runs under containerd on a node
version_added: 0.1.0
description:
  - Stops all containers that containerd's CRI plugin runs (namespace C(k8s.io)), the containers of each pod before the pause container that
    holds its network. Without it they would hold their ports (2380 and 6443 on a control plane) and stand in the way of the same pods under
    another runtime.
  - Where containerd does not run, what outlived it is found by its shims.
  - With O(cni_bin_dir) a pod's network is given back to its CNI plugins before its pause container ends, as the kubelet would have done.
  - Containers are stopped, not removed, and images stay. A kubelet that comes back to containerd tidies up after itself.
  - Stop the kubelet first, or it starts the containers again.
author:
  - The dockershim.migration developers (!UNKNOWN)
extends_documentation_fragment:
  - dockershim.migration.common
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
options:
  grace_period:
    description:
      - Seconds that the containers get between their stop signal and their end.
    type: int
    default: 30
  cni_bin_dir:
    description:
      - Directories of the node's CNI plugins, joined by colons. The pods' networks are left alone where this is not given.
    type: str
  containerd_address:
    description:
      - Path of containerd's socket on the node.
    type: path
    default: /run/containerd/containerd.sock
seealso:
  - module: dockershim.migration.docker_containers
"""

EXAMPLES = r"""
- name: Stop all containers of the pods that stay on the node
  dockershim.migration.containerd_containers:
    grace_period: 30
    cni_bin_dir: /opt/cni/bin
"""

RETURN = r"""
released:
  description: The pods (or, where containerd does not run, the sandboxes) whose network was given back.
  returned: always
  type: list
  elements: str
  sample: [demo/agent-mwxlh]
stopped:
  description: The containers that were stopped. Where containerd does not run nobody knows their names.
  returned: always
  type: list
  elements: dict
  sample: [{id: 0b5f6f2b7a3f, name: etcd, pod: kube-system/etcd-control-plane-1}]
"""

import os
import signal
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils._cni import CONTAINERD_CACHE, release_networks
from ansible_collections.dockershim.migration.plugins.module_utils._ctr import CRI_NAMESPACE, DEFAULT_ADDRESS, Ctr
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._shims import find_shims, read_processes
from ansible_collections.dockershim.migration.plugins.module_utils._systemd import parse_show, show_command

#: Labels of the CRI plugin (containerd pkg/cri/server/helpers.go) and of the kubelet (pkg/kubelet/types/labels.go).
KIND_LABEL = "io.cri-containerd.kind"
NAME_LABEL = "io.kubernetes.container.name"
POD_LABELS = ("io.kubernetes.pod.namespace", "io.kubernetes.pod.name")


class RunningContainerd(object):
    """The containers of a containerd that runs."""

    def __init__(self, ctr):
        self.ctr = ctr

    def containers(self):
        found = []
        for container_id, pid in sorted(self.ctr.running_tasks().items()):
            labels = self.ctr.container_labels(container_id)
            if KIND_LABEL not in labels:
                # Somebody's own, started with ctr: the kubelet does not know it and it is no pod's.
                continue
            found.append(
                {
                    "id": container_id,
                    "netns": "/proc/{0}/ns/net".format(pid),
                    "sandbox": labels[KIND_LABEL] == "sandbox",
                    "name": labels.get(NAME_LABEL, "pause"),
                    "pod": "/".join(labels.get(label, "?") for label in POD_LABELS),
                }
            )
        return found

    def stop(self, containers, grace_period):
        self.ctr.stop_tasks([container["id"] for container in containers], grace_period)


class StoppedContainerd(object):
    """The containers that outlived containerd: the children of its shims, one shim for each pod."""

    def __init__(self, processes=read_processes):
        self.processes = processes

    def containers(self):
        return [
            {
                "id": shim["id"],
                "pids": shim["children"],
                "shim": shim["pid"],
                # All of the pod's processes share its network.
                "netns": "/proc/{0}/ns/net".format(shim["children"][0]) if shim["children"] else "",
                "sandbox": True,
                "name": None,
                "pod": None,
            }
            for shim in find_shims(self.processes(), CRI_NAMESPACE)
        ]

    def stop(self, containers, grace_period):
        pids = [pid for container in containers for pid in container["pids"]]
        for number, seconds in ((signal.SIGTERM, grace_period), (signal.SIGKILL, 10)):
            pids = [pid for pid in pids if _signal(pid, number)]
            deadline = time.time() + seconds
            while pids and time.time() < deadline:
                time.sleep(0.2)
                pids = [pid for pid in pids if _signal(pid, 0)]
        for container in containers:
            _signal(container["shim"], signal.SIGKILL)
        time.sleep(0.2 if containers else 0)


def _signal(pid, number):
    """Sends a signal (0 for none); returns whether there is such a process."""
    try:
        os.kill(pid, number)
    except OSError:
        return False
    return True


def release(module, sandboxes):
    """Gives the networks of sandboxes back; returns whose."""
    released = []
    for sandbox in sandboxes:
        networks, problems = release_networks(
            module.run_command, sandbox["id"], sandbox["netns"], module.params["cni_bin_dir"], CONTAINERD_CACHE
        )
        whose = sandbox["pod"] or sandbox["id"][:12]
        for problem in problems:
            module.warn("The network of pod {0} was not given back. {1}".format(whose, problem))
        if networks:
            released.append(whose)
    return sorted(released)


def run(module):
    """Finds, stops, looks again; returns the result."""
    params = module.params
    units = parse_show(module.run_command(show_command(["containerd.service"]), check_rc=True)[1])
    runtime = StoppedContainerd()
    if units["containerd.service"]["main_pid"]:
        runtime = RunningContainerd(Ctr(module.run_command, CRI_NAMESPACE, params["containerd_address"]))
    found = runtime.containers()
    released = []
    if not module.check_mode and found:
        runtime.stop([container for container in found if not container["sandbox"]], params["grace_period"])
        sandboxes = [container for container in found if container["sandbox"]]
        if params["cni_bin_dir"]:
            released = release(module, sandboxes)
        runtime.stop(sandboxes, params["grace_period"])
        left = runtime.containers()
        if left:
            raise MigrationError(
                "These containers of containerd's do not end: {0}.".format(
                    ", ".join(sorted("{0} ({1})".format(container["name"] or container["id"], container["pod"]) for container in left))
                )
            )
    stopped = [{"id": container["id"][:12], "name": container["name"], "pod": container["pod"]} for container in found]
    return {
        "changed": bool(stopped),
        "stopped": stopped,
        "released": released,
        "diff": {
            "before_header": "containers that containerd runs for the kubelet",
            "after_header": "containers that containerd runs for the kubelet",
            "before": "".join(sorted("{0} {1}\n".format(item["pod"] or "?", item["name"] or item["id"]) for item in stopped)),
            "after": "",
        },
    }


def main():
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "grace_period": {"type": "int", "default": 30},
            "cni_bin_dir": {"type": "str"},
            "containerd_address": {"type": "path", "default": DEFAULT_ADDRESS},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except MigrationError as error:
        module.fail_json(msg=error.message, **error.details)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
