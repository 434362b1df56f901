#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
---
module: docker_containers
short_description: Makes sure that no container that the kubelet made runs under Docker
version_added: 0.1.0
description:
  - Stops all containers that Docker runs, the containers of each pod before the pause container that holds its network. Those of other
    programs than the kubelet can be kept.
  - Where Docker is stopped already, stops what outlived it. With C(live-restore) containers go on without Docker, keep their ports (2380
    and 6443 on a control plane) and would stand in the way of the same pods under another runtime.
  - With O(cni_bin_dir) a pod's network is given back to its CNI plugins before its pause container ends, as the kubelet would have done,
    so that the addresses of the pods that stay on the node are not reserved for good.
  - Containers are stopped, not removed. Docker's data stay as they are.
  - Stop the kubelet first, or it starts the containers again.
author:
  - The dockershim.migration developers (!UNKNOWN)
extends_documentation_fragment:
  - dockershim.migration.common
  - dockershim.migration.common.sockets
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
options:
  foreign:
    description:
      - What to do about running containers that do not belong to Kubernetes.
      - V(refuse) fails before anything is stopped.
      - V(stop) stops them as well.
      - V(keep) leaves them alone, for a Docker that goes on running.
    type: str
    choices: [refuse, stop, keep]
    default: refuse
  grace_period:
    description:
      - Seconds that a container gets between its stop signal and its end, where its pod does not ask for less.
    type: int
    default: 30
  cni_bin_dir:
    description:
      - Directories of the node's CNI plugins, joined by colons. The pods' networks are left alone where this is not given.
    type: str
  docker_root:
    description:
      - Docker's data directory on the node. The containers' own records in it tell whose a container is where Docker does not run.
    type: path
    default: /var/lib/docker
seealso:
  - module: dockershim.migration.node_facts
"""

EXAMPLES = r"""
- name: Stop all containers of the pods that stay on the node
  dockershim.migration.docker_containers:
    grace_period: 30
"""

RETURN = r"""
released:
  description: The pods whose network was given back.
  returned: always
  type: list
  elements: str
  sample: [demo/agent-mwxlh]
stopped:
  description: The containers that were stopped.
  returned: always
  type: list
  elements: dict
  sample: [{id: 0b5f6f2b7a3f, name: k8s_etcd_etcd-control-plane-1_kube-system_f1_0, pod: kube-system/etcd-control-plane-1}]
