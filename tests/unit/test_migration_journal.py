# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils import _journal as journal
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.modules import migration_journal
from module_runner import ModuleFailedError, run_module

BEGIN = {"from": "dockershim", "to": "containerd"}


def entries(*events):
    return [{"time": f"2026-11-23T21:12:{number:02}Z", "event": event, "details": {}} for number, event in enumerate(events)]


@pytest.fixture
def note(tmp_path):
    """Calls the module with a journal and a fact below a directory of the test's own."""

    def call(event, *, check_mode=False, **options):
        places = {"path": str(tmp_path / "lib" / "journal.json"), "fact": str(tmp_path / "facts.d" / "migration.fact")}
        return run_module(migration_journal, check_mode=check_mode, **{**places, "event": event, **options})

    call.path = tmp_path / "lib" / "journal.json"
    call.fact = tmp_path / "facts.d" / "migration.fact"
    return call


@pytest.mark.parametrize(
    ("events", "phase"),
    [
        ([], None),
        (["drain_started"], None),
        (["migration_started"], "preparing"),
        (["migration_started", "switch_started"], "switching"),
        (["switch_started", "drain_started"], "switching"),
        (["switch_started", "switch_abandoned"], "preparing"),
        (["switch_started", "switch_completed"], "completed"),
        (["switch_started", "switch_completed", "migration_resumed"], "completed"),
        (["switch_started", "rollback_started", "files_restored"], "rolling_back"),
        (["switch_completed", "rollback_started", "rollback_completed"], "rolled_back"),
    ],
    ids=lambda value: " ".join(value or []) if isinstance(value, list) else str(value),
)
def test_the_last_telling_event_is_the_phase(events, phase):
    assert journal.phase_of(entries(*events)) == phase


@pytest.mark.parametrize(
    ("before", "event", "begin", "records"),
    [
        ([], "switch_started", None, [(None, ["switch_started"])]),
        ([], "migration_started", BEGIN, [("containerd", ["migration_started"])]),
        (["migration_started"], "migration_started", BEGIN, [("containerd", ["migration_started", "migration_resumed"])]),
        (
            ["migration_started", "switch_started"],
            "migration_started",
            {"from": "cri-dockerd", "to": "cri-dockerd"},
            [("cri-dockerd", ["migration_started", "switch_started", "migration_resumed"])],
        ),
        (
            ["migration_started", "switch_completed"],
            "rollback_started",
            None,
            [("containerd", ["migration_started", "switch_completed", "rollback_started"])],
        ),
        (
            ["migration_started", "switch_completed"],
            "migration_started",
            BEGIN,
            [("containerd", ["migration_started", "switch_completed"]), ("containerd", ["migration_started"])],
        ),
        (
            ["rollback_completed"],
            "migration_started",
            BEGIN,
            [("containerd", ["rollback_completed"]), ("containerd", ["migration_started"])],
        ),
    ],
    ids=["nothing", "the first", "killed while preparing", "killed in the switch", "back", "once more", "once more after a rollback"],
)
def test_a_migration_goes_on_until_it_has_ended(before, event, begin, records):
    known = [dict(journal.new_record("dockershim", "containerd"), entries=entries(*before))] if before else []
    result = journal.added(known, {"time": "2026-11-23T22:00:00Z", "event": event, "details": {}}, begin)
    assert [(record["to"], [entry["event"] for entry in record["entries"]]) for record in result] == records
    assert result[0]["from"] == ("dockershim" if before or begin else None)


def test_a_journal_of_the_first_release_is_read_and_goes_on(note):
    first = {"time": "2026-11-01T00:00:00Z", "event": "switch_started", "details": {"from": "dockershim", "to": "containerd"}}
    note.path.parent.mkdir()
    note.path.write_text(json.dumps({"format": 1, "entries": [first]}))
    result = note("switch_completed")
    assert result["phase"] == "completed"
    (record,) = journal.parse_journal(note.path.read_text(), str(note.path))
    assert (record["from"], record["to"], record["before"]["files"]) == ("dockershim", "containerd", {})
    assert [entry["event"] for entry in record["entries"]] == ["switch_started", "switch_completed"]
    assert journal.parse_journal(json.dumps({"format": 1, "entries": []}), "x") == []


def test_what_stands_on_a_node_in_between_is_not_taken_for_what_was_there_before(note, tmp_path):
    (tmp_path / "file").write_text("half migrated")
    note("switch_started")
    assert note("migration_started", begin=BEGIN, files=[str(tmp_path / "file")])["remembered"] == []
    (record,) = journal.parse_journal(note.path.read_text(), "journal")
    assert (record["from"], record["before"]["files"]) == ("dockershim", {})


