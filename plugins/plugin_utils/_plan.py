# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a node's migration to containerd: a pure function of its facts and the user's wishes.

The plan is data. It says what containerd, the kubelet and the registries' configuration will be told, which images are to
be copied, whether the kubelet has to be switched at all, and, in three lists, what stands in the way (C(blockers)), what
cannot be carried over and needs a person's eye (C(attention)), and what has no meaning any more (C(not_applicable)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml
from ansible_collections.dockershim.migration.plugins.module_utils import _kubelet_flags as kubelet_flags
from ansible_collections.dockershim.migration.plugins.module_utils._image_reference import normalized
from ansible_collections.dockershim.migration.plugins.module_utils._registries import registries

Facts = dict[str, Any]
Plan = dict[str, Any]
Note = dict[str, str]

KUBEADM_FLAGS = ("/var/lib/kubelet/kubeadm-flags.env", "KUBELET_KUBEADM_ARGS")
REGISTRY_CONFIG_PATH = "/etc/containerd/certs.d"

#: The journal's events that begin and end a switch.
SWITCH_STARTED = "switch_started"
SWITCH_COMPLETED = "switch_completed"

#: An image takes about its size twice in containerd: its layers as archives and, unpacked, as snapshots.
DISK_FACTOR = 2
#: Bytes that must stay free beside the images.
DISK_RESERVE = 1024**3

#: First containerd release with a CRI plugin that reads registry.config_path (containerd 1.5 release notes).
CONFIG_PATH_SINCE = (1, 5)

#: Keys of daemon.json whose value reaches the node's new configuration by another part of the plan.
CARRIED_KEYS = frozenset({"registry-mirrors", "insecure-registries"})

#: Keys of daemon.json that mean nothing without Docker, with the reason (moby's documentation of dockerd, 20.10).
NOT_APPLICABLE_KEYS = {
    "live-restore": "containerd's shims always outlive a restart of containerd",
    "exec-root": "containerd has a state directory of its own",
    "pidfile": "systemd follows containerd's process",
    "hosts": "containerd has no remote API that other programs would use",
    "group": "containerd's socket belongs to root alone",
    "max-concurrent-uploads": "nodes do not push images",
}

#: What to do about keys that this release does not carry over; any other key gets the general answer.
KNOWN_ATTENTION = {
    "log-driver": "The kubelet writes the containers' logs itself then, as files below /var/log/pods; a log agent must read those.",
    "log-opts": "The kubelet rotates the containers' logs then: set containerLogMaxSize and containerLogMaxFiles in its configuration.",
    "data-root": "containerd keeps its data below /var/lib/containerd: see that there is room.",
    "graph": "containerd keeps its data below /var/lib/containerd: see that there is room.",
    "default-ulimits": "Containers inherit the limits of containerd.service: set them in a drop-in of that unit.",
    "runtimes": "Add a runtime handler for each to containerd's configuration.",
    "default-runtime": "Set default_runtime_name in containerd's configuration.",
    "userns-remap": "containerd has no such setting for all of a node's pods.",
}


@dataclass(frozen=True)
class Wishes:
    """What the user wants.

    :param preload: which of Docker's images are copied: all, used (by the node's pods) or none.
    :param foreign_containers: what to do about containers that do not belong to Kubernetes: refuse or stop.
    :param sandbox_image: pause image to use instead of the kubelet's own; empty for the kubelet's.
    """

    preload: str = "all"
    foreign_containers: str = "refuse"
    sandbox_image: str = ""


