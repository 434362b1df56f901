#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: node_drain
short_description: Cordons, drains and uncordons a node without breaking a promise
version_added: 0.1.0
author: ["The dockershim.migration developers (!UNKNOWN)"]
description:
  - Moves the pods of one node elsewhere before something disturbs it, and lets new ones come afterwards.
  - Every eviction goes through the eviction API, so PodDisruptionBudgets are kept. A pod that its budget does not let go is asked for
    again every few seconds until O(timeout) is over, while the others go on. The timeout is a failure that names the pods and budgets
    in the way.
  - A node that was cordoned before is not uncordoned in the end. What this module cordons it marks with the annotation
    C(dockershim.migration/cordoned), so that a run that was interrupted can be resumed.
  - What cannot be drained safely is refused before the first change, in check mode too.
  - Pods of DaemonSets and static pods stay. So do finished pods, because nothing of them runs and their records and logs are worth
    keeping (C(kubectl drain) deletes them).
options:
  name:
    description:
      - Name of the node as the cluster knows it (C(kubectl get nodes)).
    type: str
    required: true
  state:
    description:
      - V(cordoned) keeps new pods away, V(drained) also evicts those that are there.
      - V(uncordoned) takes back a cordon of this module's. One that somebody else had set before stays, see RV(kept_cordoned).
    type: str
    choices: [drained, cordoned, uncordoned]
    required: true
  timeout:
    description:
      - Seconds for the whole drain, from the first call until the last pod is gone.
    type: int
    default: 600
  grace_period:
    description:
      - Seconds that each pod gets to end, instead of its own C(terminationGracePeriodSeconds). V(-1) is the pod's own.
      - V(0) is not accepted. It would delete the pod's record while its containers still run.
    type: int
    default: -1
  unmanaged_pods:
    description:
      - What to do with pods that have no controller and would not come back after an eviction.
      - V(leave) leaves them bound to the node. The kubelet restarts them there under the new runtime, and their C(emptyDir) volumes
        keep their contents. Pods that would do finished work again (C(restartPolicy) C(Never), or C(OnFailure) with a container
        that has already succeeded) are refused.
      - V(refuse) ends the module where there is one.
      - V(evict) evicts them. They are gone for good.
    type: str
    choices: [leave, refuse, evict]
    default: leave
  emptydir_pods:
    description:
      - What to do with pods that have a controller and C(emptyDir) volumes, whose contents an eviction deletes.
    type: str
    choices: [evict, refuse]
    default: evict
extends_documentation_fragment:
  - dockershim.migration.common
  - dockershim.migration.kubernetes_auth
attributes:
  check_mode:
    support: full
    details:
      - Everything is read and sorted, refusals included. The seconds of each pod are V(null), since nobody knows them beforehand.
      - Pods that are created or end meanwhile, and budgets that change, are not foreseen.
  diff_mode:
    support: full
    details:
      - The cordon of the node and the pods that are bound to it.
seealso:
  - module: dockershim.migration.node_health
  - module: kubernetes.core.k8s_drain
    description: Fails at the first refusal of a budget and only warns when the timeout is over.
"""

EXAMPLES = r"""
- name: Move the pods away
  dockershim.migration.node_drain:
    kubeconfig: ~/.kube/config
    name: worker-1
    state: drained
    timeout: 900
  delegate_to: localhost

- name: Let new pods come, unless the node was cordoned before
  dockershim.migration.node_drain:
    kubeconfig: ~/.kube/config
    name: worker-1
    state: uncordoned
  delegate_to: localhost
"""

RETURN = r"""
unschedulable:
  description: Whether the node is cordoned now, or would be in check mode.
  returned: success
  type: bool
  sample: true
cordoned_by_us:
  description: Whether that cordon is this module's own.
  returned: success
  type: bool
  sample: true
kept_cordoned:
  description: Whether O(state=uncordoned) left a cordon that somebody else had set.
  returned: success
  type: bool
  sample: false
