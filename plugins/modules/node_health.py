#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: node_health
short_description: Waits until a node and all that should run on it is well
version_added: 0.1.0
author: ["The dockershim.migration developers (!UNKNOWN)"]
description:
  - A node that calls itself Ready on the new runtime may still have every static pod in C(ContainerCreating). This module therefore asks
    for all of these at once, for O(stable_for) seconds in succession.
  - The node is Ready, and with O(since) the kubelet that says so has started after that time.
  - The node reports the wanted O(runtime).
  - Every pod bound to the node that is neither finished nor being deleted is Running and Ready.
  - Every running container of those pods has an identity of the wanted O(runtime), which is the proof that static pods, too, were
    restarted.
  - A failure names each node condition, pod and container with the kubelet's own reason, and the last warning event where there is one.
options:
  name:
    description:
      - Name of the node as the cluster knows it (C(kubectl get nodes)).
    type: str
    required: true
  runtime:
    description:
      - The runtime that must serve the node. Whatever serves it is fine where this is not given.
      - dockershim and cri-dockerd are both V(docker) here, and the API cannot tell one from the other.
    type: str
    choices: [containerd, docker, cri-o]
  since:
    description:
      - Time by the node's own clock (RFC 3339, such as C(2026-11-23T21:19:05Z)) that the node's last status must not be older than.
        Give the moment before the kubelet was started.
      - A kubelet reports its status when it starts. While it runs and nothing changes it does so only every five minutes, so do not give
        a time at which it was running already.
    type: str
  containers_since:
    description:
      - Time by the node's own clock (RFC 3339) before which no running container of the node may have been started.
      - Tells the containers that were made after a move from the dockershim to cri-dockerd from what the API still says of those before it,
        which O(runtime) cannot. Give it only where every container was stopped before that time.
    type: str
  timeout:
    description:
      - Seconds until the wait fails. Calls that the API server does not answer are repeated as long, if O(api_timeout) is shorter.
    type: int
    default: 600
  stable_for:
    description:
      - Seconds for which the node must be well, and no container be restarted, before it is believed.
    type: int
    default: 5
  poll_interval:
    description:
      - Seconds between two looks.
    type: int
    default: 2
  static_pods:
    description:
      - Names of static pods without the node's name, such as V(kube-apiserver), that must be there. Those that are there are
        judged in any case.
    type: list
    elements: str
    default: []
  unwell_before:
    description:
      - Pods (C(namespace/name)) that may be unwell, since they were so before. They are reported in RV(tolerated) and not waited for.
      - This is RV(unwell_pods) of an earlier look in check mode.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - dockershim.migration.common
  - dockershim.migration.kubernetes_auth
attributes:
  check_mode:
    support: full
    details:
      - The module never changes anything. In check mode it looks once and returns what it sees, without a wait, and an unwell node is
        no failure.
  diff_mode:
    support: none
    details:
      - There is nothing to show.
notes:
  - A pod that a DaemonSet should have created for this node and has not is not missed. Pods of DaemonSets that are there, and they stay
    bound to the node during a migration, are judged like all others.
seealso:
  - module: dockershim.migration.node_drain
"""

EXAMPLES = r"""
- name: Remember what is unwell before anything is touched
  dockershim.migration.node_health:
    kubeconfig: ~/.kube/config
    name: worker-1
  check_mode: true
  delegate_to: localhost
  register: before

- name: Wait until the node is well on containerd
  dockershim.migration.node_health:
    kubeconfig: ~/.kube/config
    name: worker-1
    runtime: containerd
    since: "2026-11-23T21:19:05Z"
    unwell_before: "{{ before.unwell_pods }}"
  delegate_to: localhost
"""

RETURN = r"""
well:
  description: Whether all conditions hold, tolerated pods aside.
  returned: always, once the node was read
  type: bool
  sample: true
unwell:
  description: What is not well.
  returned: always, once the node was read
  type: list
  elements: dict
  contains:
    object:
      description: V(node) or V(pod).
      type: str
    namespace:
      description: The pod's namespace.
      type: str
    name:
      description: The node's or pod's name.
      type: str
    container:
      description: The container, where it is one that is not well.
      type: str
    reason:
      description: The kubelet's reason, or V(OldRuntime) for a container of another runtime, V(Missing) for a static pod that is not there.
      type: str
    message:
      description: The explanation.
      type: str
  sample:
    - container: web
      message: Back-off pulling image "registry.example/web:2"
      name: web-7d4f9c6b8-2xkqp
      namespace: demo
      object: pod
      reason: ImagePullBackOff
tolerated:
  description: Like RV(unwell), of the pods in O(unwell_before).
  returned: always, once the node was read
  type: list
  elements: dict
  sample: []
unwell_pods:
  description: The pods of RV(unwell) and RV(tolerated) as C(namespace/name), fit for O(unwell_before).
  returned: always, once the node was read
  type: list
  elements: str
  sample: [demo/web-7d4f9c6b8-2xkqp]
pods:
  description: Number of pods that were judged.
  returned: always, once the node was read
  type: int
  sample: 7
runtime_version:
  description: What the node reports as its runtime.
  returned: always, once the node was read
  type: str
  sample: containerd://1.6.20
seconds:
  description: How long it took.
  returned: always, once the node was read
  type: float
  sample: 9.3
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._kubernetes import CONNECTION_OPTIONS, MUTUALLY_EXCLUSIVE, client_for
from ansible_collections.dockershim.migration.plugins.module_utils._node_health import NodeHealth
from ansible_collections.dockershim.migration.plugins.module_utils._node_pods import parse_time


def run(module):
    """Looks, or waits; returns the result."""
    options = module.params
    for name in ("since", "containers_since"):
        if options[name] and parse_time(options[name]) is None:
            raise MigrationError(
                "{0} '{1}' is not an RFC 3339 time with its zone, such as 2026-11-23T21:19:05Z.".format(name, options[name])
            )
    for name in ("timeout", "poll_interval"):
        if options[name] < 1:
            raise MigrationError("{0} {1} is not possible: give a number of seconds from 1.".format(name, options[name]))
    expectations = {
        "runtime": options["runtime"],
        "since": options["since"],
        "tolerated": frozenset(options["unwell_before"]),
        "static_pods": options["static_pods"],
        "containers_since": options["containers_since"],
    }
    client = client_for(module)
    health = NodeHealth(client, options["name"], expectations)
    if module.check_mode:
        started = client.clock()
        found = health.judge()[0]
        return dict(found, changed=False, seconds=round(client.clock() - started, 1))
    return dict(health.wait(options["timeout"], options["stable_for"], options["poll_interval"]), changed=False)


def main():
    """Entry point."""
    module = AnsibleModule(
        argument_spec=dict(
            CONNECTION_OPTIONS,
            name={"type": "str", "required": True},
            runtime={"type": "str", "choices": ["containerd", "docker", "cri-o"]},
            since={"type": "str"},
            containers_since={"type": "str"},
            timeout={"type": "int", "default": 600},
            stable_for={"type": "int", "default": 5},
            poll_interval={"type": "int", "default": 2},
            static_pods={"type": "list", "elements": "str", "default": []},
            unwell_before={"type": "list", "elements": "str", "default": []},
        ),
        mutually_exclusive=MUTUALLY_EXCLUSIVE,
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except MigrationError as error:
        module.fail_json(msg=error.message, **error.details)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
