# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed at any point, and a node that restarts at any, are finished by the next run, and no user of the cluster notices.

The points are computed from a recorded run. FAULT_SAMPLE=4 takes four of each node, evenly spaced; without it all are taken.
FAULT_PART=2/4 takes the second of four interleaved parts of them, so that several labs can share the work.
"""

from __future__ import annotations

import os

import pytest
from faultlab.controller import Playbook, run, run_disturbed
from faultlab.node import CONTAINERD, node_under_test
from faultlab.points import Point, kill_points, part, restart_points, sample
from faultlab.recording import DRAIN, PLAYBOOK, VARIABLES, recorded_tasks
from faultlab.watch import undisturbed_workload

# The control plane first: without its API, which an interrupted test may have left off, no other node comes home.
NODES = ("control-plane-1", "worker-1")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    number = int(os.environ.get("FAULT_SAMPLE") or 0)
    which = os.environ.get("FAULT_PART") or "1/1"
    chosen = []
    for name in NODES:
        tasks = recorded_tasks(node_under_test(name))
        # A node that restarts before it is drained takes its pods with it, whoever works on it.
        points = kill_points(tasks) if metafunc.function is test_a_killed_run_is_finished_by_the_next else restart_points(tasks, DRAIN)
        assert points, f"the recording of {name} has none; does it still have the task {DRAIN!r}?"
        chosen += [(name, point) for point in part(sample(points, number), which)]
    metafunc.parametrize(("name", "point"), chosen, ids=[f"{name}-{point}" for name, point in chosen])


def test_a_killed_run_is_finished_by_the_next(name: str, point: Point) -> None:
    node = node_under_test(name)
    node.bring_home()
    with undisturbed_workload():
        Playbook(PLAYBOOK, name, VARIABLES, point).kill_at_point()
        finished = run(PLAYBOOK, name, VARIABLES)
        assert finished.ended_well, finished.tail()
        assert node.problems(CONTAINERD) == []


def test_a_node_that_restarts_is_finished(name: str, point: Point) -> None:
    node = node_under_test(name)
    node.bring_home()
    with undisturbed_workload(but_through=name):
        cut = run_disturbed(PLAYBOOK, name, point, node.lose_power, variables=VARIABLES)
        # Whether the node is back before the next task is a matter of luck.
        if not cut.ended_well:
            node.wait_up()
            finished = run(PLAYBOOK, name, VARIABLES)
            assert finished.ended_well, finished.tail()
        # On a node that restarts after its health check the next run finds nothing to do, and does not wait.
        assert node.lasting_problems(CONTAINERD) == []