def test_each_call_adds_an_entry(note):
    first = note("migration_started", begin=BEGIN, details={"why": "because"})
    note("switch_started")
    assert first["changed"]
    assert stat.S_IMODE(note.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(note.path.parent.stat().st_mode) == 0o700
    (record,) = journal.parse_journal(note.path.read_text(), str(note.path))
    assert [(entry["event"], entry["details"]) for entry in record["entries"]] == [
        ("migration_started", {"why": "because"}),
        ("switch_started", {}),
    ]
    assert record["entries"][0] == first["entry"]


def test_the_fact_is_json_for_everybody_and_tells_no_details(note):
    note("migration_started", begin=BEGIN, details={"token": "s3cret"})
    assert stat.S_IMODE(note.fact.stat().st_mode) == 0o644  # an executable one would be run instead of read
    fact = json.loads(note.fact.read_text())
    assert (fact["phase"], fact["from"], fact["to"], fact["migration"]) == ("preparing", "dockershim", "containerd", 1)
    assert [step["event"] for step in fact["steps"]] == ["migration_started"]
    assert "s3cret" not in note.fact.read_text()


def test_what_was_there_first_is_kept_once(note, tmp_path):
    file, tree = tmp_path / "etc" / "flags.env", tmp_path / "etc" / "containerd"
    tree.mkdir(parents=True)
    file.write_text("first")
    (tree / "config.toml").write_text("password = 's3cret'")
    (tree / "config.toml").chmod(0o640)
    missing = tmp_path / "etc" / "sysctl.conf"
    paths = [str(file), str(tree), str(missing)]
    first = note("migration_started", begin=BEGIN, files=paths, node={"unschedulable": True})
    file.write_text("second")
    second = note("migration_started", begin=BEGIN, files=paths, node={"unschedulable": False, "cri_socket": "/x"}, packages=["containerd"])
    assert first["remembered"] == sorted([*paths, str(tree / "config.toml")])
    assert second["remembered"] == []
    (record,) = journal.parse_journal(note.path.read_text(), str(note.path))
    before = record["before"]
    assert before["node"] == {"unschedulable": True, "cri_socket": "/x"}
    assert before["packages"] == ["containerd"]
    assert before["files"][str(missing)] == {"kind": "absent"}
    assert before["trees"] == sorted([str(tree), str(missing)])
    assert before["files"][str(tree / "config.toml")]["mode"] == "0640"
    copy = before["files"][str(file)]["copy"]
    with open(copy, encoding="ascii") as stream:
        assert stream.read() == "first"
    assert stat.S_IMODE(os.stat(copy).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(copy)).st_mode) == 0o700
    assert "s3cret" not in note.path.read_text()


def test_a_later_migration_keeps_the_records_and_copies_of_the_earlier_one(note, tmp_path):
    file = tmp_path / "flags.env"
    for text in ("one", "two"):
        file.write_text(text)
        note("migration_started", begin=BEGIN, files=[str(file)])
        note("switch_completed")
    records = journal.parse_journal(note.path.read_text(), str(note.path))
    copies = [record["before"]["files"][str(file)]["copy"] for record in records]
    assert [Path(copy).read_text() for copy in copies] == ["one", "two"]


def test_check_mode_writes_nothing(note, tmp_path):
    (tmp_path / "file").write_text("text")
    result = note("switch_started", check_mode=True, files=[str(tmp_path / "file")])
    assert result["changed"]
    assert result["remembered"] == [str(tmp_path / "file")]
    assert "switch_started" in result["diff"][0]["after"]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not a migration journal"),
        ("[]", "is not a migration journal"),
        (json.dumps({"format": 2, "entries": []}), "is not a migration journal"),
        (json.dumps({"format": 3, "migrations": []}), "has format 3, this release reads formats 1 and 2"),
    ],
    ids=["cut off", "something else", "half of it", "of a later release"],
)
def test_another_file_is_never_overwritten(note, text, message):
    note.path.parent.mkdir()
    note.path.write_text(text)
    with pytest.raises(ModuleFailedError, match=message):
        note("switch_started")
    assert note.path.read_text() == text
    with pytest.raises(MigrationError, match=r"journal\.json"):
        journal.parse_journal(text, str(note.path))


def test_a_copy_that_is_gone_is_told(note, tmp_path):
    file = tmp_path / "flags.env"
    file.write_text("text")
    note("migration_started", begin=BEGIN, files=[str(file)])
    records = journal.parse_journal(note.path.read_text(), "journal")
    assert journal.last_record(records)["missing_copies"] == []
    os.unlink(records[0]["before"]["files"][str(file)]["copy"])
    assert journal.last_record(records)["missing_copies"] == [str(file)]
