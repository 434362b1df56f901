# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a node's way back to the runtime that it had: a pure function of its facts, the journal's record among them."""

from __future__ import annotations

from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils import _journal as journal
from ansible_collections.dockershim.migration.plugins.module_utils import _kubelet_flags as kubelet_flags
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_blockers import (
    drain_attention,
    drain_blockers,
    etcd_attention,
    etcd_blockers,
)
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Facts, Note, Plan, note

#: The runtimes that need Docker.
ON_DOCKER = (kubelet_flags.DOCKERSHIM, kubelet_flags.CRI_DOCKERD)
#: What the Node object's C(containerRuntimeVersion) begins with under each.
REPORTED = {kubelet_flags.DOCKERSHIM: "docker", kubelet_flags.CRI_DOCKERD: "docker", kubelet_flags.CONTAINERD: "containerd"}


def rollback_plan(facts: Facts, drain: dict[str, Any] | None = None, etcd: dict[str, Any] | None = None) -> Plan:
    """Returns the plan of one node's way back.

    :param facts: dict, C(ansible_facts.dockershim_migration) as M(dockershim.migration.node_facts) returns it.
    :param drain: dict, what M(dockershim.migration.node_drain) returned in check mode, its failure included; None where nobody asked.
    :param etcd: dict, what M(dockershim.migration.etcd_health) returned of a control plane, its failure included; None where nobody asked.
    :returns: dict with node, control_plane, runtime (from, to, reported), switch (needed, reasons, drain, disturb), units, node_object,
        packages, the lists blockers and attention, and text (list of lines).
    """
    kubelet, record = facts["kubelet"], facts.get("record")
    phase = record["phase"] if record else None
    needed = phase in (journal.PREPARING, journal.SWITCHING, journal.COMPLETED, journal.ROLLING_BACK)
    origin = record["from"] if record else None
    back = kubelet["installed"] and kubelet["active"] and kubelet["runtime"] == origin and facts["docker"]["active"]
    plan: Plan = {
        "node": kubelet.get("node_name"),
        "control_plane": facts["control_plane"],
        "runtime": {
            "from": record["to"] if record else kubelet.get("runtime"),
            "to": origin,
            "reported": REPORTED.get(origin or "", "docker"),
        },
        "switch": {
            "needed": needed,
            "reasons": _reasons(phase, record),
            "resuming": phase == journal.ROLLING_BACK,
            # Where the kubelet runs on the old runtime (again), there is nothing to be stopped: only files are to be put back.
            "disturb": needed and not back,
            # In the middle of a switch the node has been drained already.
            "drain": needed and not back and phase == journal.COMPLETED and bool(kubelet.get("active")),
        },
        "units": record["units"] if record else {},
        "node_object": record["node"] if record else {},
        "packages": record["packages"] if record else [],
    }
    plan["blockers"] = _blockers(facts, plan, record) + drain_blockers(plan, drain or {}) + etcd_blockers(plan, etcd or {})
    plan["attention"] = drain_attention(plan, drain or {}) + etcd_attention(plan, etcd or {}) + _attention(plan)
    plan["text"] = _text(plan, kubelet)
    return plan


def _reasons(phase: str | None, record: dict[str, Any] | None) -> list[str]:
    told = {
        journal.PREPARING: "it was prepared for {to}",
        journal.SWITCHING: "a run began to switch it to {to} and did not end",
        journal.COMPLETED: "it was migrated to {to}",
        journal.ROLLING_BACK: "an earlier run began to take it back and did not end",
    }
    return [told[phase].format(**record)] if record and phase in told else []


def _blockers(facts: Facts, plan: Plan, record: dict[str, Any] | None) -> list[Note]:
    kubelet, docker = facts["kubelet"], facts["docker"]
    if not kubelet["installed"]:
        return [note("kubelet", "there is no kubelet on this host", "Take the host out of the inventory's group.")]
    if not plan["switch"]["needed"]:
        if record is None and kubelet["runtime"] not in ON_DOCKER and docker["installed"]:
            return [
                note(
                    "journal",
                    f"the kubelet uses {kubelet['runtime']} and Docker is installed, but no journal tells what the node was like before",
                    "If it was never migrated, leave it out of this run (migration_hosts or --limit). Else bring back "
                    f"{journal.DEFAULT_PATH} and the directory backup beside it.",
                )
            ]
        return []
    blockers = []
    origin = plan["runtime"]["to"]
    if record is None or not record["files"] or origin is None:
        return [
            note(
                "journal",
                "it is one of an earlier release, which kept no copies of what it changed",
                "Go back by hand, with the backups beside the files.",
            )
        ]
    if record["missing_copies"]:
        blockers.append(
            note(
                "journal",
                f"its copies of {', '.join(record['missing_copies'])} are gone",
                f"Bring back the directory backup beside {journal.DEFAULT_PATH}.",
            )
        )
    if origin in ON_DOCKER and not docker["installed"]:
        blockers.append(
            note(
                "docker.service",
                f"Docker has been removed, and {origin} needs it",
                "Install the Docker that the node had, with the /etc/docker of which /var/lib/dockershim-migration/docker is a copy.",
            )
        )
    if origin == kubelet_flags.DOCKERSHIM and kubelet_flags.release(kubelet["version"]) >= kubelet_flags.DOCKERSHIM_REMOVED_IN:
        blockers.append(
            note(
                f"kubelet {kubelet['version']}",
                "it has no dockershim any more: Kubernetes 1.24 removed it",
                "Stay on the new runtime, or migrate to cri-dockerd where the node has Docker.",
            )
        )
    return blockers


def _attention(plan: Plan) -> list[Note]:
    if not plan["switch"]["needed"] or not plan["packages"]:
        return []
    return [
        note(
            f"packages {', '.join(plan['packages'])}",
            "the migration installed them, and they stay",
            "Remove them yourself if nothing else needs them.",
        )
    ]


def _text(plan: Plan, kubelet: Facts) -> list[str]:
    switch, runtime = plan["switch"], plan["runtime"]
    if switch["needed"]:
        lines = [f"{plan['node']}: {runtime['from']} -> {runtime['to']}, because {'; '.join(switch['reasons'])}"]
        if not switch["disturb"]:
            lines.append("  the kubelet does not have to be stopped for it")
    elif plan["blockers"]:
        lines = [f"{plan['node'] or 'this host'}: cannot be taken back"]
    else:
        lines = [f"{plan['node']}: nothing to do, the kubelet uses {kubelet.get('runtime')}"]
    for title in ("blockers", "attention"):
        lines += [f"  {title}: {item['what']}: {item['why']}. {item['what_to_do']}" for item in plan[title]]
    return lines
