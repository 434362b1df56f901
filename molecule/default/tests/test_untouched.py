# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""After a run in check mode everything is as it was."""

from __future__ import annotations

import functools

import cluster
import pytest

state_of_node = functools.cache(cluster.state_of_node)


@pytest.mark.parametrize(
    "what",
    [
        "files",
        "docker_containers",
        "docker_images",
        "containerd_images",
        "units",
        "unschedulable",
        "annotations",
        "files_of_the_migration",
    ],
)
@pytest.mark.parametrize("name", cluster.node_names())
def test_a_check_run_touches_nothing(name, what, before):
    assert state_of_node(name)[what] == before["nodes"][name][what]
