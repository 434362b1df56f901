# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cordon, drain, uncordon: the whole module over real HTTP against the stand-in."""

from __future__ import annotations

import time

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils import _kubernetes, _node_drain
from ansible_collections.dockershim.migration.plugins.modules import node_drain
from api_stand_in import ApiStandIn, make_budget, make_node, make_pod, status_object
from module_runner import ModuleFailedError, run_module

OURS = {"dockershim.migration__cordoned": "true"}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(_node_drain, "POLL_INTERVAL", 0.02)
    monkeypatch.setattr(_node_drain, "RETRY_INTERVAL", 0.05)
    monkeypatch.setattr(_kubernetes, "BACKOFF", (0.02,))


@pytest.fixture
def server():
    with ApiStandIn() as stand_in:
        yield stand_in


def run(server, state="drained", check_mode=False, **options):
    return run_module(
        node_drain, check_mode=check_mode, **{"host": server.url, "api_timeout": 2, "name": "worker-1", "state": state, **options}
    )


def names(entries):
    return [f"{entry['namespace']}/{entry['name']}" for entry in entries]


def evictions(server):
    return [path.split("/")[-2] for verb, path, _body in server.requests if verb == "POST"]


# -- cordon and uncordon -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
@pytest.mark.parametrize(
    ("node", "state", "changed", "after"),
    [
        pytest.param(make_node, "cordoned", True, (True, True), id="cordon"),
        pytest.param(lambda: make_node(cordoned=True, **OURS), "cordoned", False, (True, True), id="cordon-again"),
        pytest.param(lambda: make_node(cordoned=True), "cordoned", False, (True, False), id="cordoned-by-its-administrator"),
        pytest.param(lambda: make_node(**OURS), "cordoned", True, (True, True), id="uncordoned-by-its-administrator-meanwhile"),
        pytest.param(lambda: make_node(cordoned=True, **OURS), "uncordoned", True, (False, False), id="uncordon"),
        pytest.param(lambda: make_node(cordoned=True), "uncordoned", False, (True, False), id="not-our-cordon"),
        pytest.param(make_node, "uncordoned", False, (False, False), id="uncordoned-already"),
        pytest.param(lambda: make_node(**OURS), "uncordoned", True, (False, False), id="annotation-left-behind"),
        pytest.param(make_node, "drained", True, (True, True), id="drain"),
        pytest.param(lambda: make_node(cordoned=True), "drained", False, (True, False), id="drain-cordoned-by-administrator"),
        pytest.param(lambda: make_node(cordoned=True, **OURS), "drained", False, (True, True), id="drain-again"),
    ],
)
def test_cordon(server, node, state, changed, after, check_mode):
    server.add(node())
    result = run(server, state, check_mode)
    assert result["changed"] is changed
    assert (result["unschedulable"], result["cordoned_by_us"]) == after
    assert result["kept_cordoned"] is (state == "uncordoned" and after[0])
    assert {key: result["diff"]["after"][key] for key in ("unschedulable", "cordoned_by_us")} == {
        "unschedulable": after[0],
        "cordoned_by_us": after[1],
    }
    assert bool(server.changes()) is (changed and not check_mode)
    if not check_mode:
        found = server.nodes["worker-1"]
        assert found["spec"].get("unschedulable", False) is after[0]
        assert (_node_drain.CORDONED_ANNOTATION in found["metadata"]["annotations"]) is after[1]


def test_a_cordon_set_by_somebody_else_in_between_is_not_ours(server):
    node = make_node()
    server.add(node)

    def administrator(verb, path):
        if verb == "PATCH" and not node["spec"]:
            node["spec"]["unschedulable"] = True
            node["metadata"]["resourceVersion"] = "200"

    server.hook = administrator
    result = run(server, "cordoned")
    assert (result["changed"], result["cordoned_by_us"]) == (False, False)
    assert node["metadata"]["annotations"] == {}


def test_a_node_that_does_not_exist(server):
    server.add(make_node("worker-2"))
    with pytest.raises(ModuleFailedError, match="no node 'worker-1'"):
        run(server)


# -- drain -------------------------------------------------------------------------------------------------------------


