# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the way of a node's migration."""

from __future__ import annotations

from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils import _kubelet_flags as kubelet_flags
from ansible_collections.dockershim.migration.plugins.plugin_utils._compatibility import CONTAINERD as CONTAINERD_RELEASES
from ansible_collections.dockershim.migration.plugins.plugin_utils._compatibility import containerd_problems, containerd_warnings
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_cri_dockerd import cri_dockerd_blockers
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_kubelet import unit_notes
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Facts, Note, Plan, Wishes, gib, note
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_runtime import runtime_blockers

#: An image takes about its size twice in containerd: its layers as archives and, unpacked, as snapshots.
DISK_FACTOR = 2
#: Bytes that must stay free beside the images.
DISK_RESERVE = 1024**3


def blockers_of(facts: Facts, plan: Plan, wishes: Wishes) -> list[Note]:
    kubelet = facts["kubelet"]
    blockers = runtime_blockers(facts, plan) + unit_notes(kubelet, plan["runtime"]["endpoint"])[0]
    if not kubelet["active"] and not plan["switch"]["resuming"]:
        blockers.append(
            note(
                "kubelet.service",
                "the kubelet does not run, and no migration stopped it",
                "Find out why ('systemctl status kubelet'), start it, and run again.",
            )
        )
    if kubelet["runtime"] == kubelet_flags.DOCKERSHIM:
        blockers += _dockershim_blockers(facts)
    if kubelet["runtime"] in (kubelet_flags.DOCKERSHIM, kubelet_flags.CRI_DOCKERD):
        blockers += _docker_blockers(facts, plan)
    if plan["runtime"]["to"] == kubelet_flags.CONTAINERD:
        blockers += _docker_end_blockers(facts, wishes) + _containerd_blockers(facts, plan)
    elif plan["cri_dockerd"]["configure"]:
        blockers += cri_dockerd_blockers(facts, plan, wishes)
    return blockers


def _docker_end_blockers(facts: Facts, wishes: Wishes) -> list[Note]:
    """What would be lost with Docker, and what would keep it from ending."""
    docker = facts["docker"]
    blockers = [
        note(unit, "systemd refuses to stop it (RefuseManualStop=yes)", f"Take that out of the unit ('systemctl cat {unit}').")
        for unit in docker["unstoppable_units"]
        if docker["active"]
    ]
    blockers += [
        note(
            f"dockerd, process {pid}",
            "it runs beside docker.service, and nothing here could stop it",
            "Stop it as it was started, and run Docker by docker.service.",
        )
        for pid in docker["stray_pids"]
    ]
    foreign = [f"{container['name']} ({container['image']})" for container in docker["containers"] if not container["kubernetes"]]
    if foreign and wishes.foreign_containers == "refuse":
        blockers.append(
            note(
                "Docker containers " + ", ".join(foreign),
                "they do not belong to Kubernetes and would end with Docker",
                "Move them to another host, or accept their end with preflight_foreign_containers: stop.",
            )
        )
    if docker.get("swarm", "inactive") != "inactive":
        blockers.append(
            note("Docker Swarm", "the node is part of a swarm, which would lose it", "Leave the swarm first ('docker swarm leave').")
        )
    return blockers


def _containerd_blockers(facts: Facts, plan: Plan) -> list[Note]:
    blockers = []
    # Where containerd's data will be: a root that is planned lies on Docker's disk.
    moved = plan["containerd"]["settings"].get("root")
    root, free = (moved, facts["disk"]["docker"]) if moved else (facts["containerd"]["root"], facts["disk"]["containerd"])
    needed = plan["images"]["bytes"] * DISK_FACTOR + DISK_RESERVE
    if plan["images"]["missing"] and needed > free:
        blockers.append(
            note(
                f"disk space below {root}",
                f"copying {len(plan['images']['missing'])} images takes about {gib(needed)}, {gib(free)} are free",
                "Remove images that nobody needs ('docker image prune --all'), copy only those in use with "
                "containerd_preload: used, or give the file system more room.",
            )
        )
    if "sandbox_image" not in plan["containerd"]["settings"] and not plan["switch"]["resuming"]:
        blockers.append(
            note(
                "pause image",
                "neither the kubelet's flags nor a running pod tell which one the node uses",
                "Name it: containerd_sandbox_image.",
            )
        )
    if facts["containerd"]["installed"]:
        blockers += _installed_containerd_blockers(facts["kubelet"]["version"], facts["containerd"])
    return blockers


