# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory in which Docker keeps the certificates of its registries.

Runs on the node: standard library and Python 3.6 only.
"""

import os

from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError

DEFAULT_DIRECTORY = "/etc/docker/certs.d"


def _refuse_odd_bytes(name, directory):
    # TOML is UTF-8: such a file could not be named in hosts.toml.
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise MigrationError("{0}: the name {1!a} is not UTF-8: rename it, then run again.".format(directory, name))


def list_certificates(directory):
    """Returns the file names in each directory of Docker's certs.d, by the directory's name.

    :raises MigrationError: a directory cannot be read, or a name in it is not UTF-8.
    """
    certs = {}
    try:
        for name in sorted(os.listdir(directory)):
            path = os.path.join(directory, name)
            if os.path.isdir(path):
                certs[name] = sorted(entry for entry in os.listdir(path) if os.path.isfile(os.path.join(path, entry)))
                for entry in [name] + certs[name]:
                    _refuse_odd_bytes(entry, directory)
    except OSError as error:
        if not os.path.lexists(directory):
            return {}
        raise MigrationError("Cannot read {0}: {1}.".format(error.filename or directory, error.strerror))
    return certs
