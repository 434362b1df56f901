# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the next upgrade would do."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_kubelet import kubelet_part
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_upgrade import upgrade_attention

FACTS = json.loads((Path(__file__).parent / "fixtures" / "facts_worker.json").read_text(encoding="utf-8"))
ENDPOINT = "unix:///run/containerd/containerd.sock"


def attention(config_map, settings=None, version="1.20.2", config=None, flags=None, extra=None):
    facts = copy.deepcopy(FACTS)
    kubelet = facts["kubelet"]
    kubelet["version"] = version
    kubelet["flags"].update(flags or {})
    kubelet["config"] = kubelet["config"] if config is None else config
    kubelet["flag_sources"][1]["flags"] = extra or {}
    plan = {"runtime": {"from": "dockershim"}, "kubelet": kubelet_part(kubelet, ENDPOINT, settings or {}, config_map)}
    return plan["kubelet"]["config_map"], upgrade_attention(facts, plan, config_map)


def config_map(**config):
    return {"name": "kubelet-config-1.20", "config": {"cgroupDriver": "systemd", **config}}


@pytest.mark.parametrize(
    ("there", "lost", "says"),
    [
        ({}, {"containerLogMaxSize": "10M"}, "where containerLogMaxSize is not set, so that 10M would be gone"),
        ({"containerLogMaxSize": "50Mi"}, {"containerLogMaxSize": "10M"}, "where containerLogMaxSize is 50Mi, so that 10M would be gone"),
        ({"containerLogMaxSize": "10M"}, {}, None),
    ],
)
def test_what_the_config_map_would_undo(there, lost, says):
    part, notes = attention(config_map(**there), {"containerLogMaxSize": "10M"})
    assert part == {"name": "kubelet-config-1.20", "settings": lost}
    assert [note["what"] for note in notes] == (["ConfigMap kube-system/kubelet-config-1.20, containerLogMaxSize"] if says else [])
    assert not says or says in notes[0]["why"]
    assert not says or "kubelet_runtime_update_config_map" in notes[0]["what_to_do"]


@pytest.mark.parametrize(
    ("driver", "config", "flags", "version", "warned"),
    [
        ("systemd", "cgroupDriver: systemd\n", {}, "1.20.2", False),
        ("cgroupfs", "cgroupDriver: systemd\n", {}, "1.20.2", True),
        (None, "cgroupDriver: systemd\n", {}, "1.20.2", True),
        (None, "cgroupDriver: systemd\n", {}, "1.21.14", False),
        (None, "", {}, "1.21.14", True),
        ("cgroupfs", "cgroupDriver: systemd\n", {"cgroup-driver": "systemd"}, "1.20.2", False),
    ],
)
def test_a_cgroup_driver_that_would_change(driver, config, flags, version, warned):
    notes = attention({"name": "kubelet-config-1.20", "config": {"cgroupDriver": driver}}, None, version, config, flags)[1]
    assert [note["what"] for note in notes] == (["ConfigMap kube-system/kubelet-config-1.20, cgroupDriver"] if warned else [])


@pytest.mark.parametrize(
    ("version", "warned"),
    [("1.33.1", []), ("1.34.1", ["/etc/default/kubelet (KUBELET_EXTRA_ARGS): --pod-infra-container-image"]), ("1.35.0", [])],
)
def test_a_flag_that_the_next_kubelet_does_not_know(version, warned):
    # From 1.35 on the migration itself takes it out.
    notes = attention(None, version=version, extra={"pod-infra-container-image": "registry.example/pause:3.9", "v": "2"})[1]
    assert [note["what"] for note in notes] == warned


def test_a_cluster_without_a_config_map_and_one_that_does_not_answer():
    settings = {"containerLogMaxSize": "10M"}
    assert attention({"name": None, "config": {}}, settings) == ({"name": None, "settings": {}}, [])
    part, notes = attention({"msg": "Cannot read it: 403."}, settings)
    assert part == {"name": None, "settings": {}}
    assert [note["what"] for note in notes] == ["the cluster's kubelet-config ConfigMap"]


@pytest.mark.parametrize(
    ("runtime", "installed", "said"), [("dockershim", False, True), ("dockershim", True, False), ("cri-dockerd", False, False)]
)
def test_kubeadm_needs_crictl_without_the_dockershim(runtime, installed, said):
    facts = {**copy.deepcopy(FACTS), "crictl_installed": installed}
    plan = {"runtime": {"from": runtime}, "kubelet": kubelet_part(facts["kubelet"], ENDPOINT, {}, None)}
    assert [note["what"] for note in upgrade_attention(facts, plan, None)] == (["crictl"] if said else [])
