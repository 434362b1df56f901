# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""containerd's shims among the processes of a node: what runs on where containerd itself does not.

Source: containerd runtime/v2/shim (C(shim -namespace NAMESPACE -id ID -address ADDRESS)); the shim of a pod's sandbox serves all
containers of the pod. Runs on the node: standard library and Python 3.6 only.
"""

import os

SHIM = "containerd-shim"


def read_processes(root="/proc"):
    """Returns the node's processes: list of dicts with pid, parent (int) and arguments (list of str)."""
    processes = []
    for name in os.listdir(root):
        if not name.isdigit():
            continue
        try:
            with open(os.path.join(root, name, "cmdline"), "rb") as stream:
                arguments = stream.read().decode("utf-8", "replace").rstrip("\0").split("\0")
            with open(os.path.join(root, name, "stat"), "rb") as stream:
                # "pid (name) state parent ...", where the name may hold anything.
                fields = stream.read().decode("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            processes.append({"pid": int(name), "parent": int(fields[1]), "arguments": arguments})
    return processes


def find_shims(processes, namespace):
    """Returns the shims of one containerd namespace: list of dicts with id (str), pid (int) and children (list of int)."""
    shims = []
    for process in processes:
        arguments = process["arguments"]
        if not os.path.basename(arguments[0]).startswith(SHIM) or _option(arguments, "namespace") != namespace:
            continue
        children = sorted(other["pid"] for other in processes if other["parent"] == process["pid"])
        shims.append({"id": _option(arguments, "id") or "", "pid": process["pid"], "children": children})
    return sorted(shims, key=lambda shim: shim["id"])


def _option(arguments, name):
    for flag in ("-" + name, "--" + name):
        if flag in arguments[:-1]:
            return arguments[arguments.index(flag) + 1]
    return None
