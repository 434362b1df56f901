# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import stat

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils import _journal as journal
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.modules import migration_journal
from module_runner import ModuleFailedError, run_module


def test_each_call_adds_an_entry(tmp_path):
    path = tmp_path / "deep" / "journal.json"
    first = run_module(migration_journal, path=str(path), event="switch_started", details={"from": "dockershim"})
    run_module(migration_journal, path=str(path), event="switch_completed")
    assert first["changed"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    entries = journal.parse_journal(path.read_text(), str(path))
    assert [(entry["event"], entry["details"]) for entry in entries] == [
        ("switch_started", {"from": "dockershim"}),
        ("switch_completed", {}),
    ]
    assert entries[0] == first["entry"]


def test_check_mode_writes_nothing(tmp_path):
    path = tmp_path / "journal.json"
    result = run_module(migration_journal, check_mode=True, path=str(path), event="switch_started")
    assert result["changed"]
    assert "switch_started" in result["diff"]["after"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not a migration journal"),
        ("[]", "is not a migration journal"),
        (json.dumps({"format": 2, "entries": []}), "has format 2, this release reads format 1"),
    ],
    ids=["cut off", "something else", "of a later release"],
)
def test_another_file_is_never_overwritten(tmp_path, text, message):
    path = tmp_path / "journal.json"
    path.write_text(text)
    with pytest.raises(ModuleFailedError, match=message):
        run_module(migration_journal, path=str(path), event="switch_started")
    assert path.read_text() == text
    with pytest.raises(MigrationError, match=r"journal\.json"):
        journal.parse_journal(text, str(path))
