# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the next C(kubeadm upgrade node) would do to the node, by what kubeadm is known to do."""

from __future__ import annotations

from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils import _kubelet_flags as kubelet_flags
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_kubelet import KUBEADM_FLAGS, kubelet_cgroup_driver
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Facts, Note, Plan, note

#: From this release on kubeadm puts systemd where the cluster's configuration names no cgroup driver, at an upgrade as well (release
#: notes of 1.21 and 1.22).
CGROUP_DRIVER_DEFAULTED_SINCE = (1, 22)


def _unread(config_map: dict[str, Any] | None) -> list[Note]:
    # Only a failure has a message.
    if not (config_map or {}).get("msg"):
        return []
    why = f"it could not be read, so nobody knows what the next 'kubeadm upgrade node' will undo: {config_map['msg'].rstrip('.')}"
    return [note("the cluster's kubelet-config ConfigMap", why, "Compare it with the node's kubelet configuration yourself.")]


def upgrade_attention(facts: Facts, plan: Plan, config_map: dict[str, Any] | None) -> list[Note]:
    """What has to be said about the next upgrade.

    :param config_map: what M(dockershim.migration.kubelet_config_map) returned; None where nobody asked.
    """
    kubelet = facts["kubelet"]
    major, minor = kubelet_flags.release(kubelet["version"])
    notes = _unread(config_map)
    part = plan["kubelet"]["config_map"]
    for key, value in sorted(part["settings"].items()):
        there = (config_map or {})["config"].get(key)
        notes.append(
            note(
                f"ConfigMap kube-system/{part['name']}, {key}",
                f"'kubeadm upgrade node' writes {kubelet['config_path']} anew from it, where {key} is "
                f"{'not set' if there is None else there}, so that {value} would be gone",
                "Set it there as well: kubelet_runtime_update_config_map: true does. It applies to every node at its next upgrade.",
            )
        )
    if part["name"] and "cgroup-driver" not in kubelet["flags"]:
        has = kubelet_cgroup_driver(kubelet)
        gets = (config_map or {})["config"].get("cgroupDriver") or (
            "systemd" if (major, minor + 1) >= CGROUP_DRIVER_DEFAULTED_SINCE else kubelet_flags.DEFAULT_CGROUP_DRIVER
        )
        if has != gets:
            notes.append(
                note(
                    f"ConfigMap kube-system/{part['name']}, cgroupDriver",
                    f"the node's kubelet has {has}, and so will its runtime; the next 'kubeadm upgrade node' gives the kubelet {gets}, and "
                    "the two would differ",
                    f"Set cgroupDriver: {has} in the ConfigMap (kubectl -n kube-system edit configmap {part['name']}) before the upgrade.",
                )
            )
    if plan["runtime"]["from"] == kubelet_flags.DOCKERSHIM and not facts["crictl_installed"]:
        # Seen with kubeadm 1.20.2: "crictl is required for container runtime".
        notes.append(
            note(
                "crictl",
                "it is not installed. kubeadm asked Docker itself under the dockershim; with any other runtime its 'join', and its "
                "'upgrade node' on a control plane, stop without crictl",
                "Install cri-tools (the package that Kubernetes' own repository has) before the next upgrade.",
            )
        )
    for source in kubelet["flag_sources"]:
        if (source["path"], source["variable"]) == KUBEADM_FLAGS:
            continue
        gone = [flag.name for flag in kubelet_flags.FLAGS if flag.removed_in == (major, minor + 1) and flag.name in source["flags"]]
        removed = {name for file in plan["kubelet"]["files"] if file["path"] == source["path"] for name in file["absent"]}
        notes += [
            note(
                f"{source['path']} ({source['variable']}): --{name}",
                f"the kubelet of {major}.{minor + 1} does not start with it, and kubeadm only cleans its own file",
                "Take it out before the next upgrade.",
            )
            for name in gone
            if name not in removed
        ]
    return notes
