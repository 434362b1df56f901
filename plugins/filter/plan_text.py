# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
---
name: plan_text
short_description: A migration plan for a person to read
version_added: 0.1.0
author:
  - The dockershim.migration developers (!UNKNOWN)
description:
  - Writes out the plan of one node, line by line.
positional: _input
options:
  _input:
    description:
      - The plan, as P(dockershim.migration.migration_plan#filter) returns it.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the plan
  ansible.builtin.debug:
    msg: "{{ ansible_facts['dockershim_migration'] | dockershim.migration.migration_plan | dockershim.migration.plan_text }}"
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_text import plan_text


class FilterModule:
    """Offers the plan's text to templates."""

    def filters(self) -> dict[str, Any]:
        return {"plan_text": plan_text}
