# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What works under Docker, before anything is done: a pull from each of the registries."""

from __future__ import annotations

import json
import time

import cluster
import pytest
from fresh_pods import fresh_pods

NODE = cluster.node_names()[-1]
IMAGES = cluster.description()["fresh_images"][0]


@pytest.fixture(scope="module")
def pods():
    """Pods that pull from each registry; afterwards the node is as it was."""
    host = cluster.node_host(NODE)
    with fresh_pods([NODE], IMAGES) as pods:
        yield pods
    deadline = time.time() + 60
    while host.check_output("docker ps --quiet --filter name=_fresh-") and time.time() < deadline:
        time.sleep(0.5)
    host.check_output(f"docker image rm --force {' '.join(IMAGES)}")


@pytest.mark.parametrize("image", IMAGES)
def test_a_new_pod_pulls(pods, image):
    pod = pods[NODE, image]
    assert pod.wait() == "Running"
    pulls = pod.pulls()
    assert {"manifest", "blob"} <= {pull["kind"] for pull in pulls if pull["status"] == 200}
    assert all(pull["user_agent"].startswith("docker/") for pull in pulls), pulls


def test_the_first_mirror_is_down_and_docker_went_on_to_the_next(pods, lab):
    host = cluster.node_host(NODE)
    mirrors = json.loads(host.check_output("docker info --format '{{json .RegistryConfig.Mirrors}}'"))
    assert mirrors == [f"http://{lab['down_mirror']}/", f"http://{lab['registries']['mirror']['name']}/"]
    assert lab["down_mirror"] in host.check_output("journalctl --unit docker --no-pager --output cat --grep 'connection refused'")
