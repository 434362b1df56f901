# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One blocker on one node, and nothing is touched on any."""

from __future__ import annotations

import subprocess
import time
import uuid

import cluster
import pytest


@pytest.fixture
def one_shot():
    """A pod that would run a second time, or be lost: no controller, and never to be restarted. Its name."""
    name = f"one-shot-{uuid.uuid4().hex[:8]}"
    pod = {
        "metadata": {"name": name},
        "spec": {
            "nodeName": cluster.node_names()[-1],
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "sleep", "image": "busybox:1.35", "imagePullPolicy": "IfNotPresent", "command": ["sleep", "3600"]}],
        },
    }
    cluster.api().create_namespaced_pod(cluster.DEMO, pod)
    deadline = time.time() + 60
    while cluster.api().read_namespaced_pod(name, cluster.DEMO).status.phase != "Running" and time.time() < deadline:
        time.sleep(0.5)
    yield name
    cluster.api().delete_namespaced_pod(name, cluster.DEMO)


def test_a_blocker_stops_the_run_before_anything_is_touched(one_shot, before):
    command = ["ansible-playbook", str(cluster.CHECKOUT / "playbooks/migrate-containerd.yml"), "-i", str(cluster.BUILD / "inventory.yml")]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.returncode != 0
    assert f"demo/{one_shot}" in run.stdout
    assert "unmanaged_pods=evict" in run.stdout, "the way out"
    assert "Prepare the new runtime" not in run.stdout
    for name in cluster.node_names():
        state = cluster.state_of_node(name)
        for what in ("files", "containerd_images", "units", "unschedulable", "annotations", "files_of_the_migration"):
            assert state[what] == before["nodes"][name][what], f"{what} of {name}"
