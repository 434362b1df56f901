# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back by hand, from each runtime to the one before, and what becomes of it when it is disturbed."""

from __future__ import annotations

import pytest
from faultlab.controller import Playbook, Run, run
from faultlab.node import CONTAINERD, CRI_DOCKERD, DOCKERSHIM, NodeUnderTest
from faultlab.points import Point
from faultlab.recording import PLAYBOOK, VARIABLES
from labcluster import cluster

ROLLBACK = "rollback.yml"
TO_CRI_DOCKERD = "migrate-cri-dockerd.yml"
SHORT = {**VARIABLES, "rollback_grace_period": VARIABLES["kubelet_runtime_grace_period"]}
#: What a migration to cri-dockerd brings to the node.
BROUGHT = "ls -d /usr/bin/cri-dockerd /etc/systemd/system/cri-docker*"

pytestmark = pytest.mark.usefixtures("site")


def assert_comes_to(node: NodeUnderTest, runtime: str, playbook: str) -> Run:
    finished = run(playbook, node.name, SHORT)
    assert finished.ended_well, finished.tail()
    assert node.problems(runtime) == []
    return finished


def test_a_node_goes_back_only_once_and_comes_again(worker: NodeUnderTest) -> None:
    assert_comes_to(worker, CONTAINERD, PLAYBOOK)
    assert_comes_to(worker, DOCKERSHIM, ROLLBACK)
    assert assert_comes_to(worker, DOCKERSHIM, ROLLBACK).changed == []
    assert_comes_to(worker, CONTAINERD, PLAYBOOK)


def test_from_cri_dockerd_to_the_dockershim(worker: NodeUnderTest) -> None:
    # The lab puts back the configuration of a node only.
    worker.execute("rm", "--force", "/usr/bin/cri-dockerd")
    assert_comes_to(worker, CRI_DOCKERD, TO_CRI_DOCKERD)
    assert worker.execute("sh", "-c", BROUGHT, check=False).split()
    assert_comes_to(worker, DOCKERSHIM, ROLLBACK)
    assert worker.execute("sh", "-c", BROUGHT, check=False).split() == []


def test_from_containerd_to_cri_dockerd_and_no_further(worker: NodeUnderTest) -> None:
    assert_comes_to(worker, CRI_DOCKERD, TO_CRI_DOCKERD)
    assert_comes_to(worker, CONTAINERD, PLAYBOOK)
    assert_comes_to(worker, CRI_DOCKERD, ROLLBACK)
    assert assert_comes_to(worker, CRI_DOCKERD, ROLLBACK).changed == []


@pytest.mark.parametrize(
    "task",
    [
        "node_maintenance : Cordon and drain the node",
        "rollback : Put back the files that the migration has changed",
        "rollback : Start the kubelet",
    ],
)
def test_a_killed_way_back_is_finished_by_the_next_run(worker: NodeUnderTest, task: str) -> None:
    assert_comes_to(worker, CONTAINERD, PLAYBOOK)
    Playbook(ROLLBACK, worker.name, SHORT, Point(0, None, f"dockershim.migration.{task}", 0, "middle", 0.3)).kill_at_point()
    assert_comes_to(worker, DOCKERSHIM, ROLLBACK)


def test_a_node_that_the_administrator_had_cordoned_stays_so(worker: NodeUnderTest) -> None:
    cluster.kubectl(worker.lab, "cordon", worker.name)
    for playbook, runtime in ((PLAYBOOK, CONTAINERD), (ROLLBACK, DOCKERSHIM)):
        finished = run(playbook, worker.name, SHORT)
        assert finished.ended_well, finished.tail()
        assert worker.problems(runtime) == ["it is cordoned"]
