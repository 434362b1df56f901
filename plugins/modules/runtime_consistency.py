#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: runtime_consistency
short_description: Compares all places that name a node's container runtime
version_added: 0.1.0
author: ["The dockershim.migration developers (!UNKNOWN)"]
description:
  - Compares with each other, and with what the running kubelet really uses, the kubelet's command line, its environment files and units,
    C(config.yaml), C(instance-config.yaml), C(/etc/crictl.yaml), kubeadm's annotation of the node and the runtime that the Node object
    reports. Which of them count depends on the version of the kubelet.
  - Fails with the list of those that disagree. What disagrees may do no harm today and break the next start of the kubelet or the next
    C(kubeadm upgrade).
  - Reads the Node object and changes nothing.
options:
  name:
    description:
      - Name of the node as the cluster knows it (C(kubectl get nodes)).
    type: str
    required: true
  kubelet:
    description:
      - What the node says about its kubelet, C(ansible_facts.dockershim_migration.kubelet) of M(dockershim.migration.node_facts).
    type: dict
    required: true
  crictl:
    description:
      - The text of the node's C(/etc/crictl.yaml), C(ansible_facts.dockershim_migration.crictl) of M(dockershim.migration.node_facts).
        Empty or left out where there is none.
    type: str
  cri_socket:
    description:
      - Endpoint that all places should name. Without it, it is the one that the running kubelet uses.
    type: str
extends_documentation_fragment:
  - dockershim.migration.common
  - dockershim.migration.kubernetes_auth
attributes:
  check_mode:
    support: full
    details:
      - This module changes nothing.
  diff_mode:
    support: none
    details:
      - This module changes nothing.
seealso:
  - module: dockershim.migration.node_facts
  - module: dockershim.migration.cri_socket_annotation
"""

EXAMPLES = r"""
- name: Read the node
  dockershim.migration.node_facts:

- name: Make sure that all places name the same runtime
  dockershim.migration.runtime_consistency:
    name: "{{ ansible_facts['dockershim_migration']['kubelet']['node_name'] }}"
    kubelet: "{{ ansible_facts['dockershim_migration']['kubelet'] }}"
    crictl: "{{ ansible_facts['dockershim_migration']['crictl'] or '' }}"
  delegate_to: localhost
"""

RETURN = r"""
endpoint:
  description: The endpoint that all places should name.
  returned: always
  type: str
  sample: unix:///run/containerd/containerd.sock
places:
  description: Every place that was looked at, with what it says; V(null) for nothing.
  returned: always
  type: list
  elements: dict
  sample:
    - place: the running kubelet
      says: unix:///run/containerd/containerd.sock
disagreements:
  description: The places that disagree, with what they say and what they should.
  returned: always
  type: list
  elements: dict
  sample:
    - place: Node worker-1, annotation kubeadm.alpha.kubernetes.io/cri-socket
      says: /var/run/dockershim.sock
      expected: unix:///run/containerd/containerd.sock
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils._consistency import compare, disagreement_text
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._kubernetes import CONNECTION_OPTIONS, MUTUALLY_EXCLUSIVE, client_for


def run(module):
    """Reads the Node object and compares; returns the result."""
    kubelet = module.params["kubelet"]
    if not kubelet.get("version"):
        raise MigrationError("kubelet: the facts name no version of the kubelet: is there one on this host?")
    node = client_for(module).node(module.params["name"])
    endpoint, places, disagreements = compare(kubelet, module.params["crictl"] or None, node, module.params["cri_socket"])
    result = {"changed": False, "endpoint": endpoint, "places": places, "disagreements": disagreements}
    if disagreements:
        raise MigrationError(
            "{0}: {1} of {2} places do not name {3}. {4}. Correct them (the migration's playbook writes those that are its own), "
            "and check again.".format(
                module.params["name"], len(disagreements), len(places), endpoint, ". ".join(disagreement_text(disagreements))
            ),
            **result,
        )
    return result


def main():
    """Entry point."""
    module = AnsibleModule(
        argument_spec=dict(
            CONNECTION_OPTIONS,
            name={"type": "str", "required": True},
            kubelet={"type": "dict", "required": True},
            crictl={"type": "str"},
            cri_socket={"type": "str"},
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
