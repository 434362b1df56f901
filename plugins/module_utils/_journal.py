# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of a node's migrations, kept on the node itself: what was there before, what was done, and when.

A journal is a list of records, oldest first, one for each migration. A record is plain data:

    from, to    str or None, the runtimes
    entries     list of dicts with time (ISO 8601, UTC), event (str) and details (dict), oldest first
    before      dict of files, trees, units, node and packages: the state that a rollback restores
    after       dict of path -> SHA-256 of the files as the migration left them

C(before.files) is a dict of path -> dict with C(kind) (V(file), V(link), V(directory) or V(absent)) and, for what exists, owner,
group, mode and the path of a copy. C(before.trees) lists the directories that were remembered with all that was in them.

Runs on the node: standard library and Python 3.6 only.
"""

import json
import os

from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError

DEFAULT_PATH = "/var/lib/dockershim-migration/journal.json"
FORMAT = 2

#: The phases of a migration.
PREPARING = "preparing"
SWITCHING = "switching"
COMPLETED = "completed"
ROLLING_BACK = "rolling_back"
ROLLED_BACK = "rolled_back"

#: The events after which a migration is in another phase. All other events only tell what was done.
PHASES = {
    "migration_started": PREPARING,
    "switch_started": SWITCHING,
    "switch_abandoned": PREPARING,
    "switch_completed": COMPLETED,
    "rollback_started": ROLLING_BACK,
    "rollback_completed": ROLLED_BACK,
}
#: What C(migration_started) becomes where a migration goes on that an earlier run began.
BEGIN, RESUME = "migration_started", "migration_resumed"
#: In these a node is between two runtimes.
IN_BETWEEN = (SWITCHING, ROLLING_BACK)
#: After these nothing of a record is left to be done: what comes next is another migration.
ENDED = (COMPLETED, ROLLED_BACK)


def new_record(origin=None, target=None):
    """Returns an empty record of a migration between two runtimes (str or None)."""
    return {
        "from": origin,
        "to": target,
        "entries": [],
        "before": {"files": {}, "trees": [], "units": {}, "node": {}, "packages": []},
        "after": {},
    }


def parse_journal(text, path):
    """Returns the records of a journal.

    :param text: str, the file's text, or None where there is none yet.
    :param path: str, for the error message.
    :returns: list of records, oldest first; format 1, which had only entries, is read as one record that remembers nothing.
    """
    if text is None:
        return []
    try:
        journal = json.loads(text)
        if journal["format"] == 1:
            return [_of_format_1(journal["entries"])] if journal["entries"] else []
        if journal["format"] != FORMAT:
            raise MigrationError(
                "{0} has format {1}, this release reads formats 1 and {2}: use the release of the collection that wrote it.".format(
                    path, journal["format"], FORMAT
                )
            )
        return [dict(new_record(), **record) for record in journal["migrations"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MigrationError("{0} is not a migration journal ({1!r}): look at it, and move it away if it may be lost.".format(path, error))


def _of_format_1(entries):
    record = new_record()
    for entry in entries:
        if entry["event"] == "switch_started":
            record["from"], record["to"] = entry["details"].get("from"), entry["details"].get("to")
    record["entries"] = list(entries)
    return record


def render_journal(records):
    """Returns the text of a journal with these records."""
    return json.dumps({"format": FORMAT, "migrations": records}, indent=2, sort_keys=True) + "\n"


def entries_of(records):
    """Returns the entries of all records, oldest first."""
    return [entry for record in records for entry in record["entries"]]


def phase_of(entries):
    """Returns the phase that the last of these entries leave a migration in, or None where none tells."""
    phases = [PHASES[entry["event"]] for entry in entries if entry["event"] in PHASES]
    return phases[-1] if phases else None


def added(records, entry, begin=None):
    """Returns the records with one more entry.

    :param records: list of records; not changed.
    :param entry: dict of time, event and details.
    :param begin: dict of C(from) and C(to), or None. Begins a record of its own, unless a migration is still open: that one goes on.
    """
    records = json.loads(json.dumps(records))
    if begin is not None and records and phase_of(records[-1]["entries"]) not in ENDED:
        # What was there before the first run is what counts, wherever this one leads.
        records[-1]["to"] = begin["to"]
        records[-1]["from"] = records[-1]["from"] or begin["from"]
        entry = dict(entry, event=RESUME) if entry["event"] == BEGIN else entry
    elif begin is not None or not records:
        records.append(new_record(**{"origin": begin["from"], "target": begin["to"]} if begin else {}))
    records[-1]["entries"].append(entry)
    return records


def unknown_paths(record, paths):
    """Returns those of the paths that a record, to which the newest entry has been added, does not remember yet, in their order.

    A path is remembered only once: what it was before the *first* change is what counts.
    """
    before = record["before"]
    if not before["files"] and phase_of(record["entries"][:-1]) in IN_BETWEEN:
        # A journal of the first release's, or made by hand: what is there now need not be what was there before.
        return []
    return [path for path in paths if path not in before["files"] and path not in before["trees"]]


def summary(records):
    """Returns what is worth knowing of the last record, fit for everybody's eyes: dict, or None for no record.

    :returns: dict with migration (its number, from 1), from, to, phase, started, changed (times), and last (event).
    """
    if not records:
        return None
    record = records[-1]
    entries = record["entries"]
    return {
        "migration": len(records),
        "from": record["from"],
        "to": record["to"],
        "phase": phase_of(entries),
        "started": entries[0]["time"] if entries else None,
        "changed": entries[-1]["time"] if entries else None,
        "last": entries[-1]["event"] if entries else None,
        "steps": [{"time": entry["time"], "event": entry["event"]} for entry in entries],
    }


def last_record(records):
    """Returns what a plan has to know of the newest record: dict, or None where there is none.

    :returns: dict with migration, from, to, phase, files (list of paths), units, node, packages, and missing_copies (paths whose copy is
        gone, so that they could not be restored).
    """
    if not records:
        return None
    before = records[-1]["before"]
    known = summary(records)
    return {
        "migration": known["migration"],
        "from": known["from"],
        "to": known["to"],
        "phase": known["phase"],
        "started": known["started"],
        "files": sorted(before["files"]),
        "units": before["units"],
        "node": before["node"],
        "packages": before["packages"],
        "missing_copies": sorted(path for path, state in before["files"].items() if "copy" in state and not os.path.isfile(state["copy"])),
    }