def _dockershim_blockers(facts: Facts) -> list[Note]:
    kubelet = facts["kubelet"]
    blockers = []
    plugin = kubelet["flags"].get("network-plugin", "")
    if plugin != "cni":
        blockers.append(
            note(
                f"--network-plugin={plugin}",
                "the pods' network is not CNI's, and this release moves no other",
                "Move the cluster to a CNI network first.",
            )
        )
    return blockers


def _docker_blockers(facts: Facts, plan: Plan) -> list[Note]:
    blockers = []
    if not facts["docker"]["active"] and not plan["switch"]["resuming"]:
        blockers.append(note("docker.service", "Docker does not run, and the node's pods with it", "Start it and run again."))
    if not facts["docker"]["units"]:
        blockers.append(note("docker.service", "Docker is not a unit of systemd's here", "Leave the node out of this run."))
    return blockers


def _installed_containerd_blockers(kubelet_version: str, containerd: Facts) -> list[Note]:
    blockers = []
    package = f"containerd {containerd['version']}"
    if not containerd["unit"]:
        blockers.append(note(package, "there is no containerd.service", "Install containerd from a package, or add the unit."))
    blockers += [
        note(package, problem, f"Install a containerd that goes with kubelet {kubelet_version}: {_fitting_containerd(kubelet_version)}.")
        for problem in containerd_problems(containerd["version"] or "0.0", kubelet_version)
    ]
    return blockers


def configuration_blockers(configuration: dict[str, Any]) -> list[Note]:
    # As below: only a failure has a message.
    if not configuration.get("msg"):
        return []
    return [note("containerd's configuration", configuration["msg"].rstrip("."), "Nothing of it was changed.")]


def _fitting_containerd(kubelet_version: str) -> str:
    fitting = [row.first for row in CONTAINERD_RELEASES if not containerd_problems(row.first, kubelet_version)]
    return " or ".join(f"{first} and newer of its major version" for first in fitting)


def compatibility_attention(facts: Facts, plan: Plan) -> list[Note]:
    """What goes together today and will not, or is not what upstream supports."""
    if plan["runtime"]["to"] != kubelet_flags.CONTAINERD or not facts["containerd"]["installed"]:
        return []
    kubelet, version = facts["kubelet"]["version"], facts["containerd"]["version"] or "0.0"
    return [
        note(f"containerd {version}", warning, "Plan to install a newer containerd before the next upgrade of Kubernetes.")
        for warning in containerd_warnings(version, kubelet)
    ]


def drain_blockers(plan: Plan, drain: dict[str, Any]) -> list[Note]:
    # A node that is not going to be drained may have pods that could not be. Only a failure has a message; whether it counts as one
    # is up to the task (failed_when).
    if not plan["switch"]["drain"] or not drain.get("msg"):
        return []
    return [note(f"draining {plan['node']}", drain["msg"].rstrip("."), "Clear what it names out of the way, and run again.")]


def drain_attention(plan: Plan, drain: dict[str, Any]) -> list[Note]:
    if not plan["switch"]["drain"]:
        return []
    return [
        note(
            f"PodDisruptionBudget {budget['namespace']}/{budget['name']}",
            f"it allows no disruption now, with {budget['current_healthy']} healthy pods of {budget['desired_healthy']} needed; "
            "draining waits until it does, and fails after node_maintenance_drain_timeout",
            "See that more of its pods are healthy, or lower the budget.",
        )
        for budget in drain.get("budgets", [])
        if not budget["disruptions_allowed"]
    ]


def etcd_blockers(plan: Plan, etcd: dict[str, Any]) -> list[Note]:
    if not plan["switch"]["drain"] or not etcd.get("msg"):
        return []
    return [note(f"etcd on {plan['node']}", etcd["msg"].rstrip("."), "Repair it, and run again.")]


def etcd_attention(plan: Plan, etcd: dict[str, Any]) -> list[Note]:
    if not plan["switch"]["drain"]:
        return []
    if etcd.get("pauses"):
        return [
            note(
                "the Kubernetes API",
                f"{etcd['why']}, and the API with it: from the stop of this node's containers until its static pods run again, "
                "usually less than a minute. Pods go on running, but nothing is scheduled, evicted or replaced",
                "Choose a time at which nothing is deployed. How long it took is said afterwards.",
            )
        ]
    if etcd.get("kind") == "external":
        return [
            note(
                "etcd",
                "it does not run on the control planes; it was asked for its health at the API server's addresses only",
                "See to it that none of its members runs in Docker on these nodes.",
            )
        ]
    return []
