# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known about pods: one line per fact."""

from __future__ import annotations

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils import _node_pods as knowledge
from api_stand_in import make_budget, make_node, make_pod


def on_failure_half_done():
    pod = make_pod("batch-1", owner=None, restart="OnFailure")
    pod["spec"]["containers"].append({"name": "second"})
    pod["status"]["containerStatuses"].append({"name": "second", "state": {"terminated": {"exitCode": 0}}})
    return pod


@pytest.mark.parametrize(
    ("pod", "options", "verdict", "reason"),
    [
        pytest.param(make_pod("etcd-cp", owner="Node", mirror=True), {}, "leave", "static pod", id="mirror"),
        pytest.param(make_pod("etcd-cp", owner=None, mirror=True, restart="Never"), {}, "leave", "static pod", id="mirror-without-owner"),
        pytest.param(make_pod("proxy-x", owner="DaemonSet"), {}, "leave", "DaemonSet proxy", id="daemonset"),
        pytest.param(make_pod("proxy-x", owner="DaemonSet", deleting=True), {}, "leave", "DaemonSet", id="daemonset-terminating"),
        pytest.param(make_pod("job-1", owner="Job", phase="Succeeded"), {}, "leave", "finished", id="succeeded"),
        pytest.param(make_pod("job-1", owner=None, phase="Failed", restart="Never"), {}, "leave", "finished", id="failed-unmanaged"),
        pytest.param(make_pod("job-1", owner="Job", phase="Succeeded", deleting=True), {}, "leave", "finished", id="finished-terminating"),
        pytest.param(make_pod("web-1"), {}, "evict", "ReplicaSet web", id="replicaset"),
        pytest.param(make_pod("web-1", phase="Pending"), {}, "evict", "ReplicaSet web", id="pending"),
        pytest.param(make_pod("db-0", owner="StatefulSet"), {}, "evict", "StatefulSet", id="statefulset"),
        pytest.param(make_pod("job-1", owner="Job", restart="Never"), {}, "evict", "Job", id="running-job"),
        pytest.param(make_pod("web-1", deleting=True), {}, "wait", "deleted", id="terminating"),
        pytest.param(make_pod("bare", owner=None, deleting=True, restart="Never"), {}, "wait", "deleted", id="terminating-unmanaged"),
        pytest.param(make_pod("web-1", empty_dir=True), {}, "evict", "", id="emptydir-evict"),
        pytest.param(make_pod("web-1", empty_dir=True), {"emptydir_pods": "refuse"}, "refuse", "scratch", id="emptydir-refuse"),
        pytest.param(make_pod("web-1"), {"emptydir_pods": "refuse"}, "evict", "", id="no-emptydir"),
        pytest.param(make_pod("bare", owner=None), {}, "leave", "restarted in place", id="unmanaged-leave"),
        pytest.param(
            make_pod("bare", owner=None, empty_dir=True), {"emptydir_pods": "refuse"}, "leave", "kept (scratch)", id="unmanaged-emptydir"
        ),
        pytest.param(make_pod("bare", owner=None), {"unmanaged_pods": "refuse"}, "refuse", "not come back", id="unmanaged-refuse"),
        pytest.param(make_pod("bare", owner=None, empty_dir=True), {"unmanaged_pods": "evict"}, "evict", "scratch", id="unmanaged-evict"),
        pytest.param(make_pod("bare", owner=None, restart="Never"), {}, "refuse", "Never", id="unmanaged-never"),
        pytest.param(make_pod("bare", owner=None, restart="Never"), {"unmanaged_pods": "evict"}, "evict", "", id="unmanaged-never-evict"),
        pytest.param(make_pod("bare", owner=None, restart="OnFailure"), {}, "leave", "in place", id="unmanaged-on-failure"),
        pytest.param(on_failure_half_done(), {}, "refuse", "second", id="unmanaged-on-failure-half-done"),
    ],
)
def test_classification(pod, options, verdict, reason):
    found = knowledge.classify(pod, **options)
    assert found[0] == verdict
    assert reason in found[1]


def test_an_owner_that_is_no_controller_does_not_manage():
    pod = make_pod("web-1")
    del pod["metadata"]["ownerReferences"][0]["controller"]
    assert knowledge.classify(pod)[0] == "leave"


