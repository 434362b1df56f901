# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads and writes the text files of a node: read once, compare, write once.

Runs on the node: standard library and Python 3.6 only.
"""

import errno
import os
import tempfile

from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError

#: Options for what describes a file beside its content. By default an existing file keeps them.
FILE_ATTRIBUTES = {"owner": {"type": "str"}, "group": {"type": "str"}, "mode": {"type": "raw"}}


def read_text(path):
    """Returns the text of a file.

    :param path: str, absolute path.
    :returns: str, or None where there is no such file.
    :raises MigrationError: the file cannot be read or is not UTF-8.
    """
    try:
        with open(path, "rb") as stream:
            return stream.read().decode("utf-8")
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return None
        raise MigrationError("Cannot read {0}: {1}.".format(path, error.strerror))
    except UnicodeDecodeError as error:
        raise MigrationError("{0} is not UTF-8 text (byte {1}): convert it before this run.".format(path, error.start))


def text_diff(path, before, after):
    """Returns one entry of a module's C(diff) for a text file; None stands for an absent file."""
    return {
        "before_header": path,
        "after_header": path,
        "before": before or "",
        "after": after or "",
    }


def write_text(module, path, before, after, mode="0644", backup=True):
    """Brings a text file from C(before) to C(after): nothing is written if they are equal, or in check mode.

    The write goes through Ansible's atomic move, which keeps owner, mode and SELinux context of an existing file. The
    directory is created where it is missing.

    :param module: AnsibleModule.
    :param path: str, absolute path.
    :param before: str or None, what C(read_text) returned.
    :param after: str, the wanted text.
    :param mode: str, octal mode of a file that did not exist before.
    :param backup: bool, leave a time-stamped copy of the old file beside it.
    :returns: dict with C(changed) (bool), C(diff) (dict) and, where one was made, C(backup_file) (str).
    """
    result = {"changed": before != after, "diff": text_diff(path, before, after)}
    if not result["changed"] or module.check_mode:
        return result
    directory = os.path.dirname(path)
    try:
        if not os.path.isdir(directory):
            os.makedirs(directory, 0o755)
        if backup and before is not None:
            result["backup_file"] = module.backup_local(path)
        descriptor, temporary = tempfile.mkstemp(dir=module.tmpdir)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(after.encode("utf-8"))
        if before is None:
            os.chmod(temporary, int(mode, 8))
        module.atomic_move(temporary, path)
        if before is None:
            # atomic_move gives a new file the default mode of the process, whatever the temporary file had.
            module.set_mode_if_different(path, mode, False)
    except OSError as error:
        raise MigrationError("Cannot write {0}: {1}.".format(path, error.strerror))
    return result
