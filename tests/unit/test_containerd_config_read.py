# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils import _systemd
from ansible_collections.dockershim.migration.plugins.modules import containerd_config_read
from module_runner import ModuleFailedError, run_module

# Printed by `ctr plugins ls` of 1.6.20 and 2.1.9, shortened.
PLUGINS_1_6 = """TYPE                            ID                       PLATFORMS      STATUS
io.containerd.snapshotter.v1    zfs                      linux/amd64    skip
io.containerd.grpc.v1           cri                      linux/amd64    error
"""
PLUGINS_2_1 = """TYPE                                      ID                       PLATFORMS      STATUS
io.containerd.cri.v1                      runtime                  linux/amd64    ok
io.containerd.cri.v1                      images                   -              error
io.containerd.grpc.v1                     cri                      -              error
"""
DETAILS = """Type:          io.containerd.grpc.v1
ID:            cri
Error:
               Code:        Unknown
               Message:     invalid plugin config: `mirrors` cannot be set when `config_path` is provided
"""


@pytest.mark.parametrize(
    ("listing", "expected"),
    [
        (PLUGINS_1_6, {"io.containerd.grpc.v1.cri": "error"}),
        (
            PLUGINS_2_1,
            {"io.containerd.grpc.v1.cri": "error", "io.containerd.cri.v1.images": "error", "io.containerd.cri.v1.runtime": "ok"},
        ),
        ("TYPE  ID  PLATFORMS  STATUS\n", {}),
    ],
)
def test_the_state_of_cri(listing, expected):
    assert containerd_config_read.cri_plugins(listing) == expected


@pytest.mark.parametrize(
    ("arguments", "config"),
    [
        ([], "/etc/containerd/config.toml"),
        (["--config", "/a.toml"], "/a.toml"),
        (["--log-level", "info", "--config=/b.toml"], "/b.toml"),
        (["-c", "/c.toml"], "/c.toml"),
        (["--config"], "/etc/containerd/config.toml"),
    ],
)
def test_the_file_that_containerd_was_started_with(arguments, config):
    assert containerd_config_read.config_of(arguments) == config


def test_what_a_name_in_imports_stands_for(tmp_path):
    for name in ("b/1.toml", "a/2.toml", "a/.3.toml", "a/4.conf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    found = run_module(containerd_config_read, files=[f"{tmp_path}/*/*.toml", f"{tmp_path}/b/1.toml", f"{tmp_path}/missing"])["files"]
    assert [file["path"].removeprefix(f"{tmp_path}/") for file in found] == ["a/.3.toml", "a/2.toml", "b/1.toml", "b/1.toml"]
    assert base64.b64decode(found[1]["content"]) == b"a/2.toml"


def test_a_directory_is_no_file(tmp_path):
    with pytest.raises(ModuleFailedError, match="is not a regular file"):
        run_module(containerd_config_read, files=[str(tmp_path)])


def test_a_node_without_containerd_says_nothing_about_its_configuration(tmp_path):
    result = run_module(containerd_config_read, config="/etc/hosts", containerd=str(tmp_path / "nowhere"))
    assert result["version"] is None
    assert "dump" not in result


class Node:
    """Stands in for systemctl and ctr."""

    def __init__(self, listing, main_pid):
        self.params = {"containerd_address": "/run/containerd/containerd.sock"}
        self.listing, self.main_pid = listing, main_pid

    def run_command(self, command, **_keywords):
        if command == _systemd.show_command(["containerd.service"]):
            return 0, f"Id=containerd.service\nLoadState=loaded\nActiveState=active\nMainPID={self.main_pid}\n", ""
        return 0, DETAILS if "-d" in command else self.listing, ""


def test_a_daemon_that_does_not_run():
    assert containerd_config_read.daemon(Node("", 0)) == {"running": False}


def test_a_cri_plugin_that_failed_says_why(monkeypatch):
    monkeypatch.setattr(containerd_config_read, "command_line", lambda _pid: ["/usr/bin/containerd", "--config", "/nowhere.toml"])
    assert containerd_config_read.daemon(Node(PLUGINS_1_6, 1)) == {
        "running": True,
        "config": "/nowhere.toml",
        "current": True,
        "plugins": {"io.containerd.grpc.v1.cri": "error"},
        "error": "invalid plugin config: `mirrors` cannot be set when `config_path` is provided",
    }
