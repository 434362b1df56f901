#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: kubeadm_flags
short_description: Sets and removes kubelet flags in kubeadm's environment file
version_added: 0.1.0
description:
  - Owns the kubelet flags in C(/var/lib/kubelet/kubeadm-flags.env), or in any other systemd environment file whose variable
    stands unbraced in the kubelet's C(ExecStart=).
  - The file is read with the quoting that systemd has, on both of its levels - C(EnvironmentFile=) first, then the splitting
    of the variable into arguments. A flag is recognised by its whole name, so that C(container-runtime) is not
    C(container-runtime-endpoint), and as C(--name=value), C(--name value), C(--name) and C(-v 2) alike. C(_) and C(-) in
    names are the same, as they are for the kubelet.
  - Arguments that are not named, their order and quoting, comments and other variables survive byte for byte.
  - With O(cri_socket) the module knows itself what to set and what to remove. It removes what the installed kubelet does not start with
    and what no one reads with that runtime, and touches no flag that has nothing to do with the runtime.
  - The kubelet reads its flags when it starts. This module does not restart it.
author:
  - The dockershim.migration developers (!UNKNOWN)
options:
  path:
    description:
      - Absolute path of the environment file.
      - A missing file is created with mode C(0644), as kubeadm does, if there are O(flags) to set.
    type: path
    default: /var/lib/kubelet/kubeadm-flags.env
  variable:
    description:
      - The variable that holds the flags. If it is assigned several times, the last assignment counts and is edited.
      - Use V(KUBELET_EXTRA_ARGS) with C(/etc/default/kubelet) or C(/etc/sysconfig/kubelet).
    type: str
    default: KUBELET_KUBEADM_ARGS
  flags:
    description:
      - Flags to set, by name without dashes, with their values as strings; V(true) and V(false) for switches.
      - A flag that is there is changed where it stands. If it is repeated, the last one is kept and the others removed. A
        new one is appended.
    type: dict
    default: {}
  absent:
    description: Names of flags to remove, without dashes. Each one goes with its value, however often it is there.
    type: list
    elements: str
    default: []
  cri_socket:
    description:
      - Endpoint of the runtime that the kubelet is to use, with or without C(unix://).
      - In V(KUBELET_KUBEADM_ARGS) the flags that name a runtime are set as a kubelet of O(kubernetes_version) wants them - or removed,
        where kubeadm keeps the endpoint in C(instance-config.yaml) beside O(path). In any other O(variable) they are removed, since
        they would override kubeadm's.
      - Flags that the kubelet of that version does not start with are removed, and so are those that only the dockershim reads (or,
        with containerd, cAdvisor where it asks Docker).
      - What O(flags) and O(absent) name comes on top and wins.
    type: str
  kubernetes_version:
    description:
      - Version of the kubelet that will read the file, such as V(1.27.4).
      - Without it the node's own C(kubelet --version) is asked, if O(cri_socket) is given.
    type: str
  kubelet:
    description: The kubelet's program on the node, as a path or a name in C(PATH).
    type: str
    default: kubelet
  backup:
    description: Leave a time-stamped copy of the old file beside it before it is changed.
    type: bool
    default: true
extends_documentation_fragment:
  - dockershim.migration.common
attributes:
  check_mode:
    support: full
    details: The new content is computed and read back in check mode as well; nothing is written.
  diff_mode:
    support: full
    details: The whole file before and after. Kubelet flags hold no secrets.
notes:
  - systemd 254 changed what a backslash at the end of a comment means, systemd 241 what a backslash between quotes means. A
    file in which this matters for O(variable) is refused rather than guessed at.
seealso:
  - name: systemd.exec
    description: The syntax of C(EnvironmentFile=).
    link: https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#EnvironmentFile=
"""

EXAMPLES = r"""
- name: Point the kubelet of Kubernetes 1.26 or older at containerd
  dockershim.migration.kubeadm_flags:
    flags:
      container-runtime: remote
      container-runtime-endpoint: unix:///run/containerd/containerd.sock
    absent:
      - network-plugin

- name: Point whatever kubelet the node has at containerd
  dockershim.migration.kubeadm_flags:
    cri_socket: unix:///run/containerd/containerd.sock

- name: Prepare the flags for the kubelet that will be installed next
  dockershim.migration.kubeadm_flags:
    cri_socket: unix:///run/containerd/containerd.sock
    kubernetes_version: 1.27.16

- name: Remove the flags that Kubernetes 1.27 no longer knows from the administrator's own arguments
  dockershim.migration.kubeadm_flags:
    path: /etc/default/kubelet
    variable: KUBELET_EXTRA_ARGS
    absent:
      - container-runtime
      - docker-endpoint
"""

RETURN = r"""
flags:
  description: >-
    All flags in the variable after the change, by name with V(-) for V(_). The value is a string (V("true") for a bare
    switch), or a list of strings where a flag is repeated.
  returned: success
  type: dict
  sample:
    container-runtime: remote
    container-runtime-endpoint: unix:///run/containerd/containerd.sock
    pod-infra-container-image: k8s.gcr.io/pause:3.2
args:
  description: The arguments in the variable after the change, in order, as the kubelet receives them.
  returned: success
  type: list
  elements: str
  sample:
    - --pod-infra-container-image=k8s.gcr.io/pause:3.2
    - --container-runtime=remote
    - --container-runtime-endpoint=unix:///run/containerd/containerd.sock
backup_file:
  description: The copy of the old file.
  returned: changed, not in check mode, if O(backup) and the file existed
  type: str
  sample: /var/lib/kubelet/kubeadm-flags.env.2471.2026-11-23@21:40:05~
"""

import os
import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils._environment_file import flags_as_dict, normalise_flag, set_flags
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._kubelet_flags import (
    KUBEADM_FLAGS_PATH,
    KUBEADM_FLAGS_VARIABLE,
    flags_for,
    socket_path,
    unix_endpoint,
)
from ansible_collections.dockershim.migration.plugins.module_utils._text_file import read_text, write_text


def flag_values(flags):
    """Returns the option C(flags) with values as the command line has them."""
    values = {}
    for name, value in flags.items():
        if isinstance(value, bool):
            value = "true" if value else "false"
        elif value is None or isinstance(value, (dict, list)):
            raise MigrationError("flags: the value of {0!r} must be a string, not {1!r}.".format(name, value))
        values[name] = str(value)
    return values


def kubelet_version(module):
    """Returns the version to write for: the given one, else the installed kubelet's."""
    version = module.params["kubernetes_version"]
    if version is None:
        program = module.params["kubelet"]
        found = program if os.path.isabs(program) else module.get_bin_path(program)
        if not found or not os.path.exists(found):
            raise MigrationError(
                "kubelet: there is no {0} on this host to ask for its version: give kubernetes_version, or the program's path.".format(
                    program
                )
            )
        _code, output, errors = module.run_command([found, "--version"])
        match = re.search(r"Kubernetes (v\S+)", output)
        if not match:
            raise MigrationError(
                "kubelet: '{0} --version' does not name a version of Kubernetes but says {1!r}: give kubernetes_version.".format(
                    found, (output + errors).strip()
                )
            )
        version = match.group(1)
    if not re.match(r"v?\d+\.\d+", version):
        raise MigrationError("kubernetes_version: {0!r} is not a version such as 1.27.4.".format(version))
    return version


def requested(module):
    """Returns the flags to set (dict) and the names to remove (list)."""
    flags, absent = flag_values(module.params["flags"]), module.params["absent"]
    endpoint = module.params["cri_socket"]
    if endpoint is None:
        return flags, absent
    if not socket_path(endpoint).startswith("/"):
        raise MigrationError("cri_socket: {0!r} is not a socket's absolute path or unix:// URL.".format(endpoint))
    beside = os.path.join(os.path.dirname(module.params["path"]), "instance-config.yaml")
    kubeadms = module.params["variable"] == KUBEADM_FLAGS_VARIABLE
    wanted, unwanted = flags_for(kubelet_version(module), unix_endpoint(endpoint), os.path.exists(beside), kubeadms)
    named = {normalise_flag(name) for name in list(flags) + absent}
    wanted = {name: value for name, value in sorted(wanted.items()) if name not in named}
    return dict(wanted, **flags), [name for name in unwanted if name not in named] + absent


def run(module):
    """Reads, edits and writes the file; returns the module's result."""
    path = module.params["path"]
    flags, absent = requested(module)
    before = read_text(path)
    after, arguments = set_flags(before, module.params["variable"], flags, absent, path)
    result = write_text(module, path, before, after, mode="0644", backup=module.params["backup"])
    result.update(args=arguments, flags=flags_as_dict(arguments))
    return result


def main():
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "default": KUBEADM_FLAGS_PATH},
            "variable": {"type": "str", "default": KUBEADM_FLAGS_VARIABLE},
            "flags": {"type": "dict", "default": {}},
            "absent": {"type": "list", "elements": "str", "default": []},
            "cri_socket": {"type": "str"},
            "kubernetes_version": {"type": "str"},
            "kubelet": {"type": "str", "default": "kubelet"},
            "backup": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**run(module))
    except MigrationError as error:
        module.fail_json(msg=error.message, **error.details)


if __name__ == "__main__":
    main()
