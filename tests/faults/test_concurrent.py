# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of two runs on one cluster only one works; what a killed one leaves behind stops nobody for longer than it must."""

from __future__ import annotations

import socket
import time

import pytest
from faultlab.controller import ON_ANOTHER_HOST, Playbook, run
from faultlab.node import CONTAINERD, DOCKERSHIM, NodeUnderTest
from faultlab.points import pause_before
from faultlab.recording import DRAIN, PLAYBOOK, VARIABLES

#: Seconds for which the lock of a killed run is good elsewhere.
DURATION = 90

pytestmark = pytest.mark.usefixtures("site")


@pytest.fixture
def holder(worker: NodeUnderTest, site: None) -> Playbook:
    """A run that has the lock, and is just about to drain the worker."""
    playbook = Playbook(PLAYBOOK, worker.name, {**VARIABLES, "node_maintenance_lock_duration": str(DURATION)}, pause_before(DRAIN))
    playbook.wait_for_point()
    return playbook


def test_the_second_of_two_runs_ends_at_once_with_the_name_of_the_holder(worker: NodeUnderTest, holder: Playbook) -> None:
    for playbook in (PLAYBOOK, "rollback.yml", "remove_docker.yml"):
        second = run(playbook, "worker-2", VARIABLES)
        assert second.returncode not in (0, None)
        assert socket.gethostname() in second.output, second.tail()
        assert f"pid {holder.process.pid} " in second.output, second.tail()
        assert second.changed == []
        assert "Prepare the new runtime" not in second.output
    assert worker.sibling("worker-2").problems(DOCKERSHIM) == []
    holder.go_on()
    first = holder.wait()
    assert first.ended_well, first.tail()
    assert worker.problems(CONTAINERD) == []


def test_the_lock_of_a_killed_run_is_taken_at_once_where_that_ran(worker: NodeUnderTest, holder: Playbook) -> None:
    holder.kill()
    finished = run(PLAYBOOK, worker.name, VARIABLES)
    assert finished.ended_well, finished.tail()
    assert worker.problems(CONTAINERD) == []


def test_elsewhere_the_lock_of_a_killed_run_is_taken_when_it_has_expired(worker: NodeUnderTest, holder: Playbook) -> None:
    holder.kill()
    refused = run(PLAYBOOK, worker.name, VARIABLES, launcher=ON_ANOTHER_HOST)
    assert refused.returncode not in (0, None)
    assert f"pid {holder.process.pid} " in refused.output, refused.tail()
    assert refused.changed == []
    time.sleep(DURATION)
    finished = run(PLAYBOOK, worker.name, VARIABLES, launcher=ON_ANOTHER_HOST)
    assert finished.ended_well, finished.tail()
    assert worker.problems(CONTAINERD) == []
