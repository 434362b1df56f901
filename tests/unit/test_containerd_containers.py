# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils import _shims as shims
from ansible_collections.dockershim.migration.plugins.modules import containerd_containers
from module_runner import ModuleFailedError, run_module

SHOW = "Id=containerd.service\nMainPID={0}\nLoadState=loaded\n"


def labels(kind, name=None, pod="web-1"):
    known = {"io.cri-containerd.kind": kind, "io.kubernetes.pod.name": pod, "io.kubernetes.pod.namespace": "demo"}
    return {**known, "io.kubernetes.container.name": name} if name else known


CONTAINERS = {"c1": labels("container", "web"), "s1": labels("sandbox"), "mine": {"somebody": "else"}}


@pytest.fixture
def stop(ctr, monkeypatch):
    """Runs the module on a node where containerd runs, or does not."""
    real = AnsibleModule.run_command

    def run(containerd_runs=True, **options):
        def run_command(self, command, **keywords):
            if command[0] == "systemctl":
                return 0, SHOW.format(1 if containerd_runs else 0), ""
            return real(self, command, **keywords)

        monkeypatch.setattr(AnsibleModule, "run_command", run_command)
        return run_module(containerd_containers, grace_period=1, **options)

    return run


@pytest.fixture
def running(ctr):
    ctr.write({"content": {}, "k8s.io": {"images": {}, "tasks": dict.fromkeys(CONTAINERS, 100), "labels": CONTAINERS}})
    return ctr


def test_the_pause_containers_go_last_and_somebody_elses_stay(stop, running):
    result = stop()
    assert result["changed"]
    assert [(item["id"], item["name"], item["pod"]) for item in result["stopped"]] == [
        ("c1", "web", "demo/web-1"),
        ("s1", "pause", "demo/web-1"),
    ]
    state = running.read()
    assert list(state["k8s.io"]["tasks"]) == ["mine"]
    kills = [call[-1] for call in state["calls"] if call[1:3] == ["tasks", "kill"]]
    assert kills == ["c1", "s1"]
    assert not stop()["changed"]


def test_check_mode_stops_nothing(stop, running):
    result = stop(check_mode=True)
    assert result["changed"]
    assert result["diff"]["before"] == "demo/web-1 pause\ndemo/web-1 web\n"
    assert len(running.read()["k8s.io"]["tasks"]) == 3


def test_one_that_does_not_heed_the_signal_is_killed(stop, running):
    state = running.read()
    running.write({**state, "stubborn": ["c1"]})
    assert stop()["changed"]
    assert list(running.read()["k8s.io"]["tasks"]) == ["mine"]


def process(pid, parent, *arguments):
    return {"pid": pid, "parent": parent, "arguments": list(arguments)}


SHIM = "/usr/bin/containerd-shim-runc-v2"
TREE = [
    process(1, 0, "/sbin/init"),
    process(10, 1, SHIM, "-namespace", "k8s.io", "-id", "s1", "-address", "/run/containerd/containerd.sock"),
    process(11, 10, "/pause"),
    process(12, 10, "etcd", "--name=x"),
    process(13, 12, "helper"),
    process(20, 1, SHIM, "-namespace", "moby", "-id", "d1"),
    process(21, 20, "web"),
    process(30, 1, "grep", SHIM, "-namespace", "k8s.io"),
    process(40, 1, ""),
]


@pytest.mark.parametrize(
    ("namespace", "expected"),
    [
        ("k8s.io", [{"id": "s1", "pid": 10, "children": [11, 12]}]),
        ("moby", [{"id": "d1", "pid": 20, "children": [21]}]),
        ("default", []),
    ],
)
def test_shims_are_known_by_their_arguments(namespace, expected):
    assert shims.find_shims(TREE, namespace) == expected


def test_the_processes_of_this_host_can_be_read():
    processes = shims.read_processes()
    assert os.getpid() in {item["pid"] for item in processes}


def test_what_outlived_containerd_is_found_by_its_shims(stop, monkeypatch):
    trees = [TREE, [item for item in TREE if item["pid"] not in (10, 11, 12)]]
    signals = []

    def _signal(pid, number):
        signals.append((pid, int(number)))
        return False

    monkeypatch.setattr(containerd_containers, "_signal", _signal)
    real = containerd_containers.StoppedContainerd
    monkeypatch.setattr(containerd_containers, "StoppedContainerd", lambda: real(lambda: trees.pop(0)))
    result = stop(containerd_runs=False)
    assert result["changed"]
    assert signals == [(11, 15), (12, 15), (10, 9)]


def test_what_does_not_end_is_named(stop, monkeypatch):
    real = containerd_containers.StoppedContainerd
    monkeypatch.setattr(containerd_containers, "_signal", lambda pid, number: False)
    monkeypatch.setattr(containerd_containers, "StoppedContainerd", lambda: real(lambda: TREE))
    with pytest.raises(ModuleFailedError, match="do not end: s1"):
        stop(containerd_runs=False)