"""

import concurrent.futures
import json
import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils._cni import release_networks
from ansible_collections.dockershim.migration.plugins.module_utils._ctr import DEFAULT_ADDRESS, DOCKER_NAMESPACE, Ctr
from ansible_collections.dockershim.migration.plugins.module_utils._docker_engine import (
    DEFAULT_SOCKET,
    GRACE_PERIOD_LABEL,
    DockerEngine,
    is_kubernetes_container,
    is_sandbox,
    pod_of,
)
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._systemd import parse_show, show_command
from ansible_collections.dockershim.migration.plugins.module_utils._text_file import read_text

#: As many stop requests at once; each waits for its container to end.
PARALLEL_STOPS = 32


def grace_period_of(container, limit):
    """Returns the seconds a container gets to end: what its pod asks for, but no more than the limit."""
    try:
        return min(int(container["labels"][GRACE_PERIOD_LABEL]), limit)
    except (KeyError, ValueError):
        return limit


def refuse_foreign(containers):
    """Raises an error that names the containers that do not belong to Kubernetes, if there are any."""
    foreign = sorted(
        "{0} ({1})".format(container["name"], container["image"]) for container in containers if not is_kubernetes_container(container)
    )
    if foreign:
        raise MigrationError(
            "Docker runs containers on this node that do not belong to Kubernetes and would end with it: {0}. Move them to another host, "
            "keep Docker on this node, or accept their end (foreign: stop).".format(", ".join(foreign)),
            foreign=foreign,
        )


def wanted(containers, foreign):
    """Returns the containers that are to end."""
    return [container for container in containers if foreign != "keep" or is_kubernetes_container(container)]


class RunningDocker(object):
    """The containers of a Docker that runs."""

    def __init__(self, engine, limit):
        self.engine, self.limit = engine, limit

    def containers(self):
        return self.engine.running_containers()

    def process_id(self, container):
        return self.engine.process_id(container["id"])

    def stop(self, containers):
        with concurrent.futures.ThreadPoolExecutor(PARALLEL_STOPS) as pool:
            stops = [
                pool.submit(self.engine.stop_container, container["id"], grace_period_of(container, self.limit)) for container in containers
            ]
            for stop in stops:
                stop.result()


class StoppedDocker(object):
    """The containers that outlived Docker, as containerd knows them."""

    def __init__(self, ctr, root, limit):
        self.ctr, self.root, self.limit = ctr, root, limit

    def containers(self):
        return [self._described(container_id) for container_id in sorted(self.ctr.running_tasks())]

    def process_id(self, container):
        return self.ctr.running_tasks().get(container["id"], 0)

    def _described(self, container_id):
        # Docker's own record: github.com/moby/moby container/container.go, config.v2.json
        text = read_text(os.path.join(self.root, "containers", container_id, "config.v2.json"))
        record = json.loads(text) if text else {}
        config = record.get("Config") or {}
        return {
            "id": container_id,
            "name": record.get("Name", container_id[:12]).lstrip("/"),
            "image": config.get("Image", "unknown image"),
            "labels": config.get("Labels") or {},
        }

    def stop(self, containers):
        longest = max([grace_period_of(container, self.limit) for container in containers] or [0])
        self.ctr.stop_tasks([container["id"] for container in containers], longest)


def release_pod_networks(module, docker, sandboxes):
    """Gives the networks of the sandboxes back; returns the pods that had one."""
    released = []
    for sandbox in sandboxes:
        process = docker.process_id(sandbox)
        netns = "/proc/{0}/ns/net".format(process) if process else ""
        # A pod in the node's own network has no record, and so nothing to give back.
        networks, problems = release_networks(module.run_command, sandbox["id"], netns, module.params["cni_bin_dir"])
        for problem in problems:
            module.warn("The network of pod {0} was not given back. {1}".format(pod_of(sandbox), problem))
        if networks:
            released.append(pod_of(sandbox))
    return sorted(released)


def main():
    module = AnsibleModule(
        argument_spec={
            "foreign": {"type": "str", "choices": ["refuse", "stop", "keep"], "default": "refuse"},
            "grace_period": {"type": "int", "default": 30},
            "cni_bin_dir": {"type": "str"},
            "docker_root": {"type": "path", "default": "/var/lib/docker"},
            "docker_socket": {"type": "path", "default": DEFAULT_SOCKET},
            "containerd_address": {"type": "path", "default": DEFAULT_ADDRESS},
        },
        supports_check_mode=True,
    )
    params = module.params
    # Not by asking the socket: that would start a stopped Docker.
    units = parse_show(module.run_command(show_command(["docker.service", "containerd.service"]), check_rc=True)[1])
    ctr = Ctr(module.run_command, DOCKER_NAMESPACE, params["containerd_address"])
    try:
        if units["docker.service"]["main_pid"]:
            docker = RunningDocker(DockerEngine(params["docker_socket"]), params["grace_period"])
        elif units["containerd.service"]["main_pid"]:
            docker = StoppedDocker(ctr, params["docker_root"], params["grace_period"])
        else:
            raise MigrationError(
                "Neither docker.service nor containerd.service runs on this node, so nothing can tell which containers live on. "
                "Start containerd ('systemctl start containerd')."
            )
        found = wanted(docker.containers(), params["foreign"])
        released = []
        if params["foreign"] == "refuse":
            refuse_foreign(found)
        if not module.check_mode:
            docker.stop([container for container in found if not is_sandbox(container)])
            sandboxes = [container for container in found if is_sandbox(container)]
            if params["cni_bin_dir"]:
                released = release_pod_networks(module, docker, sandboxes)
            docker.stop(sandboxes)
            left = wanted(docker.containers(), params["foreign"])
            if left:
                raise MigrationError(
                    "These containers of Docker's do not end: {0}.".format(", ".join(sorted(container["name"] for container in left)))
                )
    except MigrationError as error:
        module.fail_json(msg=error.message, **error.details)
    stopped = [
        {
            "id": container["id"][:12],
            "name": container["name"],
            "pod": pod_of(container) if is_kubernetes_container(container) else None,
        }
        for container in found
    ]
    module.exit_json(
        changed=bool(stopped),
        stopped=stopped,
        released=released,
        diff={
            "before_header": "containers that Docker runs",
            "after_header": "containers that Docker runs",
            "before": "".join(sorted(container["name"] + "\n" for container in stopped)),
            "after": "",
        },
    )


if __name__ == "__main__":
    main()
