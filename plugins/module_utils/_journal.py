# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of a node's migration: what was done to the node and when, kept on the node itself.

Runs on the node: standard library and Python 3.6 only.
"""

import json

from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError

DEFAULT_PATH = "/var/lib/dockershim-migration/journal.json"
FORMAT = 1


def parse_journal(text, path):
    """Returns the entries of a journal.

    :param text: str, the file's text, or None where there is none yet.
    :param path: str, for the error message.
    :returns: list of dicts with time (ISO 8601, UTC), event (str) and details (dict), oldest first.
    """
    if text is None:
        return []
    try:
        journal = json.loads(text)
        if journal["format"] != FORMAT:
            raise MigrationError(
                "{0} has format {1}, this release reads format {2}: use the release of the collection that wrote it.".format(
                    path, journal["format"], FORMAT
                )
            )
        return list(journal["entries"])
    except (ValueError, KeyError, TypeError) as error:
        raise MigrationError("{0} is not a migration journal ({1!r}): look at it, and move it away if it may be lost.".format(path, error))


def render_journal(entries):
    """Returns the text of a journal with these entries."""
    return json.dumps({"format": FORMAT, "entries": entries}, indent=2, sort_keys=True) + "\n"
