#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
---
module: docker_leftovers
short_description: Takes away what a Docker that no longer runs has left in a node's network
version_added: 0.1.0
description:
  - Docker's chains and rules in C(iptables) and C(ip6tables), with the exception of rules that the administrator has put into
    C(DOCKER-USER), and the bridge C(docker0) if nothing is connected to it.
  - The policy of the chain C(FORWARD), which Docker sets to C(DROP), becomes C(ACCEPT) again, but only where Docker's chains are still
    there and nobody but Docker, Kubernetes and CNI plugins has rules in C(FORWARD). Otherwise it may be somebody else's, and stays.
  - Addresses that CNI's C(host-local) still holds for containers of the dockershim's.
  - C(/var/lib/dockershim), where the dockershim kept what it knew of its pods.
  - Fails where Docker runs.
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
  cni_bin_dir:
    description:
      - Directories of the node's CNI plugins, joined by colons.
    type: str
    default: /opt/cni/bin
  cni_networks:
    description:
      - Where C(host-local) keeps the addresses.
    type: path
    default: /var/lib/cni/networks
  cni_cache:
    description:
      - Where the dockershim kept what it told CNI's plugins.
    type: path
    default: /var/lib/cni/cache
  dockershim_root:
    description:
      - The dockershim's directory.
    type: path
    default: /var/lib/dockershim
  docker_root:
    description:
      - Docker's data directory, which tells whose a container was. It stays.
    type: path
    default: /var/lib/docker
seealso:
  - module: dockershim.migration.docker_containers
"""

EXAMPLES = r"""
- name: Tidy up after Docker
  dockershim.migration.docker_leftovers:
"""

RETURN = r"""
removed:
  description: What was taken away.
  returned: always
  type: list
  elements: str
  sample: ["iptables -t filter -X DOCKER-USER", bridge docker0, /var/lib/dockershim]
kept:
  description: What was left because it may be somebody else's, each with the reason.
  returned: always
  type: list
  elements: str
  sample: ["table filter: chain DOCKER-USER has rules of its own: -s 192.0.2.0/24 -j DROP"]
"""

import os
import shutil

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils._cni import release_networks
from ansible_collections.dockershim.migration.plugins.module_utils._docker_network import BRIDGE, plan_removal
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._systemd import parse_show, show_command
from ansible_collections.dockershim.migration.plugins.module_utils._text_file import read_text


def packet_filter(module, removed, kept):
    """Docker's chains and rules."""
    for program in ("iptables", "ip6tables"):
        save = module.get_bin_path(program + "-save")
        if save is None:
            continue
        code, text, _errors = module.run_command([save])
        if code != 0:
            kept.append("{0}: it cannot be read".format(program))
            continue
        plan = plan_removal(text)
        kept += ["{0}: {1}".format(program, item) for item in plan["kept"]]
        for arguments in plan["commands"]:
            if not module.check_mode:
                command = [module.get_bin_path(program, required=True), "--wait"] + arguments
                code, output, errors = module.run_command(command)
                if code != 0:
                    raise MigrationError("'{0}' failed: {1}".format(" ".join(command), (errors or output).strip()))
            removed.append(" ".join([program] + arguments))


def bridge(module, removed, kept):
    """docker0, if nothing is connected to it."""
    path = os.path.join("/sys/class/net", BRIDGE)
    if not os.path.isdir(path):
        return
    ports = sorted(os.listdir(os.path.join(path, "brif"))) if os.path.isdir(os.path.join(path, "brif")) else []
    if ports:
        kept.append("bridge {0}: {1} are connected to it".format(BRIDGE, ", ".join(ports)))
        return
    if not module.check_mode:
        module.run_command([module.get_bin_path("ip", required=True), "link", "delete", BRIDGE], check_rc=True)
    removed.append("bridge {0}".format(BRIDGE))


def leaked_addresses(module):
    """Returns the addresses that host-local holds for containers of Docker's: list of (path, container ID)."""
    params = module.params
    leaked = []
    networks = params["cni_networks"]
    for network in sorted(os.listdir(networks)) if os.path.isdir(networks) else []:
        directory = os.path.join(networks, network)
        for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else []:
            path = os.path.join(directory, name)
            if name == "lock" or name.startswith("last_reserved_ip") or not os.path.isfile(path):
                continue
            # Container ID on the first line, interface on the second (plugins/ipam/host-local/backend/disk).
            container_id = (read_text(path) or "").splitlines()[:1]
            container_id = container_id[0].strip() if container_id else ""
            whose = [os.path.join(params["dockershim_root"], "sandbox"), os.path.join(params["docker_root"], "containers")]
            if container_id and any(os.path.exists(os.path.join(root, container_id)) for root in whose):
                leaked.append((path, container_id))
    return leaked


def addresses(module, removed, kept):
    """Gives them back through CNI's plugins where there is a record of how, else by the file itself."""
    for path, container_id in leaked_addresses(module):
        if not module.check_mode:
            _networks, problems = release_networks(
                module.run_command, container_id, "", module.params["cni_bin_dir"], module.params["cni_cache"]
            )
            kept += problems
            if os.path.exists(path):
                os.unlink(path)
        removed.append("address {0}".format(path))


def run(module):
    """Finds and removes; returns the result."""
    units = parse_show(module.run_command(show_command(["docker.service"]), check_rc=True)[1])
    if units["docker.service"]["main_pid"]:
        raise MigrationError("Docker runs on this node, and needs what would be taken away. Migrate the node first.")
    removed, kept = [], []
    packet_filter(module, removed, kept)
    bridge(module, removed, kept)
    addresses(module, removed, kept)
    root = module.params["dockershim_root"]
    if os.path.isdir(root):
        if not module.check_mode:
            shutil.rmtree(root)
        removed.append(root)
    return {
        "changed": bool(removed),
        "removed": removed,
        "kept": kept,
        "diff": {"before": "".join(item + "\n" for item in removed), "after": ""},
    }


def main():
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "cni_bin_dir": {"type": "str", "default": "/opt/cni/bin"},
            "cni_networks": {"type": "path", "default": "/var/lib/cni/networks"},
            "cni_cache": {"type": "path", "default": "/var/lib/cni/cache"},
            "dockershim_root": {"type": "path", "default": "/var/lib/dockershim"},
            "docker_root": {"type": "path", "default": "/var/lib/docker"},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except (MigrationError, OSError) as error:
        module.fail_json(msg=getattr(error, "message", str(error)))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
