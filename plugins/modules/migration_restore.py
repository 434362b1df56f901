#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
---
module: migration_restore
short_description: Puts back the files that the migration's journal remembers
version_added: 0.1.0
description:
  - Brings the files of the newest migration of a node back to what they were before its first change, with owner, group and mode.
  - Files that the migration has created are removed, and its directories where they are empty then.
  - What somebody has changed since the migration is not lost. The present version of a file that was there before is kept beside the
    copies, and a file that is new is left where it is. Both are reported in RV(touched).
  - Units, images, packages and the Node object are not this module's business.
author:
  - The dockershim.migration developers (!UNKNOWN)
extends_documentation_fragment:
  - dockershim.migration.common
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Owner, group, mode and a fingerprint of each file. Never its contents, which may hold secrets.
options:
  path:
    description:
      - Path of the journal.
    type: path
    default: /var/lib/dockershim-migration/journal.json
seealso:
  - module: dockershim.migration.migration_journal
"""

EXAMPLES = r"""
- name: Put back what was there before the migration
  dockershim.migration.migration_restore:
"""

RETURN = r"""
restored:
  description: The paths that have their earlier state again.
  returned: always
  type: list
  elements: str
  sample: [/etc/containerd/config.toml, /var/lib/kubelet/kubeadm-flags.env]
removed:
  description: The paths that the migration had created and that are gone again.
  returned: always
  type: list
  elements: str
  sample: [/etc/modules-load.d/dockershim-migration.conf]
touched:
  description: The paths that somebody has changed since the migration, each with what was done about it.
  returned: always
  type: list
  elements: dict
  sample:
    - path: /etc/containerd/certs.d/new.example/hosts.toml
      what: it is not of the migration's making, and stays
units_changed:
  description: Whether unit files are among them, so that systemd has to read its units again.
  returned: always
  type: bool
  sample: false
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils import _journal as journal
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._remembered_files import (
    DIRECTORY,
    apply_step,
    describe,
    plan_restoration,
)
from ansible_collections.dockershim.migration.plugins.module_utils._text_file import read_text

UNIT_DIRECTORIES = ("/etc/systemd/", "/usr/lib/systemd/", "/lib/systemd/")


def run(module):
    """Decides about each path, then does it; returns the result."""
    path = module.params["path"]
    records = journal.parse_journal(read_text(path), path)
    if not records:
        raise MigrationError("There is no journal at {0}: nothing tells what was on this node before.".format(path))
    before = records[-1]["before"]
    aside = os.path.join(os.path.dirname(path), "backup", str(len(records)), "superseded")
    steps = plan_restoration(before["files"], before["trees"], records[-1]["after"])
    done, touched = [], []
    for step in steps:
        if step["touched"]:
            what = "it is not of the migration's making, and stays"
            if step["action"] == "restore":
                what = "it was changed after the migration; that version is kept at {0}".format(
                    os.path.join(aside, step["path"].lstrip("/"))
                )
            touched.append({"path": step["path"], "what": what})
        if step["action"] == "keep":
            continue
        # Whether a directory will be empty is not known before.
        if module.check_mode and step["action"] == "remove" and step["now"]["kind"] == DIRECTORY:
            continue
        if module.check_mode or apply_step(step, aside):
            done.append(step)
    for item in touched:
        module.warn("{path}: {what}.".format(**item))
    restored = sorted(step["path"] for step in done if step["action"] == "restore")
    removed = sorted(step["path"] for step in done if step["action"] == "remove")
    return {
        "changed": bool(done),
        "restored": restored,
        "removed": removed,
        "touched": touched,
        "units_changed": any(item.startswith(UNIT_DIRECTORIES) for item in restored + removed),
        "diff": {
            "before_header": "files that the migration has written",
            "after_header": "files as they were before it",
            "before": "".join(describe(step["path"], step["now"]) for step in done),
            "after": "".join(describe(step["path"], step["before"]) for step in done if step["action"] == "restore"),
        },
    }


def main():
    """Entry point."""
    module = AnsibleModule(
        argument_spec={"path": {"type": "path", "default": journal.DEFAULT_PATH}},
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except MigrationError as error:
        module.fail_json(msg=error.message)
    except OSError as error:
        module.fail_json(msg="Cannot restore {0}: {1}.".format(error.filename or "a file", error.strerror))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
