#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
---
module: migration_journal
short_description: Adds an entry to the migration's journal on a node
version_added: 0.1.0
description:
  - Keeps on the node itself what the migration did to it and when, so that a run that was killed can be understood and taken up again.
  - Each call adds one entry. Call it when something happens, not to describe a state.
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
  path:
    description:
      - Path of the journal. It is created with mode C(0600), in a directory that is created where it is missing.
    type: path
    default: /var/lib/dockershim-migration/journal.json
  event:
    description:
      - What happens, in one word.
    type: str
    required: true
  details:
    description:
      - Whatever is worth knowing about it later. Must not hold secrets.
    type: dict
    default: {}
seealso:
  - module: dockershim.migration.node_facts
"""

EXAMPLES = r"""
- name: Note that the switch of this node begins
  dockershim.migration.migration_journal:
    event: switch_started
    details:
      from: dockershim
      to: containerd
"""

RETURN = r"""
entry:
  description: The entry that was added.
  returned: always
  type: dict
  sample: {time: "2026-11-23T21:12:08Z", event: switch_started, details: {from: dockershim, to: containerd}}
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._journal import DEFAULT_PATH, parse_journal, render_journal
from ansible_collections.dockershim.migration.plugins.module_utils._text_file import read_text, write_text


def main():
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "default": DEFAULT_PATH},
            "event": {"type": "str", "required": True},
            "details": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    path = module.params["path"]
    entry = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "event": module.params["event"],
        "details": module.params["details"],
    }
    try:
        before = read_text(path)
        after = render_journal(parse_journal(before, path) + [entry])
        # No backup: an entry is only ever added, and the write is atomic.
        result = write_text(module, path, before, after, mode="0600", backup=False)
    except MigrationError as error:
        module.fail_json(msg=error.message, **error.details)
    module.exit_json(entry=entry, **result)


if __name__ == "__main__":
    main()