def migration_plan(facts: Facts, wishes: Wishes, drain: dict[str, Any] | None = None) -> Plan:
    """Returns the plan for one node.

    :param facts: dict, C(ansible_facts.dockershim_migration) as M(dockershim.migration.node_facts) returns it.
    :param wishes: what the user wants.
    :param drain: dict, what M(dockershim.migration.node_drain) returned in check mode, its failure included; None where nobody asked.
    :returns: dict with kubelet, containerd, registries, images, docker, switch (what will be done) and the lists blockers,
        attention and not_applicable. Every entry of those lists is a dict of what, why and what_to_do.
    """
    kubelet = facts["kubelet"]
    if not kubelet["installed"]:
        return {"blockers": [_note("kubelet", "there is no kubelet on this host", "Take the host out of the inventory's group.")]}
    known = registries(facts["docker"]["daemon_json"], facts["docker"]["daemon_arguments"], facts["docker"]["certificates"])
    plan: Plan = {
        "node": kubelet["node_name"],
        "control_plane": facts["control_plane"],
        "runtime": {"from": kubelet["runtime"], "to": kubelet_flags.CONTAINERD, "endpoint": kubelet_flags.CONTAINERD_ENDPOINT},
        "switch": _switch(facts),
        "kubelet": {"files": _flag_files(kubelet)},
        "containerd": _containerd(facts, wishes),
        "registries": known["hosts"],
        "images": _images(facts, wishes.preload),
        "docker": {"units": facts["docker"]["units"], "root_dir": facts["docker"]["root_dir"], "foreign": wishes.foreign_containers},
    }
    unclear = [_note(f"{note['key']} {note['value']}", note["why"].rstrip("."), note["what_to_do"]) for note in known["attention"]]
    plan["attention"] = unclear + _attention(facts) + _drain_attention(plan, drain or {}) if plan["switch"]["needed"] else []
    plan["not_applicable"] = _not_applicable(facts) if plan["switch"]["needed"] else []
    plan["blockers"] = _blockers(facts, plan, wishes) + _drain_blockers(plan, drain or {}) if plan["switch"]["needed"] else []
    return plan


def _note(what: str, why: str, what_to_do: str) -> Note:
    return {"what": what, "why": why, "what_to_do": what_to_do}


def _switch(facts: Facts) -> dict[str, Any]:
    kubelet = facts["kubelet"]
    switches = [entry["event"] for entry in facts["journal"] if entry["event"] in (SWITCH_STARTED, SWITCH_COMPLETED)]
    resuming = bool(switches) and switches[-1] == SWITCH_STARTED
    done = kubelet["active"] and kubelet["runtime"] == kubelet_flags.CONTAINERD
    reasons = []
    if kubelet["runtime"] != kubelet_flags.CONTAINERD:
        reasons.append(f"the kubelet uses {kubelet['runtime']} at {kubelet['endpoint']}")
    if not kubelet["active"]:
        reasons.append("the kubelet does not run")
    pods = sorted({container["pod"] for container in facts["docker"]["containers"] if container["kubernetes"]})
    if kubelet["runtime"] == kubelet_flags.CONTAINERD and pods:
        reasons.append(f"Docker still runs containers of {len(pods)} pods, {pods[0]} among them")
    if resuming:
        reasons.append("an earlier run began to switch it and did not end")
    return {
        "needed": bool(reasons),
        "reasons": reasons,
        "resuming": resuming,
        # Where the kubelet is stopped, or on containerd already, there is nothing left that draining could save.
        "drain": kubelet["active"] and not done,
        "kubelet_done": done,
    }


def _flag_files(kubelet: Facts) -> list[dict[str, Any]]:
    """What has to stand in which of the kubelet's environment files."""
    wanted = kubelet_flags.remote_runtime_flags(kubelet["version"], kubelet_flags.CONTAINERD_ENDPOINT)
    files = [{"path": KUBEADM_FLAGS[0], "variable": KUBEADM_FLAGS[1], "flags": wanted, "absent": list(kubelet_flags.DOCKERSHIM_FLAGS)}]
    for source in kubelet["flag_sources"]:
        if (source["path"], source["variable"]) == KUBEADM_FLAGS:
            continue
        # Where the administrator repeats or overrides kubeadm's flags, theirs would win or contradict.
        absent = sorted(set(source["flags"]) & {*kubelet_flags.DOCKERSHIM_FLAGS, "container-runtime", "container-runtime-endpoint"})
        if absent:
            files.append({"path": source["path"], "variable": source["variable"], "flags": {}, "absent": absent})
    return files


