# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input ends a run before any node is drained, with a message that names it."""

from __future__ import annotations

import json

import cluster
import pytest


def run(*variables):
    return cluster.run_playbook("migrate-cri-dockerd.yml", *(option for variable in variables for option in ("-e", json.dumps(variable))))


def disturbed():
    """The nodes that are not as they were: cordoned, or with a kubelet that was told something new."""
    return [
        name
        for name in cluster.node_names()
        if cluster.api().read_node(name).spec.unschedulable
        or "--network-plugin=cni" not in cluster.node_host(name).check_output("cat /var/lib/kubelet/kubeadm-flags.env")
    ]


@pytest.fixture
def taken():
    """Another program listens where cri-dockerd would, on one node."""
    host = cluster.node_host(cluster.node_names()[-1])
    program = "import socket, time; s = socket.socket(socket.AF_UNIX); s.bind('/run/cri-dockerd.sock'); s.listen(); time.sleep(600)"
    host.check_output(f'systemd-run --unit lab-stranger /usr/bin/python3 -c "{program}"')
    yield
    host.check_output("systemctl stop lab-stranger; rm --force /run/cri-dockerd.sock")


def test_a_taken_socket(taken):
    result = run()
    assert result.returncode != 0
    assert "socket /run/cri-dockerd.sock" in result.stdout
    assert "listens there" in result.stdout
    assert "Prepare the new runtime" not in result.stdout
    assert disturbed() == []


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"cri_dockerd_version": "0.3.8"}, "needs Docker 24.0 or newer"),
        ({"cri_dockerd_source": "url"}, "cri_dockerd_checksum"),
        ({"docker_removal_enabled": True}, "docker_removal_enabled is true, but cri-dockerd needs Docker"),
    ],
    ids=["Docker too old", "no checksum", "Docker would be removed"],
)
def test_what_the_plan_refuses(variables, message):
    result = run(variables)
    assert result.returncode != 0
    assert message in " ".join(result.stdout.split())
    assert "Prepare the new runtime" not in result.stdout
    assert disturbed() == []


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"cri_dockerd_checksum": "sha256:" + 64 * "0"}, "has the checksum sha256:"),
        ({"cri_dockerd_file": "/nonexistent/cri-dockerd"}, "the controller has no file /nonexistent/cri-dockerd"),
    ],
    ids=["wrong checksum", "no such file"],
)
def test_what_shows_while_preparing(variables, message):
    result = run(variables)
    assert result.returncode != 0
    assert message in " ".join(result.stdout.split())
    assert "Switch the workers" not in result.stdout
    assert disturbed() == []
