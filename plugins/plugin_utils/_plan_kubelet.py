# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the plan that the kubelet is told."""

from __future__ import annotations

from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils import _kubelet_flags as kubelet_flags
from ansible_collections.dockershim.migration.plugins.module_utils._yaml_text import same
from ansible_collections.dockershim.migration.plugins.plugin_utils._kubelet_yaml import kubelet_configuration
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Facts, Note, Plan, note

KUBEADM_FLAGS = (kubelet_flags.KUBEADM_FLAGS_PATH, kubelet_flags.KUBEADM_FLAGS_VARIABLE)
CRICTL_PATH = "/etc/crictl.yaml"


def flag_files(kubelet: Facts, endpoint: str) -> list[dict[str, Any]]:
    """What has to stand in which of the kubelet's environment files."""
    version, instance = kubelet["version"], kubelet["instance_config"] is not None
    wanted, absent = kubelet_flags.flags_for(version, endpoint, instance, kubeadms=True)
    files = [{"path": KUBEADM_FLAGS[0], "variable": KUBEADM_FLAGS[1], "flags": wanted, "absent": absent}]
    for source in kubelet["flag_sources"]:
        if (source["path"], source["variable"]) == KUBEADM_FLAGS:
            continue
        # Where the administrator repeats or overrides kubeadm's flags, theirs would win or contradict.
        _nothing, absent = kubelet_flags.flags_for(version, endpoint, instance, kubeadms=False)
        contradicting = sorted(set(source["flags"]) & set(absent))
        if contradicting:
            files.append({"path": source["path"], "variable": source["variable"], "flags": {}, "absent": contradicting})
    return files


def config_files(kubelet: Facts, endpoint: str, config: dict[str, Any]) -> list[dict[str, Any]]:
    """What has to stand in which of the kubelet's configuration files.

    :param config: what config.yaml is to have beside the endpoint.
    :returns: list of dict with path, settings (None removes a key) and create.
    """
    version = kubelet["version"]
    places = kubelet_flags.endpoint_places(version, kubelet["instance_config"] is not None)
    present = kubelet_configuration(kubelet["config"], kubelet["config_path"])
    settings = dict(config)
    if kubelet_flags.release(version) >= kubelet_flags.CONFIGURED_ENDPOINT_SINCE:
        # kubeadm writes an empty one where the flag counts; one that says something would say something wrong.
        if places.config or present.get("containerRuntimeEndpoint"):
            settings["containerRuntimeEndpoint"] = endpoint
        if present.get("imageServiceEndpoint"):
            settings["imageServiceEndpoint"] = None
    files = [{"path": kubelet["config_path"], "settings": settings, "create": False}] if settings and kubelet["config"] else []
    if places.config:
        only = {"containerRuntimeEndpoint": endpoint}
        files.append({"path": kubelet_flags.INSTANCE_CONFIG_PATH, "settings": only, "create": True})
    return files


def config_map_part(config: dict[str, Any], config_map: dict[str, Any] | None) -> dict[str, Any]:
    """What the cluster's ConfigMap lacks of the settings that the node gets: the next upgrade would take them away.

    :param config_map: what M(dockershim.migration.kubelet_config_map) returned; None, or without a name, where there is none.
    :returns: dict with name (None where there is no ConfigMap) and settings.
    """
    found = config_map or {}
    name = found.get("name")
    return {"name": name, "settings": {key: value for key, value in config.items() if name and not same(found["config"].get(key), value)}}


def kubelet_part(kubelet: Facts, endpoint: str, config: dict[str, Any], config_map: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the kubelet is told, and kubeadm with it.

    :param endpoint: the new runtime's.
    :param config: settings of C(KubeletConfiguration) that other parts of the plan ask for; None removes a key.
    :param config_map: what M(dockershim.migration.kubelet_config_map) returned for the cluster.
    """
    places = kubelet_flags.endpoint_places(kubelet["version"], kubelet["instance_config"] is not None)
    return {
        "files": flag_files(kubelet, endpoint),
        "config": config,
        "config_files": config_files(kubelet, endpoint, config),
        "config_map": config_map_part(config, config_map),
        "annotation": places.annotation,
    }


def crictl_part(endpoint: str) -> dict[str, str]:
    return {"path": CRICTL_PATH, "endpoint": endpoint}


def unit_notes(kubelet: Facts, endpoint: str) -> tuple[list[Note], list[Note]]:
    """What unit files say about the runtime, which are not ours to change: blockers, and what has to be done some day."""
    blockers, attention = [], []
    meaningless = kubelet_flags.meaningless_flags(kubelet["version"], kubelet_flags.runtime_at(endpoint))
    for entry in kubelet["unit_flags"]:
        place = f"{entry['path']}, line {entry['line']}"
        variable = f" ({entry['variable']})" if entry["variable"] else ""
        choice = [f"--{name}" for name in entry["flags"] if name in kubelet_flags.CHOICE_FLAGS]
        unread = [f"--{name}" for name in entry["flags"] if name in meaningless and name not in kubelet_flags.CHOICE_FLAGS]
        if choice:
            blockers.append(
                note(
                    f"{place}: {' '.join(choice)}{variable}",
                    "the kubelet's unit names its runtime, which would contradict the switch, and unit files are not ours to edit",
                    "Move what the line says to KUBELET_EXTRA_ARGS in /etc/default/kubelet (/etc/sysconfig/kubelet), where it will be "
                    "changed, run 'systemctl daemon-reload' and 'systemctl restart kubelet', and run again.",
                )
            )
        if unread:
            attention.append(
                note(
                    f"{place}: {' '.join(unread)}{variable}",
                    "nothing reads it after the switch, the kubelet of a later release (1.24 at the earliest) does not start with it, and "
                    "unit files are not ours to edit",
                    "Take it out once the node is switched, and run 'systemctl daemon-reload'.",
                )
            )
    return blockers, attention


def kubelet_attention(facts: Facts, plan: Plan) -> list[Note]:
    kubelet, config = facts["kubelet"], plan["kubelet"]["config"]
    notes = unit_notes(kubelet, plan["runtime"]["endpoint"])[1]
    if config and not kubelet["config"]:
        notes.append(
            note(
                f"kubelet settings {', '.join(sorted(config))}",
                f"the kubelet has no configuration file ({kubelet['config_path']}) to put them into",
                "Give the kubelet a file with --config that has them.",
            )
        )
    return notes


def kubelet_cgroup_driver(kubelet: Facts) -> str:
    """Returns the kubelet's effective cgroup driver: its flag, else its configuration file, else its default."""
    config = kubelet_configuration(kubelet["config"], kubelet["config_path"])
    return kubelet["flags"].get("cgroup-driver") or config.get("cgroupDriver") or kubelet_flags.DEFAULT_CGROUP_DRIVER
