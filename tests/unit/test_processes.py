# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils._processes import host_processes


@pytest.fixture
def proc(tmp_path):
    """A directory like /proc: pid -> (name, pid namespace)."""

    def make(processes):
        for pid, (name, namespace) in {"self": ("python3", "host"), **processes}.items():
            (tmp_path / pid / "ns").mkdir(parents=True)
            (tmp_path / pid / "comm").write_text(name + "\n")
            (tmp_path / pid / "ns" / "pid").symlink_to(f"pid:[{namespace}]")
        (tmp_path / "meminfo").write_text("")
        return str(tmp_path)

    return make


def test_only_the_hosts_own_processes_count(proc):
    root = proc({"12": ("dockerd", "host"), "7": ("dockerd", "host"), "300": ("dockerd", "a container's"), "9": ("docker", "host")})
    assert host_processes("dockerd", root) == [7, 12]


def test_a_process_that_ends_meanwhile_does_not_count(proc):
    root = proc({"12": ("dockerd", "host")})
    (Path(root) / "12" / "ns" / "pid").unlink()
    assert host_processes("dockerd", root) == []
