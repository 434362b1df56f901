# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The health of a node, over real HTTP against the stand-in."""

from __future__ import annotations

import time

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils import _kubernetes
from ansible_collections.dockershim.migration.plugins.modules import node_health
from api_stand_in import ApiStandIn, make_node, make_pod, status_object
from module_runner import ModuleFailedError, run_module

SWITCH = "2026-11-23T21:19:05Z"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(_kubernetes, "BACKOFF", (0.02,))


@pytest.fixture
def server():
    with ApiStandIn() as stand_in:
        stand_in.add(make_node(), make_pod("web-1"), make_pod("etcd-worker-1", namespace="kube-system", mirror=True))
        yield stand_in


def run(server, check_mode=False, **options):
    arguments = {"host": server.url, "api_timeout": 1, "name": "worker-1", "timeout": 10, "stable_for": 0, "poll_interval": 1, **options}
    return run_module(node_health, check_mode=check_mode, **arguments)


def switch_node(server):
    node = server.nodes["worker-1"]
    node["status"]["nodeInfo"]["containerRuntimeVersion"] = "containerd://1.6.20"
    node["status"]["conditions"][1]["lastHeartbeatTime"] = "2026-11-23T21:19:09Z"


def switch_pods(server):
    for pod in server.pods:
        pod["status"]["containerStatuses"][0]["containerID"] = "containerd://new-" + pod["metadata"]["name"]


def unwell(result):
    return [(item["object"], item["name"], item["reason"]) for item in result["unwell"]]


def test_a_well_node(server):
    result = run(server, runtime="docker", static_pods=["etcd"])
    assert (result["well"], result["changed"], result["unwell"], result["pods"]) == (True, False, [], 2)
    assert result["runtime_version"] == "docker://20.10.24"
    assert server.changes() == []


def test_check_mode_looks_once_and_does_not_fail(server):
    result = run(server, check_mode=True, runtime="containerd", since=SWITCH, static_pods=["etcd", "kube-apiserver"])
    assert (result["well"], result["changed"]) == (False, False)
    assert unwell(result) == [
        ("node", "worker-1", "Node"),
        ("node", "worker-1", "Node"),
        ("pod", "web-1", "OldRuntime"),
        ("pod", "etcd-worker-1", "OldRuntime"),
        ("pod", "kube-apiserver-worker-1", "Missing"),
    ]
    assert result["unwell_pods"] == ["demo/web-1", "kube-system/etcd-worker-1"]
    assert len(server.requests) == 2
    assert result.keys() == run(server).keys()


def test_a_node_that_is_ready_on_the_new_runtime_with_static_pods_on_the_old_is_not_well(server):
    switch_node(server)
    with pytest.raises(ModuleFailedError) as raised:
        run(server, runtime="containerd", since=SWITCH, timeout=1)
    message = raised.value.result["msg"]
    assert "not well within 1 s" in message
    assert "pod kube-system/etcd-worker-1, container main: OldRuntime: runs as docker://etcd-worker-1, not under containerd" in message
    assert "node worker-1:" not in message


def test_it_waits_for_node_and_pods_and_bears_an_absent_api(server):
    looks = []

    def time_passes(verb, path):
        looks.append(path)
        if len(looks) == 2:
            switch_node(server)
        if len(looks) == 3:
            server.fail(0, times=5)
            server.fail(500, status_object(500, "etcdserver: leader changed"), times=2)
            server.fail(403, status_object(403, "RBAC: not synced"), times=2)
        if len(looks) == 12:
            switch_pods(server)

    server.hook = time_passes
    assert run(server, runtime="containerd", since=SWITCH)["well"]
    assert len(looks) == 13


def test_an_api_that_is_away_longer_than_api_timeout_but_not_than_timeout(server):
    server.fail(503, "starting", times=60)
    started = time.monotonic()
    assert run(server, timeout=20)["well"]
    assert time.monotonic() - started > 1


def test_stability(server):
    """A container that is restarted meanwhile starts the clock again, even if no look finds it down."""
    looks = []

    def restart(verb, path):
        looks.append(path)
        if len(looks) == 4:
            server.pods[0]["status"]["containerStatuses"][0]["containerID"] = "docker://another"

    server.hook = restart
    assert run(server, stable_for=2)["seconds"] >= 3


def test_unstable_until_the_timeout(server):
    def flap(verb, path):
        if path == "/api/v1/pods":
            status = server.pods[0]["status"]["containerStatuses"][0]
            status["containerID"] += "x"

    server.hook = flap
    with pytest.raises(ModuleFailedError, match="well only for the last"):
        run(server, timeout=3, stable_for=2)


def test_evidence(server):
    status = server.pods[0]["status"]
    status["phase"] = "Pending"
    status["containerStatuses"][0].update(
        ready=False,
        containerID="",
        state={"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "registry.lab/web:2"'}},
    )
    server.events = [
        {"pod": "web-1", "reason": "Failed", "message": "old", "lastTimestamp": "2026-11-23T21:00:00Z"},
        {
            "pod": "web-1",
            "reason": "Failed",
            "message": "x509: certificate signed by unknown authority",
            "lastTimestamp": "2026-11-23T21:01:00Z",
        },
    ]
    server.nodes["worker-1"]["status"]["conditions"][1].update(
        status="False", reason="KubeletNotReady", message="cni plugin not initialized"
    )
    with pytest.raises(ModuleFailedError) as raised:
        run(server, timeout=1)
    for part in (
        "node worker-1: not Ready (KubeletNotReady): cni plugin not initialized",
        'pod demo/web-1, container main: ImagePullBackOff: Back-off pulling image "registry.lab/web:2" (last event: Failed: x509',
        "unwell_before",
    ):
        assert part in raised.value.result["msg"]
    assert raised.value.result["well"] is False


def test_pods_that_were_unwell_before_are_not_waited_for(server):
    server.pods[0]["status"]["containerStatuses"][0].update(ready=False, state={"waiting": {"reason": "CrashLoopBackOff"}})
    before = run(server, check_mode=True)["unwell_pods"]
    assert before == ["demo/web-1"]
    result = run(server, unwell_before=before)
    assert result["well"]
    assert [item["reason"] for item in result["tolerated"]] == ["CrashLoopBackOff"]
    assert result["unwell_pods"] == before


def test_a_long_list_is_cut_in_the_message_only(server):
    server.add(*(make_pod(f"many-{number}", phase="Pending") for number in range(20)))
    with pytest.raises(ModuleFailedError) as raised:
        run(server, timeout=1)
    assert "and 8 more" in raised.value.result["msg"]
    assert len(raised.value.result["unwell"]) == 20


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"since": "yesterday"}, "RFC 3339"),
        ({"since": "2026-11-23T21:19:05"}, "with its zone"),
        ({"containers_since": "just now"}, "containers_since 'just now' is not an RFC 3339 time"),
        ({"timeout": 0}, "timeout 0"),
        ({"poll_interval": 0}, "poll_interval 0"),
        ({"name": "worker-9"}, "no node 'worker-9'"),
    ],
    ids=str,
)
def test_wrong_options(server, options, says):
    with pytest.raises(ModuleFailedError, match=says):
        run(server, **options)
