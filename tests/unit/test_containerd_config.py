# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the action as a user would, with C(ansible) against this machine and a stand-in for containerd."""

from __future__ import annotations

import re
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

# Says what it is given, like `containerd --config FILE config dump`; refuses a root below /refused, and does not obey one below /ignored.
# What the real ones do stands in tests/containerd.
CONTAINERD = """#!/bin/sh
if [ "$1" = --version ]; then echo "containerd example.org/containerd 1.6.20"; exit; fi
test "$1" = --config && test "$3 $4" = "config dump" || exit 9
echo "$2" >> "$0.calls"
if grep -q /refused "$2"; then echo "containerd: no such root" >&2; exit 1; fi
sed s:/ignored:/elsewhere: "$2"
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
    assert len(node.calls) == 2, "the new content, and the file"
    assert node.calls[-1] == str(node.config)
    assert result["effective"] == {"cri_enabled": True, "root": "/data"}
    assert not Path(node.calls[0]).exists(), "nothing is left on the node"

    again = node.run()
    assert not again["changed"]
    assert again["effective"] == result["effective"]
    assert node.calls[2:] == [str(node.config)]


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


def test_check_mode_asks_containerd_too(configured):
    assert configured.run("--check")["effective"]["root"] == "/data"
    assert "refuses the new content" in configured.run("--check", settings={"root": "/refused"})["msg"]


def test_only_check_mode_does_without_a_containerd(configured):
    missing = str(configured.directory / "nowhere")
    result = configured.run("--check", containerd=missing)
    assert result["changed"]
    assert "effective" not in result
    assert "there is no containerd at" in configured.run(containerd=missing)["msg"]
    assert configured.config.read_text() == OLD
    assert configured.run(containerd=missing, validate=False)["changed"]


def test_a_setting_that_does_not_take_is_not_written(configured):
    result = configured.run(settings={"root": "/ignored"})
    assert (
        f"{configured.config}: what was wanted would not be in force: root is wanted as '/ignored', in force is '/elsewhere'"
        in result["msg"]
    )
    assert configured.config.read_text() == OLD
    assert "SECRET" not in configured.output


MIRRORS = f"""version = 2
[{R}.registry]
  config_path = "CERTS"
[{R}.registry.mirrors."docker.io"] # ours
  endpoint = ["https://user:SECRET@m.example:5000"]
[{R}.registry.configs."m.example:5000".tls]
  ca_file = "/ca.crt"
"""


def test_mirrors_move_to_hosts_toml_before_they_leave_the_file(node):
    node.config.parent.mkdir()
    certs = node.directory / "certs.d"
    node.config.write_text(MIRRORS.replace("CERTS", str(certs)))
    hosts = certs / "docker.io" / "hosts.toml"
    node.run("--check", "--diff")
    assert re.findall(r"(?m)^\+\+\+ after: (.*)", node.output) == [
        str(certs / "docker.io" / "hosts.toml"),
        str(certs / "m.example:5000" / "hosts.toml"),
        str(node.config),
    ]
    assert not certs.exists()

    result = node.run("--diff")
    assert [file["name"] for file in result["registries"]] == ["docker.io", "m.example:5000"]
    assert '[host."https://m.example:5000"]\ncapabilities = ["pull", "resolve"]\nca = ["/ca.crt"]\n' in hosts.read_text()
    assert hosts.stat().st_mode & 0o777 == 0o644
    assert '# [plugins."io.containerd.grpc.v1.cri".registry.mirrors."docker.io"] # ours\n' in node.config.read_text()
    assert "SECRET" not in node.output
    assert not node.run()["changed"]


def test_a_hosts_toml_of_someone_else_is_not_overwritten(node):
    node.config.parent.mkdir()
    before = MIRRORS.replace("CERTS", str(node.directory))
    node.config.write_text(before)
    (node.directory / "docker.io").mkdir()
    (node.directory / "docker.io" / "hosts.toml").write_text('server = "https://other"\n')
    assert "exists and says something else. Nothing was changed." in node.run()["msg"]
    assert node.config.read_text() == before
    assert not (node.directory / "m.example:5000").exists()


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