def busy_node(server):
    server.add(
        make_node(),
        make_pod("web-1", labels={"app": "web"}),
        make_pod("web-2", labels={"app": "web"}, empty_dir=True),
        make_pod("elsewhere-1", node="worker-2"),
        make_pod("agent-1", owner="DaemonSet"),
        make_pod("etcd-worker-1", namespace="kube-system", mirror=True),
        make_pod("bare", owner=None, empty_dir=True),
        make_pod("report-1", owner="Job", phase="Succeeded"),
        make_pod("going-1", deleting=True),
    )


@pytest.mark.parametrize("version", ["policy/v1", "policy/v1beta1"])
def test_drain(server, version):
    server.eviction_version = version
    busy_node(server)
    server.lingering["uid-demo-going-1"] = 5
    result = run(server)
    assert result["changed"]
    assert names(result["evicted"]) == ["demo/web-1", "demo/web-2"]
    assert names(result["left"]) == ["demo/agent-1", "demo/bare", "demo/report-1", "kube-system/etcd-worker-1"]
    assert names(result["waiting"]) == ["demo/going-1"]
    assert all(entry["seconds"] is not None and entry["uid"] for entry in result["evicted"] + result["waiting"])
    assert evictions(server) == ["web-1", "web-2"]
    assert [pod["metadata"]["name"] for pod in server.pods if pod["spec"]["nodeName"] == "worker-1"] == [
        "agent-1",
        "etcd-worker-1",
        "bare",
        "report-1",
    ]
    assert result["diff"]["after"]["pods"] == names(result["left"])
    assert {"demo/web-1", "demo/going-1", "demo/bare"} <= set(result["diff"]["before"]["pods"])


def test_check_mode_predicts_the_drain(server):
    busy_node(server)
    server.budgets = [make_budget("web", allowed=0)]
    predicted = run(server, check_mode=True)
    assert server.changes() == []
    server.budgets = []
    server.lingering["uid-demo-going-1"] = 3
    real = run(server)
    assert predicted.keys() == real.keys()
    for key in ("changed", "unschedulable", "cordoned_by_us", "left", "diff"):
        assert predicted[key] == real[key]
    for key in ("evicted", "waiting"):
        assert predicted[key] == [{**entry, "seconds": None} for entry in real[key]]
    assert predicted["budgets"] == [
        {
            "namespace": "demo",
            "name": "web",
            "disruptions_allowed": 0,
            "current_healthy": 3,
            "desired_healthy": 2,
            "pods": ["web-1", "web-2"],
        }
    ]


def test_a_drained_node_is_left_alone(server):
    busy_node(server)
    server.lingering["uid-demo-going-1"] = 3
    run(server)
    server.requests.clear()
    result = run(server)
    assert not result["changed"]
    assert result["evicted"] == result["waiting"] == []
    assert server.changes() == []


@pytest.mark.parametrize(
    ("grace_period", "options"),
    [(-1, {"preconditions": {"uid": "uid-demo-web-1"}}), (7, {"preconditions": {"uid": "uid-demo-web-1"}, "gracePeriodSeconds": 7})],
)
def test_grace_period(server, grace_period, options):
    server.add(make_node(), make_pod("web-1"))
    run(server, grace_period=grace_period)
    assert [request[2]["deleteOptions"] for request in server.requests if request[0] == "POST"] == [options]


@pytest.mark.parametrize("options", [{"grace_period": 0}, {"grace_period": -2}, {"timeout": 0}], ids=str)
def test_impossible_numbers(server, options):
    with pytest.raises(ModuleFailedError, match="not possible"):
        run(server, **options)
    assert server.requests == []


@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
@pytest.mark.parametrize(
    ("pod", "budgets", "options", "says"),
    [
        pytest.param(make_pod("once", owner=None, restart="Never"), [], {}, "demo/once has no controller", id="never"),
        pytest.param(make_pod("bare", owner=None), [], {"unmanaged_pods": "refuse"}, "demo/bare has no controller", id="unmanaged"),
        pytest.param(make_pod("web-1", empty_dir=True), [], {"emptydir_pods": "refuse"}, "emptyDir volumes", id="emptydir"),
        pytest.param(
            make_pod("web-1", labels={"app": "web"}),
            [make_budget("web"), make_budget("all", selector={"matchExpressions": [{"key": "app", "operator": "Exists"}]})],
            {},
            "more than one PodDisruptionBudget (demo/all, demo/web)",
            id="two-budgets",
        ),
    ],
)
def test_refusals_come_before_anything_is_touched(server, pod, budgets, options, says, check_mode):
    server.add(make_node(), make_pod("fine-1"), pod)
    server.budgets = budgets
    with pytest.raises(ModuleFailedError) as raised:
        run(server, check_mode=check_mode, **options)
    assert says in raised.value.result["msg"]
    assert "nothing was changed" in raised.value.result["msg"]
    assert names(raised.value.result["refused"]) == [f"demo/{pod['metadata']['name']}"]
    assert server.changes() == []