def kubelet_cgroup_driver(kubelet: Facts) -> str:
    """Returns the kubelet's effective cgroup driver: its flag, else its configuration file, else its default."""
    config = yaml.safe_load(kubelet["config"]) or {}
    return kubelet["flags"].get("cgroup-driver") or config.get("cgroupDriver") or kubelet_flags.DEFAULT_CGROUP_DRIVER


def _sandbox_image(facts: Facts, wishes: Wishes) -> str:
    running = [container["image"] for container in facts["docker"]["containers"] if container["sandbox"]]
    image = wishes.sandbox_image or facts["kubelet"]["flags"].get("pod-infra-container-image") or (running[0] if running else "")
    return normalized(image) if image else ""


def _containerd(facts: Facts, wishes: Wishes) -> dict[str, Any]:
    flags = facts["kubelet"]["flags"]
    image = _sandbox_image(facts, wishes)
    return {
        "install": not facts["containerd"]["installed"],
        # Docker up to 19.03 is bound to containerd.service: restarting that one would take every container down with it.
        "restart_in_window": facts["docker"]["active"] and facts["docker"]["bound_to_containerd"],
        "settings": {
            # Unknown only on a node whose switch was interrupted: its containerd has been told already.
            **({"sandbox_image": image} if image else {}),
            "systemd_cgroup": kubelet_cgroup_driver(facts["kubelet"]) == "systemd",
            "cri_enabled": True,
            "registry_config_path": REGISTRY_CONFIG_PATH,
            # The kubelet took a list here, containerd before 2.1 takes one directory.
            "cni_bin_dir": flags.get("cni-bin-dir", kubelet_flags.DEFAULT_CNI_BIN_DIR).split(",")[0],
            "cni_conf_dir": flags.get("cni-conf-dir", kubelet_flags.DEFAULT_CNI_CONF_DIR),
        },
    }


def _images(facts: Facts, preload: str) -> dict[str, Any]:
    """Which images have to be copied, with the names that containerd lacks or has for another image."""
    missing = []
    for image in facts["docker"]["images"]:
        if preload == "none" or (preload == "used" and not image["used"]):
            continue
        names = {normalized(name) for name in image["tags"] + image["digests"]}
        lacking = sorted(name for name in names if facts["containerd"]["images"].get(name) != image["id"])
        if lacking:
            missing.append({"id": image["id"], "references": lacking, "size": image["size"]})
    return {
        "preload": preload,
        "missing": missing,
        "bytes": sum(image["size"] for image in missing),
        "nameless": [image["id"] for image in facts["docker"]["images"] if not image["tags"] and not image["digests"]],
        "registries": sorted(
            {normalized(name).partition("/")[0] for image in facts["docker"]["images"] for name in image["tags"] + image["digests"]}
        ),
        "platform": "linux/" + facts["architecture"],
    }


def _blockers(facts: Facts, plan: Plan, wishes: Wishes) -> list[Note]:
    kubelet, docker, containerd = facts["kubelet"], facts["docker"], facts["containerd"]
    blockers = []
    if kubelet["runtime"] not in (kubelet_flags.DOCKERSHIM, kubelet_flags.CONTAINERD):
        blockers.append(
            _note(
                f"runtime {kubelet['runtime']} at {kubelet['endpoint']}",
                "this release moves nodes from dockershim only",
                "Leave the node out of this run.",
            )
        )
    if not kubelet["active"] and not plan["switch"]["resuming"]:
        blockers.append(
            _note(
                "kubelet.service",
                "the kubelet does not run, and no migration stopped it",
                "Find out why ('systemctl status kubelet'), start it, and run again.",
            )
        )
    if kubelet["runtime"] == kubelet_flags.DOCKERSHIM:
        blockers += _dockershim_blockers(facts, plan)
    foreign = [f"{container['name']} ({container['image']})" for container in docker["containers"] if not container["kubernetes"]]
    if foreign and wishes.foreign_containers == "refuse":
        blockers.append(
            _note(
                "Docker containers " + ", ".join(foreign),
                "they do not belong to Kubernetes and would end with Docker",
                "Move them to another host, or accept their end with preflight_foreign_containers: stop.",
            )
        )
    if docker.get("swarm", "inactive") != "inactive":
        blockers.append(
            _note("Docker Swarm", "the node is part of a swarm, which would lose it", "Leave the swarm first ('docker swarm leave').")
        )
    needed, free = plan["images"]["bytes"] * DISK_FACTOR + DISK_RESERVE, facts["disk"]["containerd"]
    if plan["images"]["missing"] and needed > free:
        blockers.append(
            _note(
                "disk space below /var/lib/containerd",
                f"copying {len(plan['images']['missing'])} images takes about {_gib(needed)}, {_gib(free)} are free",
                "Remove images that nobody needs ('docker image prune --all'), copy only those in use with "
                "containerd_preload: used, or give the file system more room.",
            )
        )
    if "sandbox_image" not in plan["containerd"]["settings"] and not plan["switch"]["resuming"]:
        blockers.append(
            _note(
                "pause image",
                "neither the kubelet's flags nor a running pod tell which one the node uses",
                "Name it: containerd_sandbox_image.",
            )
        )
    if containerd["installed"]:
        blockers += _containerd_blockers(kubelet["version"], containerd, plan)
    return blockers


