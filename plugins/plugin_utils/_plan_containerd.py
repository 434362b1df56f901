# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the plan that containerd is told."""

from __future__ import annotations

from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils import _kubelet_flags as kubelet_flags
from ansible_collections.dockershim.migration.plugins.module_utils._image_reference import normalized
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_kubelet import kubelet_cgroup_driver
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Facts, Wishes
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_runtime import pause_image, shim_flags


def containerd_part(facts: Facts, wishes: Wishes) -> dict[str, Any]:
    flags = shim_flags(facts)
    image = pause_image(facts, wishes)
    return {
        "install": not facts["containerd"]["installed"],
        # Docker up to 19.03 is bound to containerd.service: restarting that one would take every container down with it.
        "restart_in_window": facts["docker"]["active"] and facts["docker"]["bound_to_containerd"],
        "settings": {
            # Unknown only on a node whose switch was interrupted: its containerd has been told already.
            **({"sandbox_image": normalized(image)} if image else {}),
            "systemd_cgroup": kubelet_cgroup_driver(facts["kubelet"]) == "systemd",
            "cri_enabled": True,
            # The kubelet took a list here, containerd before 2.1 takes one directory.
            "cni_bin_dir": flags.get("cni-bin-dir", kubelet_flags.DEFAULT_CNI_BIN_DIR).split(",")[0],
            "cni_conf_dir": flags.get("cni-conf-dir", kubelet_flags.DEFAULT_CNI_CONF_DIR),
        },
    }
