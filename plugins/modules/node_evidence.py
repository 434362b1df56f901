#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
---
module: node_evidence
short_description: Collects what a node's units say about why it is not well
version_added: 0.1.0
description:
  - Reads the state of systemd units and the last lines of their journal, those that tell of errors first. What looks like a secret is
    masked.
  - Changes nothing, and does not fail where there is nothing to be read.
author:
  - The dockershim.migration developers (!UNKNOWN)
extends_documentation_fragment:
  - dockershim.migration.common
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details:
      - There is nothing to show.
options:
  units:
    description:
      - The units to look at.
    type: list
    elements: str
    default: [kubelet.service, containerd.service]
  since:
    description:
      - Time (ISO 8601, UTC) from which on the journal counts. All of it where this is not given.
    type: str
  lines:
    description:
      - How many lines of each unit are returned at most.
    type: int
    default: 15
seealso:
  - module: dockershim.migration.node_health
"""

EXAMPLES = r"""
- name: Find out why the node is not well
  dockershim.migration.node_evidence:
    since: "2026-11-23T21:12:08Z"
  register: evidence
"""

RETURN = r"""
units:
  description: What each unit says.
  returned: always
  type: dict
  sample:
    containerd.service:
      state: activating (auto-restart)
      lines: ["Nov 23 21:12:10 worker-1 containerd[4711]: containerd: failed to load TOML: /etc/containerd/config.toml"]
text:
  description: All of it, for a person to read.
  returned: always
  type: list
  elements: str
  sample: ["containerd.service: activating (auto-restart)"]
"""

import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils._redact import masked_secrets

#: The kubelet's klog begins the text of an error with E and the date; containerd's logrus says level=error; both say failed and error.
TELLING = re.compile(r"\]: E\d{4} |level=(error|fatal)|\b(failed|fatal|error|panic)\b", re.IGNORECASE)
LONGEST = 400


def pick(text, lines):
    """Returns the last telling lines, in their order; where there are too few, the last ones at all besides."""
    found = [line for line in text.splitlines() if line and not line.startswith("-- ")]
    telling = [number for number, line in enumerate(found) if TELLING.search(line)][-lines:]
    others = [number for number in range(len(found)) if number not in telling]
    chosen = sorted(telling + others[len(others) - (lines - len(telling)) :] if len(telling) < lines else telling)
    return [masked_secrets(found[number])[:LONGEST] for number in chosen]


def main():
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "units": {"type": "list", "elements": "str", "default": ["kubelet.service", "containerd.service"]},
            "since": {"type": "str"},
            "lines": {"type": "int", "default": 15},
        },
        supports_check_mode=True,
    )
    units, text = {}, []
    since = re.match(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)", module.params["since"] or "")
    for name in module.params["units"]:
        shown = module.run_command(["systemctl", "show", "--property=ActiveState,SubState", "--value", name])[1].split()
        command = ["journalctl", "--no-pager", "--utc", "--output=short", "--lines=400", "--unit=" + name]
        command += ["--since={0} {1} UTC".format(*since.groups())] if since else []
        code, output, _errors = module.run_command(command)
        units[name] = {
            "state": "{0} ({1})".format(*shown) if len(shown) == 2 else "unknown",
            "lines": pick(output, module.params["lines"]) if code == 0 else [],
        }
        text += ["{0}: {1}".format(name, units[name]["state"])] + ["  " + line for line in units[name]["lines"]]
    module.exit_json(changed=False, units=units, text=text)


if __name__ == "__main__":
    main()
