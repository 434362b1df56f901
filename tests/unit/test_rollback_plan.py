# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back as a table: real facts of a lab node, after a migration, one thing changed a case."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan import migration_plan
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Wishes
from ansible_collections.dockershim.migration.plugins.plugin_utils._rollback import rollback_plan

FACTS = json.loads((Path(__file__).parent / "fixtures" / "facts_worker.json").read_text(encoding="utf-8"))
RECORD = {
    "migration": 1,
    "from": "dockershim",
    "to": "containerd",
    "phase": "completed",
    "files": ["/var/lib/kubelet/kubeadm-flags.env"],
    "units": {"docker.service": {"installed": True, "enabled": True, "active": True}},
    "node": {"cri_socket": "/var/run/dockershim.sock"},
    "packages": [],
    "missing_copies": [],
}


def migration_plan_of(facts, etcd):
    """The plan of the way there, from the same node before it."""
    return migration_plan(copy.deepcopy(FACTS), Wishes(), etcd=etcd)


@pytest.fixture
def facts():
    facts = copy.deepcopy(FACTS)
    facts["kubelet"].update(runtime="containerd", endpoint="unix:///run/containerd/containerd.sock")
    facts["docker"].update(active=False, enabled=False, containers=[], images=[])
    facts["record"] = copy.deepcopy(RECORD)
    return facts


def change(facts, path, value):
    *parents, last = path.split(".")
    for key in parents:
        facts = facts[key]
    facts[last] = value


@pytest.mark.parametrize(
    ("changes", "needed", "disturb", "drain"),
    [
        ({}, True, True, True),
        ({"record.phase": "rolled_back", "kubelet.runtime": "dockershim", "docker.active": True}, False, False, False),
        ({"record": None, "kubelet.runtime": "dockershim", "docker.active": True}, False, False, False),
        ({"record.phase": "preparing", "kubelet.runtime": "dockershim", "docker.active": True}, True, False, False),
        ({"record.phase": "switching", "kubelet.runtime": "dockershim", "docker.active": True}, True, False, False),
        ({"record.phase": "switching", "kubelet.runtime": "dockershim", "kubelet.active": False}, True, True, False),
        ({"record.phase": "switching", "kubelet.runtime": "dockershim"}, True, True, False),
        ({"record.phase": "switching"}, True, True, False),
        ({"record.phase": "rolling_back", "kubelet.active": False}, True, True, False),
        ({"record.phase": "rolling_back", "kubelet.runtime": "dockershim", "docker.active": True}, True, False, False),
        ({"kubelet.active": False}, True, True, False),
    ],
    ids=[
        "migrated",
        "taken back already",
        "never migrated",
        "prepared only",
        "killed while draining",
        "killed after the kubelet stopped",
        "came up again without Docker",
        "killed before it was healthy",
        "killed on the way back",
        "killed on the way back, all but the health check done",
        "migrated, and its kubelet is dead",
    ],
)
def test_what_the_way_back_means_for_the_node(facts, changes, needed, disturb, drain):
    for path, value in changes.items():
        change(facts, path, value)
    switch = rollback_plan(facts)["switch"]
    assert (switch["needed"], switch["disturb"], switch["drain"]) == (needed, disturb, drain)
    assert bool(switch["reasons"]) == needed


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({}, []),
        ({"docker.installed": False}, ["docker.service"]),
        ({"kubelet.version": "1.24.0"}, ["kubelet 1.24.0"]),
        ({"kubelet.version": "1.23.17"}, []),
        ({"kubelet.version": "1.30.1", "record.from": "cri-dockerd"}, []),
        ({"docker.installed": False, "record.from": "cri-dockerd", "kubelet.version": "1.30.1"}, ["docker.service"]),
        ({"record.files": [], "record.from": None}, ["journal"]),
        ({"record.missing_copies": ["/etc/containerd/config.toml"]}, ["journal"]),
        ({"record": None}, ["journal"]),
        ({"record": None, "docker.installed": False}, []),
        ({"record.phase": "rolled_back", "docker.installed": False}, []),
        ({"kubelet.installed": False}, ["kubelet"]),
    ],
    ids=[
        "possible",
        "Docker purged",
        "Kubernetes upgraded past the dockershim",
        "the last release with a dockershim",
        "cri-dockerd has no such end",
        "cri-dockerd needs Docker too",
        "a journal of the first release",
        "a copy is gone",
        "no journal",
        "never on Docker",
        "nothing to do, whatever else",
        "no node",
    ],
)
def test_what_stands_in_the_way(facts, changes, what):
    for path, value in changes.items():
        change(facts, path, value)
    plan = rollback_plan(facts)
    assert [blocker["what"] for blocker in plan["blockers"]] == what
    for blocker in plan["blockers"]:
        assert any(blocker["what_to_do"] in line for line in plan["text"])


def test_it_can_be_read(facts):
    assert rollback_plan(facts)["text"] == ["worker-1: containerd -> dockershim, because it was migrated to containerd"]
    facts["record"]["packages"] = ["containerd"]
    assert "packages containerd" in rollback_plan(facts)["text"][1]
    facts["record"]["phase"] = "rolled_back"
    facts["kubelet"]["runtime"] = "dockershim"
    assert rollback_plan(facts)["text"] == ["worker-1: nothing to do, the kubelet uses dockershim"]


def test_a_drain_that_cannot_succeed_is_told_beforehand(facts):
    assert [item["what"] for item in rollback_plan(facts, {"msg": "demo/one-shot has no controller."})["blockers"]] == ["draining worker-1"]
    facts["record"]["phase"] = "switching"
    assert rollback_plan(facts, {"msg": "demo/one-shot has no controller."})["blockers"] == []


@pytest.mark.parametrize(
    ("events", "resuming"),
    [
        (["switch_started"], True),
        (["switch_started", "switch_abandoned"], False),
        (["switch_started", "rollback_started"], True),
        (["switch_started", "switch_completed", "rollback_started"], True),
        (["switch_started", "rollback_started", "rollback_completed"], False),
        (["switch_started", "rollback_completed", "migration_started"], False),
        (["migration_started", "switch_started", "migration_resumed"], True),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_the_way_there_knows_of_the_way_back(facts, events, resuming):
    facts["journal"] = [{"event": event} for event in events]
    assert migration_plan(facts, Wishes())["switch"]["resuming"] is resuming


PAUSES = {"kind": "stacked", "pauses": True, "why": "with 1 member etcd stands still while this one is away"}


@pytest.mark.parametrize(
    ("etcd", "blocked", "pointed_out"),
    [
        (None, [], []),
        ({"kind": "none", "pauses": False}, [], []),
        ({"kind": "stacked", "pauses": False}, [], []),
        (PAUSES, [], ["the Kubernetes API"]),
        ({"kind": "external", "pauses": False}, [], ["etcd"]),
        ({"msg": "etcd cannot spare this node: 1 of 3 are well."}, ["etcd on worker-1"], []),
    ],
    ids=["nobody asked", "a worker", "others go on", "a single one", "elsewhere", "another member is ill"],
)
@pytest.mark.parametrize("plan", [migration_plan_of, rollback_plan], ids=["there", "back"])
def test_what_etcd_means_for_a_control_plane(facts, plan, etcd, blocked, pointed_out):
    planned = plan(facts, etcd=etcd)
    assert [item["what"] for item in planned["blockers"] if item["what"].startswith("etcd")] == blocked
    assert [item["what"] for item in planned["attention"] if item["what"] in ("etcd", "the Kubernetes API")] == pointed_out
