# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the documents that are made from the collection's own tables; `make docs` calls it."""

from __future__ import annotations

import sys
from pathlib import Path

DIRECTORY = Path(__file__).resolve().parent
sys.path.insert(0, str(DIRECTORY.parent / "playbooks" / "collections"))

from ansible_collections.dockershim.migration.plugins.plugin_utils import _docker_settings as table  # noqa: E402 (after the path is set)

SETTINGS_FILE = DIRECTORY / "docker_settings.md"
SETTINGS_HEAD = """\
# Where Docker's settings go

<!-- Made by `make docs` from plugins/plugin_utils/_docker_settings.py. Do not edit by hand. -->

Every key that dockerd reads from `daemon.json` or takes as a flag, from release 19.03 to 29, and what becomes of it when a node moves
to containerd. A plan names each key that a node's Docker was given in exactly one of three lists:

* **carried**: containerd, the kubelet or the system is told; the plan says where and what.
* **attention**: it cannot be carried over; the plan says why, and what to do.
* **not applicable**: it means nothing without Docker; the plan says why.

*Depends* is decided by the value, or by the node. A key that is not in this table, because it is new or misspelt, is *attention*. So is
one that stands in `daemon.json` and on dockerd's command line: dockerd does not start with it, and its command line counts.

| Key | Flag | Value | Goes to | Where, or why not | Left to do | Source |
|---|---|---|---|---|---|---|
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace(">", "&gt;")


def settings_document() -> str:
    """Returns the document of the table of dockerd's settings."""
    rows = []
    for setting in sorted(table.SETTINGS, key=lambda setting: (setting.key.partition(".")[0], "*" in setting.key, setting.key)):
        flags = " ".join(f"`--{flag}`" for flag in setting.flag_names if "*" not in flag)
        left = "" if setting.what_to_do == table.NOTHING else setting.what_to_do
        cells = (f"`{setting.key}`", flags, setting.kind, setting.destination, _cell(setting.text), _cell(left), _cell(setting.source))
        rows.append("| " + " | ".join(cells) + " |\n")
    return SETTINGS_HEAD + "".join(rows)


if __name__ == "__main__":
    SETTINGS_FILE.write_text(settings_document(), encoding="utf-8")
