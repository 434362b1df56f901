# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of systemd units, from one call of C(systemctl show).

Runs on the node: standard library and Python 3.6 only.
"""

import re

_PROPERTIES = (
    "Id",
    "LoadState",
    "ActiveState",
    "UnitFileState",
    "MainPID",
    "CanStop",
    "ActiveEnterTimestampMonotonic",
    "BindsTo",
    "EnvironmentFiles",
    "FragmentPath",
    "DropInPaths",
)


def show_command(units):
    """Returns the command that shows the units, whose output C(parse_show) reads."""
    return ["systemctl", "show", "--no-pager", "--property=" + ",".join(_PROPERTIES)] + list(units)


def parse_show(text):
    """Parses the output of C(systemctl show) for several units, which stand apart by an empty line.

    :param text: str.
    :returns: dict of unit name -> dict with installed, active, enabled, can_stop (bool), main_pid (int, 0 for none),
        active_since (seconds of the monotonic clock, or None), binds_to, environment_files, unit_files (lists of str).
    """
    units = {}
    for block in re.split(r"\n\s*\n", text.strip()):
        values = {}
        files = []
        for line in block.splitlines():
            key, _equals, value = line.partition("=")
            if key == "EnvironmentFiles":
                # "EnvironmentFiles=/path (ignore_errors=yes)", one line a file.
                files.append(value.partition(" (")[0])
            else:
                values[key] = value
        if "Id" not in values:
            continue
        since = int(values.get("ActiveEnterTimestampMonotonic") or 0)
        units[values["Id"]] = {
            "installed": values.get("LoadState") not in ("not-found", None),
            # A unit on its way up or down still has a process: only these two states have none.
            "active": values.get("ActiveState") not in ("inactive", "failed", None),
            "enabled": values.get("UnitFileState") in ("enabled", "enabled-runtime", "linked", "alias"),
            # No where the unit says RefuseManualStop=yes, and where it is not loaded.
            "can_stop": values.get("CanStop") != "no",
            "main_pid": int(values.get("MainPID") or 0),
            "active_since": since / 1e6 if since else None,
            "binds_to": values.get("BindsTo", "").split(),
            "environment_files": [path for path in files if path],
            "unit_files": [path for path in [values.get("FragmentPath", "")] + values.get("DropInPaths", "").split() if path],
        }
    return units
