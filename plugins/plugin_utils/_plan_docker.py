# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the settings that Docker knew."""

from __future__ import annotations

from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils._kubelet_flags import CONTAINERD
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Facts, Note, Wishes, note

#: Keys of daemon.json whose value reaches the node's new configuration by another part of the plan.
#: Keys of daemon.json whose value reaches the node's new configuration by another part of the plan.
CARRIED_KEYS = frozenset({"registry-mirrors", "insecure-registries"})

#: Keys of daemon.json that mean nothing without Docker, with the reason (moby's documentation of dockerd, 20.10).
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


def docker_part(facts: Facts, wishes: Wishes) -> dict[str, Any]:
    """What becomes of Docker itself: it ends with a move to containerd, and goes on behind cri-dockerd."""
    ends = wishes.target == CONTAINERD
    return {
        "units": facts["docker"]["units"],
        "root_dir": facts["docker"]["root_dir"],
        "stop": ends,
        "foreign": wishes.foreign_containers if ends else "keep",
    }


def docker_attention(facts: Facts) -> list[Note]:
    notes = []
    for key, value in sorted(facts["docker"]["daemon_json"].items()):
        if key in CARRIED_KEYS or key in NOT_APPLICABLE_KEYS:
            continue
        if key == "exec-opts":
            notes += [
                note(f"daemon.json exec-opts {option}", "it has no equivalent", "See whether the workload needs it.")
                for option in value
                if not option.startswith("native.cgroupdriver=")
            ]
            continue
        if key == "storage-driver" and value == "overlay2":
            continue  # containerd's overlayfs, its default, is the same.
        notes.append(
            note(
                f"daemon.json {key}",
                "this release does not carry it over",
                KNOWN_ATTENTION.get(key, "See whether containerd or the kubelet has to be told about it."),
            )
        )
    directories = facts["kubelet"]["flags"].get("cni-bin-dir", "").split(",")
    if len(directories) > 1:
        notes.append(
            note(
                f"--cni-bin-dir={','.join(directories)}",
                f"containerd takes one directory: {directories[0]}",
                "Put all CNI plugins there.",
            )
        )
    return notes


def docker_not_applicable(facts: Facts) -> list[Note]:
    return [
        note(f"daemon.json {key}", NOT_APPLICABLE_KEYS[key], "Nothing.")
        for key in sorted(facts["docker"]["daemon_json"])
        if key in NOT_APPLICABLE_KEYS
    ]
