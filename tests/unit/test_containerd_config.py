# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the action as a user would, with C(ansible) against this machine and a stand-in for containerd."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from adhoc import run_task
from ansible_collections.dockershim.migration.plugins.modules import containerd_config
from module_runner import ModuleFailedError, run_module

R = 'plugins."io.containerd.grpc.v1.cri"'
OLD = f'version = 2\n[{R}.registry.configs."r".auth]\n  password = "SECRET"\n'
NEW = OLD.replace("version = 2\n", 'version = 2\nroot = "/data"\n')

# Reads what it is given, like `containerd --config FILE config dump`, and refuses a root below /refused.
CONTAINERD = """#!/bin/sh
test "$1" = --config && test "$3 $4" = "config dump" || exit 9
echo "$2" >> "$0.calls"
if grep -q /refused "$2"; then echo "containerd: no such root" >&2; exit 1; fi
"""


@dataclass
class Node:
    directory: Path

    @property
    def config(self) -> Path:
        return self.directory / "etc" / "config.toml"

    @property
    def calls(self) -> list[str]:
        path = self.directory / "my containerd.calls"
        return path.read_text().splitlines() if path.exists() else []

    def run(self, *flags: str, **arguments: Any) -> dict[str, Any]:
        options = {
            "path": str(self.config),
            "containerd": str(self.directory / "my containerd"),
            "containerd_version": "1.6.20",
            "settings": {"root": "/data"},
            **arguments,
        }
        result, self.output = run_task(self.directory, "containerd_config", *flags, **options)
        return result


@pytest.fixture
def node(tmp_path):
    program = tmp_path / "my containerd"
    program.write_text(CONTAINERD)
    program.chmod(0o755)
    return Node(tmp_path)


@pytest.fixture
def configured(node):
    node.config.parent.mkdir()
    node.config.write_text(OLD)
    node.config.chmod(0o600)
    return node


def test_a_new_file_is_written_with_its_directory_once_containerd_has_read_it(node):
    result = node.run()
    assert result["changed"]
    assert (result["path"], result["config_version"]) == (str(node.config), 2)
    assert node.config.read_text().endswith('version = 2\nroot = "/data"\n')
    assert node.config.stat().st_mode & 0o777 == 0o644
    assert len(node.calls) == 1

    again = node.run()
    assert not again["changed"]
    assert len(node.calls) == 1


def test_an_existing_file_keeps_its_mode_and_leaves_a_backup_and_no_secret_is_shown(configured):
    result = configured.run("--diff")
    assert result["changed"]
    assert configured.config.read_text() == NEW
    assert configured.config.stat().st_mode & 0o777 == 0o600
    assert Path(result["backup_file"]).read_text() == OLD
    assert 'root = "/data"' in configured.output
    assert "SECRET" not in configured.output
    assert not [path for path in (configured.directory / "controller").rglob("*") if path.is_file()], "nothing is left on the controller"


@pytest.mark.parametrize("exists", [True, False], ids=["an existing file", "a missing file"])
def test_check_mode_writes_nothing(configured, exists):
    if not exists:
        configured.config.unlink()
        configured.config.parent.rmdir()
    result = configured.run("--check")
    assert result["changed"]
    assert result["config_version"] == 2
    assert configured.config.exists() == exists
    assert not exists or configured.config.read_text() == OLD


def test_what_containerd_refuses_is_not_written(configured):
    result = configured.run(settings={"root": "/refused"})
    assert "was not changed" in result["msg"]
    assert "containerd: no such root" in result["msg"]
    assert configured.config.read_text() == OLD
    assert "SECRET" not in configured.output


def test_an_error_of_the_plan_names_the_file(configured):
    configured.config.write_text("version = 3\n")
    result = configured.run()
    assert f"{configured.config}: version = 3, but containerd 1.6.20 reads 2 at most" in result["msg"]


def test_a_mode_alone_is_a_change(configured):
    configured.config.write_text(NEW)
    result = configured.run(mode="0640")
    assert result["changed"]
    assert configured.config.read_text() == NEW
    assert configured.config.stat().st_mode & 0o777 == 0o640


def test_the_module_alone_says_that_it_needs_its_action():
    with pytest.raises(ModuleFailedError, match="through its action plugin"):
        run_module(containerd_config, containerd_version="1.6.20", settings={})
