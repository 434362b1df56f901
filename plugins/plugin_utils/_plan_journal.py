# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the plan that the journal is told: what to keep before the first change, so that a rollback can bring it back."""

from __future__ import annotations

from typing import Any

from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_kubelet import KUBEADM_FLAGS
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Facts

#: Whatever a migration may write on a node, besides the kubelet's own environment files. A directory stands for all that is in it. What is
#: kept and then not changed costs nothing: a rollback only touches what differs.
FILES = (
    "/etc/containerd",
    "/etc/systemd/system/containerd.service",
    "/etc/systemd/system/containerd.service.d",
    "/etc/systemd/system/cri-docker.service",
    "/etc/systemd/system/cri-docker.service.d",
    "/etc/systemd/system/cri-docker.socket",
    "/etc/systemd/system/cri-docker.socket.d",
    "/etc/modules-load.d/dockershim-migration.conf",
    "/etc/sysctl.d/90-dockershim-migration.conf",
    "/etc/crictl.yaml",
    "/var/lib/kubelet/config.yaml",
    "/var/lib/kubelet/instance-config.yaml",
    "/var/lib/kubelet/config.json",
)
UNITS = ("kubelet.service", "docker.service", "docker.socket", "containerd.service", "cri-docker.service", "cri-docker.socket")


def journal_part(kubelet: Facts) -> dict[str, Any]:
    """Returns the files and units to be kept: dict of two lists."""
    sources = [source["path"] for source in kubelet["flag_sources"]]
    config = [kubelet["flags"]["config"]] if "config" in kubelet["flags"] else []
    return {"files": sorted({*FILES, KUBEADM_FLAGS[0], *sources, *config}), "units": list(UNITS)}
