#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: kubelet_config_map
short_description: The kubelet configuration that kubeadm gives to every node at an upgrade
version_added: 0.1.0
author: ["The dockershim.migration developers (!UNKNOWN)"]
description:
  - C(kubeadm upgrade node) writes a node's C(/var/lib/kubelet/config.yaml) anew from a ConfigMap in the namespace C(kube-system). What was
    set on the node alone is gone then. This module compares settings with that ConfigMap, and sets them there.
  - It is C(kubelet-config-1.20) for Kubernetes 1.20 and so on up to 1.23, and C(kubelet-config) from 1.24 on (kubeadm's feature
    C(UnversionedKubeletConfigMap)).
  - Only the keys concerned are changed; comments and the rest of the text survive byte for byte. The change applies to every node of the
    cluster at its next upgrade.
  - In check mode, or where nothing differs, nothing is written.
options:
  kubernetes_version:
    description:
      - Version of the kubelets, such as V(1.20.2). It tells the name of the ConfigMap.
    type: str
    required: true
  settings:
    description:
      - What to compare or set, as in M(dockershim.migration.kubelet_config).
    type: dict
    default: {}
extends_documentation_fragment:
  - dockershim.migration.common
  - dockershim.migration.kubernetes_auth
attributes:
  check_mode:
    support: full
    details:
      - The ConfigMap is read and compared. Nothing is written.
  diff_mode:
    support: full
    details:
      - The kubelet's configuration in the ConfigMap before and after.
requirements:
  - PyYAML, which the kubernetes client brings
seealso:
  - module: dockershim.migration.kubelet_config
"""

EXAMPLES = r"""
- name: Let the nodes keep the size of the containers' logs at the next upgrade
  dockershim.migration.kubelet_config_map:
    kubernetes_version: "{{ ansible_facts['dockershim_migration']['kubelet']['version'] }}"
    settings:
      containerLogMaxSize: 10M
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
name:
  description: The ConfigMap. V(null) where the cluster has none, as one that was not made with kubeadm.
  returned: success
  type: str
  sample: kubelet-config-1.20
config:
  description: The kubelet's configuration as the ConfigMap has it, before any change. Empty where there is no ConfigMap.
  returned: success
  type: dict
  sample: {cgroupDriver: systemd}
differences:
  description: The O(settings) that the ConfigMap had not, with the value that it had instead (V(null) for none).
  returned: success
  type: dict
  sample: {containerLogMaxSize: null}
"""

import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._kubernetes import (
    CONNECTION_OPTIONS,
    MUTUALLY_EXCLUSIVE,
    ApiError,
    client_for,
    version_tuple,
)
from ansible_collections.dockershim.migration.plugins.module_utils._yaml_text import edit_mapping, flatten, read_mapping, same, value_at

NAMESPACE = "/api/v1/namespaces/kube-system/configmaps/"
#: The key of the ConfigMap's data, and the first release whose ConfigMap has no version in its name (kubeadm, constants.go and
#: features.go: UnversionedKubeletConfigMap, on by default in 1.24).
KEY = "kubelet"
UNVERSIONED_SINCE = (1, 24)


def config_map_name(version):
    """Returns the name of the ConfigMap for kubelets of a version."""
    if not re.match(r"v?\d+\.\d+", version):
        raise MigrationError("kubernetes_version: {0!r} is not a version such as 1.27.4.".format(version))
    number = version_tuple(version)[:2]
    return "kubelet-config" if number >= UNVERSIONED_SINCE else "kubelet-config-{0}.{1}".format(*number)


def read_config_map(client, name):
    """Returns the ConfigMap as the API has it, or None."""
    try:
        return client.get(NAMESPACE + name, "read ConfigMap kube-system/{0}".format(name))
    except ApiError as error:
        if error.status == 404:
            return None
        raise


def run(module):
    """Reads, compares, patches; returns the result."""
    name = config_map_name(module.params["kubernetes_version"])
    settings = flatten(module.params["settings"])
    client = client_for(module)
    found = read_config_map(client, name)
    if found is None:
        return {"changed": False, "name": None, "config": {}, "differences": {}}
    what = "ConfigMap kube-system/{0}, {1}".format(name, KEY)
    before = (found.get("data") or {}).get(KEY)
    if before is None:
        raise MigrationError("{0}: it has no such key, so this is not what kubeadm made.".format(what))
    config = read_mapping(before, what)
    differences = {".".join(path): value_at(config, path) for path, value in settings.items() if not same(value_at(config, path), value)}
    after = edit_mapping(before, settings, what)
    if before != after and not module.check_mode:
        # Refused if somebody else changes it at the same time.
        patch = {"metadata": {"resourceVersion": found["metadata"]["resourceVersion"]}, "data": {KEY: after}}
        client.merge_patch(NAMESPACE + name, "change ConfigMap kube-system/{0}".format(name), patch)
    return {
        "changed": before != after,
        "name": name,
        "config": config,
        "differences": differences,
        "diff": {"before_header": what, "after_header": what, "before": before, "after": after},
    }


def main():
    """Entry point."""
    module = AnsibleModule(
        argument_spec=dict(
            CONNECTION_OPTIONS,
            kubernetes_version={"type": "str", "required": True},
            settings={"type": "dict", "default": {}},
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
