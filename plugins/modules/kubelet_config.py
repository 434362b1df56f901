#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: kubelet_config
short_description: Sets keys of the kubelet's configuration file and leaves the rest of it alone
version_added: 0.1.0
description:
  - Owns C(/var/lib/kubelet/config.yaml), or another file that holds a C(KubeletConfiguration), such as
    C(/var/lib/kubelet/instance-config.yaml).
  - Only the keys concerned are changed, added or removed. Comments, unknown keys, order, indentation, quotes and line ends of the rest
    survive byte for byte, and the result is read back before it is written.
  - A file that is not YAML, holds several documents, has a key twice or is not a C(KubeletConfiguration) is refused before anything
    is written.
  - The kubelet reads its configuration when it starts. This module does not restart it.
  - What stands in C(config.yaml) is replaced from the cluster's C(kubelet-config) ConfigMap by C(kubeadm upgrade node).
author:
  - The dockershim.migration developers (!UNKNOWN)
requirements:
  - PyYAML on the controller, which ansible-core brings (the node needs nothing but Python)
options:
  path:
    description: Absolute path of the configuration file on the node.
    type: path
    default: /var/lib/kubelet/config.yaml
  settings:
    description:
      - What to set, by the names of C(KubeletConfiguration) (C(kubelet.config.k8s.io/v1beta1)). Keys that are not named are left alone.
      - A mapping is merged into the one that is there; any other value, a list as well, replaces the old one as a whole.
      - A dot in a name at the top goes one level down (V(logging.verbosity)). Below the top, names are taken as they are, since some
        have dots themselves (V(memory.available) in C(evictionHard)).
      - V(null) removes a key.
    type: dict
    required: true
  create:
    description: Whether a missing file is made, with the settings alone. Without it a missing file is an error.
    type: bool
    default: false
  backup:
    description: Leave a time-stamped copy of the old file beside it before it is changed.
    type: bool
    default: true
  owner:
    description: Owner of the file. By default that of the existing file, or the connecting user.
    type: str
  group:
    description: Group of the file. By default that of the existing file, or the connecting user's.
    type: str
  mode:
    description:
      - Mode of the file, as for M(ansible.builtin.copy). By default that of the existing file, or V(0644) for a new one, as kubeadm
        gives it.
    type: raw
extends_documentation_fragment:
  - dockershim.migration.common
attributes:
  check_mode:
    support: full
    details: The new content is computed and read back; nothing is written.
  diff_mode:
    support: full
    details: The whole file before and after. A kubelet's configuration holds no secrets.
  action:
    support: full
    description: Has an action plugin that runs on the controller.
    details: The file is read and changed on the controller, and written on the node by M(ansible.builtin.copy).
seealso:
  - module: dockershim.migration.kubeadm_flags
  - name: Kubelet configuration
    description: Every key.
    link: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
"""

EXAMPLES = r"""
- name: Let the kubelet rotate the containers' logs as Docker did
  dockershim.migration.kubelet_config:
    settings:
      containerLogMaxSize: 10M
      containerLogMaxFiles: 3

- name: Point the kubelet of Kubernetes 1.34 or newer at containerd, for kubeadm to find at the next upgrade
  dockershim.migration.kubelet_config:
    path: /var/lib/kubelet/instance-config.yaml
    create: true
    settings:
      containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
"""

RETURN = r"""
path:
  description: The configuration file.
  returned: always
  type: str
  sample: /var/lib/kubelet/config.yaml
backup_file:
  description: The copy of the old file.
  returned: changed, not in check mode, if O(backup) and the file existed
  type: str
  sample: /var/lib/kubelet/config.yaml.2471.2026-11-23@21:40:05~
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils._controller_half import refuse_to_run_alone


def main():
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "default": "/var/lib/kubelet/config.yaml"},
            "settings": {"type": "dict", "required": True},
            "create": {"type": "bool", "default": False},
            "backup": {"type": "bool", "default": True},
            "owner": {"type": "str"},
            "group": {"type": "str"},
            "mode": {"type": "raw"},
        },
        supports_check_mode=True,
    )
    refuse_to_run_alone(module, "kubelet_config")


if __name__ == "__main__":
    main()
