# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs, for a human."""

from __future__ import annotations

from labcluster import cluster, machine, results
from labcluster import settings as s


def nodes_not_on(settings: s.Settings, runtime: str) -> list[str]:
    """The nodes that are not Ready on a runtime, or not there, each with what is the matter."""
    known = {item["metadata"]["name"]: item for item in cluster.get(settings, "nodes").get("items", [])}
    lines = []
    for node in settings.nodes:
        item = known.get(node.name)
        version = item["status"]["nodeInfo"]["containerRuntimeVersion"] if item else "no runtime"
        if item is None or not cluster.is_ready(item) or not version.startswith(f"{runtime}://"):
            state = "absent" if item is None else "Ready" if cluster.is_ready(item) else "NotReady"
            lines.append(f"{node.name} is {state}, {version}; expected Ready, {runtime}://...")
    return lines


def status(settings: s.Settings) -> str:
    """Machines, nodes with their runtime, pods."""
    lines = ["MACHINES"]
    for node in settings.nodes:
        lines.append(f"  {node.name:18} {node.address:15} {'running' if machine.running(node.container) else 'not running'}")
    state = "running" if machine.running(settings.services_container) else "not running"
    lines.append(f"  {'services':18} {settings.services_address:15} {state}")
    if not machine.running(settings.control_planes[0].container):
        return "\n".join(lines) + "\n"
    shims = [node.name for node in settings.nodes if machine.execute(node.container, "pidof", "cri-dockerd", check=False).strip()]
    if shims:
        lines += ["", "CRI-DOCKERD", f"  on {', '.join(shims)}: {results.cri_dockerd_is(settings)}"]
    lines += ["", "NODES"]
    for item in cluster.get(settings, "nodes").get("items", []):
        ready = "Ready" if cluster.is_ready(item) else "NotReady"
        cordoned = ", cordoned" if item["spec"].get("unschedulable") else ""
        runtime = item["status"]["nodeInfo"]["containerRuntimeVersion"]
        lines.append(f"  {item['metadata']['name']:18} {ready + cordoned:20} {item['status']['nodeInfo']['kubeletVersion']:10} {runtime}")
    lines += ["", "PODS"]
    for item in cluster.get(settings, "pods", "--all-namespaces").get("items", []):
        name = f"{item['metadata']['namespace']}/{item['metadata']['name']}"
        restarts = sum(container["restartCount"] for container in item["status"].get("containerStatuses", []))
        lines.append(f"  {name:52} {item['status']['phase']:10} {item['spec'].get('nodeName', '-'):18} restarts {restarts}")
    return "\n".join(lines) + "\n"
