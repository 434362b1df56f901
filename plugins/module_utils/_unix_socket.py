# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who listens at a Unix socket.

Sources: proc(5), /proc/net/unix and /proc/PID/fd.
Runs on the node, as root: standard library and Python 3.6 only.
"""

import os

#: The flag of a socket that accepts connections (__SO_ACCEPTCON in the kernel's include/linux/net.h).
_LISTENING = 0x10000


def listening_inodes(table, path):
    """Returns the inodes of the sockets that listen at a path.

    :param table: str, the text of /proc/net/unix.
    :param path: str, absolute path; /run and /var/run are the same directory on most systems, but the kernel keeps what was bound.
    :returns: set of str.
    """
    wanted = _canonical(path)
    found = set()
    for line in table.splitlines()[1:]:
        fields = line.split(None, 7)
        if len(fields) == 8 and int(fields[3], 16) & _LISTENING and _canonical(fields[7]) == wanted:
            found.add(fields[6])
    return found


def _canonical(path):
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def listeners(path, proc="/proc"):
    """Returns the processes that hold a socket that listens at a path.

    :returns: list of dict with pid (int) and program (str, the path of its executable), by process ID.
    """
    with open(os.path.join(proc, "net/unix")) as file:
        inodes = {"socket:[{0}]".format(inode) for inode in listening_inodes(file.read(), path)}
    found = []
    if not inodes:
        return found
    for name in os.listdir(proc):
        if not name.isdigit():
            continue
        directory = os.path.join(proc, name, "fd")
        try:
            if any(_link(os.path.join(directory, descriptor)) in inodes for descriptor in os.listdir(directory)):
                found.append({"pid": int(name), "program": _link(os.path.join(proc, name, "exe"))})
        except OSError:
            continue  # It has ended in the meantime.
    return sorted(found, key=lambda process: process["pid"])


def _link(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""