def _dockershim_blockers(facts: Facts, plan: Plan) -> list[Note]:
    kubelet = facts["kubelet"]
    blockers = []
    plugin = kubelet["flags"].get("network-plugin", "")
    if plugin != "cni":
        blockers.append(
            _note(
                f"--network-plugin={plugin}",
                "the pods' network is not CNI's, and containerd knows no other",
                "Move the cluster to a CNI network first.",
            )
        )
    editable = {name for source in kubelet["flag_sources"] for name in source["flags"]}
    for name in kubelet_flags.DOCKERSHIM_FLAGS:
        if name in kubelet["flags"] and name not in editable:
            blockers.append(
                _note(
                    f"--{name}",
                    f"the flag stands in a unit file ({', '.join(kubelet['unit_files'])}), and this release does not edit those",
                    "Move it to KUBELET_EXTRA_ARGS in /etc/default/kubelet, or take it out at the migration.",
                )
            )
    if not facts["docker"]["active"] and not plan["switch"]["resuming"]:
        blockers.append(_note("docker.service", "Docker does not run, so its images cannot be copied", "Start it and run again."))
    if not facts["docker"]["units"]:
        blockers.append(_note("docker.service", "Docker is not a unit of systemd's here", "Leave the node out of this run."))
    return blockers


def _containerd_blockers(kubelet_version: str, containerd: Facts, plan: Plan) -> list[Note]:
    """CRI versions: containerd to 1.5 speaks v1alpha2, 1.6 and 1.7 both, 2.0 v1; the kubelet to 1.22 v1alpha2, from 1.26 v1 only.

    Sources: containerd RELEASES.md; Kubernetes release notes of 1.23 and 1.26.
    """
    blockers = []
    release = kubelet_flags.release(containerd["version"] or "0.0")
    kubelet_release = kubelet_flags.release(kubelet_version)
    package = f"containerd {containerd['version']}"
    if not containerd["unit"]:
        blockers.append(_note(package, "there is no containerd.service", "Install containerd from a package, or add the unit."))
    if release >= (2, 0) and kubelet_release <= (1, 22):
        blockers.append(
            _note(package, f"it speaks CRI v1 only, kubelet {kubelet_version} v1alpha2 only", "Install containerd 1.6 or 1.7 on the node.")
        )
    if release < (1, 6) and kubelet_release >= (1, 26):
        blockers.append(
            _note(
                package, f"it speaks CRI v1alpha2 only, kubelet {kubelet_version} v1 only", "Install containerd 1.6 or newer on the node."
            )
        )
    if release < CONFIG_PATH_SINCE and plan["registries"]:
        blockers.append(
            _note(package, "it cannot be told about registries in /etc/containerd/certs.d", "Install containerd 1.5 or newer on the node.")
        )
    return blockers


