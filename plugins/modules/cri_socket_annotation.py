#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: cri_socket_annotation
short_description: The annotation by which kubeadm knows a node's container runtime
version_added: 0.1.0
author: ["The dockershim.migration developers (!UNKNOWN)"]
description:
  - Sets or removes the annotation C(kubeadm.alpha.kubernetes.io/cri-socket) of one node. Where it still names dockershim after a
    migration, C(kubeadm upgrade) fails with C(docker is required).
  - One annotation is patched. Nothing else of the node is sent to the server.
options:
  name:
    description:
      - Name of the node as the cluster knows it (C(kubectl get nodes)).
    type: str
    required: true
  cri_socket:
    description:
      - Endpoint of the runtime. Required with O(state=present) and O(state=kept).
      - It is always written with C(unix://). A bare path is accepted here. An annotation that holds the right path in an old form
        (a bare path, a doubled C(unix://)) is rewritten.
    type: str
  verbatim:
    description:
      - Whether O(cri_socket) is written as it is given, to bring back what was there. kubeadm before 1.24 knows Docker by the bare path
        V(/var/run/dockershim.sock) only.
    type: bool
    default: false
  state:
    description:
      - V(present) sets the annotation, V(absent) removes it. V(kept) makes it right where it is there, and does not make it anew - for
        nodes on which kubeadm 1.34 or newer may have taken it away.
      - kubeadm 1.34 and newer keeps the endpoint in C(/var/lib/kubelet/instance-config.yaml) and removes the annotation. From 1.37 on
        nothing reads it, so V(present) is refused for a node whose kubelet is 1.37 or newer.
    type: str
    choices: [present, kept, absent]
    default: present
extends_documentation_fragment:
  - dockershim.migration.common
  - dockershim.migration.kubernetes_auth
attributes:
  check_mode:
    support: full
    details:
      - The node is read. Nothing is written.
  diff_mode:
    support: full
    details:
      - The annotation before and after.
seealso:
  - module: dockershim.migration.node_drain
  - module: dockershim.migration.node_health
"""

EXAMPLES = r"""
- name: Tell kubeadm that the node runs containerd
  dockershim.migration.cri_socket_annotation:
    kubeconfig: ~/.kube/config
    name: worker-1
    cri_socket: unix:///run/containerd/containerd.sock
  delegate_to: localhost

- name: Remove the annotation of a node that kubeadm 1.37 manages
  dockershim.migration.cri_socket_annotation:
    name: worker-1
    state: absent
  delegate_to: localhost
"""

RETURN = r"""
before:
  description: The annotation as it was found. V(null) where there was none.
  returned: success
  type: str
  sample: /var/run/dockershim.sock
after:
  description: The annotation as it is now, or would be in check mode. V(null) where there is none.
  returned: success
  type: str
  sample: unix:///run/containerd/containerd.sock
"""

import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._kubelet_flags import INSTANCE_CONFIG_ONLY_SINCE, unix_endpoint
from ansible_collections.dockershim.migration.plugins.module_utils._kubernetes import (
    CONNECTION_OPTIONS,
    MUTUALLY_EXCLUSIVE,
    client_for,
    version_tuple,
)

ANNOTATION = "kubeadm.alpha.kubernetes.io/cri-socket"

# From then on kubeadm refuses a node without instance-config.yaml, and nothing reads the annotation.
WITHOUT_ANNOTATION = INSTANCE_CONFIG_ONLY_SINCE


def normalise(cri_socket):
    """The one form in which an endpoint is written: unix:// and an absolute path."""
    endpoint = unix_endpoint(cri_socket)
    if not re.match(r"^unix:///[^\s/][^\s]*$", endpoint) or "://" in endpoint[len("unix://") :]:
        raise MigrationError("cri_socket '{0}' is not a socket's absolute path or unix:// URL.".format(cri_socket))
    return endpoint


def wanted_annotation(node, state, cri_socket, verbatim=False):
    """Decides what the annotation of a node should be.

    :param node: dict, the Node object.
    :param verbatim: bool, whether the endpoint stays as it is given.
    :returns: str or None.
    """
    if state == "absent" or (state == "kept" and not (node["metadata"].get("annotations") or {}).get(ANNOTATION)):
        return None
    kubelet = ((node.get("status") or {}).get("nodeInfo") or {}).get("kubeletVersion") or ""
    if re.match(r"v?\d+\.\d+", kubelet) and version_tuple(kubelet)[:2] >= WITHOUT_ANNOTATION:
        raise MigrationError(
            "Node {0} runs kubelet {1}: from 1.37 on the endpoint stands in /var/lib/kubelet/instance-config.yaml alone and the "
            "annotation {2} must not be created again. Use state=absent.".format(node["metadata"]["name"], kubelet, ANNOTATION)
        )
    return cri_socket if verbatim else normalise(cri_socket)


def run(module):
    """Reads, decides, patches; returns the result."""
    name = module.params["name"]
    if module.params["state"] != "absent":
        normalise(module.params["cri_socket"])
    client = client_for(module)
    node = client.node(name)
    before = (node["metadata"].get("annotations") or {}).get(ANNOTATION)
    after = wanted_annotation(node, module.params["state"], module.params["cri_socket"], module.params["verbatim"])
    if before != after and not module.check_mode:
        client.patch_node(name, "annotate", {"metadata": {"annotations": {ANNOTATION: after}}})
    header = "node {0} {1}".format(name, ANNOTATION)
    return {
        "changed": before != after,
        "before": before,
        "after": after,
        "diff": {
            "before_header": header,
            "after_header": header,
            "before": before + "\n" if before is not None else "",
            "after": after + "\n" if after is not None else "",
        },
    }


def main():
    """Entry point."""
    module = AnsibleModule(
        argument_spec=dict(
            CONNECTION_OPTIONS,
            name={"type": "str", "required": True},
            cri_socket={"type": "str"},
            verbatim={"type": "bool", "default": False},
            state={"type": "str", "choices": ["present", "kept", "absent"], "default": "present"},
        ),
        mutually_exclusive=MUTUALLY_EXCLUSIVE,
        required_if=[("state", "present", ["cri_socket"]), ("state", "kept", ["cri_socket"])],
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except MigrationError as error:
        module.fail_json(msg=error.message, **error.details)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