def test_a_budget_makes_one_pod_wait_and_no_other(server):
    server.add(make_node(), *(make_pod(f"web-{number}", labels={"app": "web"}) for number in (1, 2, 3)), make_pod("zoo-1"))
    server.budgets = [make_budget("web", allowed=1)]
    order = []

    def replacement_gets_ready(verb, path):
        if verb == "POST":
            order.append(path.split("/")[-2])
        if len(order) > 6:
            server.budgets[0]["status"]["disruptionsAllowed"] = 1

    server.hook = replacement_gets_ready
    result = run(server)
    assert names(result["evicted"]) == ["demo/web-1", "demo/web-2", "demo/web-3", "demo/zoo-1"]
    # The one that its budget lets go and the one without a budget go in the first round.
    assert order[:4] == ["web-1", "web-2", "web-3", "zoo-1"]
    assert order.count("zoo-1") == order.count("web-1") == 1
    assert order.count("web-3") > 1


def test_retry_after_of_an_eviction(server):
    server.add(make_node(), make_pod("web-1"))
    server.fail(429, status_object(429, "Cannot evict pod"), on="/eviction", Retry_After="1")
    started = time.monotonic()
    run(server)
    assert time.monotonic() - started >= 1


def test_timeout_names_pods_and_budgets_and_the_node_stays_cordoned(server):
    server.add(make_node(), make_pod("web-1", labels={"app": "web"}), make_pod("slow-1"), make_pod("quick-1"))
    server.budgets = [
        make_budget(
            "web", allowed=0, healthy=2, desired=2, selector={"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}
        )
    ]
    # The stand-in's own budget rule knows labels only.
    refusal = status_object(429, "Cannot evict pod as it would violate the pod's disruption budget.")
    refusal["details"] = {"causes": [{"message": "The disruption budget web needs 2 healthy pods and has 2 currently"}]}
    server.fail(429, refusal, times=1000, on="/web-1/eviction")
    server.hook = lambda verb, path: server.lingering.update({"uid-demo-slow-1": 1000}) if "uid-demo-slow-1" in server.lingering else None
    started = time.monotonic()
    with pytest.raises(ModuleFailedError) as raised:
        run(server, timeout=1)
    assert 1 <= time.monotonic() - started < 3
    result = raised.value.result
    for part in (
        "worker-1 could not be drained within 1 s",
        "demo/web-1: Cannot evict pod as it would violate the pod's disruption budget (The disruption budget web needs 2",
        "PodDisruptionBudget demo/web allows 0 disruptions, needs 2 healthy pods, has 2",
        "demo/slow-1: is still terminating, its grace period is 30 s",
        "Make room in the budget",
        "left the node cordoned (state=uncordoned",
    ):
        assert part in result["msg"]
    assert "quick-1" not in result["msg"]
    assert names(result["remaining"]) == ["demo/slow-1", "demo/web-1"]
    assert names(result["evicted"]) == ["demo/quick-1", "demo/slow-1"]
    assert result["changed"]
    assert server.nodes["worker-1"]["spec"]["unschedulable"] is True


def test_two_budgets_that_appear_during_the_drain(server):
    server.add(make_node(), make_pod("web-1", labels={"app": "web"}))

    def administrator(verb, path):
        if verb == "PATCH":
            server.budgets = [make_budget("web"), make_budget("other", selector={"matchLabels": {"app": "web"}})]

    server.hook = administrator
    with pytest.raises(ModuleFailedError) as raised:
        run(server)
    assert "(demo/other, demo/web)" in raised.value.result["msg"]
    assert "left the node cordoned" in raised.value.result["msg"]
    assert len(evictions(server)) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(0, "", id="cut-off"),
        pytest.param(500, status_object(500, "etcdserver: leader changed"), id="etcd"),
        pytest.param(500, status_object(500, "failed calling webhook"), id="webhook"),
        pytest.param(403, status_object(403, "unable to create: namespace demo is being terminated"), id="namespace-terminating"),
        pytest.param(403, status_object(403, "pdb disruptions allowed is negative"), id="budget-not-computed-yet"),
        pytest.param(409, status_object(409, "conflict"), id="conflict"),
    ],
)
def test_passing_refusals_of_an_eviction(server, status, body):
    server.add(make_node(), make_pod("web-1"))
    server.fail(status, body, times=3, on="/eviction")
    assert names(run(server)["evicted"]) == ["demo/web-1"]
    assert len(evictions(server)) == 4


