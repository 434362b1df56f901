# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan for a person to read."""

from __future__ import annotations

from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils._kubelet_flags import CONTAINERD
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Plan, gib


def _cri_dockerd_line(part: dict[str, Any]) -> str:
    version = f" {part['version']}" if part["version"] else ""
    return f"  cri-dockerd{version}{' will be installed' if part['install'] else ''}: {part['command_line']}"


def _containerd_lines(plan: Plan) -> list[str]:
    settings, images = plan["containerd"]["settings"], plan["images"]
    names = [host["name"] for host in plan["registries"]]
    return [
        f"  containerd: {'will be installed, ' if plan['containerd']['install'] else ''}"
        f"pause image {settings.get('sandbox_image', 'as it is')}, "
        f"cgroup driver {'systemd' if settings['systemd_cgroup'] else 'cgroupfs'}, "
        f"CNI plugins in {settings['cni_bin_dir']}",
        f"  registries: {', '.join(names) if names else 'nothing to carry over'}",
        f"  images to copy: {len(images['missing'])} ({gib(images['bytes'])})",
    ]


def plan_text(plan: Plan) -> list[str]:
    """Returns the plan for a person to read, line by line."""
    lines = []
    switch = plan.get("switch")
    if switch and not switch["needed"]:
        lines.append(f"{plan['node']}: nothing to do, the kubelet uses {plan['runtime']['from']}")
    elif switch:
        lines.append(f"{plan['node']}: {plan['runtime']['from']} -> {plan['runtime']['to']}, because {'; '.join(switch['reasons'])}")
        if plan["runtime"]["to"] == CONTAINERD:
            lines += _containerd_lines(plan)
        else:
            lines.append(_cri_dockerd_line(plan["cri_dockerd"]))
        for file in plan["kubelet"]["files"]:
            flags = " ".join(f"--{name}={value}" for name, value in sorted(file["flags"].items()))
            lines.append(f"  {file['path']}: {flags or 'flags of the old runtime removed'}")
        for file in plan["kubelet"]["config_files"]:
            settings = ", ".join(f"{key}: {'removed' if value is None else value}" for key, value in sorted(file["settings"].items()))
            lines.append(f"  {file['path']}: {settings}")
        lines.append(f"  {plan['crictl']['path']}: {plan['crictl']['endpoint']}")
    for item in plan.get("carried", []):
        lines.append(f"  carried over: {item['what']} -> {item['where']}: {item['value']}")
    for title in ("blockers", "attention"):
        for note in plan.get(title, []):
            lines.append(f"  {title}: {note['what']}: {note['why']}. {note['what_to_do']}")
    # What needs nobody's attention in one line: the plan has the reasons, and docs/docker_settings.md.
    idle = [note["what"] for note in plan.get("not_applicable", [])]
    if idle:
        lines.append(f"  not applicable without Docker: {', '.join(idle)}")
    return lines
