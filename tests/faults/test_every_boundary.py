# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed at any point is finished by the next one, and nobody who uses the cluster notices.

The points are computed from a recorded run. FAULT_SAMPLE=4 takes four of each node, evenly spaced; without it all are taken.
FAULT_PART=2/4 takes the second of four interleaved parts of them, so that several labs can share the work.
"""

from __future__ import annotations

import os

import pytest
from faultlab import controller
from faultlab.node import CONTAINERD, node_under_test
from faultlab.points import Point, part, sample
from faultlab.recording import PLAYBOOK, VARIABLES, recorded_points
from faultlab.watch import undisturbed_workload

NODES = ("worker-1", "control-plane-1")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "point" in metafunc.fixturenames:
        number = int(os.environ.get("FAULT_SAMPLE") or 0)
        which = os.environ.get("FAULT_PART") or "1/1"
        chosen = [(name, point) for name in NODES for point in part(sample(recorded_points(node_under_test(name)), number), which)]
        metafunc.parametrize(("name", "point"), chosen, ids=[f"{name}-{point}" for name, point in chosen])


def test_a_killed_run_is_finished_by_the_next(name: str, point: Point) -> None:
    node = node_under_test(name)
    node.bring_home()
    with undisturbed_workload():
        controller.Playbook(PLAYBOOK, name, VARIABLES, point).kill_at_point()
        finished = controller.run(PLAYBOOK, name, VARIABLES)
        assert finished.ended_well, finished.tail()
        assert node.problems(CONTAINERD) == []