def test_a_missing_right_ends_the_drain(server):
    server.add(make_node(), make_pod("web-1"))
    server.fail(403, status_object(403, 'pods "web-1" is forbidden: cannot create resource "pods/eviction"'), on="/eviction")
    with pytest.raises(ModuleFailedError, match=r"lacks a right.*left the node cordoned"):
        run(server)


def test_a_pod_that_goes_by_itself(server):
    server.add(make_node(), make_pod("web-1"))
    server.fail(404, status_object(404, "not found"), on="/eviction")
    server.lingering["uid-demo-web-1"] = 3
    result = run(server)
    assert result["evicted"] == []
    assert names(result["waiting"]) == ["demo/web-1"]


def test_a_stateful_pods_successor_elsewhere_is_not_evicted(server):
    server.add(make_node(), make_pod("db-0", owner="StatefulSet"))

    def reborn(verb, path):
        if verb == "POST":
            server.pods = [make_pod("db-0", owner="StatefulSet", node="worker-2")]
            server.pods[0]["metadata"]["uid"] = "another"

    server.hook = reborn
    run(server)
    assert [pod["metadata"]["uid"] for pod in server.pods] == ["another"]
    assert len(evictions(server)) == 1


def test_a_pod_that_ends_while_it_waits_is_left(server):
    server.add(make_node(), make_pod("job-1", owner="Job", restart="Never"))
    server.fail(429, status_object(429, "budget"), on="/eviction", times=1)
    server.hook = lambda verb, path: server.pods[0]["status"].update(phase="Succeeded") if verb == "POST" else None
    result = run(server)
    assert result["evicted"] == []
    assert names(result["left"]) == ["demo/job-1"]


def test_a_pod_bound_in_the_last_moment_is_evicted_too(server):
    server.add(make_node(), make_pod("web-1"))

    def scheduler(verb, path):
        if verb == "PATCH":
            server.add(make_pod("late-1"))

    server.hook = scheduler
    assert names(run(server)["evicted"]) == ["demo/late-1", "demo/web-1"]


def test_a_pod_that_is_put_back_on_the_cordoned_node_is_not_chased(server):
    server.add(make_node(), make_pod("web-1"))
    count = iter(range(2, 1000))

    def stubborn(verb, path):
        if verb == "POST":
            server.add(make_pod(f"web-{next(count)}"))

    server.hook = stubborn
    result = run(server, timeout=5)
    assert names(result["evicted"]) == ["demo/web-1"]
    assert [(entry["name"], entry["reason"]) for entry in result["left"]] == [("web-2", "ReplicaSet web put it back on the cordoned node")]


def test_budgets_that_may_not_be_read_are_a_warning(server):
    server.add(make_node(), make_pod("web-1"))
    server.fail(403, status_object(403, "poddisruptionbudgets is forbidden"), on="/poddisruptionbudgets")
    result = run(server)
    assert names(result["evicted"]) == ["demo/web-1"]
    assert "PodDisruptionBudgets could not be read" in str(result["warnings"])


def test_an_api_server_that_goes_away_during_the_drain(server):
    server.add(make_node(), make_pod("web-1"))
    server.linger = 1000
    server.hook = lambda verb, path: server.fail(0, times=1000) if verb == "POST" else None
    with pytest.raises(ModuleFailedError) as raised:
        run(server, timeout=1)
    assert server.url in raised.value.result["msg"]
    assert "left the node cordoned" in raised.value.result["msg"]
