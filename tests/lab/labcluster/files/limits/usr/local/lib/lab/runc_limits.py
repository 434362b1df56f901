# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands before the real runc where the machine withholds CAP_SYS_RESOURCE, and drops from a process what needs it.

Without that capability no hard limit can be raised, no negative oom_score_adj be written and the capability itself not be
granted; runc fails on each. Everything else is passed on untouched.
"""

import json
import os
import resource
import sys

RUNC = "/usr/sbin/runc"
#: What needs CAP_SYS_RESOURCE.
CAPABILITY = "CAP_SYS_RESOURCE"
#: runc's own name for each limit -> the limit.
LIMITS = {name: getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")}


def value_of(arguments, *names):
    """The value of an option in either of its two forms."""
    for index, argument in enumerate(arguments):
        for name in names:
            if argument == name and index + 1 < len(arguments):
                return arguments[index + 1]
            if argument.startswith(name + "="):
                return argument[len(name) + 1 :]
    return None


def tame(process):
    """Removes from the description of a process what this machine cannot grant."""
    process.pop("oomScoreAdj", None)
    for names in (process.get("capabilities") or {}).values():
        if names and CAPABILITY in names:
            names.remove(CAPABILITY)
    for limit in process.get("rlimits") or []:
        number = LIMITS.get(limit["type"])
        if number is None:
            continue
        ceiling = resource.getrlimit(number)[1]
        if ceiling != resource.RLIM_INFINITY:
            limit["hard"] = min(limit["hard"], ceiling)
            limit["soft"] = min(limit["soft"], ceiling)


def main():
    arguments = sys.argv[1:]
    if "create" in arguments or "run" in arguments or "restore" in arguments:
        path = os.path.join(value_of(arguments, "--bundle", "-b") or ".", "config.json")
        part = "process"
    elif "exec" in arguments:
        path, part = value_of(arguments, "--process", "-p"), None
    else:
        path = part = None
    if path and os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
        tame(content[part] if part else content)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(content, file)
    os.execv(RUNC, [RUNC, *arguments])  # noqa: S606


main()
