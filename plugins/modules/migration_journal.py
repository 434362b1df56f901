#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
---
module: migration_journal
short_description: Notes in the migration's journal on a node what is about to happen, and keeps what was there before
version_added: 0.1.0
description:
  - Keeps on the node itself what the migration did to it and when, so that a run that was killed can be understood and taken up again.
  - Keeps also what was there before, so that M(dockershim.migration.migration_restore) can bring it back. Of each of O(files) there is a
    copy, of each of O(units) its state. What is remembered already is not remembered again, because only the state before the first
    change is worth keeping.
  - Each call adds one entry. Call it before something happens, not to describe a state.
  - The journal is written whole or not at all, and is on disk when the module returns.
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
      - Path of the journal. It is created with mode C(0600), in a directory of mode C(0700) that is created where it is missing. The copies
        lie in C(backup) beside it, with the same modes.
    type: path
    default: /var/lib/dockershim-migration/journal.json
  fact:
    description:
      - Path of a local fact, which Ansible shows as C(ansible_local.dockershim_migration). It tells everybody on the node where its
        migration stands, and holds neither details nor anything that was kept.
      - No fact is written where this is empty.
    type: str
    default: /etc/ansible/facts.d/dockershim_migration.fact
  event:
    description:
      - What happens, in one word.
      - V(migration_started), V(switch_started), V(switch_abandoned), V(switch_completed), V(rollback_started) and
        V(rollback_completed) bring the migration into another phase.
    type: str
    required: true
  details:
    description:
      - Whatever is worth knowing about it later. Must not hold secrets.
    type: dict
    default: {}
  begin:
    description:
      - Begins the record of another migration. One that an earlier run left open goes on instead, and what it remembers stays.
      - Without it the entry belongs to the newest migration.
    type: dict
    suboptions:
      from:
        description:
          - Runtime that the node has.
        type: str
        required: true
      to:
        description:
          - Runtime that it will have.
        type: str
        required: true
  files:
    description:
      - Files and directories that are about to be changed for the first time. They need not exist.
    type: list
    elements: path
    default: []
  units:
    description:
      - systemd units that are about to be changed for the first time.
    type: list
    elements: str
    default: []
  node:
    description:
      - What the Node object was like, such as C(unschedulable) and C(cri_socket). A key that is remembered already keeps its value.
    type: dict
    default: {}
  packages:
    description:
      - Packages that are about to be installed.
    type: list
    elements: str
    default: []
  settled:
    description:
      - Whether the migration has written all files that it will write for now. They are fingerprinted, so that a rollback can tell what the
        migration left there from what somebody has changed since.
    type: bool
    default: false
seealso:
  - module: dockershim.migration.migration_restore
  - module: dockershim.migration.node_facts
"""

EXAMPLES = r"""
- name: Keep what will be changed
  dockershim.migration.migration_journal:
    event: migration_started
    begin:
      from: dockershim
      to: containerd
    files:
      - /etc/containerd
      - /var/lib/kubelet/kubeadm-flags.env
    units:
      - docker.service
      - containerd.service

- name: Note that the switch of this node begins
  dockershim.migration.migration_journal:
    event: switch_started
"""

RETURN = r"""
entry:
  description: The entry that was added.
  returned: always
  type: dict
  sample: {time: "2026-11-23T21:12:08Z", event: switch_started, details: {from: dockershim, to: containerd}}
remembered:
  description: The paths that were remembered by this call, those in directories included.
  returned: always
  type: list
  elements: str
  sample: [/etc/containerd, /etc/containerd/config.toml, /var/lib/kubelet/kubeadm-flags.env]
phase:
  description: The phase that the migration is in now.
  returned: always
  type: str
  sample: switching
"""

import json
import os
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils import _journal as journal
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._remembered_files import (
    below,
    fingerprints,
    make_private_directory,
    remember,
    state_of,
    write_private,
)
from ansible_collections.dockershim.migration.plugins.module_utils._systemd import parse_show, show_command
from ansible_collections.dockershim.migration.plugins.module_utils._text_file import read_text, text_diff, write_text

DEFAULT_FACT = "/etc/ansible/facts.d/dockershim_migration.fact"


def unit_states(module, units):
    """Returns what is kept of units: dict of name -> dict of installed, enabled and active (bool)."""
    if not units:
        return {}
    shown = parse_show(module.run_command(show_command(units), check_rc=True)[1])
    return {name: {key: shown[name][key] for key in ("installed", "enabled", "active")} for name in units if name in shown}


def remember_before(module, records):
    """Adds to the newest record what the options name; returns the paths that were not remembered before."""
    params = module.params
    before = records[-1]["before"]
    paths = journal.unknown_paths(records[-1], params["files"])
    if module.check_mode:
        files, trees = {item: state_of(item) for path in paths for item in below(path) or [path]}, []
    else:
        backup = os.path.join(os.path.dirname(params["path"]), "backup", str(len(records)))
        files, trees = remember(paths, backup)
    before["files"].update({path: state for path, state in files.items() if path not in before["files"]})
    before["trees"] = sorted(set(before["trees"]) | set(trees))
    units = [name for name in params["units"] if name not in before["units"]]
    before["units"].update(unit_states(module, units))
    before["node"] = dict(params["node"], **before["node"])
    before["packages"] = sorted(set(before["packages"]) | set(params["packages"]))
    if params["settled"]:
        records[-1]["after"] = fingerprints(before["files"], before["trees"])
    return sorted(files)


def run(module):
    """Reads, remembers, adds, writes; returns the result."""
    params = module.params
    path = params["path"]
    entry = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "event": params["event"],
        "details": params["details"],
    }
    before = read_text(path)
    records = journal.added(journal.parse_journal(before, path), entry, params["begin"])
    remembered = remember_before(module, records)
    after = journal.render_journal(records)
    if not module.check_mode:
        make_private_directory(os.path.dirname(path))
        write_private(path, after.encode("utf-8"))
    diffs = [text_diff(path, before, after)]
    if params["fact"]:
        known = read_text(params["fact"])
        told = json.dumps(journal.summary(records), indent=2, sort_keys=True) + "\n"
        diffs.append(write_text(module, params["fact"], known, told, mode="0644", backup=False)["diff"])
    last = records[-1]["entries"]
    return {"changed": True, "entry": last[-1], "phase": journal.phase_of(last), "remembered": remembered, "diff": diffs}


def main():
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "default": journal.DEFAULT_PATH},
            "fact": {"type": "str", "default": DEFAULT_FACT},
            "event": {"type": "str", "required": True},
            "details": {"type": "dict", "default": {}},
            "begin": {"type": "dict", "options": {"from": {"type": "str", "required": True}, "to": {"type": "str", "required": True}}},
            "files": {"type": "list", "elements": "path", "default": []},
            "units": {"type": "list", "elements": "str", "default": []},
            "node": {"type": "dict", "default": {}},
            "packages": {"type": "list", "elements": "str", "default": []},
            "settled": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except (MigrationError, OSError) as error:
        message = getattr(error, "message", None) or "Cannot write the journal {0} or a copy beside it: {1}.".format(
            module.params["path"], error
        )
        module.fail_json(msg=message)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
