# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils import _kubelet_flags as kubelet_flags


@pytest.mark.parametrize(
    ("version", "flags", "configured", "expected"),
    [
        ("1.20.2", {}, "", ("dockershim", kubelet_flags.DOCKERSHIM_ENDPOINT)),
        ("1.23.17", {"container-runtime": "docker"}, "", ("dockershim", kubelet_flags.DOCKERSHIM_ENDPOINT)),
        (
            "1.20.2",
            {"container-runtime": "remote", "container-runtime-endpoint": "unix:///run/containerd/containerd.sock"},
            "",
            ("containerd", "unix:///run/containerd/containerd.sock"),
        ),
        (
            "1.22.0",
            {"container-runtime": "remote", "container-runtime-endpoint": "/run/containerd/containerd.sock"},
            "",
            ("containerd", "unix:///run/containerd/containerd.sock"),
        ),
        (
            "1.24.0",
            {"container-runtime-endpoint": "unix:///var/run/cri-dockerd.sock"},
            "",
            ("cri-dockerd", "unix:///var/run/cri-dockerd.sock"),
        ),
        # KubeletConfiguration, 1.27: an empty endpoint is containerd's.
        ("1.27.1", {}, "", ("containerd", "unix:///run/containerd/containerd.sock")),
        ("1.29.0", {}, "unix:///run/cri-dockerd.sock", ("cri-dockerd", "unix:///run/cri-dockerd.sock")),
        ("1.29.0", {"container-runtime-endpoint": "unix:///var/run/crio/crio.sock"}, "", ("unknown", "unix:///var/run/crio/crio.sock")),
    ],
)
def test_the_runtime_of_a_kubelet(version, flags, configured, expected):
    assert kubelet_flags.runtime_of(flags, version, configured) == expected


@pytest.mark.parametrize(
    ("version", "has_container_runtime"),
    [("1.20.2", True), ("1.23.17", True), ("1.24.0", True), ("1.26.15", True), ("1.27.0", False), ("1.31.0", False)],
)
def test_the_flags_of_a_remote_runtime(version, has_container_runtime):
    flags = kubelet_flags.remote_runtime_flags(version, "unix:///run/containerd/containerd.sock")
    assert flags["container-runtime-endpoint"] == "unix:///run/containerd/containerd.sock"
    assert ("container-runtime" in flags) is has_container_runtime
