# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
---
name: migration_plan
short_description: The plan of a node's migration, from its facts
version_added: 0.1.0
author:
  - The dockershim.migration developers (!UNKNOWN)
description:
  - Says what would be done to a node, what stands in the way, and what cannot be carried over. Pure data from pure data; nothing is read or
    changed.
positional: _input
options:
  _input:
    description:
      - The node's facts, C(ansible_facts.dockershim_migration), as M(dockershim.migration.node_facts) returns them.
    type: dict
    required: true
  target:
    description:
      - The runtime to move to. Where the node comes from its facts tell.
    type: str
    choices: [containerd, cri-dockerd]
    default: containerd
  cri_dockerd:
    description:
      - Where cri-dockerd comes from and what it is told, by the names of the variables of the role C(cri_dockerd) without their prefix
        (source, version, url, checksum, file, path, streaming_address, arguments).
    type: dict
  preload:
    description:
      - Which of Docker's images are to be copied to containerd.
      - V(all) copies each of them, V(used) those of the node's running pods, V(none) none.
    type: str
    choices: [all, used, none]
    default: all
  foreign_containers:
    description:
      - What to do about containers that do not belong to Kubernetes. V(refuse) makes them a blocker, V(stop) stops them with Docker.
    type: str
    choices: [refuse, stop]
    default: refuse
  sandbox_image:
    description:
      - The pause image to use instead of the one that the kubelet uses now.
    type: str
    default: ""
  overwrite_registries:
    description:
      - Whether containerd's C(hosts.toml) files that somebody else wrote are to be replaced where they say something else than Docker's
        configuration. They are pointed out in any case.
    type: bool
    default: false
  registry_addresses:
    description:
      - Addresses of the registries that the cluster's images name, as lists by C(host) or C(host:port). Needed where Docker's
        C(insecure-registries) names networks. Without it those are used that the node itself found for the images that it has.
    type: dict
  drain:
    description:
      - What M(dockershim.migration.node_drain) returned for the node in check mode, its failure included. Its refusals become blockers, and
        budgets that allow no disruption are pointed out.
    type: dict
  etcd:
    description:
      - What M(dockershim.migration.etcd_health) returned of a control plane, its failure included. An etcd that cannot spare the node is a
        blocker, and a pause of the Kubernetes API is pointed out.
    type: dict
  configuration:
    description:
      - What M(dockershim.migration.containerd_config) returned in check mode for the planned settings, its failure included, which becomes
        a blocker.
    type: dict
  config_map:
    description:
      - What M(dockershim.migration.kubelet_config_map) returned for the cluster. What the next C(kubeadm upgrade node) would undo is
        pointed out.
    type: dict
"""

EXAMPLES = r"""
- name: Show what stands in the way of the node's migration
  ansible.builtin.debug:
    msg: "{{ (ansible_facts['dockershim_migration'] | dockershim.migration.migration_plan(preload='used')).blockers }}"
"""

RETURN = r"""
_value:
  description:
    - The plan. C(switch) says whether and why the node has to be switched, C(containerd), C(kubelet), C(registries), C(images) and
      C(docker) what to do.
    - C(carried) is the list of what Docker knew and where it goes, with C(what), C(where) and C(value).
    - C(blockers), C(attention) and C(not_applicable) are lists of dictionaries with C(what), C(why) and C(what_to_do).
  type: dict
"""

from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan import migration_plan
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Wishes


def plan_filter(
    facts: dict[str, Any],
    drain: dict[str, Any] | None = None,
    configuration: dict[str, Any] | None = None,
    registry_addresses: dict[str, list[str]] | None = None,
    etcd: dict[str, Any] | None = None,
    config_map: dict[str, Any] | None = None,
    **wishes: Any,
) -> dict[str, Any]:
    try:
        return migration_plan(facts, Wishes(**wishes), drain, configuration, registry_addresses, etcd, config_map)
    except MigrationError as error:
        raise AnsibleFilterError(error.message) from error


class FilterModule:
    """Offers the plan to templates."""

    def filters(self) -> dict[str, Any]:
        return {"migration_plan": plan_filter}
