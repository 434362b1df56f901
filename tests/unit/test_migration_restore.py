# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import stat

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils import _remembered_files as remembered
from ansible_collections.dockershim.migration.plugins.modules import migration_journal, migration_restore
from module_runner import ModuleFailedError, run_module

FILE = {"kind": "file", "uid": 0, "gid": 0, "mode": "0644", "sha256": "old"}
NEW = {**FILE, "sha256": "new"}
ABSENT = {"kind": "absent"}
DIRECTORY = {"kind": "directory", "uid": 0, "gid": 0, "mode": "0755"}


@pytest.mark.parametrize(
    ("before", "now", "after", "explicit", "expected"),
    [
        (FILE, FILE, None, True, ("none", False)),
        (FILE, FILE, "new", True, ("none", False)),
        ({**FILE, "copy": "/x"}, FILE, "old", True, ("none", False)),
        (FILE, NEW, "new", True, ("restore", False)),
        (FILE, NEW, None, True, ("restore", False)),
        (FILE, {**FILE, "sha256": "third"}, "new", True, ("restore", True)),
        (FILE, {**FILE, "mode": "0600"}, "old", True, ("restore", False)),
        (FILE, ABSENT, "new", True, ("restore", False)),
        (ABSENT, ABSENT, None, True, ("none", False)),
        (ABSENT, NEW, "new", True, ("remove", False)),
        (ABSENT, NEW, None, True, ("remove", False)),
        (ABSENT, NEW, "other", True, ("keep", True)),
        (None, NEW, "new", False, ("remove", False)),
        (None, NEW, None, False, ("keep", True)),
        (None, DIRECTORY, None, False, ("remove", False)),
        (DIRECTORY, {**DIRECTORY, "mode": "0700"}, None, True, ("restore", False)),
        (DIRECTORY, DIRECTORY, None, True, ("none", False)),
    ],
    ids=[
        "never changed",
        "changed and changed back",
        "the copy's place is no difference",
        "changed by the migration",
        "changed by a run that was killed",
        "changed by somebody since",
        "another mode",
        "deleted",
        "never there",
        "created by the migration",
        "created by a run that was killed",
        "created, then changed by somebody",
        "created in a directory",
        "put into a directory by somebody",
        "a new directory",
        "a directory with another mode",
        "the same directory",
    ],
)
def test_what_is_done_about_a_path(before, now, after, explicit, expected):
    assert remembered.decide("/etc/x", before, now, after, explicit) == expected


@pytest.fixture
def node(tmp_path):
    """Files of a node, and calls of the two modules for them."""

    class Node:
        etc = tmp_path / "etc"
        flags = etc / "flags.env"
        tree = etc / "containerd"
        config = tree / "config.toml"
        certs = tree / "certs.d" / "docker.io" / "hosts.toml"
        modules = etc / "modules.conf"
        journal = tmp_path / "lib" / "journal.json"

        def note(self, event, **options):
            return run_module(migration_journal, path=str(self.journal), fact="", event=event, **options)

        def migrate(self):
            paths = [str(path) for path in (self.flags, self.tree, self.modules)]
            self.note("migration_started", begin={"from": "dockershim", "to": "containerd"}, files=paths)
            self.flags.write_text("containerd")
            self.config.write_text("new")
            self.config.chmod(0o644)
            self.certs.parent.mkdir(parents=True)
            self.certs.write_text("server")
            self.modules.write_text("overlay")
            self.note("switch_completed", settled=True)

        def restore(self, **options):
            return run_module(migration_restore, path=str(self.journal), **options)

        def files(self):
            return {
                str(path.relative_to(self.etc)): (path.read_text() if path.is_file() else None, stat.S_IMODE(path.stat().st_mode))
                for path in sorted(self.etc.rglob("*"))
            }

    node = Node()
    node.tree.mkdir(parents=True)
    node.flags.write_text("dockershim")
    node.config.write_text("old")
    node.config.chmod(0o600)
    return node


def test_all_is_as_it_was_and_a_second_time_changes_nothing(node):
    before = node.files()
    node.migrate()
    assert node.files() != before
    result = node.restore()
    assert node.files() == before
    assert result["changed"]
    assert result["restored"] == [str(node.config), str(node.flags)]
    assert set(result["removed"]) == {str(node.certs), str(node.certs.parent), str(node.certs.parent.parent), str(node.modules)}
    assert result["touched"] == []
    again = node.restore()
    assert (again["changed"], again["restored"], again["removed"]) == (False, [], [])


def test_check_mode_foretells_and_touches_nothing(node):
    node.migrate()
    migrated = node.files()
    foretold = node.restore(check_mode=True)
    assert node.files() == migrated
    real = node.restore()
    assert foretold["restored"] == real["restored"]
    assert set(foretold["removed"]) <= set(real["removed"])
    assert foretold["diff"]["after"] == real["diff"]["after"]


def test_no_contents_come_into_the_result(node):
    node.config.write_text("password = 's3cret'")
    node.migrate()
    node.flags.write_text("token=s3cret")
    assert "s3cret" not in str(node.restore())


def test_what_somebody_has_changed_since_is_not_lost(node):
    node.migrate()
    node.flags.write_text("mine")
    mine = node.tree / "certs.d" / "new.example" / "hosts.toml"
    mine.parent.mkdir()
    mine.write_text("mine")
    node.certs.write_text("mine too")
    result = node.restore()
    assert node.flags.read_text() == "dockershim"
    aside = node.journal.parent / "backup" / "1" / "superseded" / str(node.flags).lstrip("/")
    assert aside.read_text() == "mine"
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600
    assert mine.read_text() == "mine"
    assert node.certs.read_text() == "mine too"
    assert {item["path"] for item in result["touched"]} == {str(node.flags), str(mine), str(node.certs)}


def test_links_come_back(node):
    target = node.etc / "target"
    target.write_text("text")
    link = node.tree / "link"
    link.symlink_to(target)
    node.note("migration_started", begin={"from": "dockershim", "to": "containerd"}, files=[str(node.tree)])
    link.unlink()
    link.write_text("a file now")
    node.restore()
    assert link.is_symlink()
    assert link.read_text() == "text"


def test_a_damaged_copy_is_not_put_back(node):
    node.migrate()
    copy = node.journal.parent / "backup" / "1" / str(node.flags).lstrip("/")
    copy.write_text("damaged")
    with pytest.raises(ModuleFailedError, match="is not what was kept of"):
        node.restore()
    assert node.flags.read_text() == "containerd"


def test_without_a_journal_nothing_can_be_restored(tmp_path):
    with pytest.raises(ModuleFailedError, match="There is no journal at"):
        run_module(migration_restore, path=str(tmp_path / "journal.json"))
