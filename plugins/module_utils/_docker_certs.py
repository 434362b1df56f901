# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory in which Docker keeps the certificates of its registries.

Runs on the node: standard library and Python 3.6 only.
"""

import os

from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError

DEFAULT_DIRECTORY = "/etc/docker/certs.d"


def list_certificates(directory):
    """Returns the file names in each directory of Docker's certs.d, by the directory's name."""
    certs = {}
    try:
        for name in sorted(os.listdir(directory)):
            path = os.path.join(directory, name)
            if os.path.isdir(path):
                certs[name] = sorted(entry for entry in os.listdir(path) if os.path.isfile(os.path.join(path, entry)))
    except OSError as error:
        if not os.path.lexists(directory):
            return {}
        raise MigrationError("Cannot read {0}: {1}.".format(error.filename or directory, error.strerror))
    return certs