LABELS = {"app": "web", "tier": "front"}


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        pytest.param(None, False, id="null"),
        pytest.param({}, True, id="empty"),
        pytest.param({"matchLabels": {"app": "web"}}, True, id="label"),
        pytest.param({"matchLabels": {"app": "web", "tier": "back"}}, False, id="one-of-two-labels"),
        pytest.param({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "db"]}]}, True, id="in"),
        pytest.param({"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}, False, id="in-missing"),
        pytest.param({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}, False, id="not-in"),
        pytest.param({"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]}, True, id="not-in-missing"),
        pytest.param({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True, id="exists"),
        pytest.param({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False, id="does-not-exist"),
        pytest.param({"matchExpressions": [{"key": "zone", "operator": "DoesNotExist"}]}, True, id="does-not-exist-missing"),
        pytest.param(
            {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["front"]}]},
            False,
            id="both",
        ),
        pytest.param({"matchExpressions": [{"key": "app", "operator": "Gt", "values": ["1"]}]}, False, id="unknown-operator"),
    ],
)
def test_label_selector(selector, matches):
    assert knowledge.selects(selector, LABELS) is matches


def test_an_empty_selector_selects_nothing_in_v1beta1():
    assert not knowledge.selects({}, LABELS, empty_selects_all=False)


def test_budgets_of_a_pod_are_those_of_its_namespace():
    budgets = [make_budget("web"), make_budget("web", namespace="other"), make_budget("db")]
    assert knowledge.budgets_of(make_pod("web-1", labels={"app": "web"}), budgets) == [budgets[0]]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:01:00Z", 60),
        ("1970-01-01T00:01:00.250000Z", 60.25),
        ("1970-01-01 01:01:00+01:00", 60),
        ("1969-12-31T23:01:00-0100", 60),
        ("2026-11-23T21:19:05Z", 1795468745),
        ("2026-11-23T21:19:05", None),
        ("2026-13-23T21:19:05Z", None),
        ("soon", None),
        (None, None),
    ],
)
def test_time(text, seconds):
    assert knowledge.parse_time(text) == seconds


def ready(status="True", heartbeat="2026-11-23T21:19:10Z", runtime="containerd://1.6.20"):
    node = make_node()
    node["status"]["nodeInfo"]["containerRuntimeVersion"] = runtime
    node["status"]["conditions"][1].update(status=status, lastHeartbeatTime=heartbeat, reason="Why", message="because")
    return node


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        pytest.param(ready(), [], id="well"),
        pytest.param(ready(heartbeat="2026-11-23T22:19:05+01:00"), [], id="same-second-other-zone"),
        pytest.param(ready(status="False"), ["not Ready (Why): because"], id="not-ready"),
        pytest.param(ready(status="Unknown"), ["not Ready"], id="unknown"),
        pytest.param(ready(heartbeat="2026-11-23T21:19:04Z"), ["has not reported since"], id="stale"),
        pytest.param(ready(heartbeat=None), ["has not reported since"], id="never-reported"),
        pytest.param(ready(runtime="docker://20.10.24"), ["its runtime is docker://20.10.24, not containerd"], id="old-runtime"),
        pytest.param(ready(runtime="containerd-like://1"), ["its runtime is"], id="prefix-is-whole-word"),
        pytest.param({"metadata": {"name": "n"}}, ["not Ready", "reported since", "runtime is none"], id="empty-status"),
    ],
)
def test_node_problems(node, expected):
    found = knowledge.node_problems(node, "containerd", "2026-11-23T21:19:05Z")
    assert len(found) == len(expected)
    assert all(part in text for part, text in zip(expected, found, strict=True))


