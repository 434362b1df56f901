# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
---
name: rollback_plan
short_description: The plan of a node's way back to the runtime that it had
version_added: 0.1.0
author:
  - The dockershim.migration developers (!UNKNOWN)
description:
  - Says from a node's facts, its journal among them, whether it can be taken back to where its newest migration found it, and what that
    means. Pure data from pure data; nothing is read or changed.
positional: _input
options:
  _input:
    description:
      - The node's facts, C(ansible_facts.dockershim_migration), as M(dockershim.migration.node_facts) returns them.
    type: dict
    required: true
  drain:
    description:
      - What M(dockershim.migration.node_drain) returned for the node in check mode, its failure included.
    type: dict
  etcd:
    description:
      - What M(dockershim.migration.etcd_health) returned of a control plane, its failure included.
    type: dict
seealso:
  - plugin: dockershim.migration.migration_plan
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show what stands in the way back
  ansible.builtin.debug:
    msg: "{{ (ansible_facts['dockershim_migration'] | dockershim.migration.rollback_plan).blockers }}"
"""

RETURN = r"""
_value:
  description:
    - The plan. C(switch) says whether and why there is anything to take back, and whether the node is disturbed and drained for it;
      C(runtime) from where to where, and C(text) all of it for a person to read.
    - C(blockers) and C(attention) are lists of dictionaries with C(what), C(why) and C(what_to_do).
  type: dict
"""

from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.plugin_utils._rollback import rollback_plan


def rollback_filter(facts: dict[str, Any], drain: dict[str, Any] | None = None, etcd: dict[str, Any] | None = None) -> dict[str, Any]:
    try:
        return rollback_plan(facts, drain, etcd)
    except MigrationError as error:
        raise AnsibleFilterError(error.message) from error


class FilterModule:
    """Offers the way back to templates."""

    def filters(self) -> dict[str, Any]:
        return {"rollback_plan": rollback_filter}
