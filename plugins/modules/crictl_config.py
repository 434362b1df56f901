#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: crictl_config
short_description: Points crictl at a container runtime
version_added: 0.1.0
description:
  - Owns the endpoints in C(/etc/crictl.yaml), so that C(crictl ps) asks the runtime that the kubelet uses. Without the file crictl tries
    one socket after another, dockershim's first in its older releases.
  - Its other keys (C(timeout), C(debug) and so on), comments and order survive.
author:
  - The dockershim.migration developers (!UNKNOWN)
options:
  path:
    description: Absolute path of the configuration file on the node. It is made where it is missing.
    type: path
    default: /etc/crictl.yaml
  endpoint:
    description: The runtime's endpoint, for containers and images alike.
    type: str
    required: true
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
      - Mode of the file, as for M(ansible.builtin.copy). By default that of the existing file, or V(0644) for a new one.
    type: raw
extends_documentation_fragment:
  - dockershim.migration.common
attributes:
  check_mode:
    support: full
    details: The new content is computed and read back; nothing is written.
  diff_mode:
    support: full
    details: The whole file before and after.
  action:
    support: full
    description: Has an action plugin that runs on the controller.
    details: The file is read and changed on the controller, and written on the node by M(ansible.builtin.copy).
seealso:
  - name: crictl
    description: Its configuration file.
    link: https://github.com/kubernetes-sigs/cri-tools/blob/master/docs/crictl.md
"""

EXAMPLES = r"""
- name: Let crictl ask containerd
  dockershim.migration.crictl_config:
    endpoint: unix:///run/containerd/containerd.sock
"""

RETURN = r"""
path:
  description: The configuration file.
  returned: always
  type: str
  sample: /etc/crictl.yaml
backup_file:
  description: The copy of the old file.
  returned: changed, not in check mode, if O(backup) and the file existed
  type: str
  sample: /etc/crictl.yaml.2471.2026-11-23@21:40:05~
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils._controller_half import refuse_to_run_alone


def main():
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "default": "/etc/crictl.yaml"},
            "endpoint": {"type": "str", "required": True},
            "backup": {"type": "bool", "default": True},
            "owner": {"type": "str"},
            "group": {"type": "str"},
            "mode": {"type": "raw"},
        },
        supports_check_mode=True,
    )
    refuse_to_run_alone(module, "crictl_config")


if __name__ == "__main__":
    main()