evicted:
  description: The pods that were evicted, each with the seconds until it was gone. Empty unless O(state=drained).
  returned: success
  type: list
  elements: dict
  sample:
    - name: web-7d4f9c6b8-2xkqp
      namespace: demo
      reason: ReplicaSet web-7d4f9c6b8 replaces it
      seconds: 3.1
      uid: 0c0b9c5f-54a7-4f2b-9c05-5b3a8a1d6f0e
waiting:
  description: The pods that somebody else was deleting already, and that were waited for.
  returned: success
  type: list
  elements: dict
  sample: []
left:
  description: The pods that stay, each with the reason.
  returned: success
  type: list
  elements: dict
  sample:
    - name: kube-proxy-x8l2v
      namespace: kube-system
      reason: belongs to DaemonSet kube-proxy, restarted in place by the kubelet
      uid: 6b1d2a34-3e7e-4b7d-8a4f-0a5d4f2b9c11
budgets:
  description:
    - The PodDisruptionBudgets that guard pods to be evicted, as they were before the first eviction. One with no
      RV(budgets[].disruptions_allowed) makes the drain wait.
  returned: success
  type: list
  elements: dict
  contains:
    disruptions_allowed:
      description: How many pods may go at this moment.
      type: int
  sample:
    - current_healthy: 4
      desired_healthy: 3
      disruptions_allowed: 1
      name: web
      namespace: demo
      pods: [web-7d4f9c6b8-2xkqp]
remaining:
  description: The pods that were still there when the timeout was over, each with the reason and its budgets.
  returned: when O(timeout) is over
  type: list
  elements: dict
  sample:
    - budgets:
        - current_healthy: 2
          desired_healthy: 2
          disruptions_allowed: 0
          name: db
          namespace: demo
      name: db-0
      namespace: demo
      reason: Cannot evict pod as it would violate the pod's disruption budget
      uid: 97a1c2de-6c43-4c0e-8a0b-9a5d8e8f3b21
refused:
  description: The pods that cannot be drained safely, each with the reason. Nothing was changed.
  returned: when the drain is refused
  type: list
  elements: dict
  sample:
    - name: one-shot
      namespace: demo
      reason: >-
        has no controller, and left on the node it is not safe either: its restartPolicy is Never, but the new runtime would start it
        a second time or give it up
      uid: 41e0f6f2-0a55-4a55-8f3e-7a2a1f5f9b10
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._kubernetes import CONNECTION_OPTIONS, MUTUALLY_EXCLUSIVE, client_for
from ansible_collections.dockershim.migration.plugins.module_utils._node_drain import Drain, cordon, uncordon


def run(module):
    """Brings the node to the wanted state; returns the result."""
    options = module.params
    if options["grace_period"] == 0 or options["grace_period"] < -1:
        raise MigrationError("grace_period {0} is not possible: give a number of seconds from 1, or -1.".format(options["grace_period"]))
    if options["timeout"] < 1:
        raise MigrationError("timeout {0} is not possible: give a number of seconds from 1.".format(options["timeout"]))
    client = client_for(module)
    if options["state"] == "cordoned":
        return cordon(client, options["name"], module.check_mode)
    if options["state"] == "uncordoned":
        return uncordon(client, options["name"], module.check_mode)
    drain = Drain(
        client,
        options["name"],
        timeout=options["timeout"],
        grace_period=options["grace_period"],
        unmanaged_pods=options["unmanaged_pods"],
        emptydir_pods=options["emptydir_pods"],
        warn=module.warn,
    )
    return drain.run(module.check_mode)


def main():
    """Entry point."""
    module = AnsibleModule(
        argument_spec=dict(
            CONNECTION_OPTIONS,
            name={"type": "str", "required": True},
            state={"type": "str", "choices": ["drained", "cordoned", "uncordoned"], "required": True},
            timeout={"type": "int", "default": 600},
            grace_period={"type": "int", "default": -1},
            unmanaged_pods={"type": "str", "choices": ["leave", "refuse", "evict"], "default": "leave"},
            emptydir_pods={"type": "str", "choices": ["evict", "refuse"], "default": "evict"},
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
