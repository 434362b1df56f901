# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all parts of the plan share: its vocabulary, and what the user may wish."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils._kubelet_flags import CONTAINERD

Facts = dict[str, Any]
Plan = dict[str, Any]
Note = dict[str, str]


@dataclass(frozen=True)
class Wishes:
    """What the user wants.

    :param target: the runtime to move to: containerd or cri-dockerd.
    :param cri_dockerd: where cri-dockerd comes from and what it is told, by the names of the role's variables without their prefix.
    :param preload: which of Docker's images are copied: all, used (by the node's pods) or none.
    :param foreign_containers: what to do about containers that do not belong to Kubernetes: refuse or stop.
    :param sandbox_image: pause image to use instead of the kubelet's own; empty for the kubelet's.
    :param overwrite_registries: whether containerd's hosts.toml files that somebody else wrote are replaced.
    """

    target: str = CONTAINERD
    cri_dockerd: dict[str, Any] = field(default_factory=dict)
    preload: str = "all"
    foreign_containers: str = "refuse"
    sandbox_image: str = ""
    overwrite_registries: bool = False


def note(what: str, why: str, what_to_do: str) -> Note:
    return {"what": what, "why": why, "what_to_do": what_to_do}


def gib(size: int) -> str:
    return f"{size / 1024**3:.1f} GiB"