def _drain_blockers(plan: Plan, drain: dict[str, Any]) -> list[Note]:
    # A node that is not going to be drained may have pods that could not be. Only a failure has a message; whether it counts as one
    # is up to the task (failed_when).
    if not plan["switch"]["drain"] or not drain.get("msg"):
        return []
    return [_note(f"draining {plan['node']}", drain["msg"].rstrip("."), "Clear what it names out of the way, and run again.")]


def _drain_attention(plan: Plan, drain: dict[str, Any]) -> list[Note]:
    if not plan["switch"]["drain"]:
        return []
    return [
        _note(
            f"PodDisruptionBudget {budget['namespace']}/{budget['name']}",
            f"it allows no disruption now, with {budget['current_healthy']} healthy pods of {budget['desired_healthy']} needed; "
            "draining waits until it does, and fails after node_maintenance_drain_timeout",
            "See that more of its pods are healthy, or lower the budget.",
        )
        for budget in drain.get("budgets", [])
        if not budget["disruptions_allowed"]
    ]


def _attention(facts: Facts) -> list[Note]:
    notes = []
    for key, value in sorted(facts["docker"]["daemon_json"].items()):
        if key in CARRIED_KEYS or key in NOT_APPLICABLE_KEYS:
            continue
        if key == "exec-opts":
            notes += [
                _note(f"daemon.json exec-opts {option}", "it has no equivalent", "See whether the workload needs it.")
                for option in value
                if not option.startswith("native.cgroupdriver=")
            ]
            continue
        if key == "storage-driver" and value == "overlay2":
            continue  # containerd's overlayfs, its default, is the same.
        notes.append(
            _note(
                f"daemon.json {key}",
                "this release does not carry it over",
                KNOWN_ATTENTION.get(key, "See whether containerd or the kubelet has to be told about it."),
            )
        )
    directories = facts["kubelet"]["flags"].get("cni-bin-dir", "").split(",")
    if len(directories) > 1:
        notes.append(
            _note(
                f"--cni-bin-dir={','.join(directories)}",
                f"containerd takes one directory: {directories[0]}",
                "Put all CNI plugins there.",
            )
        )
    return notes


def _not_applicable(facts: Facts) -> list[Note]:
    return [
        _note(f"daemon.json {key}", NOT_APPLICABLE_KEYS[key], "Nothing.")
        for key in sorted(facts["docker"]["daemon_json"])
        if key in NOT_APPLICABLE_KEYS
    ]


def _gib(size: int) -> str:
    return f"{size / 1024**3:.1f} GiB"


def plan_text(plan: Plan) -> list[str]:
    """Returns the plan for a person to read, line by line."""
    lines = []
    switch = plan.get("switch")
    if switch and not switch["needed"]:
        lines.append(f"{plan['node']}: nothing to do, the kubelet uses {plan['runtime']['from']}")
    elif switch:
        lines.append(f"{plan['node']}: {plan['runtime']['from']} -> {plan['runtime']['to']}, because {'; '.join(switch['reasons'])}")
        settings = plan["containerd"]["settings"]
        lines.append(
            f"  containerd: {'will be installed, ' if plan['containerd']['install'] else ''}"
            f"pause image {settings.get('sandbox_image', 'as it is')}, "
            f"cgroup driver {'systemd' if settings['systemd_cgroup'] else 'cgroupfs'}, "
            f"CNI plugins in {settings['cni_bin_dir']}"
        )
        names = [host["name"] for host in plan["registries"]]
        lines.append(f"  registries: {', '.join(names) if names else 'nothing to carry over'}")
        images = plan["images"]
        lines.append(f"  images to copy: {len(images['missing'])} ({_gib(images['bytes'])})")
        for file in plan["kubelet"]["files"]:
            flags = " ".join(f"--{name}={value}" for name, value in sorted(file["flags"].items()))
            lines.append(f"  {file['path']}: {flags or 'flags of the dockershim removed'}")
    for title in ("blockers", "attention", "not_applicable"):
        for note in plan.get(title, []):
            lines.append(f"  {title.replace('_', ' ')}: {note['what']}: {note['why']}. {note['what_to_do']}")
    return lines
