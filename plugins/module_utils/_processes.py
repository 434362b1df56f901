# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running process was told, and since when it runs.

Runs on the node: standard library and Python 3.6 only.
"""

import os
import time

from ansible_collections.dockershim.migration.plugins.module_utils._text_file import read_text


def command_line(pid):
    """Returns the arguments of a running process: list of str, empty for none."""
    if not pid:
        return []
    text = read_text("/proc/{0}/cmdline".format(pid))
    return text.rstrip("\0").split("\0") if text else []


def working_directory_of(pid):
    """Returns the working directory of a running process, empty for no process."""
    try:
        return os.readlink("/proc/{0}/cwd".format(pid))
    except OSError:
        return ""


def wall_time(monotonic):
    """Returns the time (seconds since the epoch) of a moment of the monotonic clock, which systemd gives."""
    return time.time() - (time.clock_gettime(time.CLOCK_MONOTONIC) - monotonic)


def environment_of(pid):
    """Returns the environment with which a running process was started: dict, empty for no process."""
    try:
        with open("/proc/{0}/environ".format(pid), "rb") as stream:
            entries = stream.read().split(b"\0")
    except OSError:
        return {}
    return dict(os.fsdecode(entry).split("=", 1) for entry in entries if b"=" in entry)


def host_processes(name, root="/proc"):
    """Returns the pids of a program's processes that belong to the host itself, and not to a container on it.

    :param name: str, the process's name as the kernel has it (comm, at most 15 bytes).
    :param root: str, where proc is.
    :returns: sorted list of int.
    """
    host = _pid_namespace(root, "self")
    pids = []
    for pid in os.listdir(root):
        if pid.isdigit() and (read_text(os.path.join(root, pid, "comm")) or "").strip() == name and _pid_namespace(root, pid) == host:
            pids.append(int(pid))
    return sorted(pids)


def _pid_namespace(root, pid):
    try:
        return os.readlink(os.path.join(root, pid, "ns", "pid"))
    except OSError:  # It has ended meanwhile.
        return None