def pod_with(status=None, **changes):
    """A pod on containerd whose one container's status is changed."""
    pod = make_pod("web-1", runtime="containerd", **changes)
    if status is not None:
        pod["status"]["containerStatuses"] = [{"name": "main", "ready": False, "containerID": "", **status}]
        pod["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
    return pod


def waiting(reason, message=""):
    return {"state": {"waiting": {"reason": reason, "message": message}}}


def with_init(status, **spec):
    pod = pod_with(waiting("PodInitializing"), phase="Pending")
    pod["spec"]["initContainers"] = [{"name": "prepare", **spec}]
    pod["status"]["initContainerStatuses"] = [{"name": "prepare", **status}]
    pod["status"]["containerStatuses"] = [{"name": "main", **waiting("PodInitializing")}]
    return pod


def gated():
    pod = pod_with()
    pod["status"]["conditions"] = [{"type": "Ready", "status": "False", "reason": "ReadinessGatesNotReady", "message": "gate"}]
    return pod


def half_done():
    pod = pod_with(restart="OnFailure")
    pod["spec"]["containers"].append({"name": "done"})
    pod["status"]["containerStatuses"].append({"name": "done", "ready": False, "state": {"terminated": {"exitCode": 0}}})
    pod["status"]["conditions"] = [{"type": "Ready", "status": "False", "reason": "ContainersNotReady"}]
    return pod


@pytest.mark.parametrize(
    ("pod", "expected"),
    [
        pytest.param(pod_with(), [], id="well"),
        pytest.param(make_pod("job", phase="Succeeded"), [], id="succeeded"),
        pytest.param(make_pod("job", phase="Failed"), [], id="failed"),
        pytest.param(make_pod("web-1", deleting=True), [], id="terminating"),
        pytest.param(make_pod("web-1"), [("main", "OldRuntime", "docker://web-1")], id="still-docker"),
        pytest.param(make_pod("etcd", mirror=True), [("main", "OldRuntime", "not under containerd")], id="static-pod-still-docker"),
        pytest.param(pod_with(phase="Pending"), [("main", "NotStarted", "has not been started")], id="bound-but-not-started"),
        pytest.param(
            pod_with(waiting("ImagePullBackOff", "Back-off pulling x")), [("main", "ImagePullBackOff", "Back-off pulling x")], id="image"
        ),
        pytest.param(pod_with(waiting("CrashLoopBackOff")), [("main", "CrashLoopBackOff", "")], id="crash"),
        pytest.param(
            pod_with({"state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}), [("main", "OOMKilled", "137")], id="terminated"
        ),
        pytest.param(
            pod_with({"state": {"running": {}}, "containerID": "containerd://a"}), [("main", "NotReady", "not ready")], id="not-ready"
        ),
        pytest.param(gated(), [(None, "ReadinessGatesNotReady", "gate")], id="readiness-gate"),
        pytest.param(half_done(), [], id="on-failure-half-done"),
        pytest.param(
            with_init({"state": {"waiting": {"reason": "ErrImagePull", "message": "no"}}}),
            [("prepare", "ErrImagePull", "no"), ("main", "PodInitializing", "")],
            id="init-container-stuck",
        ),
        pytest.param(with_init({"state": {"terminated": {"exitCode": 0}}}), [("main", "PodInitializing", "")], id="init-container-done"),
        pytest.param(
            with_init({"state": {"running": {}}, "ready": True, "containerID": "docker://s"}, restartPolicy="Always"),
            [("prepare", "OldRuntime", "docker://s"), ("main", "PodInitializing", "")],
            id="sidecar",
        ),
    ],
)
def test_pod_problems(pod, expected):
    found = knowledge.pod_problems(pod, "containerd")
    assert [(item["container"], item["reason"]) for item in found] == [item[:2] for item in expected]
    assert all(part[2] in item["message"] for part, item in zip(expected, found, strict=True))


def test_any_runtime_will_do_where_none_is_wanted():
    assert knowledge.pod_problems(make_pod("web-1")) == []


def test_tolerated_pods_are_reported_apart():
    found = knowledge.examine(ready(), [pod_with(waiting("CrashLoopBackOff"))], tolerated={"demo/web-1"})
    assert found["unwell"] == []
    assert found["tolerated"][0]["reason"] == "CrashLoopBackOff"


def test_static_pods_must_be_there():
    etcd = make_pod("etcd-worker-1", mirror=True, runtime="containerd")
    lookalike = make_pod("kube-apiserver-worker-1", runtime="containerd")
    found = knowledge.examine(ready(), [etcd, lookalike], static_pods=["etcd", "kube-apiserver"])
    assert [(item["name"], item["reason"]) for item in found["unwell"]] == [("kube-apiserver-worker-1", "Missing")]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"running": {"startedAt": "2026-11-23T21:19:05Z"}}, []),
        ({"running": {"startedAt": "2026-11-23T21:19:07Z"}}, []),
        ({"running": {"startedAt": "2026-11-23T20:00:00Z"}}, ["OldContainer"]),
        ({"running": {}}, ["OldContainer"]),
    ],
)
def test_containers_from_before_a_switch_to_a_runtime_of_the_same_name(state, expected):
    pod = pod_with({"state": state, "ready": True, "containerID": "docker://a"})
    pod["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
    problems = knowledge.pod_problems(pod, "docker", "2026-11-23T21:19:05Z")
    assert [problem["reason"] for problem in problems] == expected
