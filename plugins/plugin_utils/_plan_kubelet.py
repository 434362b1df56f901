# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the plan that the kubelet is told."""

from __future__ import annotations

from typing import Any

import yaml
from ansible_collections.dockershim.migration.plugins.module_utils import _kubelet_flags as kubelet_flags
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Facts

#: Where kubeadm writes the flags, and in which variable.
KUBEADM_FLAGS = ("/var/lib/kubelet/kubeadm-flags.env", "KUBELET_KUBEADM_ARGS")


def flag_files(kubelet: Facts, endpoint: str) -> list[dict[str, Any]]:
    """What has to stand in which of the kubelet's environment files."""
    wanted = kubelet_flags.remote_runtime_flags(kubelet["version"], endpoint)
    files = [{"path": KUBEADM_FLAGS[0], "variable": KUBEADM_FLAGS[1], "flags": wanted, "absent": list(kubelet_flags.DOCKERSHIM_FLAGS)}]
    for source in kubelet["flag_sources"]:
        if (source["path"], source["variable"]) == KUBEADM_FLAGS:
            continue
        # Where the administrator repeats or overrides kubeadm's flags, theirs would win or contradict.
        absent = sorted(set(source["flags"]) & {*kubelet_flags.DOCKERSHIM_FLAGS, "container-runtime", "container-runtime-endpoint"})
        if absent:
            files.append({"path": source["path"], "variable": source["variable"], "flags": {}, "absent": absent})
    return files


def config_files(kubelet: Facts, config: dict[str, Any]) -> list[dict[str, Any]]:
    """What has to stand in which of the kubelet's configuration files: a list of path, settings and create."""
    path = kubelet["flags"].get("config")
    return [{"path": path, "settings": config, "create": False}] if path and config else []


def kubelet_part(kubelet: Facts, endpoint: str, config: dict[str, Any]) -> dict[str, Any]:
    """What the kubelet is told.

    :param endpoint: the new runtime's.
    :param config: settings of C(KubeletConfiguration) that other parts of the plan ask for; None removes a key.
    """
    return {"files": flag_files(kubelet, endpoint), "config": config, "config_files": config_files(kubelet, config)}


def kubelet_cgroup_driver(kubelet: Facts) -> str:
    """Returns the kubelet's effective cgroup driver: its flag, else its configuration file, else its default."""
    config = yaml.safe_load(kubelet["config"]) or {}
    return kubelet["flags"].get("cgroup-driver") or config.get("cgroupDriver") or kubelet_flags.DEFAULT_CGROUP_DRIVER
