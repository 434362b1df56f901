# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From which runtime to which, and what is left of that way to go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils import _journal as journal
from ansible_collections.dockershim.migration.plugins.module_utils import _kubelet_flags as kubelet_flags
from ansible_collections.dockershim.migration.plugins.plugin_utils._compatibility import kubelet_cri
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Facts, Note, Plan, Wishes, note

#: The flag that names the pause image, of the kubelet's dockershim and of cri-dockerd.
PAUSE_FLAG = "pod-infra-container-image"


@dataclass(frozen=True)
class Target:
    """A runtime that a node can be moved to.

    :param endpoint: where its CRI socket is, as a URL.
    :param reported: what the Node object's C(containerRuntimeVersion) begins with. Under cri-dockerd it names Docker, as under the
        dockershim: it cannot tell the two apart.
    :param sources: the runtimes that a node can come from.
    :param beyond: the runtimes on which a node needs this one no more, and is left alone.
    """

    endpoint: str
    reported: str
    sources: tuple[str, ...]
    beyond: tuple[str, ...] = ()


TARGETS = {
    kubelet_flags.CONTAINERD: Target(
        endpoint=kubelet_flags.CONTAINERD_ENDPOINT,
        reported="containerd",
        sources=(kubelet_flags.DOCKERSHIM, kubelet_flags.CRI_DOCKERD),
    ),
    kubelet_flags.CRI_DOCKERD: Target(
        endpoint=kubelet_flags.CRI_DOCKERD_ENDPOINT,
        reported="docker",
        sources=(kubelet_flags.DOCKERSHIM,),
        beyond=(kubelet_flags.CONTAINERD,),
    ),
}


def pause_image(facts: Facts, wishes: Wishes) -> str:
    """Returns the pause image as the kubelet or cri-dockerd was told, else that of a running pod, else an empty string."""
    running = [container["image"] for container in facts["docker"]["containers"] if container["sandbox"]]
    return wishes.sandbox_image or shim_flags(facts).get(PAUSE_FLAG) or (running[0] if running else "")


def shim_flags(facts: Facts) -> dict[str, str]:
    """Returns what stands between the kubelet and Docker is told: the kubelet's flags, and cri-dockerd's where the kubelet uses that."""
    flags = facts["kubelet"]["flags"]
    return {**flags, **facts["cri_dockerd"]["flags"]} if facts["kubelet"]["runtime"] == kubelet_flags.CRI_DOCKERD else flags


def open_switch(entries: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Returns the details of the switch that the journal says was begun and not ended, None if there is none.

    A switch that was taken up again has several beginnings: the first one knows where the node came from. So does a rollback that was not
    ended, after which the node is in between as well.
    """
    first = None
    for entry in entries:
        phase = journal.PHASES.get(entry["event"])
        if phase in journal.IN_BETWEEN:
            first = first if first is not None else entry.get("details") or {}
        elif phase is not None:
            first = None
    return first


def runtime_part(facts: Facts, wishes: Wishes) -> dict[str, str]:
    begun = open_switch(facts["journal"]) or {}
    to = facts["kubelet"]["runtime"] if _is_beyond(facts, wishes) else wishes.target
    target = TARGETS[to]
    return {
        "from": begun.get("from") or facts["kubelet"]["runtime"],
        "to": to,
        "endpoint": target.endpoint,
        "reported": target.reported,
    }


def _is_beyond(facts: Facts, wishes: Wishes) -> bool:
    """True for a node that has left the wanted runtime behind, and is left alone."""
    kubelet = facts["kubelet"]
    return kubelet["active"] and kubelet["runtime"] in TARGETS[wishes.target].beyond and open_switch(facts["journal"]) is None


def switch_part(facts: Facts, wishes: Wishes) -> dict[str, Any]:
    """What is left to do, and why."""
    kubelet, target = facts["kubelet"], wishes.target
    resuming = open_switch(facts["journal"]) is not None
    arrived = kubelet["runtime"] == target
    done = kubelet["active"] and arrived
    reasons = []
    if not arrived and not _is_beyond(facts, wishes):
        reasons.append(f"the kubelet uses {kubelet['runtime']} at {kubelet['endpoint']}")
    if not kubelet["active"]:
        reasons.append("the kubelet does not run")
    if target == kubelet_flags.CRI_DOCKERD and arrived:
        reasons += unproven(facts["cri_dockerd"], kubelet["version"])
    pods = sorted({container["pod"] for container in facts["docker"]["containers"] if container["kubernetes"]})
    if target == kubelet_flags.CONTAINERD and arrived and pods:
        reasons.append(f"Docker still runs containers of {len(pods)} pods, {pods[0]} among them")
    if resuming:
        reasons.append("an earlier run began to switch it and did not end")
    return {
        "needed": bool(reasons),
        "reasons": reasons,
        "resuming": resuming,
        # Where the kubelet is stopped, or on the new runtime already, there is nothing left that draining could save. Nor where a node came
        # up again in the middle of its switch: for want of Docker the kubelet starts and ends all the time then.
        "drain": kubelet["active"] and not done and (facts["docker"]["active"] or not resuming),
        "kubelet_done": done,
    }


def unproven(found: Facts, kubelet_version: str) -> list[str]:
    """Returns what speaks against cri-dockerd serving the kubelet. The Node object would name Docker in any case."""
    if found["answer"] is None:
        return [f"cri-dockerd does not answer at {found['socket']}"]
    if found["answer"]["runtime_name"] != "docker":
        return [f"{found['answer']['runtime_name']} answers at {found['socket']} instead of Docker"]
    if not set(found["answer"]["cri"]) & kubelet_cri(kubelet_version):
        spoken, wanted = (" and ".join(sorted(versions)) for versions in (found["answer"]["cri"], kubelet_cri(kubelet_version)))
        return [f"cri-dockerd speaks CRI {spoken} only, kubelet {kubelet_version} {wanted}"]
    programs = {listener["program"] for listener in found["listeners"]}
    if found["program"] not in programs:
        return [f"{', '.join(sorted(programs))} listens at {found['socket']} instead of {found['program']}"]
    return []


def runtime_blockers(facts: Facts, plan: Plan) -> list[Note]:
    """What makes this way impossible, whatever the rest of the node is like."""
    kubelet, to = facts["kubelet"], plan["runtime"]["to"]
    begun = open_switch(facts["journal"]) or {}
    blockers = []
    begun_to = begun.get("to", to)
    untouched = kubelet["active"] and kubelet["runtime"] == begun.get("from")
    if begun_to != to and not untouched:
        blockers.append(
            note(
                "an unfinished switch",
                f"an earlier run began to move the node to {begun_to}, and left it in between",
                f"Finish that first, with the playbook that migrates to {begun_to}.",
            )
        )
    elif kubelet["runtime"] not in (*TARGETS[to].sources, to):
        blockers.append(
            note(
                f"runtime {kubelet['runtime']} at {kubelet['endpoint']}",
                f"this release moves nodes to {to} from {' or '.join(TARGETS[to].sources)} only",
                "Leave the node out of this run.",
            )
        )
    return blockers
