# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a node's migration: a pure function of its facts and the user's wishes.

The plan is data. It says what containerd, the kubelet and the registries' configuration will be told, which images are to
be copied, whether the kubelet has to be switched at all, and, in three lists, what stands in the way (C(blockers)), what
cannot be carried over and needs a person's eye (C(attention)), and what has no meaning any more (C(not_applicable)).
"""

from __future__ import annotations

from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils._kubelet_flags import CONTAINERD, CRI_DOCKERD
from ansible_collections.dockershim.migration.plugins.plugin_utils._docker_rules import Outcome
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_blockers import (
    blockers_of,
    compatibility_attention,
    configuration_blockers,
    drain_attention,
    drain_blockers,
    etcd_attention,
    etcd_blockers,
)
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_containerd import containerd_part
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_cri_dockerd import cri_dockerd_attention, cri_dockerd_part
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_docker import docker_outcome, docker_part, system_part
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_images import images_part
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_journal import journal_part
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_kubelet import crictl_part, kubelet_attention, kubelet_part
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Facts, Plan, Wishes, note
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_registries import Registries, registries_part
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_runtime import runtime_part, switch_part
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_upgrade import upgrade_attention


def migration_plan(
    facts: Facts,
    wishes: Wishes,
    drain: dict[str, Any] | None = None,
    configuration: dict[str, Any] | None = None,
    registry_addresses: dict[str, list[str]] | None = None,
    etcd: dict[str, Any] | None = None,
    config_map: dict[str, Any] | None = None,
) -> Plan:
    """Returns the plan for one node.

    :param facts: dict, C(ansible_facts.dockershim_migration) as M(dockershim.migration.node_facts) returns it.
    :param wishes: what the user wants.
    :param drain: dict, what M(dockershim.migration.node_drain) returned in check mode, its failure included; None where nobody asked.
    :param configuration: dict, what M(dockershim.migration.containerd_config) returned in check mode; likewise.
    :param registry_addresses: addresses of the registries that the cluster's images name, by their names; None for this node's own.
    :param etcd: dict, what M(dockershim.migration.etcd_health) returned of a control plane, its failure included; None where nobody asked.
    :param config_map: dict, what M(dockershim.migration.kubelet_config_map) returned; likewise.
    :returns: dict with kubelet, containerd, system, registries, images, docker, switch (what will be done), the list carried (dicts of
        what, where and value) and the lists blockers, attention and not_applicable (dicts of what, why and what_to_do).
    """
    kubelet = facts["kubelet"]
    if not kubelet["installed"]:
        return {"blockers": [note("kubelet", "there is no kubelet on this host", "Take the host out of the inventory's group.")]}
    runtime, switch = runtime_part(facts, wishes), switch_part(facts, wishes)
    # Behind cri-dockerd it is Docker that goes on pulling, with all its settings.
    leaves = wishes.target == CONTAINERD
    known = registries_part(facts, registry_addresses, overwrite=wishes.overwrite_registries) if leaves else Registries()
    told = docker_outcome(facts) if leaves and switch["needed"] else Outcome()
    plan: Plan = {
        "node": kubelet["node_name"],
        "control_plane": facts["control_plane"],
        "runtime": runtime,
        "switch": switch,
        "kubelet": kubelet_part(kubelet, runtime["endpoint"], config=told.kubelet, config_map=config_map),
        "crictl": crictl_part(runtime["endpoint"]),
        "containerd": containerd_part(facts, wishes),
        "cri_dockerd": cri_dockerd_part(facts, wishes),
        "system": system_part(facts, told),
        "registries": known.hosts,
        # Behind cri-dockerd they stay where they are.
        "images": images_part(facts, wishes.preload if wishes.target == CONTAINERD else "none"),
        "docker": docker_part(facts, wishes),
        "journal": journal_part(kubelet),
    }
    # A way back takes away the program that the way there brings, and brings back the one that it takes away.
    moved = plan["cri_dockerd"]["own_files" if wishes.target == CRI_DOCKERD else "removed_files"]
    plan["journal"]["files"] = sorted({*plan["journal"]["files"], *moved})
    plan["containerd"]["settings"].update({**known.settings, **told.containerd})
    plan["carried"], plan["attention"], plan["not_applicable"], plan["blockers"] = [], [], [], []
    if not switch["needed"]:
        return plan
    if leaves:
        plan["carried"] += known.carried + told.carried
        plan["attention"] += known.attention + told.attention
        plan["not_applicable"] += known.not_applicable + told.not_applicable
    else:
        # Docker goes on with all its settings.
        plan["attention"] += cri_dockerd_attention(facts, plan)
    plan["attention"] += kubelet_attention(facts, plan) + compatibility_attention(facts, plan) + upgrade_attention(facts, plan, config_map)
    plan["attention"] += drain_attention(plan, drain or {}) + etcd_attention(plan, etcd or {})
    plan["blockers"] += blockers_of(facts, plan, wishes) + told.blockers + configuration_blockers(configuration or {})
    plan["blockers"] += drain_blockers(plan, drain or {}) + etcd_blockers(plan, etcd or {})
    return plan
